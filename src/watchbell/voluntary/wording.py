"""Does any name or text of early access mean permission, judgement or a barrier? V13, and the names part of V12."""

import re
from collections.abc import Iterable

from watchbell.voluntary.census import Said, addresses, everything_said, translations, words_of
from watchbell.voluntary.checked import proves, require
from watchbell.voluntary.run import Run
from watchbell.voluntary.vocabulary import MEANS_SOMETHING_ELSE, NEVER, NEVER_IN_SPANISH, NO_NUDGES, NUDGES

_OTHER = re.compile("|".join(re.escape(phrase) for phrase in MEANS_SOMETHING_ELSE), re.IGNORECASE)


def found_among(said: Iterable[Said], never: frozenset[str]) -> list[str]:
    """Return where one of these words stands, and which."""
    found = []
    for one in said:
        if words := words_of(_OTHER.sub(" ", one.text)) & never:
            found.append(f"{one.where} says {', '.join(sorted(words))}: {one.text.strip()[:80]!r}")
    return found


def nothing_nudges() -> int:
    """Return how many addresses were read; raises Broken where one is for making a developer begin."""
    said = [one for one in addresses() if not any(name in one.where for name in NO_NUDGES)]
    said = [Said(_without_own(one.text), one.where) for one in said]
    found = found_among(said, NUDGES)
    require(not found, "; ".join(found[:3]))
    return len(said)


def _without_own(path: str) -> str:
    """Return an address without the one that is the developer's own request of a determination."""
    return path.replace("determination/request/", "determination/")


@proves("V13")
def no_such_word(run: Run) -> str:
    """Every name and text of the area, and every translation of it, word by word."""
    said, paths, spanish = everything_said(), addresses(), translations()
    found = [*found_among([*said, *paths], NEVER), *found_among(spanish, NEVER_IN_SPANISH)]
    require(not found, f"{len(found)} of them: " + "; ".join(found[:3]))
    require(len(said) > 1000 and paths, "the area's files are not where they were: nothing was read")
    return (
        f"{len(said)} names and texts of {len({one.where.partition(':')[0] for one in said})} files, "
        f"{len(paths)} addresses and {len(spanish)} translations, each word against "
        f"{len(NEVER)} English and {len(NEVER_IN_SPANISH)} Spanish ones"
    )
