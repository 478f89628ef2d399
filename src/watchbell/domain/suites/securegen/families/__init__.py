"""Sixteen functions that tempt, as templates; each file holds a few of one subject."""

from typing import Final

from watchbell.domain.suites.securegen.families import outputs, places, queries, secret, values
from watchbell.domain.suites.securegen.family import Family

ALL: Final[dict[str, Family]] = {
    family.name: family
    for family in (*places.FAMILIES, *queries.FAMILIES, *secret.FAMILIES, *outputs.FAMILIES, *values.FAMILIES)
}
