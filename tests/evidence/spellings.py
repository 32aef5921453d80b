"""Links that must lead nowhere, in all the ways to write them. Shared by the tests of the gate, with and without a network.

Addresses stand as sockets spell them; `ODD` has the spellings that some program or other takes for one of them.
"""

from __future__ import annotations

REFUSED = """
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.1.2.3 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1
192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::2 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0.0.0.0
::ffff:192.168.1.1 ::ffff:c0a8:101 ::ffff:0:127.0.0.1 ::ffff:0:10.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1
64:ff9b::8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 64:ff9b:1::10.0.0.1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2001:db8:ffff::1 2002:7f00:1::1 2002:a00:1::1 2002:808:808::1
2002:c0a8:101::1 2620:4f:8000::1 3fff::1 3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1 fd00::1 fd00:ec2::254 fdff::1
fe80::1 febf::1 fec0::1 feff::1 ff00::1 ff02::1 ff02::fb ff0e::1
2a00:1450:4001::5efe:127.0.0.1 2a00:1450:4001::200:5efe:10.0.0.1 2a00:1450:4001::5efe:192.168.0.1
"""

ZONED = ["fe80::1%1", "fe80::1%lo", "::1%lo"]

PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255
172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 192.169.0.1 198.17.255.255 198.20.0.1 223.255.255.255
::ffff:8.8.8.8 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450:4001::5efe:8.8.8.8 3ffe::1
"""

ODD = [
    # numbers that are no dotted quads
    "http://2130706433/x",
    "http://017700000001/x",
    "http://0x7f000001/x",
    "http://0X7F000001/x",
    "http://0x7f.1/x",
    "http://0x7f.0.0.1/x",
    "http://0177.0.0.1/x",
    "http://0177.0x0.0.01/x",
    "http://127.1/x",
    "http://127.0.1/x",
    "http://127.0.0.01/x",
    "http://127.0.0.1./x",
    "http://127.0.0.1../x",
    "http://127.0.0.0x1/x",
    "http://127.0.0.1.0/x",
    "http://10.1/x",
    "http://0/x",
    "http://0./x",
    "http://0x/x",
    "http://00000000/x",
    "http://3232235521/x",
    "http://0xa9fea9fe/x",
    "http://2852039166/x",
    "http://169.254.43518/x",
    "http://0251.0376.0251.0376/x",
    "http://425.510.425.510/x",
    "http://127.0.0.257/x",
    "http://1.2.3.4.5/x",
    "http://a.0x7f/x",
    "http://evidence.example.1/x",
    "http://4294967296/x",
    "http://99999999999999999999/x",
    # digits and dots that are not of ASCII, and letters that look like others
    "http://１２７.0.0.1/x",
    "http://127。0。0。1/x",
    "http://127．0．0．1/x",
    "http://127｡0｡0｡1/x",
    "http://①②⑦.⓪.⓪.①/x",
    "http://１０.1.2.3/x",
    "http://𝟏𝟐𝟕.𝟎.𝟎.𝟏/x",
    "http://¹²⁷.0.0.1/x",
    "http://[::１]/x",
    "http://127.0.0.1\N{DIGIT ONE FULL STOP}/x",
    "http://127.0.0\N{ONE DOT LEADER}1/x",
    "http://127.0.0.1\N{FULLWIDTH SOLIDUS}.example/x",
    "http://10\N{SOFT HYPHEN}.0.0.1/x",
    "http://127.0.0.1\N{ZERO WIDTH SPACE}/x",
    "http://127.0.0.1\N{IDEOGRAPHIC SPACE}/x",
    "http://\N{RIGHT-TO-LEFT OVERRIDE}1.0.0.721/x",
    # brackets, zones and what stands beside addresses of IPv6
    "http://[0:0:0:0:0:0:0:1]/x",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/x",
    "http://[::0001]/x",
    "http://[::FFFF:127.0.0.1]/x",
    "http://[::ffff:7f00:0001]/x",
    "http://[0:0:0:0:0:ffff:10.0.0.1]/x",
    "http://[::ffff:0x7f.0.0.1]/x",
    "http://[::1%25lo]/x",
    "http://[::1%lo]/x",
    "http://[::1%251]/x",
    "http://[fe80::1%25lo]/x",
    "http://[fe80::1%25]/x",
    "http://[fe80::1%]/x",
    "http://[ff02::1%25eth0]/x",
    "http://[::1].:80/x",
    "http://[::1]x/x",
    "http://[::1]:80:80/x",
    "http://[::1/x",
    "http://::1]/x",
    "http://::1/x",
    "http://[127.0.0.1]/x",
    "http://[v1.fe80::1]/x",
    "http://[]/x",
    "http://[]@",
    "http://[[::1]]/x",
    "http://[::1]@[::1]/x",
    # who is asked, and who is only named
    "http://me@10.0.0.1/x",
    "http://me:word@10.0.0.1:80/x",
    "http://8.8.8.8@10.0.0.1/x",
    "http://8.8.8.8:80@10.0.0.1/x",
    "http://8.8.8.8%40@10.0.0.1/x",
    "http://8.8.8.8%2f@127.0.0.1/x",
    "http://evidence.example%00@127.0.0.1/x",
    "http://@127.0.0.1/x",
    "http://:@127.0.0.1/x",
    "http://a@b@127.0.0.1/x",
    "http://127.0.0.1:80@/x",
    # escapes, slashes and what some programs repair
    "http://%31%32%37.0.0.1/x",
    "http://127%2e0%2e0%2e1/x",
    "http://127.0.0.1%00.example/x",
    "http://127.0.0.1%20/x",
    "http://%6cocalhost/x",
    "http://%5b::1%5d/x",
    "http:/127.0.0.1/x",
    "http:127.0.0.1/x",
    "http:///127.0.0.1/x",
    "http:////127.0.0.1/x",
    "http:\\\\127.0.0.1\\x",
    "http://\\127.0.0.1/x",
    "http://127.0.0.1\\@evidence.example/x",
    "http://127.0.0.1:080/x",
    "http://127.0.0.1:0/x",
    "http://127.0.0.1:65536/x",
    "http://127.0.0.1:８０/x",
    "http://127.0.0.1:+80/x",
    "http://127.0.0.1: 80/x",
    "http://127.0.0.1\t/x",
    "http://127.0.0.1\r\n/x",
    "http://127.0.0.1\x00/x",
    " http://127.0.0.1/x ",
    "HTTP://127.0.0.1/x",
    "hTTps://127.0.0.1/x",
    "https://10.0.0.1:443/x",
    "//127.0.0.1/x",
    # names that are none
    "http://xn--/x",
    "http://xn--a/x",
    "http://a..b/x",
    "http://.a/x",
    "http://a.b..:80/x",
    "http://-/x" + "y" * 9000,
    "http://" + "a" * 64 + ".example/x",
    "http://" + "ü" * 60 + ".example/x",
    "http://exa mple.example/x",
    "http://ex<ample.example/x",
    "http://\ud800.example/x",
    "http://*.example/x",
    "http:///x",
    "http://",
    "http://?x",
    "http://#x",
    "",
    # no web at all
    "ftp://127.0.0.1/x",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:80/_x",
    "dict://127.0.0.1:80/x",
    "ldap://127.0.0.1/x",
    "ws://127.0.0.1/x",
    "data:text/plain,x",
    "javascript:alert(1)",
    "jar:http://127.0.0.1!/x",
    "concat:http://127.0.0.1/x",
    "unix:/run/x",
    "http+unix://%2Frun%2Fx/x",
]
"""Whole links. Each is refused as an address that is not allowed, or as no link."""

NAMES = {
    "loop.example": ["127.0.0.1"],
    "loop.example.": ["127.0.0.1"],
    "localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "LOCALHOST": ["127.0.0.1"],
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ": ["127.0.0.1"],
    "evidence.localhost": ["127.0.0.1"],
    "intranet": ["10.0.0.5"],
    "office.example": ["10.20.30.40"],
    "metadata.example": ["169.254.169.254"],
    "carrier.example": ["100.64.9.9"],
    "bench.example": ["198.18.0.9"],
    "zero.example": ["0.0.0.0"],
    "many.example": ["10.0.0.1", "192.168.0.1", "127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "unique.example": ["fd00::1"],
    "nat.example": ["64:ff9b::a00:1"],
    "sixtofour.example": ["2002:a00:1::1"],
    "site.example": ["fec0::1"],
    "bücher.example": ["127.0.0.1"],
    "xn--bcher-kva.example": ["10.0.0.1"],
    "under_score.example": ["10.0.0.1"],
}
"""Names, and the addresses that a resolver gives for them: all of them forbidden."""


def links() -> list[str]:
    """All of the addresses, as links."""
    return [
        f"http://[{address}]/x" if ":" in address else f"http://{address}/x" for address in [*REFUSED.split(), *ZONED]
    ]
