"""Which kinds of flaw does a report speak of, in whatever words? A short list, so that each agreement can be shown.

The list is data (`data/weaknesses.json`): a kind is known by how people call it or by its CWE ids;
ids that say little, such as CWE-20, are of several kinds or of none.
"""

import json
import re
from collections.abc import Iterable
from os import path
from typing import Any, Final


def _read() -> list[dict[str, Any]]:
    with open(path.join(path.dirname(__file__), "data", "weaknesses.json"), encoding="utf-8") as file:
        kinds: list[dict[str, Any]] = json.load(file)["kinds"]
    return kinds


_LISTED: Final = _read()
KINDS: Final = tuple(str(one["kind"]) for one in _LISTED)
_CALLED: Final = tuple(re.compile("|".join(one["called"])) for one in _LISTED)
_NUMBER = re.compile(r"[0-9]{1,5}")


def _by_cwe() -> dict[int, int]:
    found: dict[int, int] = {}
    for at, one in enumerate(_LISTED):
        for cwe in one["cwes"]:
            found[cwe] = found.get(cwe, 0) | 1 << at
    return found


_BY_CWE: Final = _by_cwe()


def called(text: str) -> int:
    """Return the kinds that a text calls by name, one bit each in the order of `KINDS`."""
    found, small = 0, text.lower()
    for at, pattern in enumerate(_CALLED):
        if pattern.search(small):
            found |= 1 << at
    return found


def of_cwes(cwes: Iterable[str]) -> int:
    """Return the kinds of CWE ids such as "CWE-79", one bit each; ids that say little count for none."""
    numbers = (_NUMBER.search(cwe) for cwe in cwes)
    found = 0
    for number in numbers:
        found |= _BY_CWE.get(int(number[0]), 0) if number else 0
    return found


def named(kinds: int) -> tuple[str, ...]:
    """Return the kinds whose bits are set, in the order of `KINDS`."""
    return tuple(kind for at, kind in enumerate(KINDS) if kinds >> at & 1)
