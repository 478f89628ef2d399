"""By when does CISA's directive want this fixed? BOD 26-04, as data.

The table beside this file is the authority; the code only looks things up, so a
reader can check it against the published one without reading any Python.
"""

import json
from enum import StrEnum
from os import path
from typing import Final


class Outcome(StrEnum):
    """What the table asks for, from the most patient to the most urgent."""

    AT_UPGRADE = "FSU"
    SIXTY_DAYS = "60D"
    FOURTEEN_DAYS = "14D"
    THREE_DAYS = "3D"
    THREE_DAYS_AND_FORENSICS = "3DF"

    @property
    def urgency(self) -> int:
        """Return 0 for the most patient outcome up to 4 for the most urgent."""
        return _ORDER.index(self)


_ORDER: Final = tuple(Outcome)


class Impact(StrEnum):
    """How much control the attacker gains (`ssvc:TI:1.0.0`)."""

    PARTIAL = "partial"
    TOTAL = "total"


def decide(kev: bool, exposed: bool, automatable: bool, impact: Impact) -> Outcome:
    """Return the outcome the table names for these four answers."""
    return _TABLE[kev, exposed, automatable, impact]


def _read() -> tuple[str, dict[tuple[bool, bool, bool, Impact], Outcome]]:
    """Return the table's id and its rows, by their four answers."""
    # by path: `importlib.resources` takes longer to start than all of an offline match may
    with open(path.join(path.dirname(__file__), "data", "bod_26_04.json"), encoding="utf-8") as file:
        table = json.load(file)
    rows = {
        (row["kev"], row["exposed"], row["automatable"], Impact(row["impact"])): Outcome(row["outcome"])
        for row in table["rows"]
    }
    return table["id"], rows


TABLE_ID, _TABLE = _read()
