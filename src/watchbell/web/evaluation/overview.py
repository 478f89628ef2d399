"""Where does an evaluation stand? Its protocols, how much of what they ask for is there, and what went wrong."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchbell.apps.evaluation import queries
from watchbell.apps.evaluation.words import Deviation
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import Visibility
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.suites import sets
from watchbell.doors.policy import EARLY_ACCESS, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.names import Names
from watchbell.web.evaluation import words
from watchbell.web.evaluation.acting import is_evaluator, known, opened_all
from watchbell.web.evaluation.incidents import line

AT_MOST = 100


@open_to(EARLY_ACCESS)
@require_safe
def evaluation(request: Asking, public_id: str) -> HttpResponse:
    """Show an engagement's evaluation to both of its parties alike."""
    one, names = known(request, public_id), Names()
    rows = list(queries.protocols_of(one.public_id, request.actor, now=request.now)[:AT_MOST])
    said, gone = opened_all(request, one, rows)
    context = {
        "engagement": one,
        "developer": names.of(one.developer),
        "evaluator": names.of(one.evaluator),
        "is_evaluator": is_evaluator(request, one),
        "may_plan": is_evaluator(request, one) and one.stands in (State.AGREED, State.ACTIVE),
        "is_over": not one.stands.is_open,
        "gone": gone,
        "protocols": [version(row, said.get(row.public_id)) for row in rows],
        "measured": [measured(request, row, said[row.public_id]) for row in rows if _counts(row, said)],
        "reports": list(queries.reports_of(one.public_id, request.actor, now=request.now)[:AT_MOST]),
        "incidents": incidents(request, one),
        "flaws": queries.flaws_of(one.public_id, request.actor, now=request.now).count(),
        "may_report": is_evaluator(request, one) and one.starts_at is not None,
        **seeds(request, one),
    }
    return render(request, "evaluation/overview.html", context)


def version(row: Any, value: rules.Protocol | None) -> dict[str, Any]:
    """Return one version of a protocol as a line of the table."""
    return {"row": row, "title": value.title if value else "", "short": row.digest[:12]}


def measured(request: Asking, row: Any, value: rules.Protocol) -> dict[str, Any]:
    """Return how much of what a locked version asks for is there, and how its calls compare with the gateway's."""
    actor, now = request.actor, request.now
    return {
        "row": row,
        "title": value.title,
        "table": [_line(one, value) for one in queries.table_of(row, value, actor, now=now)],
        "runs": [run(one, value) for one in queries.runs_of(row, actor, now=now)[:AT_MOST]],
        "chain": queries.chain_of(row, value.model.alias, actor, now=now),
        "containment": queries.containment_of(row, actor, now=now),
    }


def run(one: Any, value: rules.Protocol) -> dict[str, Any]:
    """Return one run in words."""
    return {
        "one": one,
        "model": value.models[one.arm],
        "state": words.STATES[one.stands],
        "outcomes": words.outcomes(one.outcomes),
        "deviations": [words.DEVIATIONS[Deviation(code)] for code in one.deviations if code in set(Deviation)],
    }


def incidents(request: Asking, one: Any) -> list[dict[str, Any]]:
    """Return what left its scope or touched a canary, in words."""
    rows = queries.incidents_of(one.public_id, request.actor, now=request.now)[:AT_MOST]
    return [line(row) for row in rows]


def seeds(request: Asking, one: Any) -> dict[str, Any]:
    """Return the seeds committed to, and the held-out benchmarks whose seed an evaluator may still commit to."""
    found = queries.commitments_of(one.public_id, request.actor, now=request.now)
    commitments = [_commitment(row) for row in found]
    revealed = [row for row in commitments if row["one"].revealed_at]
    may_reveal = is_evaluator(request, one) and not one.stands.is_open and len(revealed) < len(commitments)
    context = {"commitments": commitments, "revealed": revealed, "may_reveal": may_reveal, "uncommitted": []}
    if not is_evaluator(request, one):
        return context
    held_out = queries.benchmarks_for(request.actor).filter(visibility=Visibility.HELD_OUT)
    taken = found.values("benchmark")
    return {**context, "uncommitted": list(held_out.exclude(pk__in=taken)[:AT_MOST])}


def _commitment(row: Any) -> dict[str, Any]:
    seed, salt = bytes(row.seed), bytes(row.salt)
    fits = row.revealed_at is not None and sets.opens(row.commitment, seed, salt)
    return {"one": row, "seed": seed.hex(), "salt": salt.hex(), "fits": fits}


def _counts(row: Any, said: dict[str, rules.Protocol]) -> bool:
    """Return whether this version was locked and can be read."""
    return row.locked_at is not None and row.public_id in said


def _line(one: queries.Row, value: rules.Protocol) -> dict[str, Any]:
    whole = one.whole
    return {
        "suite": one.suite,
        "model": value.models[one.arm],
        "is_measured": one.arm == 0,
        "expected": whole.expected,
        "assessed": whole.expected - whole.absent,
        "absent": whole.absent,
        "is_open": whole.is_open,
        "outcomes": words.outcomes({outcome.value: number for outcome, number in whole.counts.items()}),
    }
