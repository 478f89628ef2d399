"""A run kit comes back as it was written, and says when it is not the protocol that was locked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.protocols import PROTOCOL, protocols

from watchbell.domain.evaluation import Protocol
from watchbell.domain.refusal import Refused
from watchbell.formats import run_kits, strictjson
from watchbell.formats.run_kits import RunKit

SEED = bytes(range(32))
KIT = RunKit(protocol=PROTOCOL, seeds=(("patch", SEED),))


def refused(data: bytes) -> tuple[str, str]:
    with pytest.raises(Refused) as error:
        run_kits.loads(data)
    return error.value.refusal.code, error.value.refusal.place


def changed(**more: object) -> bytes:
    return strictjson.dumps({**strictjson.loads(run_kits.dumps(KIT)), **more})


@given(protocols(), st.binary(min_size=32, max_size=32))
def test_a_kit_comes_back_from_its_bytes_and_equal_kits_have_equal_bytes(protocol: Protocol, seed: bytes) -> None:
    kit = RunKit(protocol=protocol, seeds=tuple((one.benchmark, seed) for one in protocol.suites))

    again = run_kits.loads(run_kits.dumps(kit))

    assert again == kit
    assert run_kits.dumps(again) == run_kits.dumps(kit)


def test_a_protocol_that_was_changed_after_the_lock_is_refused() -> None:
    plan = {**PROTOCOL.as_mapping(), "epochs": PROTOCOL.epochs + 1}

    assert refused(changed(protocol=plan)) == ("other-protocol", "/protocol")


@pytest.mark.parametrize(
    ("seed", "place"), [("5e" * 31, "/seeds/0/seed"), ("5E" * 32, "/seeds/0/seed"), ("", "/seeds/0/seed")]
)
def test_a_seed_that_is_none_is_refused_where_it_stands(seed: str, place: str) -> None:
    assert refused(changed(seeds=[{"benchmark": "patch", "seed": seed}])) == ("wrong-seed", place)


def test_what_nobody_asked_for_and_another_form_are_refused() -> None:
    assert refused(changed(extra=1))[0] == "unknown-field"
    assert refused(changed(kit="watchbell-run-kit-2"))[1] == "/kit"


def test_a_benchmark_without_a_seed_has_none() -> None:
    assert KIT.seed_of("patch") == SEED
    assert KIT.seed_of("locate") is None
