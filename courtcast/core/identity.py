"""Who a presenter or a receiver is: a key of its own and a certificate that it signed itself.

Nobody vouches for these certificates; pairing pins them by their bytes (see `courtcast.core.pairing`). They are valid
from 1970 to 9999 (RFC 5280 §4.1.2.5: the year without an end) because the clocks of courts' machines are wrong.

The common name is the SHA-256 of the public key. So two certificates with the same subject have the same key, and
nobody can introduce one that OpenSSL would take for a pinned one while it looks for the issuer.
"""

from __future__ import annotations

import datetime
import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGINS = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
ENDS = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
MAX_CERTIFICATE = 2048
"""Bytes of DER. Ours have some 500; more than this is no certificate of ours."""
ID_DIGITS = 16
"""An id is the first hexadecimal digits of the fingerprint: whoever claims it has to hold the certificate."""


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate (DER), in hexadecimal: what is pinned and compared."""
    return hashlib.sha256(certificate).hexdigest()


def id_of(certificate: bytes) -> str:
    """The id under which the holder of a certificate (DER) is known."""
    return fingerprint(certificate)[:ID_DIGITS]


def pem(certificate: bytes) -> str:
    """A certificate (DER) as the `ssl` module wants it for a trust store."""
    return x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM).decode()


def check_certificate(certificate: bytes) -> None:
    """Raises ValueError where a stranger's certificate (DER) is none that `Identity.make` could have made.

    A certificate that is let into a trust store is more than a name: it could be an authority, or share the subject of
    a pinned one. Nothing but our own kind gets in.
    """
    if len(certificate) > MAX_CERTIFICATE:
        raise ValueError("too long")
    read = x509.load_der_x509_certificate(certificate)
    key = read.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a P-256 key")  # noqa: TRY004 (whoever calls this knows one error)
    names = read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1 or names[0].value != _key_name(key):
        raise ValueError("not named after its key")
    try:
        read.verify_directly_issued_by(read)
        basic = read.extensions.get_extension_for_class(x509.BasicConstraints)
    except (InvalidSignature, TypeError, x509.ExtensionNotFound) as error:
        raise ValueError("not signed by itself, or says nothing of what it is") from error
    if basic.value.ca:
        raise ValueError("an authority")


class Identity:
    """A private key and its certificate. Kept as one PEM file; whoever reads that file is this machine."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate
        self.certificate = certificate.public_bytes(serialization.Encoding.DER)
        """DER."""
        self.fingerprint = fingerprint(self.certificate)
        self.id = id_of(self.certificate)

    @classmethod
    def make(cls, name: str) -> Identity:
        """A new one. `name` is for people who look at the certificate; it proves nothing."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64] or "courtcast"),
                x509.NameAttribute(NameOID.COMMON_NAME, _key_name(key.public_key())),
            ]
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(BEGINS)
            .not_valid_after(ENDS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=False,
                    crl_sign=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @classmethod
    def from_pem(cls, text: bytes) -> Identity:
        """What `to_pem` wrote. Raises ValueError where it is something else, or where key and certificate differ."""
        key = serialization.load_pem_private_key(text, password=None)
        certificate = x509.load_pem_x509_certificate(text)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise ValueError("the key is not that of the certificate")
        return cls(key, certificate)

    def to_pem(self) -> bytes:
        """Private key and certificate. To be written where nobody else reads it (mode 0600)."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + self._certificate.public_bytes(serialization.Encoding.PEM)


def _key_name(key: ec.EllipticCurvePublicKey) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
