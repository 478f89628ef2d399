"""How does a report read on paper? Block by block, with every number it holds, the sample table apart.

The same report in the same language is the same paper: it bears the moment of the report, not of its printing.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from watchbell.formats.paper import Block, Facts, Heading, Paper, Picture, Points, Quote, Table, Text
from watchbell.web import moments
from watchbell.web.evaluation import drawings, pictures, reading, words
from watchbell.web.evaluation.rounding import rounded

Json = Mapping[str, Any]
UTC = moments.zone("UTC")
NOTHING = "–"


def paper_of(report: Json, *, developer: str, whom: str, key: str) -> Paper:
    """Return a report as it is set; `whom` says for whom this copy is, `key` is what its file is signed with."""
    shown = reading.context_of(report)
    lead = _("Report %(number)s on version %(version)s of the protocol; the model is that of %(developer)s.") % {
        "number": report["number"],
        "version": report["protocol"]["number"],
        "developer": developer,
    }
    on_letters = _(
        "Letters for which this file has no typeface stand by their numbers in brackets. The signed file has them."
    )
    return Paper(
        title=shown["plan"]["title"] or _("Evaluation report"),
        language=get_language() or "en",
        made_at=shown["issued_at"],
        marking=report.get("tlp", ""),
        lead=lead,
        on_letters=on_letters,
        blocks=tuple(_blocks(report, shown, whom, key)),
    )


def _blocks(report: Json, shown: Json, whom: str, key: str) -> Iterator[Block]:
    drawn = drawings.of(report)
    yield Text(text=shown["summary"], weight="strong")
    yield Text(text=shown["statement"])
    yield _facts(report, shown, whom, key)
    yield Heading(text=_("Profile"))
    yield from _picture(drawn, "profile")
    yield from _answers(shown)
    if "sensitivity" in drawn:
        yield Heading(text=_("What each answer hangs on"))
        yield from _picture(drawn, "sensitivity")
    yield Heading(text=_("How far to believe it"))
    yield from _validity(report, shown)
    yield Heading(text=_("The developer's comment"))
    yield Quote(text=report["comment"]) if report["comment"] else Text(text=_("None yet."))
    yield Heading(text=_("How much is there"))
    yield _complete(report)
    if shown["numbers"]:
        yield Heading(text=_("The profile in numbers"))
        yield _numbers(report)
    if shown["curves"]:
        yield Heading(text=_("Would a larger budget have solved more?"))
        yield from _picture(drawn, "curves")
        yield from _curves(report)
    yield Heading(text=_("The answers in numbers"))
    for one in report["comparisons"]:
        yield from _comparison(one)
    if left_out := report.get("left_out"):
        yield Heading(text=_("What is left out"))
        yield Text(text=", ".join(left_out), weight="quiet")


def _facts(report: Json, shown: Json, whom: str, key: str) -> Facts:
    protocol, measured = report["protocol"], report["measured"]
    references = ", ".join(shown["references"]) or NOTHING
    locked = protocol["locked_at"] and moments.exactly(datetime.fromisoformat(protocol["locked_at"]), UTC)
    pairs = (
        (_("For"), whom),
        (_("System measured"), f"{shown['own']}, {_('scaffold')} {measured['scaffold']}"),
        (_("Safeguards"), str(shown["safeguards"])),
        (_("Beside"), references),
        (_("Budgets in tokens"), ", ".join(_whole(one) for one in protocol["plan"]["budgets"])),
        (_("Issued"), moments.exactly(shown["issued_at"], UTC)),
        (_("Protocol"), protocol["digest"]),
        (_("Locked"), locked or NOTHING),
        *((_("It amends"), one["digest"]) for one in protocol["amends"]),
        (_("Report (SHA-256)"), report["digest"]),
        (_("Signed with the key"), key),
    )
    return Facts(pairs=tuple((name, str(value)) for name, value in pairs))


def _picture(drawn: Mapping[str, drawings.Drawing], name: str) -> Iterator[Block]:
    if name in drawn:
        one = drawn[name]
        yield Picture(svg=pictures.for_paper(one.wide), alt=one.alt, caption=one.caption)


def _answers(shown: Json) -> Iterator[Block]:
    for one in shown["comparisons"]:
        yield Text(text=one["sentence"], weight="strong")
        if told := (*one["reasons"], *one["limits"]):
            yield Points(items=told)


def _validity(report: Json, shown: Json) -> Iterator[Block]:
    flags = shown["flags"]
    yield Points(items=tuple(flags)) if flags else Text(text=_("No flag is open."))
    yield Text(text=f"{_('Containment of the evaluator')}: {shown['containment']}")
    if chain := report.get("chain"):
        logged = _whole(chain["logged"]) if chain["logged"] is not None else NOTHING
        told = _("Chain: %(logged)s calls logged, %(admitted)s admitted") % {
            "logged": logged,
            "admitted": _whole(chain["admitted"]),
        }
        yield Text(text=told)
    yield Heading(text=_("What was not checked"), level=2)
    yield Points(items=tuple(shown["not_checked"]))


def _complete(report: Json) -> Table:
    return Table(
        caption=_("How much is there"),
        head=(_("Suite"), _("Model"), _("Planned"), _("Missing or lost"), _("What came out")),
        rows=tuple(
            (one["suite"], one["model"], _whole(one["expected"]), _whole(one["absent"]), _outcomes(one["outcomes"]))
            for one in report["completeness"]
        ),
        numbers=(2, 3),
    )


def _numbers(report: Json) -> Table:
    order = {place: at for at, place in enumerate(pictures.places_of(report))}
    cells = sorted(report["profile"], key=lambda one: order[one["suite"], one["budget"]])
    head = (_("Suite"), _("Budget"), _("Model"), _("For new families"), _("On these items"))
    return Table(
        caption=_("Share solved with its interval of 95 %, what came out, and what it used"),
        head=(*head, _("What came out"), _("Credit"), _("Tokens")),
        rows=tuple(
            (
                one["suite"],
                _whole(one["budget"]),
                one["model"],
                _shares(one["generalised"]),
                _shares(one["benchmark"]),
                _outcomes(one["outcomes"]),
                _share(one["credit"]),
                _whole(one["tokens"]),
            )
            for one in cells
        ),
        numbers=(1, 3, 4, 6, 7),
    )


def _curves(report: Json) -> Iterator[Block]:
    for one in report["curves"]:
        said = f"{one['suite']}: {words.SHAPES.get(one['shape'], one['shape'])}"
        gained = _("Gain for each doubling of the budget, in points of a hundred: %(gain)s")
        yield Text(text=f"{said}. {gained % {'gain': _shares(one['gain'])}}")
    yield Table(
        caption=_("Share solved, by suite and budget"),
        head=(_("Suite"), _("Budget"), _("Share solved")),
        rows=tuple(
            (one["suite"], _whole(point["budget"]), _shares(point["score"]))
            for one in report["curves"]
            for point in one["points"]
        ),
        numbers=(1, 2),
    )


def _comparison(one: Json) -> Iterator[Block]:
    both = one["readings"] or {"against": None, "favourable": None}
    rows = [
        (_("Probability"), _logits(one["probability"])),
        (_("Margin in logits"), _logits(one["margin"])),
        (_("At a budget of"), _whole(one["budget"])),
        (_("Difference in logits of the score"), _interval(one["difference"])),
        (_("Difference in score"), _shares(one["score"])),
        (_("Difference in ability, in logits"), _interval(one["ability"])),
        (_("all that is missing counted against it"), _logits(both["against"])),
        (_("all that is missing counted for it"), _logits(both["favourable"])),
    ]
    for each in one["without"]:
        without = _("without %(suite)s") % {"suite": each["suite"]}
        rows.append((without, f"{_logits(each['probability'])}; {_interval(each['difference'])}"))
    for each in one["shares"]:
        told = ((_("attempts"), _whole(each["attempts"])), *_lost(each))
        rows.append((each["model"], ", ".join(f"{name} {value}" for name, value in told)))
    yield Table(
        caption=_("%(name)s, against anchor %(anchor)s") % {"name": one["indicator"], "anchor": one["anchor"]},
        head=(_("What"), _("How much")),
        rows=tuple(rows),
    )


def _lost(each: Json) -> tuple[tuple[str, str], ...]:
    return (
        (_("refused"), _share(each["refused"])),
        (_("ended at a limit"), _share(each["limit"])),
        (_("lost to infrastructure"), _share(each["infrastructure"])),
        (_("missing"), _share(each["missing"])),
    )


def _outcomes(counts: Mapping[str, int] | None) -> str:
    return ", ".join(f"{word} {_whole(number)}" for word, number in words.outcomes(counts or {})) or NOTHING


def _whole(value: int | None) -> str:
    return NOTHING if value is None else str(number_format(value, force_grouping=True))


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{rounded(100 * value, 1)} %"


def _logits(value: float | None) -> str:
    return NOTHING if value is None else str(rounded(value, 3))


def _shares(one: Json | None) -> str:
    return _range(one, lambda value: str(rounded(100 * value, 1)), " %")


def _interval(one: Json | None) -> str:
    return _range(one, lambda value: str(rounded(value, 3)), "")


def _range(one: Json | None, written: Any, unit: str) -> str:
    """Return an estimate with the ends of its interval, each end a dash where it is not known."""
    if one is None or one["estimate"] is None:
        return NOTHING
    low, high = (NOTHING if one[end] is None else written(one[end]) for end in ("low", "high"))
    estimate = written(one["estimate"]) + unit
    return _("%(estimate)s (%(low)s to %(high)s)") % {"estimate": estimate, "low": low, "high": high}
