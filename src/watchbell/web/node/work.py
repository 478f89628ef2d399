"""What is the node working on, what gave up, what was done? Kinds and progress, never what the work is about."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.jobs import queries
from watchbell.apps.jobs import services as jobs
from watchbell.doors.policy import COORDINATOR_WRITES, NODE_ADMIN, open_to
from watchbell.web.asking import Asking
from watchbell.web.node.pace import pace_of
from watchbell.web.node.words import JOB_STATES, KINDS_OF_WORK, STATE_BADGES

RECENT = 50
ACTIVE = ("waiting", "running")


@open_to(NODE_ADMIN)
@require_safe
def work(request: Asking) -> HttpResponse:
    """Show the list, with what an administrator may do about each."""
    return _page(request, may_act=True, again="node_work")


@open_to(COORDINATOR_WRITES)
@require_safe
def progress(request: Asking) -> HttpResponse:
    """Show coordinators the same list, to look at."""
    return _page(request, may_act=False, again="node_progress")


@open_to(NODE_ADMIN)
@require_POST
def retry(request: Asking, public_id: str) -> HttpResponse:
    """Put a dead letter back on the list."""
    try:
        jobs.retry_dead(public_id=public_id, by=request.actor, now=request.now)
    except jobs.NotThere as error:
        raise Http404 from error
    messages.success(request, _("It is back on the list and starts in a moment."))
    return redirect("node_work")


@open_to(NODE_ADMIN)
@require_POST
def cancel(request: Asking, public_id: str) -> HttpResponse:
    """Take a job off the list, or ask a running one to stop at its next step."""
    try:
        job = jobs.cancel(public_id=public_id, by=request.actor, now=request.now)
    except jobs.NotThere as error:
        raise Http404 from error
    if job.state == "running":
        messages.success(request, _("It stops at its next step. What it has done so far stays."))
    else:
        messages.success(request, _("It is off the list."))
    return redirect("node_work")


def _page(request: Asking, *, may_act: bool, again: str) -> HttpResponse:
    running = queries.running(request.actor)
    recent = queries.recent(request.actor, limit=RECENT)
    waiting = [line for line in recent if line.state == "waiting"]
    context = {
        "running": [_row(line, request) for line in running],
        "waiting": [_row(line, request) for line in waiting],
        "dead": [_row(line, request) for line in queries.dead_letters(request.actor)],
        "over": [_row(line, request) for line in recent if line.state not in (*ACTIVE, "dead")],
        "is_busy": bool(running or waiting),
        "may_act": may_act,
        "again": again,
    }
    template = "node/work_list.html" if request.headers.get("HX-Request") else "node/work.html"
    return render(request, template, context)


def _row(line: queries.Line, request: Asking) -> dict[str, Any]:
    return {
        "line": line,
        "title": KINDS_OF_WORK.get(line.kind, line.kind),
        "state": JOB_STATES[line.state],
        "badge": STATE_BADGES[line.state],
        "pace": pace_of(line, now=request.now),
    }
