"""A run asks its endpoint the same questions at its beginning, middle and end, and its log brings the answers in."""

import io
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.eval_logs import LOGS, opened

from watchbell.domain.evaluation.fingerprints import EACH, PROMPTS, Moment
from watchbell.outside.inspect_runner.fingerprinting import FILE, MOST_FAILURES, Fingerprints

AT = 1_796_000_000.0


def taking(folder: Path, ask: Callable[[str], str] = lambda prompt: f" {prompt[:9]}. ") -> Fingerprints:
    (folder / "logs").mkdir(exist_ok=True)
    return Fingerprints(folder, ask, lambda: AT)


def put(folder: Path) -> Path:
    (folder / "logs").mkdir(exist_ok=True)
    log = folder / "logs" / "2026.eval"
    log.write_bytes((LOGS / "plain.eval").read_bytes())
    return log


def test_a_log_brings_in_every_moment_and_still_has_its_samples(tmp_path: Path) -> None:
    log, prints = put(tmp_path), taking(tmp_path)
    for moment in (Moment.START, Moment.MIDDLE, Moment.END):
        prints.take(moment)

    prints.pack()

    found = opened(log.read_bytes())
    assert [one.moment for one in found.fingerprints] == ["start", "middle", "end"]
    assert {one.number for one in found.fingerprints} == {len(PROMPTS) * EACH}
    assert found.fingerprints[0].answers[0] == ("name one",) * EACH
    assert len([*found.samples()]) == 6


def test_what_an_earlier_process_took_is_kept_and_packing_again_changes_nothing(tmp_path: Path) -> None:
    log = put(tmp_path)
    taking(tmp_path).take(Moment.START)

    again = taking(tmp_path)
    again.take(Moment.AGAIN)
    again.pack()
    packed = log.read_bytes()
    again.pack()

    assert [one.moment for one in opened(packed).fingerprints] == ["start", "again"]
    assert log.read_bytes() == packed
    assert [one.name for one in (tmp_path / "logs").iterdir()] == ["2026.eval"]


def test_an_endpoint_that_is_away_is_asked_a_few_times_only_and_the_moment_is_not_taken(tmp_path: Path) -> None:
    asked: list[str] = []

    def away(prompt: str) -> str:
        asked.append(prompt)
        raise ConnectionRefusedError

    prints = taking(tmp_path, away)
    prints.take(Moment.START)
    put(tmp_path)
    prints.pack()

    assert len(asked) < 2 * MOST_FAILURES
    [only] = opened((tmp_path / "logs" / "2026.eval").read_bytes()).fingerprints
    assert (only.number, only.is_taken) == (0, False)


def test_the_middle_is_taken_aside_while_the_run_goes_on(tmp_path: Path) -> None:
    going_on = threading.Event()

    def ask(prompt: str) -> str:
        assert going_on.wait(30)
        return "oak"

    log, prints = put(tmp_path), taking(tmp_path, ask)
    prints.take_aside(Moment.MIDDLE)
    going_on.set()
    prints.pack()

    assert [one.moment for one in opened(log.read_bytes()).fingerprints] == ["middle"]


def test_without_a_log_or_with_one_that_is_no_log_nothing_is_packed(tmp_path: Path) -> None:
    prints = taking(tmp_path)
    prints.take(Moment.START)
    prints.pack()
    torn = tmp_path / "logs" / "torn.eval"
    torn.write_bytes(b"PK\x03\x04 and no more")

    prints.pack()

    assert torn.read_bytes() == b"PK\x03\x04 and no more"
    assert (tmp_path / FILE).exists()


@pytest.mark.parametrize("change", [b"start", b"fingerprints-1"])
def test_fingerprints_that_nobody_of_ours_wrote_are_a_refusal_of_the_log(tmp_path: Path, change: bytes) -> None:
    from watchbell.domain.refusal import Refused

    log, prints = put(tmp_path), taking(tmp_path)
    prints.take(Moment.START)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes().replace(change, b"other"))

    prints.pack()

    assert zipfile.is_zipfile(io.BytesIO(log.read_bytes()))
    with pytest.raises(Refused, match=r"watchbell/fingerprints\.json"):
        opened(log.read_bytes())
