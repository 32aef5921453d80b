"""Certificates: what our own look like, and what is let into a trust store."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from courtcast.core.identity import Identity, check_certificate, fingerprint, id_of, pem


def built(
    *,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    signer: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    name: str | None = None,
    ca: bool = False,
) -> bytes:
    """A certificate that is almost one of ours."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name or hashlib.sha256(public).hexdigest())])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2040, 1, 1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signer or key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def test_it_comes_back_from_its_file() -> None:
    made = Identity.make("Court 4")
    read = Identity.from_pem(made.to_pem())
    assert (read.certificate, read.fingerprint, read.id) == (made.certificate, made.fingerprint, made.id)
    assert made.fingerprint == fingerprint(made.certificate) == hashlib.sha256(made.certificate).hexdigest()
    assert made.fingerprint.startswith(made.id)
    assert id_of(made.certificate) == made.id


def test_it_is_valid_whatever_the_clock_says() -> None:
    read = x509.load_der_x509_certificate(Identity.make("x").certificate)
    assert read.not_valid_before_utc.year == 1970
    assert read.not_valid_after_utc == datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "name", ["", "x", "Crown Prosecution Service, Court 4, the long-named laptop on the left" * 2, "Gdańsk ⚖"]
)
def test_any_name_will_do(name: str) -> None:
    check_certificate(Identity.make(name).certificate)


def test_two_are_never_the_same() -> None:
    assert Identity.make("x").fingerprint != Identity.make("x").fingerprint


def test_a_key_with_another_certificate_is_refused() -> None:
    one, two = Identity.make("1").to_pem(), Identity.make("2").to_pem()
    cut = one.index(b"-----BEGIN CERTIFICATE")
    with pytest.raises(ValueError, match="not that of"):
        Identity.from_pem(one[:cut] + two[two.index(b"-----BEGIN CERTIFICATE") :])


@pytest.mark.parametrize("text", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_holds_something_else_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (whatever cryptography says of it)
        Identity.from_pem(text)


def test_the_builder_of_these_tests_makes_acceptable_ones() -> None:
    check_certificate(built())


@pytest.mark.parametrize(
    "certificate",
    [
        b"",
        b"\x30\x03\x02\x01\x01",
        b"\x30" * 3000,
        built(ca=True),
        built(name="somebody else's name"),
        built(signer=ec.generate_private_key(ec.SECP256R1())),
        built(key=ec.generate_private_key(ec.SECP384R1())),
        built(key=rsa.generate_private_key(65537, 2048)),
        Identity.make("x").certificate + b"\0",
    ],
    ids=["empty", "not one", "endless", "authority", "other name", "signed by another", "P-384", "RSA", "trailing"],
)
def test_other_kinds_are_not_let_in(certificate: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        check_certificate(certificate)


def test_an_attacker_cannot_make_one_with_a_pinned_ones_subject() -> None:
    pinned = x509.load_der_x509_certificate(Identity.make("x").certificate)
    common = pinned.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert isinstance(common, str)
    with pytest.raises(ValueError, match="named after"):
        check_certificate(built(name=common))


def test_pem_is_what_ssl_takes() -> None:
    import ssl

    certificate = Identity.make("x").certificate
    assert ssl.PEM_cert_to_DER_cert(pem(certificate)) == certificate
