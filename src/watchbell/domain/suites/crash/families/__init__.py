"""Fourteen small formats, as templates: of lengths, of numbers, of text."""

from typing import Final

from watchbell.domain.suites.crash.families import lengths, numbers, texts
from watchbell.domain.suites.crash.family import Family

ALL: Final[dict[str, Family]] = {
    family.name: family for family in (*lengths.FAMILIES, *numbers.FAMILIES, *texts.FAMILIES)
}
