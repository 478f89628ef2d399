"""Whose signature is believed: the provider's own keys, with algorithms of a short list, over exactly these bytes."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON
from tests.support.identity_provider import SigningKey, url_safe

from watchbell.doors.identity_token import BadToken, Expected, believed, says_several_factors

EXPECTED = Expected(issuer="https://id.example", client_id="node", nonce="n-1", now=NOON)
CLAIMS = {
    "iss": "https://id.example",
    "aud": ["node"],
    "sub": "someone",
    "nonce": "n-1",
    "iat": int(NOON.timestamp()),
    "exp": int(NOON.timestamp()) + 60,
}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
ED = Ed25519PrivateKey.generate()
EC = SigningKey()
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


def rsa_public(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    octets = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    return {"kty": "RSA", "kid": "r", "n": url_safe(octets), "e": url_safe(b"\x01\x00\x01")}


ED_PUBLIC = {"kty": "OKP", "crv": "Ed25519", "kid": "e", "x": url_safe(ED.public_key().public_bytes_raw())}
KEYS = [rsa_public(RSA), EC.public, ED_PUBLIC]


def token(header: dict[str, Any], sign: Callable[[bytes], bytes], claims: Any = CLAIMS) -> str:
    text = ".".join(url_safe(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{url_safe(sign(text.encode()))}"


def by_rsa(text: bytes, key: rsa.RSAPrivateKey = RSA) -> bytes:
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


GOOD = {
    "RS256": token({"alg": "RS256", "kid": "r"}, by_rsa),
    "PS256": token({"alg": "PS256", "kid": "r"}, lambda text: RSA.sign(text, PSS, hashes.SHA256())),
    "EdDSA": token({"alg": "EdDSA"}, ED.sign),
    "ES256": EC.signed(CLAIMS),
}
PEM = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
BAD = {
    "no signature": token({"alg": "none"}, lambda text: b""),
    "no signature, one byte": token({"alg": "none"}, lambda text: b"x"),
    "the public key as a shared secret": token(
        {"alg": "HS256", "kid": "r"}, lambda text: hmac.new(PEM, text, hashlib.sha256).digest()
    ),
    "an algorithm in a list": token({"alg": ["RS256"], "kid": "r"}, by_rsa),
    "another key's name": token({"alg": "RS256", "kid": "first"}, by_rsa),
    "a key of another kind": token({"alg": "ES256", "kid": "r"}, by_rsa),
    "a key that is too small": token({"alg": "RS256", "kid": "s"}, lambda text: by_rsa(text, SMALL_RSA)),
    "a key for something else": token({"alg": "RS256", "kid": "x"}, by_rsa),
    "a key it brings along": token(
        {"alg": "EdDSA", "jwk": ED_PUBLIC, "kid": "mine"}, Ed25519PrivateKey.generate().sign
    ),
    "an extension nobody knows": token({"alg": "RS256", "kid": "r", "crit": ["exp"]}, by_rsa),
    "claims that are a list": token({"alg": "RS256", "kid": "r"}, by_rsa, [CLAIMS]),
    "two parts": "e30.e30",
    "four parts": GOOD["RS256"] + ".e30",
    "nothing": "",
    "too long": GOOD["RS256"] + "A" * 40_000,
    "padding": GOOD["RS256"] + "==",
}
MORE_KEYS = [{**rsa_public(SMALL_RSA), "kid": "s"}, {**rsa_public(RSA), "kid": "x", "use": "enc"}, {"kty": "RSA"}, {}]


@pytest.mark.parametrize("algorithm", GOOD)
def test_a_token_that_the_provider_signed_is_believed(algorithm: str) -> None:
    assert believed(GOOD[algorithm], KEYS, EXPECTED)["sub"] == "someone"


@pytest.mark.parametrize("case", BAD)
def test_a_token_that_it_did_not_sign_so_is_not(case: str) -> None:
    with pytest.raises(BadToken):
        believed(BAD[case], KEYS + MORE_KEYS, EXPECTED)


@given(
    place=st.integers(0, len(GOOD["ES256"]) - 1),
    letter=st.sampled_from("ABab01-_."),
    algorithm=st.sampled_from([*GOOD]),
)
def test_no_letter_of_a_token_can_be_changed(place: int, letter: str, algorithm: str) -> None:
    good = GOOD[algorithm]
    changed = good[:place] + letter + good[place + 1 :]
    octets = [base64.urlsafe_b64decode(part + "==") for part in good.split(".")]

    try:
        believed(changed, KEYS, EXPECTED)
    except BadToken:
        return

    assert [base64.urlsafe_b64decode(part + "==") for part in changed.split(".")] == octets


@pytest.mark.parametrize(
    ("claims", "several"),
    [
        ({"amr": ["otp", "mfa"]}, True),
        ({"acr": "https://refeds.org/profile/mfa"}, True),
        ({"amr": ["otp", "pwd"]}, False),
        ({"amr": [["mfa"]]}, False),
        ({"acr": ["phr"]}, False),
        ({"amr": {"mfa": 1}}, False),
        ({}, False),
    ],
)
def test_several_factors_are_believed_only_in_the_standards_own_words(claims: dict[str, Any], several: bool) -> None:
    assert says_several_factors(claims) is several
