"""In which words do these pages say outcomes, incidents, deviations, and what a comparison came to?"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from watchbell.apps.evaluation.words import Deviation, IncidentKind, Source, Stop
from watchbell.domain.evaluation import Outcome, SentAs, Visibility
from watchbell.domain.lifecycle.run import Run
from watchbell.domain.terms import Routing
from watchbell.outside.inspect_runner.foreign import Hindrance
from watchbell.web.evaluation.recognising import recognised
from watchbell.web.evaluation.rounding import rounded
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
    Run.STOPPING: gettext_lazy("is being cancelled"),
    Run.ENDED: gettext_lazy("ended"),
    Run.HALTED: gettext_lazy("halted"),
}
OWN_STATES: dict[Run, Words] = {
    Run.PLANNED: gettext_lazy("waits for a worker"),
    Run.RUNNING: gettext_lazy("runs"),
    Run.PAUSED: gettext_lazy("paused"),
    Run.STOPPING: gettext_lazy("is being cancelled"),
    Run.ENDED: gettext_lazy("ended"),
    Run.HALTED: gettext_lazy("halted"),
}
OWN_BADGES: dict[Run, State] = {
    Run.PLANNED: State.LATER,
    Run.RUNNING: State.LATER,
    Run.PAUSED: State.SOON,
    Run.STOPPING: State.SOON,
    Run.ENDED: State.OVER,
    Run.HALTED: State.NOW,
}
NOT_BEGUN = gettext_lazy("not begun")
STOPS: dict[Stop, Words] = {
    Stop.CANCELLED: gettext_lazy("Somebody cancelled it. What was finished is there."),
    Stop.BUDGET: gettext_lazy("The engagement's budget is used up. What was finished is there."),
    Stop.WINDOW: gettext_lazy("Access has ended. What was finished is there."),
    Stop.TOKEN: gettext_lazy("Its token was ended. Go on takes a new one."),
    Stop.TIME: gettext_lazy("Twelve hours are over since somebody wanted it to run. Go on gives it twelve more."),
    Stop.ENDPOINT: gettext_lazy("The endpoint does not answer. Go on when it does."),
    Stop.MISSING: gettext_lazy("Some samples have no answer. Go on asks for them again."),
    Stop.BROKE: gettext_lazy("It broke off. Go on asks for what is missing; if it breaks again, cancel it."),
    Stop.WALLS: gettext_lazy(
        "The sandbox does not hold on the machine that was to run it, so no token was taken and nothing was asked. "
        "`watchbell doctor` says which wall is open."
    ),
    Stop.NO_INSPECT: gettext_lazy("Inspect is not installed where the worker runs. Install the extra watchbell[eval]."),
    Stop.OUT_OF_REACH: gettext_lazy("A run never has the rights of root. Start the worker as an ordinary user."),
    Stop.NOT_ALLOWED: gettext_lazy(
        "Who started it may not any more, or an incident is open. Go on, by somebody who may."
    ),
    Stop.NO_LOG: gettext_lazy("What it left cannot be taken in. It is sealed, and nothing of it counts."),
}
PAUSE = gettext_lazy("Pause")
GO_ON = gettext_lazy("Go on")
CANCEL = gettext_lazy("Cancel")
PAUSED = gettext_lazy("It pauses: what has begun is finished, and nothing new begins.")
WENT_ON = gettext_lazy("It goes on with what is missing.")
CANCELLED = gettext_lazy("It is being cancelled; what is finished is taken in.")
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
HINDRANCES: dict[Hindrance, Words] = {
    Hindrance.PACKAGE: gettext_lazy("It needs a package that does not come with it"),
    Hindrance.DOCKER: gettext_lazy("It needs a container engine or virtual machines"),
    Hindrance.DATA: gettext_lazy("It downloads its data, and runs here have no internet"),
    Hindrance.HOST: gettext_lazy("It runs what the model writes on this machine itself, and that is always refused"),
    Hindrance.UNREADABLE: gettext_lazy("Its description cannot be read"),
}
ROUTES: dict[Routing, Words] = {
    Routing.ROUTE_TO_CVD: gettext_lazy("To coordinated disclosure, naming the model"),
    Routing.ROUTE_ANONYMISED: gettext_lazy("To coordinated disclosure, naming nobody"),
    Routing.RETURN_TO_LAB: gettext_lazy("Back to the developer alone"),
}
MEANS: dict[Routing, Words] = {
    Routing.ROUTE_TO_CVD: gettext_lazy(
        "The signed terms send it to coordinated disclosure at once, in your organisation's name. It says that a model "
        "found it, and which. You follow it among your submissions."
    ),
    Routing.ROUTE_ANONYMISED: gettext_lazy(
        "The signed terms send it to coordinated disclosure at once, as a report from the public comes in. It says "
        "that a model found it, and names neither that model, nor its developer, nor you, nor this engagement. "
        "A text that does is sent back to you. A receipt code tells you what became of it."
    ),
    Routing.RETURN_TO_LAB: gettext_lazy(
        "The signed terms give it back to the developer alone. It has it at once and decides whether it goes on; "
        "after that not even you can read it here."
    ),
}
SENT: dict[Routing, Words] = {
    Routing.ROUTE_TO_CVD: gettext_lazy("It went to coordinated disclosure, in your organisation's name."),
    Routing.ROUTE_ANONYMISED: gettext_lazy("It went to coordinated disclosure, and names nobody."),
    Routing.RETURN_TO_LAB: gettext_lazy("The developer has it, and nobody else."),
}
SENT_AS: dict[SentAs, Words] = {
    SentAs.NAMED: gettext_lazy("under a name"),
    SentAs.NAMELESS: gettext_lazy("without a name"),
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
    "evaluation.flaw_reported": gettext_lazy("A flaw found in other software went where the terms say"),
    "evaluation.flaw_sent_on": gettext_lazy("The developer sent a flaw found in other software on"),
    "evaluation.incident": gettext_lazy("An incident of an evaluation was told"),
    "evaluation.incident_settled": gettext_lazy("An incident of an evaluation was settled"),
    "evaluation.log_imported": gettext_lazy("A log of an evaluation was taken in"),
    "evaluation.log_received": gettext_lazy("A log of an evaluation was received"),
    "evaluation.protocol_amended": gettext_lazy("A new version of a protocol was begun"),
    "evaluation.protocol_drafted": gettext_lazy("A protocol was drafted"),
    "evaluation.protocol_locked": gettext_lazy("A protocol was locked"),
    "evaluation.report_commented": gettext_lazy("The developer commented on a report"),
    "evaluation.report_consented": gettext_lazy("The developer consented to a report being read by others"),
    "evaluation.report_consent_withdrawn": gettext_lazy("The developer withdrew its consent to a report for others"),
    "evaluation.report_read": gettext_lazy("A trusted partner opened what it may read of a report"),
    "evaluation.report_issued": gettext_lazy("A report of an evaluation was issued"),
    "evaluation.run_began": gettext_lazy("A run of an evaluation began on this node"),
    "evaluation.run_cancelled": gettext_lazy("A run of an evaluation was cancelled"),
    "evaluation.run_ended": gettext_lazy("A run of an evaluation ended without a log"),
    "evaluation.run_paused": gettext_lazy("A run of an evaluation was paused"),
    "evaluation.run_planned": gettext_lazy("A run of an evaluation was planned on this node"),
    "evaluation.run_resumed": gettext_lazy("A run of an evaluation went on"),
    "evaluation.run_stopped": gettext_lazy("A run of an evaluation stands still"),
    "evaluation.seed_committed": gettext_lazy("The seed of held-out items was committed to"),
    "evaluation.seed_revealed": gettext_lazy("The seed of held-out items was revealed"),
}
"""What an entry of the record says of an evaluation."""


def outcomes(counts: Mapping[str, int]) -> list[tuple[Words, int]]:
    """Return how many came out how, in the order of the outcomes; none that is nought."""
    return [(OUTCOMES[one], counts[one.value]) for one in Outcome if counts.get(one.value)]


def begun(number: int) -> str:
    """Return that so many parts were put on the list of work."""
    said = ngettext("%(number)s part waits for a worker.", "%(number)s parts wait for a worker.", number)
    return said % {"number": number}


def sums(states: Sequence[Run | None]) -> str:
    """Return how many parts stand how, in one line: what goes on first."""
    said = [(state, str(OWN_STATES[state])) for state in Run] + [(None, str(NOT_BEGUN))]
    counted = [(states.count(state), word) for state, word in said]
    return " · ".join(f"{number} {word}" for number, word in counted if number)


def duration(took: timedelta) -> str:
    """Return how long something has gone on, in two parts at most."""
    minutes = max(int(took.total_seconds()) // 60, 0)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    return _("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}


def reason(text: str) -> str:
    """Return a reason or a limit as the signed report has it, in the reader's language where a catalogue knows it."""
    return recognised(text)


def flag(text: str) -> str:
    """Return an open flag of a report in words."""
    kind, _colon, code = text.partition(": ")
    if kind == "incident" and code in set(IncidentKind):
        return _("Open incident: %(what)s") % {"what": INCIDENTS[IncidentKind(code)]}
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
        "margin": rounded(abs(comparison["margin"]), 1),
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
    return rounded(min(max(value, 0.0), 1.0), 2) if 0.005 <= value < 0.995 else _end(value)


def _end(value: float) -> str:
    return _("below 0.01") if value < 0.5 else _("above 0.99")
