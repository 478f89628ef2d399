"""By what was something recognised, and what does a CPE name? The rules of what is sure and what is a guess.

A vendor's own identification helper that is a package URL is as exact as any record's range. A CPE
is a guess: inventories and records make them up from names, so it never alerts by itself.
"""

import re
from dataclasses import dataclass

from watchbell.domain.matching.tiers import Basis

LONGEST_CPE = 1000
_OPEN = frozenset({"", "*", "-"})
_PART = re.compile(r"(?:[^:\\]|\\.)*+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PERCENT = re.compile(r"%([0-9a-f]{2})")


def basis_of_package(ecosystem: str, *, is_vendors: bool) -> Basis:
    """Return by what a component with a package URL was recognised; `is_vendors` for a helper in a vendor's product.

    A distribution's package is told with its release ("Debian:12").
    """
    if is_vendors:
        return Basis.HELPER
    return Basis.RELEASE if ":" in ecosystem else Basis.PACKAGE


def basis_of_product(*, is_vendors: bool) -> Basis:
    """Return by what a product that a person picked was recognised: a vendor's own branches, or anybody's names."""
    return Basis.BRANCHES if is_vendors else Basis.PICKED


def surer(one: Basis) -> int:
    """Return the place of a basis among all, the surest first; to sort by."""
    return list(Basis).index(one)


@dataclass(frozen=True, slots=True)
class Cpe:
    """What a CPE name says of a product; `version` is "" where it holds for any or none."""

    key: str
    version: str = ""


def read_cpe(text: str) -> Cpe | None:
    """Return what a CPE name of 2.2 ("cpe:/a:...") or 2.3 ("cpe:2.3:a:...") names.

    None when it is none, or leaves the kind, the vendor or the product open: that names nothing in particular.
    """
    parts = _parts(text.strip())
    if len(parts) < 3 or any(one in _OPEN or "*" in one for one in parts[:3]):
        return None
    if not "".join(parts[:5]).isprintable():
        return None
    version, update = (*parts[3:5], "", "")[:2]
    if version in _OPEN:
        return Cpe(":".join(parts[:3]))
    return Cpe(":".join(parts[:3]), version if update in _OPEN else f"{version} {update}")


def _parts(text: str) -> list[str]:
    """Return the parts of a name from its kind on, in small letters and without escapes."""
    if len(text) > LONGEST_CPE:
        return []
    text = text.lower()
    if text.startswith("cpe:2.3:"):
        return [_ESCAPED.sub(r"\1", one) for one in _split(text.removeprefix("cpe:2.3:"))]
    if text.startswith("cpe:/"):
        found = text.removeprefix("cpe:/").split(":")
        return [_PERCENT.sub(lambda one: chr(int(one[1], 16)), one) for one in found]
    return []


def _split(text: str) -> list[str]:
    """Return the parts between colons that are not escaped."""
    found: list[str] = []
    at = 0
    while at <= len(text):
        part = _PART.match(text, at)
        found.append(part[0] if part else "")
        at += len(found[-1]) + 1
    return found
