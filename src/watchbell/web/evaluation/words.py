"""In which words do these pages say outcomes, incidents, deviations, and what a comparison came to?"""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from watchbell.apps.evaluation.words import Deviation, IncidentKind, ReviewKind, Source
from watchbell.domain.evaluation import Outcome, Visibility
from watchbell.domain.lifecycle.run import Run
from watchbell.web.evaluation.recognising import recognised
from watchbell.web.states import State

Words = str | Promise

OUTCOMES: dict[Outcome, Words] = {
    Outcome.SOLVED: gettext_lazy("solved"),
    Outcome.UNSOLVED: gettext_lazy("unsolved"),
    Outcome.REFUSED: gettext_lazy("refused"),
    Outcome.LIMIT: gettext_lazy("ended at a limit"),
    Outcome.INFRASTRUCTURE: gettext_lazy("lost to infrastructure"),
    Outcome.MISSING: gettext_lazy("missing"),
}
INCIDENTS: dict[IncidentKind, Words] = {
    IncidentKind.CANARY: gettext_lazy("The model said a canary without having been told it"),
    IncidentKind.OUT_OF_SCOPE: gettext_lazy("Something left its scope"),
    IncidentKind.CONTAINMENT: gettext_lazy("Containment did not hold"),
    IncidentKind.OTHER: gettext_lazy("Something else happened that the developer must know"),
}
REVIEWS: dict[ReviewKind, Words] = {
    ReviewKind.NOTHING_UNUSUAL: gettext_lazy("nothing unusual"),
    ReviewKind.GRADER_GAMED: gettext_lazy("the scoring was got round"),
    ReviewKind.CONTAMINATED: gettext_lazy("it knew or found the solution"),
    ReviewKind.REFUSED_OTHERWISE: gettext_lazy("refused in other words"),
    ReviewKind.INFRASTRUCTURE: gettext_lazy("infrastructure"),
}
DEVIATIONS: dict[Deviation, Words] = {
    Deviation.CUT_OFF: gettext_lazy("The log ends before its end"),
    Deviation.EDITED_AFTER_THE_RUN: gettext_lazy("The log was edited after the run"),
    Deviation.OTHER_EPOCHS: gettext_lazy("The log has another number of epochs"),
    Deviation.OTHER_SCAFFOLD: gettext_lazy("The log names another scaffold"),
    Deviation.MORE_CALLS_THAN_ADMITTED: gettext_lazy("The log tells of more calls than the gateway admitted"),
}
SOURCES: dict[Source, Words] = {
    Source.IMPORTED: gettext_lazy("a log of the evaluator's own"),
    Source.OWN: gettext_lazy("run by this node"),
    Source.SIGNED: gettext_lazy("counts that somebody signed"),
}
STATES: dict[Run, Words] = {
    Run.PLANNED: gettext_lazy("planned"),
    Run.RUNNING: gettext_lazy("coming in"),
    Run.PAUSED: gettext_lazy("paused"),
    Run.ENDED: gettext_lazy("ended"),
    Run.HALTED: gettext_lazy("halted"),
}
VISIBILITY: dict[Visibility, Words] = {
    Visibility.PUBLIC: gettext_lazy("public items"),
    Visibility.HELD_OUT: gettext_lazy("held-out items, drawn from a seed"),
    Visibility.SEALED: gettext_lazy("sealed: others sign its results"),
}
SAFEGUARDS: dict[str, Words] = {
    "as_released": gettext_lazy("those it is to be released with"),
    "reduced": gettext_lazy("fewer than it is to be released with"),
    "removed": gettext_lazy("none: its safeguards are removed"),
}
SHAPES: dict[str, Words] = {
    "still rising": gettext_lazy("still rising at the largest budget"),
    "flat": gettext_lazy("flat at the largest budget"),
    "unknown": gettext_lazy("not known: too few budgets or attempts"),
}
CONTAINED: dict[str, Words] = {
    "stated by the evaluator, not verified": gettext_lazy("stated by the evaluator, not verified"),
    "no statement": gettext_lazy("no statement was signed"),
}
PLACES: dict[str, Words] = {
    "partner": gettext_lazy("trusted partners"),
    "public": gettext_lazy("everybody"),
}
BADGES: dict[str, State] = {"indicated": State.LATER, "not indicated": State.LATER, "inconclusive": State.UNKNOWN}
WORDS: dict[str, Words] = {
    "indicated": gettext_lazy("Indicated"),
    "not indicated": gettext_lazy("Not indicated"),
    "inconclusive": gettext_lazy("Inconclusive"),
}

RECORDED: dict[str, Words] = {
    "evaluation.benchmark_registered": gettext_lazy("A benchmark version was registered"),
    "evaluation.containment_signed": gettext_lazy("The statement about containment was signed"),
    "evaluation.incident": gettext_lazy("An incident of an evaluation was told"),
    "evaluation.incident_settled": gettext_lazy("An incident of an evaluation was settled"),
    "evaluation.log_imported": gettext_lazy("A log of an evaluation was taken in"),
    "evaluation.log_received": gettext_lazy("A log of an evaluation was received"),
    "evaluation.protocol_amended": gettext_lazy("A new version of a protocol was begun"),
    "evaluation.protocol_drafted": gettext_lazy("A protocol was drafted"),
    "evaluation.protocol_locked": gettext_lazy("A protocol was locked"),
    "evaluation.report_commented": gettext_lazy("The developer commented on a report"),
    "evaluation.report_consented": gettext_lazy("The developer consented to a report being read by others"),
    "evaluation.report_issued": gettext_lazy("A report of an evaluation was issued"),
    "evaluation.seed_committed": gettext_lazy("The seed of held-out items was committed to"),
    "evaluation.seed_revealed": gettext_lazy("The seed of held-out items was revealed"),
    "evaluation.transcript_reviewed": gettext_lazy("A note on a transcript was written"),
}
"""What an entry of the record says of an evaluation."""


def outcomes(counts: Mapping[str, int]) -> list[tuple[Words, int]]:
    """Return how many came out how, in the order of the outcomes; none that is nought."""
    return [(OUTCOMES[one], counts[one.value]) for one in Outcome if counts.get(one.value)]


def reason(text: str) -> str:
    """Return a reason or a limit as the signed report has it, in the reader's language where a catalogue knows it."""
    return recognised(text)


def flag(text: str) -> str:
    """Return an open flag of a report in words."""
    kind, _colon, code = text.partition(": ")
    if kind == "incident" and code in set(IncidentKind):
        return _("Open incident: %(what)s") % {"what": INCIDENTS[IncidentKind(code)]}
    if kind == "reviewers" and code in set(ReviewKind):
        return _("Readers of transcripts noted: %(what)s") % {"what": REVIEWS[ReviewKind(code)]}
    if kind == "fingerprints" and code:
        return _("%(model)s answered the same questions otherwise at other moments") % {"model": code}
    if kind == "deviation" and code in set(Deviation):
        return str(DEVIATIONS[Deviation(code)])
    return _("The protocol was amended after data was seen") if text == "amended after data was seen" else text


def sentence(comparison: Mapping[str, Any]) -> str:
    """Return a comparison as one sentence: its word, against which anchor, and how probable that is."""
    about = {
        "name": comparison["indicator"],
        "anchor": comparison["anchor"],
        "margin": number_format(abs(comparison["margin"]), 1),
        "probability": probability(comparison["probability"]),
    }
    return _asked(comparison["word"], float(comparison["margin"])) % about


def _asked(word: str, margin: float) -> str:
    if word == "inconclusive":
        return _("Inconclusive on %(name)s, against anchor %(anchor)s (%(probability)s).")
    if word == "indicated" and margin > 0:
        return _(
            "Indicated: at least %(margin)s logits above anchor %(anchor)s on %(name)s (probability %(probability)s)."
        )
    if word == "indicated" and margin < 0:
        return _(
            "Indicated: at most %(margin)s logits below anchor %(anchor)s on %(name)s (probability %(probability)s)."
        )
    if word == "indicated":
        return _("Indicated: at or above anchor %(anchor)s on %(name)s (probability %(probability)s).")
    if margin > 0:
        return _(
            "Not indicated: at least %(margin)s logits above anchor %(anchor)s on %(name)s"
            " (probability %(probability)s)."
        )
    if margin < 0:
        return _(
            "Not indicated: at most %(margin)s logits below anchor %(anchor)s on %(name)s"
            " (probability %(probability)s)."
        )
    return _("Not indicated: at or above anchor %(anchor)s on %(name)s (probability %(probability)s).")


def probability(value: float | None) -> str:
    """Return a probability with two decimals; one that rounds to an end says which side of it."""
    if value is None:
        return _("nothing to compare")
    return number_format(min(max(value, 0.0), 1.0), 2) if 0.005 <= value < 0.995 else _end(value)


def _end(value: float) -> str:
    return _("below 0.01") if value < 0.5 else _("above 0.99")
