"""Read and write a signed envelope: some bytes, what they are, and who says to have signed them (DSSE v1).

A signature is made over the kind of the bytes as well as over the bytes (`signed_bytes`). Nothing in an envelope is
believed before one of the reader's own keys fits: a key id in it is a hint, and is not even looked at.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import signed_bytes
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json

MOST_SIGNATURES = 16
"""Each one read is tried with each key of the reader's: a thousand of them would be work for nothing."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}|[A-Za-z0-9_-]*={0,2}")
_KEPT_APART = ("payload", "payloadType", "signatures")

Check = Callable[[str, bytes, bytes], bool]
"""Whether a key of the reader's, by its name, made this signature over this message: (key, message, signature)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, the key id its maker wrote beside it, and whatever else stands there."""

    value: bytes
    key_id: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Bytes, their kind and their signatures as they came, unproven; `more` is what other writers add."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> bytes:
        """Return the bytes that were signed."""
        return signed_bytes(self.payload, self.payload_type)


def loads(data: bytes) -> Envelope:
    """Return the envelope in `data`; raises Refused with a JSON pointer."""
    return read(fields.root(strictjson.loads(data)))


def read(document: Json) -> Envelope:
    """Return a parsed envelope, see `loads`."""
    signatures = tuple(_signature(one, place) for one, place in fields.objects(document, "signatures"))
    if not 0 < len(signatures) <= MOST_SIGNATURES:
        message = Sentence("An envelope holds 1 to {most} signatures.", most=MOST_SIGNATURES)
        raise refuse("wrong-value", message, place="/signatures", todo="Sign the file anew and send that")
    return Envelope(
        payload=_octets(document, "payload", ""),
        payload_type=fields.required_text(document, "payloadType"),
        signatures=signatures,
        more=_rest(document, _KEPT_APART),
    )


def dumps(envelope: Envelope) -> bytes:
    """Return the canonical bytes of an envelope; `loads` reads them back as the same."""
    return strictjson.dumps(
        {
            **envelope.more,
            "payload": _written(envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": [
                {**one.more, "sig": _written(one.value), **({"keyid": one.key_id} if one.key_id else {})}
                for one in envelope.signatures
            ],
        }
    )


def signers(envelope: Envelope, *, payload_type: str, trusted: Iterable[str], check: Check) -> frozenset[str]:
    """Return which of the reader's own keys signed this, each once; only then read the payload.

    Raises Refused when it is of another kind than `payload_type`, whoever signed it.
    """
    if envelope.payload_type != payload_type:
        message = Sentence("This was signed as something else: {found}.", found=envelope.payload_type[:100])
        raise refuse("wrong-value", message, place="/payloadType", expected=Sentence("{wanted}", wanted=payload_type))
    message_bytes = envelope.message
    return frozenset(key for key in trusted if any(check(key, message_bytes, one.value) for one in envelope.signatures))


def _signature(one: Json, place: str) -> Signature:
    return Signature(_octets(one, "sig", place), fields.text(one, "keyid", place), _rest(one, ("sig", "keyid")))


def _rest(holder: Json, known: tuple[str, ...]) -> Json:
    return {name: value for name, value in holder.items() if name not in known}


def _octets(holder: Json, key: str, place: str) -> bytes:
    """Return bytes written in base64, in either alphabet, as DSSE lets their writers choose."""
    if holder.get(key) is None:
        raise fields.missing(place, key)
    text = fields.text(holder, key, place)
    if not _BASE64.fullmatch(text):
        raise _no_base64(fields.pointer(place, key))
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except binascii.Error:
        raise _no_base64(fields.pointer(place, key)) from None


def _no_base64(place: str) -> Refused:
    return refuse("wrong-value", "This is not base64.", place=place, todo="Send the file as it was written")


def _written(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
