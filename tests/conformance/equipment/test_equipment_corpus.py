"""Does the equipment matcher keep, on real industrial advisories, the figures that our documents state?"""

import re
import time
from pathlib import Path

import pytest
from tests.conformance.equipment import figures

from watchbell.domain.matching.equipment.catalogue import catalogue_of
from watchbell.domain.matching.equipment.recognise import recognise

DOCUMENT = Path(__file__).parents[3] / "docs" / "standards" / "equipment.md"
needs_advisories = pytest.mark.skipif(
    not figures.ADVISORIES.is_dir(), reason="the industrial advisories are absent"
)  # fmt: skip


def test_the_labelled_set_is_large_and_both_halves_hold_lines_that_name_nothing() -> None:
    lines = figures.labelled()

    assert len(lines) >= 200
    for half in ([one for one in lines if one.is_held], [one for one in lines if not one.is_held]):
        assert len(half) >= 100
        assert sum(not one.truth for one in half) >= 30


@needs_advisories
def test_precision_and_recall_are_kept_and_are_what_the_document_says() -> None:
    tuned, held = figures.both()

    for name, half in (("tuned", tuned), ("held", held)):
        assert half.precision >= 0.95
        assert half.recall >= 0.80
        said = re.search(rf"\| {name} \| (\d+) \| ([0-9.]+) \| ([0-9.]+) \|", DOCUMENT.read_text(encoding="utf-8"))
        assert said
        assert said.groups() == (str(half.lines), f"{half.precision:.3f}", f"{half.recall:.3f}")


@needs_advisories
def test_a_line_takes_less_than_a_millisecond() -> None:
    catalogue = catalogue_of(figures.advisories())
    machines = [one.machine for one in figures.labelled()]
    for machine in machines:
        recognise(machine, catalogue)

    started = time.process_time()
    for machine in machines:
        recognise(machine, catalogue)

    assert (time.process_time() - started) / len(machines) < 0.001
