"""How far are the runs of this node? A board of suite, model and budget for both parties; the evaluator steers it.

The page asks every two seconds while anything goes on; without scripts it is loaded again by hand.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services import NotAllowed
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.words import Stop
from watchbell.domain import evaluation as rules
from watchbell.domain.lifecycle.run import RUN, RunEvent
from watchbell.domain.lifecycle.run import Run as State
from watchbell.domain.terms import Purpose
from watchbell.doors import keys
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access import showing
from watchbell.web.early_access.acting import attempt, by
from watchbell.web.evaluation import words
from watchbell.web.evaluation.acting import (
    REFUSALS,
    among,
    evaluators_protocol,
    is_evaluator,
    protocol_of,
    told,
    with_dice,
)
from watchbell.web.speaking import spoken

DEEDS = {
    "pause": (RunEvent.PAUSE, words.PAUSE, words.PAUSED),
    "go-on": (RunEvent.RESUME, words.GO_ON, words.WENT_ON),
    "cancel": (RunEvent.CANCEL, words.CANCEL, words.CANCELLED),
}
ALL = "all"


@open_to(EARLY_ACCESS)
@require_safe
def board(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Show every part of a locked protocol with the run of this node for it."""
    one, row = protocol_of(request, public_id, protocol)
    return _shown(request, one, row, "evaluation/board.html", access.note_opening)


@open_to(EARLY_ACCESS)
@require_safe
def live(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Show the board anew, for a page that asks while it goes on: one line of the access log a quarter of an hour."""
    one, row = protocol_of(request, public_id, protocol)
    return _shown(request, one, row, "evaluation/board_live.html", access.note_sitting)


@open_to(EVALUATOR_WRITES)
@require_POST
def start(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Start one part, or all that can be."""
    one, row = evaluators_protocol(request, public_id, protocol)
    try:
        value = services.opened(row, keys=keys.keystore())
        chosen = [part for part in _parts(value) if request.POST.get("part") in (ALL, _name(part))]
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("run_board", public_id=public_id, protocol=protocol)
    begun, why = 0, ""
    for part in chosen:
        try:
            services.start_run(row, part, **with_dice(request))
            begun += 1
        except (NotAllowed, *REFUSALS) as error:
            why = told(error)
    if begun:
        messages.success(request, str(words.begun(begun)))
    elif why:
        messages.error(request, why)
    return redirect("run_board", public_id=one.public_id, protocol=protocol)


@open_to(EVALUATOR_WRITES)
@require_POST
def steer(request: Asking, public_id: str, protocol: str, run: str, deed: str) -> HttpResponse:
    """Pause a run, go on with it, or cancel it."""
    _one, row = evaluators_protocol(request, public_id, protocol)
    if deed not in DEEDS:
        raise Http404
    found = among(queries.own_runs_of(row, request.actor, now=request.now), run)
    event, _word, said = DEEDS[deed]
    with_all = with_dice(request)
    deeds = {
        RunEvent.PAUSE: lambda: services.pause_run(found, **by(request)),
        RunEvent.RESUME: lambda: services.go_on_with_run(found, **with_all),
        RunEvent.CANCEL: lambda: services.cancel_run(found, **by(request), rng=with_all["rng"]),
    }
    attempt(request, deeds[event], said)
    return redirect("run_board", public_id=public_id, protocol=protocol)


def _shown(request: Asking, one: Any, row: Any, template: str, note: Any) -> HttpResponse:
    """Show the board after its line in the access log, or say why nobody can read it any more."""
    if row.locked_at is None:
        return redirect("protocol", public_id=one.public_id, protocol=row.public_id)
    try:
        note(one, "run-board", Purpose.READ_RESULTS, **with_dice(request))
        value = services.opened(row, keys=keys.keystore())
        terms = access.terms_of(one, keys=keys.keystore())
    except (NotAllowed, *REFUSALS) as error:
        messages.error(request, told(error))
        return redirect("evaluation", public_id=one.public_id)
    why_not = _why_not(one, row) if one.stands.is_open else _("Its time is over, and nothing begins any more.")
    lines = [_line(request, each, value, terms) for each in _rows(request, row, value)]
    may_run = is_evaluator(request, one) and not why_not
    context = {
        "engagement": one,
        "row": row,
        "value": value,
        "suites": [(suite, [line for line in lines if line["suite"] == suite.benchmark]) for suite in value.suites],
        "is_evaluator": is_evaluator(request, one),
        "may_run": may_run,
        "startable": sum(line["may_start"] for line in lines) if may_run else 0,
        "why_not": why_not,
        "is_held": one.paused_at is not None and one.stands.lets_in,
        "is_busy": any(line["is_busy"] for line in lines),
        "done": sum(line["done"] for line in lines),
        "total": sum(line["total"] for line in lines),
        "sums": words.sums([line["state"] for line in lines]),
        "spent": showing.spent(one.grant),
    }
    return render(request, template, context)


def _why_not(one: Any, row: Any) -> str:
    """Return why nothing of a protocol can be started now, whoever asks; "" where something can."""
    try:
        services.require_startable(row)
    except REFUSALS as error:
        return told(error)
    return "" if one.stands.lets_in else _("Access has not begun.")


def _rows(request: Asking, row: Any, value: rules.Protocol) -> list[tuple[services.Part, rules.Completeness, Any]]:
    """Return each part with how much of it is there, and the newest run of this node for it."""
    newest: dict[tuple[str, int, int], Any] = {}
    for run in queries.own_runs_of(row, request.actor, now=request.now):
        newest.setdefault((run.suite, run.arm, run.budget), run)
    table = queries.table_of(row, value, request.actor, now=request.now)
    there = {(one.suite, one.arm, budget): whole for one in table for budget, whole in one.at_budget.items()}
    return [
        (part, there[part.suite, part.arm, part.budget], newest.get((part.suite, part.arm, part.budget)))
        for part in _parts(value)
    ]


def _line(
    request: Asking, one: tuple[services.Part, rules.Completeness, Any], value: rules.Protocol, terms: Any
) -> dict[str, Any]:
    part, whole, run = one
    suite, model = value.suite_of(part.suite), value.models[part.arm]
    assert suite is not None  # the parts are made of the suites
    is_open = run is not None and not run.stands.is_over
    why_not = services.why_not_here(value, suite, model, terms)
    return {
        "suite": part.suite,
        "model": model,
        "budget": part.budget,
        "name": _name(part),
        "run": run,
        "state": run.stands if run else None,
        "word": words.OWN_STATES[run.stands] if run else words.NOT_BEGUN,
        "badge": words.OWN_BADGES[run.stands] if run else None,
        "reason": words.STOPS[Stop(run.reason)] if run and run.reason else "",
        "done": run.done if is_open else whole.expected - whole.absent,
        "total": run.total if is_open else whole.expected,
        "missing": run.missing if is_open else 0,
        "is_busy": is_open and run.stands is not State.PAUSED,
        "why_not": spoken(why_not) if why_not else "",
        "may_start": not is_open and not why_not and whole.absent > 0,
        "deeds": [(name, word) for name, (event, word, _said) in DEEDS.items() if is_open and _may(run, event)],
        **_pace(run, request.now),
    }


def _may(run: Any, event: RunEvent) -> bool:
    return event in RUN.possible(run.stands)


def _pace(run: Any, now: datetime) -> dict[str, Any]:
    """Return how long a run has gone on, and when it is over at the pace it has had since a worker took it up."""
    if run is None:
        return {"took": None, "over_at": None}
    took = (run.finished_at or now) - run.began_at
    made = run.done - run.kept
    if run.stands is not State.RUNNING or not run.told_at or not run.carried_at or made <= 0:
        return {"took": words.duration(took), "over_at": None}
    each: timedelta = (run.told_at - run.carried_at) / made
    return {"took": words.duration(took), "over_at": run.told_at + each * max(run.total - run.done, 0)}


def _parts(value: rules.Protocol) -> list[services.Part]:
    return [
        services.Part(suite=suite.benchmark, arm=arm, budget=budget)
        for suite in value.suites
        for arm in range(len(value.models))
        for budget in value.budgets
    ]


def _name(part: services.Part) -> str:
    return f"{part.suite} {part.arm} {part.budget}"
