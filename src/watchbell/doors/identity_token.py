"""May we believe this id token? Every rule of OpenID Connect Core 3.1.3.7, and of RFC 8725 for the signature.

The rules, in order: three parts and small; a signature algorithm of our own short list, so
neither `none` nor a shared-secret one; a key of the provider's that fits the algorithm and the
named `kid`; the signature; then issuer, audience, authorised party, times and nonce. A token
says nothing before its signature holds.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from watchbell.formats import strictjson

LONGEST = 32 * 1024
SKEW_SECONDS = 60
OLDEST_SECONDS = 600
LONGEST_SUBJECT = 255  # OpenID Connect Core, section 2
RSA_BITS = range(2048, 16385)
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
# RFC 8176; "mfa" alone says that more than one factor was used.
FACTORS_SAID = frozenset({"mfa"})
# What providers say in `acr` for several factors: OpenID EAP, REFEDS MFA, PAPE, NIST SP 800-63 levels 2 and 3.
CLASSES_SAID = frozenset(
    {
        *("phr", "phrh", "https://refeds.org/profile/mfa"),
        "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
        *("http://idmanagement.gov/ns/assurance/aal/2", "http://idmanagement.gov/ns/assurance/aal/3"),
    }
)

Claims = dict[str, Any]


class BadToken(Exception):
    """The provider's token cannot be believed; the text says which rule it breaks, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token of this sign-in must say."""

    issuer: str
    client_id: str
    nonce: str
    now: datetime


def believed(token: str, keys: list[Claims], expected: Expected) -> Claims:
    """Return the token's claims once every rule holds; raises BadToken naming the first that does not."""
    if len(token) > LONGEST or token.count(".") != 2:
        raise BadToken("it is not a compact signed token")
    head, body, signature = token.split(".")
    header = _json(head, "header")
    if "crit" in header:
        raise BadToken("its header has extensions that we do not know")
    _check_signature(header, keys, f"{head}.{body}".encode("ascii", "replace"), _octets(signature, "signature"))
    claims = _json(body, "claims")
    _check_parties(claims, expected)
    _check_times(claims, expected)
    return claims


def says_several_factors(claims: Claims) -> bool:
    """Return whether the provider says that more than one factor was used (`amr`, RFC 8176, or `acr`)."""
    methods = claims.get("amr")
    named = {one for one in methods if isinstance(one, str)} if isinstance(methods, list) else set()
    level = claims.get("acr")
    return bool(named & FACTORS_SAID) or (isinstance(level, str) and level in CLASSES_SAID)


def _octets(text: str, part: str) -> bytes:
    try:
        if BASE64URL.fullmatch(text):
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        pass
    raise BadToken(f"its {part} is not base64url")


def _json(text: str, part: str) -> Claims:
    try:
        found = strictjson.loads(_octets(text, part))
    except ValueError as error:
        raise BadToken(f"its {part} is not JSON") from error
    if not isinstance(found, dict):
        raise BadToken(f"its {part} is not an object")
    return found


def _check_signature(header: Claims, keys: list[Claims], signed: bytes, signature: bytes) -> None:
    algorithm = header.get("alg")
    verify = VERIFIERS.get(algorithm) if isinstance(algorithm, str) else None
    if verify is None:
        raise BadToken("it is signed with an algorithm that we do not take")
    wanted = header.get("kid")
    fitting = [key for key in keys if _fits(key, algorithm, wanted)]
    if not any(_holds(verify, key, signed, signature) for key in fitting):
        raise BadToken("none of the provider's keys made its signature")


def _fits(key: Claims, algorithm: Any, wanted: Any) -> bool:
    named = wanted is None or key.get("kid") == wanted
    return bool(named and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm)


Verifier = Callable[[Claims, bytes, bytes], None]


def _holds(verify: Verifier, key: Claims, signed: bytes, signature: bytes) -> bool:
    try:
        verify(key, signed, signature)
    except (InvalidSignature, BadToken, ValueError, TypeError, KeyError):  # a key that is none made nothing
        return False
    return True


def _number(key: Claims, name: str) -> int:
    return int.from_bytes(_octets(str(key[name]), name), "big")


def _rsa(key: Claims) -> rsa.RSAPublicKey:
    modulus, exponent = _number(key, "n"), _number(key, "e")
    if key.get("kty") != "RSA" or modulus.bit_length() not in RSA_BITS or exponent.bit_length() > 64:
        raise BadToken("the key is not an RSA key of a size that we take")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _rs256(key: Claims, signed: bytes, signature: bytes) -> None:
    _rsa(key).verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


def _ps256(key: Claims, signed: bytes, signature: bytes) -> None:
    padded = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    _rsa(key).verify(signature, signed, padded, hashes.SHA256())


def _es256(key: Claims, signed: bytes, signature: bytes) -> None:
    if (key.get("kty"), key.get("crv")) != ("EC", "P-256") or len(signature) != 64:
        raise BadToken("the key is not a P-256 key")
    public = ec.EllipticCurvePublicNumbers(_number(key, "x"), _number(key, "y"), ec.SECP256R1()).public_key()
    pair = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    public.verify(encode_dss_signature(*pair), signed, ec.ECDSA(hashes.SHA256()))


def _eddsa(key: Claims, signed: bytes, signature: bytes) -> None:
    if (key.get("kty"), key.get("crv")) != ("OKP", "Ed25519"):
        raise BadToken("the key is not an Ed25519 key")
    Ed25519PublicKey.from_public_bytes(_octets(str(key["x"]), "x")).verify(signature, signed)


VERIFIERS: dict[str, Verifier] = {"RS256": _rs256, "PS256": _ps256, "ES256": _es256, "EdDSA": _eddsa}


def _check_parties(claims: Claims, expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise BadToken("another issuer made it")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise BadToken("it is for another node")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != expected.client_id:
        raise BadToken("it was issued to another node")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise BadToken("it answers another sign-in")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise BadToken("it does not name a subject")


def _check_times(claims: Claims, expected: Expected) -> None:
    now = expected.now.timestamp()
    ends, made = _instant(claims, "exp"), _instant(claims, "iat")
    if now >= ends + SKEW_SECONDS:
        raise BadToken("it has ended")
    if not now - OLDEST_SECONDS <= made <= now + SKEW_SECONDS:
        raise BadToken("it was not made just now; compare the clocks")
    if "nbf" in claims and _instant(claims, "nbf") > now + SKEW_SECONDS:
        raise BadToken("it does not count yet")


def _instant(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadToken(f"it does not say when ({name})")
    return float(value)
