"""Fifteen classes of flaw, as templates; each file holds a few of one subject."""

from typing import Final

from watchbell.domain.suites.patch.families import pages, paths, programs, records, sessions, sizes
from watchbell.domain.suites.patch.family import Family

ALL: Final[dict[str, Family]] = {
    family.name: family
    for family in (*paths.FAMILIES, *records.FAMILIES, *programs.FAMILIES, *pages.FAMILIES, *sizes.FAMILIES)
    + sessions.FAMILIES
}
