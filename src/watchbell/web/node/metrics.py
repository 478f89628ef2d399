"""What do the node's gauges show? Prometheus text: one line for anyone, figures for this machine or a keeper's token.

How much happens here is nobody else's business: who asks from elsewhere without a
token learns that the node is up, and nothing more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from watchbell import __version__
from watchbell.apps.jobs import queries as jobs
from watchbell.apps.journal import queries as journal
from watchbell.apps.orgs import queries as orgs
from watchbell.apps.vulnerabilities import queries as vulnerabilities
from watchbell.domain.handling import Scope, system
from watchbell.doors.policy import COORDINATOR_WRITES, NODE_ADMIN, PUBLIC, open_to
from watchbell.web.asking import Asking

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
READER = system("metrics")


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure by name, what it means, and the labels it is given under."""

    name: str
    means: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


@open_to(PUBLIC)
@require_safe
def metrics(request: Asking) -> HttpResponse:
    """Give the gauges, as many as whoever asks may see."""
    gauges = [Gauge("watchbell_up", "The process answers.", 1)]
    if may_see_figures(request):
        try:
            gauges += figures(request.now)
        except DatabaseError:
            gauges.append(Gauge("watchbell_database_up", "The database answers.", 0))
    return HttpResponse(written(gauges), content_type=PROMETHEUS)


def may_see_figures(request: Asking) -> bool:
    """Return whether this is someone on this machine, or a keeper by session or token."""
    if NODE_ADMIN.admits(request.actor) or _is_on_this_machine(request):
        return True
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return False
    actor = orgs.actor_for_token(text.strip(), now=request.now)
    return actor is not None and actor.holds(Scope.READ) and COORDINATOR_WRITES.admits(actor)


def _is_on_this_machine(request: Asking) -> bool:
    """Return whether no proxy can stand between: one nobody told us of makes the whole world look like loopback."""
    node = settings.WATCHBELL
    if node.is_https and not node.trusted_proxies:
        return False
    if any(name in request.headers for name in ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via")):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def figures(now: datetime) -> Iterator[Gauge]:
    """Yield every figure: counts, ages and versions; no names, no content."""
    build = (("version", __version__), ("database", connection.vendor))
    yield Gauge("watchbell_build_info", "What runs here.", 1, build)
    yield Gauge("watchbell_jobs_due", "Jobs that could start now.", jobs.due_count(now=now))
    yield Gauge("watchbell_jobs_running", "Jobs being worked on.", len(jobs.running(READER, limit=1000)))
    yield Gauge("watchbell_jobs_dead", "Jobs that gave up.", len(jobs.dead_letters(READER, limit=1000)))
    yield Gauge("watchbell_journal_unsealed", "Entries waiting for a seal.", journal.waiting_for_a_seal())
    for source in vulnerabilities.source_ages(now):
        if source.enabled and source.age is not None:
            labels = (("source", source.name),)
            means = "Seconds since the source was last read whole."
            yield Gauge("watchbell_source_age_seconds", means, source.age.total_seconds(), labels)
    yield Gauge("watchbell_database_up", "The database answers.", 1)


def written(gauges: list[Gauge]) -> str:
    """Return the gauges in Prometheus' text format, each name introduced once."""
    lines: list[str] = []
    for gauge in gauges:
        heading = f"# HELP {gauge.name} {gauge.means}"
        if heading not in lines:
            lines += [heading, f"# TYPE {gauge.name} gauge"]
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in gauge.labels)
        lines.append(f"{gauge.name}{{{labels}}} {gauge.value:g}" if labels else f"{gauge.name} {gauge.value:g}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
