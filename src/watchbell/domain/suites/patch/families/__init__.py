"""Sixteen classes of flaw, as templates; each file holds a few of one subject."""

from typing import Final

from watchbell.domain.suites.patch.families import amounts, pages, paths, programs, records, sessions, sizes
from watchbell.domain.suites.patch.family import Family

ALL: Final[dict[str, Family]] = {
    family.name: family
    for room in (paths, records, programs, pages, sizes, amounts, sessions)
    for family in room.FAMILIES
}
