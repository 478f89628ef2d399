"""Who says what about a flaw, in words? Each fact with its asserter and day; what nobody published says that too."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import Asserted, Fact
from watchbell.domain.priority import Drawn, Impact
from watchbell.domain.priority.cvss import score
from watchbell.web.operator.lines import Line
from watchbell.web.operator.words import DRAWN, Words

NAMES: dict[Fact, Words] = {
    Fact.KEV: gettext_lazy("Exploited (KEV)"),
    Fact.EPSS: gettext_lazy("Chance of attack (EPSS)"),
    Fact.SSVC: gettext_lazy("Decision points (SSVC)"),
    Fact.CVSS: gettext_lazy("Severity (CVSS)"),
}
NOBODY: dict[Fact, Words] = {
    Fact.KEV: gettext_lazy("not listed in any catalogue that was read here"),
    Fact.EPSS: gettext_lazy("nobody has published it"),
    Fact.SSVC: gettext_lazy("nobody has published them"),
    Fact.CVSS: gettext_lazy("nobody has published it"),
}
ANSWERS: dict[str, Words] = {
    "none": gettext_lazy("none"),
    "poc": gettext_lazy("proof of concept"),
    "active": gettext_lazy("active"),
    "yes": gettext_lazy("yes"),
    "no": gettext_lazy("no"),
    "partial": gettext_lazy("a part"),
    "total": gettext_lazy("everything"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One fact in words; without `by` nobody asserts it. `vector` is shown as code beside `says`."""

    name: Words
    says: Words
    vector: str = ""
    by: str = ""
    about: str = ""
    on: date | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Says:
    """What is said of one flaw: the gist in a few words, then every fact."""

    gist: str
    told: list[Told]


def with_facts(lines: Iterable[Line]) -> list[Line]:
    """Return the lines, each with what is said of its flaw."""
    found = list(lines)
    said = published.asserted_of({line.row.group_id for line in found})
    return [replace(line, says=says(said.get(line.row.group_id, []), line.row.reason)) for line in found]


def says(said: list[Asserted], reason: dict[str, Any] | None = None) -> Says:
    """Return what is said of a flaw; `reason` is a row's own, for the answers that were derived."""
    told = [_told(one) for one in said]
    for fact in Fact:
        if not any(one.fact is fact for one in said):
            told.append(Told(name=NAMES[fact], says=NOBODY[fact]))
    guessed = derived(reason or {}) if not any(one.fact is Fact.SSVC for one in said) else ""
    if guessed:
        told.append(Told(name=_("Used instead"), says=guessed))
    return Says(_gist(said), told)


def derived(reason: dict[str, Any]) -> str:
    """Return the table's answers that stand in for published ones, and that they are derived; "" without any."""
    inputs = reason.get("inputs", {})
    if Drawn.DERIVED not in (inputs.get("automatable_drawn"), inputs.get("impact_drawn")):
        return ""
    answers = {"automatable": automatable(inputs["automatable"]), "gain": gain(inputs["impact"])}
    said = _("automatable: %(automatable)s; an attacker gains: %(gain)s") % answers
    return f"{said} – {DRAWN[Drawn.DERIVED]}"


def automatable(answer: bool | None) -> str:
    """Return the answer in words."""
    return {True: _("yes"), False: _("no"), None: _("unknown")}[answer]


def gain(answer: str | None) -> str:
    """Return in words how much an attacker gains."""
    return {Impact.TOTAL: _("everything"), Impact.PARTIAL: _("a part"), None: _("unknown")}[
        Impact(answer) if answer else None
    ]


def _told(one: Asserted) -> Told:
    vector = one.says["vector"] if one.fact is Fact.CVSS else ""
    words = {Fact.KEV: _kev, Fact.EPSS: _epss, Fact.SSVC: _ssvc, Fact.CVSS: _cvss}[one.fact](one.says)
    return Told(
        name=NAMES[one.fact], says=words, vector=vector, by=one.by, about=one.about, on=one.on, known_at=one.known_at
    )


def _kev(answers: Any) -> str:
    said = [_("listed")]
    if answers.get("ransomware"):
        said.append(_("used for ransom"))
    if answers.get("due_on"):
        day = date_format(date.fromisoformat(answers["due_on"]), "j M Y")
        said.append(_("the catalogue asks agencies for a fix by %(day)s") % {"day": day})
    return "; ".join(said)


def _epss(answers: Any) -> str:
    figures = {
        "chance": number_format(answers["probability"], 3),
        "share": number_format(100 * answers["percentile"], 1),
    }
    return _("%(chance)s within 30 days; higher than %(share)s %% of all") % figures


def _ssvc(answers: Any) -> str:
    named = (
        (_("exploitation"), answers.get("exploitation")),
        (_("automatable"), answers.get("automatable")),
        (_("an attacker gains"), answers.get("technical_impact")),
    )
    return "; ".join(f"{name}: {ANSWERS.get(answer or '', _('not answered'))}" for name, answer in named)


def _cvss(answers: Any) -> str:
    figure = _score(answers["vector"])
    return _("cannot be read") if figure is None else number_format(figure, 1)


def _score(vector: str) -> float | None:
    try:
        return score(vector)
    except ValueError:
        return None


def _gist(said: list[Asserted]) -> str:
    """Return the facts in a few words; where sources differ, every figure."""
    chances = {number_format(one.says["probability"], 3) for one in said if one.fact is Fact.EPSS}
    figures = {_score(one.says["vector"]) for one in said if one.fact is Fact.CVSS} - {None}
    parts = ["KEV"] if any(one.fact is Fact.KEV for one in said) else []
    parts += ["EPSS " + " / ".join(sorted(chances))] if chances else []
    parts += ["SSVC"] if any(one.fact is Fact.SSVC for one in said) else []
    parts += ["CVSS " + " / ".join(number_format(one, 1) for one in sorted(filter(None, figures)))] if figures else []
    return " · ".join(parts) or _("no facts published")
