"""How far is a report to be believed, on paper? The same parts as on the page; one of an older form has fewer."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from watchbell.formats.paper import Heading, Piece, Points, Table, Text

Json = Mapping[str, Any]


def parts(shown: Json) -> Iterator[Piece]:
    """Return what `validity.context_of` says, piece by piece."""
    if shown["fingerprints"]:
        yield from _fingerprints(shown["fingerprints"])
    if shown["reviews"]:
        yield from _reviews(shown["reviews"])
    if shown["exposure"]:
        yield from _exposure(shown["exposure"])
    if shown["horizons"]:
        yield from _horizons(shown["horizons"])


def _fingerprints(found: list[Json]) -> Iterator[Piece]:
    yield Heading(text=_("The same questions at several moments"), level=2)
    told = _(
        "Another model behind the same name may show in other answers."
        " That nothing was seen does not say that it was the same model."
    )
    yield Text(text=told, weight="quiet")
    yield Points(items=tuple(f"{one['model']}: {one['said']}. {one['number']}".rstrip() for one in found))


def _reviews(part: Json) -> Iterator[Piece]:
    yield Heading(text=_("Transcripts that people read"), level=2)
    if not part["models"]:
        told = _(
            "Nobody noted that they read one: whether scoring was got round, or a solution was known,"
            " was not looked for."
        )
        yield Text(text=told)
        return
    people = ngettext(
        "Read by %(number)s person of the evaluator; of each transcript the newest note counts.",
        "Read by %(number)s people of the evaluator; of each transcript the newest note counts.",
        part["people"],
    )
    yield Text(text=people % {"number": number_format(part["people"])}, weight="quiet")
    yield Points(items=tuple(_read(one) for one in part["models"]))


def _read(one: Json) -> str:
    kinds = ", ".join(f"{word} {number_format(number)}" for word, number in one["kinds"])
    read = _("%(read)s of %(of)s") % {name: number_format(one[name], force_grouping=True) for name in ("read", "of")}
    return f"{one['model']}: {read}. {kinds}"


def _exposure(part: Json) -> Iterator[Piece]:
    yield Heading(text=_("Public items beside held-out ones"), level=2)
    yield Text(text=f"{part['said']} {part['number']}".rstrip())
    if not part["is_paired"]:
        told = _(
            "Whole suites are public and others held out, so the difference may also be a matter of what they ask."
        )
        yield Text(text=told, weight="quiet")


def _horizons(part: Json) -> Iterator[Piece]:
    yield Heading(text=_("Time horizon"), level=2)
    if not part["lines"]:
        yield Text(text=str(part["why"]))
        return
    beyond = _("beyond what any timed item took")
    yield Table(
        caption=_("How long people take for the tasks that a model solves this often, with an interval of 95 %."),
        head=(_("Model"), _("Solved"), _("People's time"), _("Timed items")),
        rows=tuple(
            (
                one["model"],
                f"{one['reliability']} %",
                f"{one['minutes']}, {beyond}" if one["extrapolated"] else one["minutes"],
                str(number_format(one["items"], force_grouping=True)),
            )
            for one in part["lines"]
        ),
        numbers=(1, 3),
    )
