"""Do our keys order versions as the ecosystems' own tools do, asked live and from answers written down earlier?"""

from pathlib import Path

import pytest
from tests.conformance.version_order import drawn, frozen
from tests.conformance.version_order.oracles import ORACLES, Oracle
from tests.support import machine

from watchbell.domain.versions import Scheme

PAIRS = {"dpkg": 2_000}


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_the_ecosystems_own_tool_and_we_agree_on_five_thousand_pairs(oracle: Oracle) -> None:
    if reason := oracle.why_missing():
        (pytest.fail if "oracles" in machine.required() else pytest.skip)(reason)

    tally = drawn.compare(oracle, wanted=PAIRS.get(oracle.name, 5_000), seed=7)

    assert tally.compared >= PAIRS.get(oracle.name, 5_000)
    assert tally.differences == []


@pytest.mark.parametrize("path", sorted(frozen.PLACE.glob("*.txt")), ids=lambda path: path.stem)
def test_what_a_tool_said_once_is_still_what_we_say(path: Path) -> None:
    scheme = Scheme(path.stem)

    lines = frozen.read(path)

    assert len(lines) == frozen.PAIRS
    assert [line for line in lines if drawn.answer(scheme, line[0], line[2])[0] != line[1]] == []
