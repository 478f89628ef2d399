"""By what else than its names is a thing a product? Kept with what was recognised, so that each record can be asked.

A record speaks of one variant of a product; which of them the thing is, and by what, is all
that counts. `by_name` where people or its names say as well that it is the product: then
records that tell no variants apart count too, as surely as names are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchbell.domain.matching.designations import Helper

MOST_VARIANTS = 10
"""Variants of one product that one thing may be; more are a record's mistake, and the surest are kept."""

_LETTERS = {
    Helper.DIGEST: "d",
    Helper.SERIAL: "s",
    Helper.SBOM: "b",
    Helper.URI: "u",
    Helper.NUMBER: "n",
}
_HELPERS = {letter: helper for helper, letter in _LETTERS.items()}
_BY_NAME = "+"
_SUREST = list(Helper).index


@dataclass(frozen=True, slots=True)
class Helped:
    """The variants of a product that a thing is (`Identity.same`), each with the surest helper that says so."""

    variants: Mapping[str, Helper]
    by_name: bool = False

    @property
    def packed(self) -> str:
        """Return this for its column, equal for equal things."""
        surest = sorted(self.variants.items(), key=lambda one: (_SUREST(one[1]), one[0]))[:MOST_VARIANTS]
        words = [f"{_LETTERS[helper]}{same}" for same, helper in surest]
        return " ".join([_BY_NAME, *words] if self.by_name else words)


def unpacked(text: str) -> Helped:
    """Return what was packed; "" is what only names say."""
    words = text.split(" ") if text else [_BY_NAME]
    variants = {word[1:]: _HELPERS[word[0]] for word in words if word != _BY_NAME}
    return Helped(variants, by_name=_BY_NAME in words)


def surest(found: Iterable[tuple[str, Helper]]) -> dict[str, Helper]:
    """Return each variant once, with the surest helper."""
    kept: dict[str, Helper] = {}
    for same, helper in found:
        if same not in kept or _SUREST(helper) < _SUREST(kept[same]):
            kept[same] = helper
    return kept
