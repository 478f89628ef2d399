"""Which pictures does a report have, and what do they say to somebody who does not see them?

Each stands beside a table of its numbers, and is left out where the report holds nothing for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from watchbell.web.evaluation import curve_picture, pictures, reading, sensitivity_picture, words

Report = Mapping[str, Any]
BOTH = (pictures.WIDE, pictures.NARROW)
SHAPES: dict[str, str | Promise] = {
    "still rising": gettext_lazy("still rising"),
    "flat": gettext_lazy("flat"),
    "unknown": gettext_lazy("not known"),
}
"""How a curve ends, in as few words as a panel has room for."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture in its two widths, as SVG, and in words."""

    name: str
    wide: str
    narrow: str
    alt: str
    caption: str
    address: str = ""

    @property
    def wide_address(self) -> str:
        """Return where a page finds it: under its own address, or within the page itself."""
        return self.address or pictures.inline(self.wide)

    @property
    def narrow_address(self) -> str:
        """Return the same for a narrow page."""
        return f"{self.address}?narrow=1" if self.address else pictures.inline(self.narrow)


def of(report: Report) -> dict[str, Drawing]:
    """Return the pictures of a report by their names."""
    return {one.name: one for one in _drawn(report)}


def readings(report: Report) -> list[sensitivity_picture.Group]:
    """Return for each indicator what its answer is, and what it would be otherwise; none where it has no answer."""
    return [group for one in report["comparisons"] if (group := _group(one)).readings]


def _drawn(report: Report) -> Iterator[Drawing]:
    if pictures.places_of(report):
        yield _profile(report)
    if report["curves"]:
        yield _curves(report)
    if groups := readings(report):
        yield _sensitivity(report, groups)


def _profile(report: Report) -> Drawing:
    wide, narrow = (pictures.profile(report, reading.picture_words(report), size) for size in BOTH)
    alt = _("Share solved by %(own)s, by suite and budget; the table has every number") % {"own": _own(report)}
    caption = _(
        "Share solved, by suite and budget in tokens. The lines beside a dot hold the truth 95 times of a hundred."
        " Refused, lost and missing attempts are in none of it."
    )
    return Drawing("profile", wide, narrow, alt, caption)


def _curves(report: Report) -> Drawing:
    said = curve_picture.Words(
        title=_("Budget curves of %(model)s: share solved, by budget in tokens") % {"model": _own(report)},
        shapes={code: str(word) for code, word in SHAPES.items()},
        nothing=_("no number is shown"),
    )
    wide, narrow = (curve_picture.curves(report, said, size) for size in BOTH)
    alt = "; ".join(f"{one['suite']}: {words.SHAPES.get(one['shape'], one['shape'])}" for one in report["curves"])
    caption = _("Share solved by budget in tokens, each doubling as wide as another. Dashes: still rising.")
    return Drawing("curves", wide, narrow, alt, caption)


def _sensitivity(report: Report, groups: list[sensitivity_picture.Group]) -> Drawing:
    names = sensitivity_picture.Words(
        title=_("What each answer hangs on"),
        not_indicated=str(words.WORDS["not indicated"]),
        inconclusive=str(words.WORDS["inconclusive"]),
        indicated=str(words.WORDS["indicated"]),
    )
    rule = report["protocol"]["plan"]["rule"]
    wide, narrow = (sensitivity_picture.sensitivity(groups, rule, names, size) for size in BOTH)
    alt = _("Probability of each answer, and what it would be without a suite; the table has every number")
    caption = _("Filled: the answer. Hollow: the same, read otherwise. Dashed: the thresholds locked beforehand.")
    return Drawing("sensitivity", wide, narrow, alt, caption)


def _own(report: Report) -> str:
    return str(report["measured"]["models"][0])


def _group(one: Mapping[str, Any]) -> sensitivity_picture.Group:
    name = _("%(name)s, against anchor %(anchor)s") % {"name": one["indicator"], "anchor": one["anchor"]}
    return sensitivity_picture.Group(name, tuple(_readings(one)))


def _readings(one: Mapping[str, Any]) -> Iterator[sensitivity_picture.Reading]:
    if one["probability"] is None:
        return
    yield _reading(_("as decided beforehand"), one["probability"], is_main=True)
    for each in one.get("without") or ():
        if each["probability"] is not None:
            yield _reading(_("without %(suite)s") % {"suite": each["suite"]}, each["probability"])
    if both := one.get("readings"):
        yield _reading(_("all that is missing counted against it"), both["against"])
        yield _reading(_("all that is missing counted for it"), both["favourable"])


def _reading(name: str, value: float, *, is_main: bool = False) -> sensitivity_picture.Reading:
    return sensitivity_picture.Reading(name, value, words.probability(value), is_main)
