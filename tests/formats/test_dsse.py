"""A signed envelope reads back as it was, proves only what the reader's own keys prove, and is refused where wrong."""

import base64
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.support.terms import AGREEMENT, OFFER, STATEMENTS, statements

from watchbell.domain.refusal import Refused
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import PAYLOAD_TYPE, Statement
from watchbell.formats import dsse, engagement_statements, strictjson
from watchbell.formats.dsse import Envelope, Signature

KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 32) for name in "lab"}
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), min_size=1, max_size=20)
EXTRAS = st.dictionaries(TEXTS.map("x_{}".format), st.none() | st.booleans() | TEXTS, max_size=2)
SIGNATURES = st.builds(Signature, st.binary(max_size=64), st.just("") | TEXTS, EXTRAS)
ENVELOPES = st.builds(
    Envelope, st.binary(max_size=200), TEXTS, st.lists(SIGNATURES, min_size=1, max_size=3).map(tuple), EXTRAS
)


def check(key: str, message: bytes, signature: bytes) -> bool:
    try:
        KEYS[key].public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def signed_by(*names: str, payload: bytes = OFFER.payload, payload_type: str = PAYLOAD_TYPE) -> Envelope:
    unsigned = Envelope(payload, payload_type, ())
    return Envelope(payload, payload_type, tuple(Signature(KEYS[name].sign(unsigned.message)) for name in names))


@given(ENVELOPES)
def test_an_envelope_written_and_read_again_is_the_same_and_so_are_its_bytes(one: Envelope) -> None:
    written = dsse.dumps(one)

    assert dsse.loads(written) == one
    assert dsse.dumps(dsse.loads(written)) == written


def test_the_bytes_that_are_signed_are_those_of_the_specifications_own_example() -> None:
    # the example in the protocol document of DSSE v1
    assert Envelope(b"hello world", "http://example.com/HelloWorld", ()).message == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.binary(max_size=80), TEXTS, st.binary(max_size=80), TEXTS)
def test_no_two_envelopes_are_signed_over_the_same_bytes(
    payload: bytes, kind: str, other: bytes, other_kind: str
) -> None:
    one, another = Envelope(payload, kind, ()), Envelope(other, other_kind, ())

    assert (one.message == another.message) == ((payload, kind) == (other, other_kind))


@given(st.binary(min_size=1, max_size=40))
def test_both_alphabets_of_base64_are_read(payload: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = f'{{"payload":"{encode(payload).decode()}","payloadType":"t","signatures":[{{"sig":"AAAA"}}]}}'

        assert dsse.loads(text.encode()).payload == payload


def test_each_of_the_readers_keys_counts_once_and_nobody_elses_at_all() -> None:
    envelope = signed_by("a", "a", "l")

    assert dsse.signers(envelope, payload_type=PAYLOAD_TYPE, trusted="lab", check=check) == {"a", "l"}
    assert dsse.signers(envelope, payload_type=PAYLOAD_TYPE, trusted="b", check=check) == frozenset()


def test_a_key_id_in_the_envelope_proves_nothing_and_hides_nothing() -> None:
    honest = signed_by("l").signatures[0]
    claimed = Envelope(OFFER.payload, PAYLOAD_TYPE, (Signature(b"\0" * 64, "l"), Signature(honest.value, "b")))

    assert dsse.signers(claimed, payload_type=PAYLOAD_TYPE, trusted="lab", check=check) == {"l"}


def test_what_was_signed_as_something_else_is_refused_whoever_signed_it() -> None:
    other = signed_by("l", payload_type="application/vnd.in-toto+json")

    with pytest.raises(Refused) as refused:
        dsse.signers(other, payload_type=PAYLOAD_TYPE, trusted="l", check=check)

    assert refused.value.refusal.place == "/payloadType"
    assert refused.value.refusal.expected == PAYLOAD_TYPE


SOUND = {"payload": "aGk=", "payloadType": "t", "signatures": [{"sig": "AAAA", "keyid": "k"}]}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"payload": None}, "/payload"),
    ({"payload": 5}, "/payload"),
    ({"payload": "a"}, "/payload"),
    ({"payload": "aGk=\n"}, "/payload"),
    ({"payload": "a-/="}, "/payload"),
    ({"payloadType": ""}, "/payloadType"),
    ({"payloadType": ["t"]}, "/payloadType"),
    ({"signatures": []}, "/signatures"),
    ({"signatures": {"sig": "AAAA"}}, "/signatures"),
    ({"signatures": [{"sig": "AAAA"}] * 17}, "/signatures"),
    ({"signatures": ["AAAA"]}, "/signatures/0"),
    ({"signatures": [{"sig": "AAAA"}, {"keyid": "k"}]}, "/signatures/1/sig"),
    ({"signatures": [{"sig": "AAAA", "keyid": 7}]}, "/signatures/0/keyid"),
]


@pytest.mark.parametrize(("wrong", "place"), WRONG)
def test_what_is_wrong_with_an_envelope_is_said_where_it_stands(wrong: dict[str, Any], place: str) -> None:
    assert dsse.loads(strictjson.dumps(SOUND)).payload == b"hi"

    with pytest.raises(Refused) as refused:
        dsse.loads(strictjson.dumps({**SOUND, **wrong}))

    assert refused.value.refusal.place == place


@given(st.binary(max_size=60))
def test_any_bytes_are_read_as_an_envelope_or_refused(data: bytes) -> None:
    try:
        dsse.loads(data)
    except Refused as error:
        said = str(error)
        assert said


# ---- statements


@given(statements())
def test_a_statement_reads_back_from_its_payload(one: Statement) -> None:
    assert engagement_statements.loads(engagement_statements.dumps(one)) == one


@pytest.mark.parametrize(
    "payload",
    [
        OFFER.payload + b"\n",
        OFFER.payload.replace(b",", b", ", 1),
        OFFER.payload.replace(b'"number":1', b'"number":1.0'),
        OFFER.payload.replace(b"bell-1", b"\\u0062ell-1", 1),
        b'{"number":1,' + OFFER.payload.replace(b'"number":1,', b"", 1)[1:],
    ],
)
def test_a_statement_in_other_bytes_than_its_own_is_refused(payload: bytes) -> None:
    with pytest.raises(Refused) as refused:
        engagement_statements.loads(payload)

    assert refused.value.refusal.code in ("not-canonical", "wrong-value")


def test_a_statement_that_says_what_none_says_is_refused_where_it_does() -> None:
    with pytest.raises(Refused) as refused:
        engagement_statements.loads(OFFER.payload.replace(b'"hours":720', b'"hours":721'))

    assert refused.value.refusal.place == "/terms/hours"
    assert "Use 1 to 720 hours" in str(refused.value)
    assert isinstance(refused.value.refusal.message, Sentence)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_signed_statement_is_opened_with_the_key_that_signed_it_and_no_other(statement: Statement) -> None:
    envelope = dsse.loads(dsse.dumps(signed_by("l", payload=statement.payload)))

    assert engagement_statements.signed(envelope, trusted="la", check=check) == (statement, {"l"})
    with pytest.raises(Refused) as refused:
        engagement_statements.signed(envelope, trusted="b", check=check)
    assert refused.value.refusal.code == "not-signed"


def test_a_signature_does_not_move_to_another_statement() -> None:
    moved = Envelope(AGREEMENT.payload, PAYLOAD_TYPE, signed_by("l").signatures)

    with pytest.raises(Refused):
        engagement_statements.signed(moved, trusted="lab", check=check)


@given(st.integers(0, len(OFFER.payload) * 8 - 1))
def test_no_bit_of_a_signed_statement_can_be_flipped(bit: int) -> None:
    flipped = bytearray(OFFER.payload)
    flipped[bit // 8] ^= 1 << bit % 8

    changed = Envelope(bytes(flipped), PAYLOAD_TYPE, signed_by("l").signatures)

    assert dsse.signers(changed, payload_type=PAYLOAD_TYPE, trusted="lab", check=check) == frozenset()
