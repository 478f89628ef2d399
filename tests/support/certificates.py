"""A certificate authority of a test's own, and certificates good and bad from it."""

import datetime
import hashlib
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Shown:
    """What a server shows: its context, and the SHA-256 of its public key in hex."""

    server: ssl.SSLContext
    pin: str


class Authority:
    """Issues certificates; `trusting()` is a client's context that trusts it alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("a test's own authority")
        now = datetime.datetime.now(datetime.UTC)  # noqa: TID251 (TLS looks at the real clock)
        self._now = now
        builder = _builder(self._name, self._name, self._key.public_key(), now - DAY, now + DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    def trusting(self) -> ssl.SSLContext:
        """Return a client's context."""
        context = ssl.create_default_context(cadata=self._certificate.public_bytes(serialization.Encoding.PEM).decode())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def certificate(self, host: str, *, is_expired: bool = False, is_own: bool = False) -> Shown:
        """Return a server's certificate for a host; `is_own` signs it with its own key."""
        own = ec.generate_private_key(ec.SECP256R1())
        starts = self._now - 3 * DAY
        ends = self._now - 2 * DAY if is_expired else self._now + DAY
        issuer = _name(host) if is_own else self._name
        builder = _builder(_name(host), issuer, own.public_key(), starts, ends)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        made = builder.sign(own if is_own else self._key, hashes.SHA256())
        return self._shown(own, made)

    def signed_with_sha_1(self, host: str) -> Shown | None:
        """Return a certificate that no library makes any more, made by openssl; None where there is none."""
        if shutil.which("openssl") is None:
            return None
        own, request, made, mine = (self._folder / name for name in ("own.key", "own.csr", "own.pem", "authority.pem"))
        mine.write_bytes(_private(self._key) + self._certificate.public_bytes(serialization.Encoding.PEM))
        subject = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", str(own), "-out", str(request), *subject)
        signing = ["-CA", str(mine), "-CAkey", str(mine), "-set_serial", "7", "-days", "1", "-sha1"]
        _openssl("x509", "-req", "-in", str(request), "-out", str(made), "-copy_extensions", "copy", *signing)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(made, own)
        return Shown(context, "")

    def _shown(self, key: ec.EllipticCurvePrivateKey, made: x509.Certificate) -> Shown:
        path = self._folder / f"{made.serial_number}.pem"
        path.write_bytes(_private(key) + made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(path)
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return Shown(context, hashlib.sha256(public).hexdigest())


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    starts: datetime.datetime,
    ends: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
    )
