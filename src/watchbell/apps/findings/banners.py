"""Does this text carry a classification banner? Watchbell is for unclassified material alone.

Only lines that are a banner and nothing else count, so that prose about secrets, and
findings about leaked ones, pass. Source: the banner lines of the CAPCO register (US)
and of the CUI marking handbook, in their plain forms.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from watchbell.domain.refusal import Refused, refuse

_CONTROLS: Final = r"(?://[A-Z0-9][A-Z0-9 ,/\-]*)"
_LEVELS: Final = rf"(?:TOP SECRET|SECRET){_CONTROLS}?|CONFIDENTIAL{_CONTROLS}|CUI{_CONTROLS}?|(?:[A-Z ]+//)?NOFORN"
_BANNER: Final = re.compile(rf"^[ \t]*(?:{_LEVELS})[ \t]*\r?$", re.MULTILINE)
_A_TRACE: Final = re.compile(rb"SECRET|CONFIDENTIAL|CUI|NOFORN|\\u00[45]")
"""A word that every banner holds, or a JSON escape that may stand for one of its letters."""


def has_banner(text: str) -> bool:
    """Return whether any line of this text is a classification banner."""
    return _BANNER.search(text) is not None


def cannot_hold_one(document: bytes) -> bool:
    """Return whether no text in this JSON can be a banner, so that nobody has to read it to know."""
    return _A_TRACE.search(document) is None


def classified(place: str) -> Refused:
    """Return the refusal for material that says it is classified."""
    return refuse(
        "classified",
        "A line here is a classification banner, and this node takes unclassified material only.",
        place=place,
        todo="Nothing of this upload was kept; hand it in through the channel its marking asks for",
    )


def texts(value: object) -> Iterator[str]:
    """Yield every text inside a JSON value, keys aside, without recursion."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)
