"""What is the node working on? Kinds and progress for those who look after it; never what the work is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from watchbell.apps.jobs.models import Job
from watchbell.apps.jobs.registry import kinds_apart
from watchbell.apps.jobs.services.requests import may_look_after
from watchbell.domain.handling import Actor

ACTIVE = (Job.State.WAITING, Job.State.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One job as the page shows it: no arguments, no owner."""

    public_id: str
    kind: str
    state: Job.State
    done: int
    total: int | None
    note: str
    attempts: int
    last_error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    is_stopping: bool


def dead_letters(viewer: Actor, *, limit: int = 100) -> list[Line]:
    """Return the jobs that failed for good, latest first; they wait for someone to retry them."""
    dead = Job.objects.filter(state=Job.State.DEAD).order_by(F("finished_at").desc(), "id")
    return _lines(viewer, dead, limit)


def running(viewer: Actor, *, limit: int = 100) -> list[Line]:
    """Return what is being worked on at this moment, longest first."""
    return _lines(viewer, _listed().filter(state=Job.State.RUNNING).order_by("started_at", "id"), limit)


def recent(viewer: Actor, *, limit: int = 100) -> list[Line]:
    """Return the latest jobs in any state."""
    return _lines(viewer, _listed().order_by("-id"), limit)


def one(viewer: Actor, public_id: str) -> Line | None:
    """Return one job, or None for "not yours" and "not there" alike."""
    lines = _lines(viewer, Job.objects.filter(public_id=public_id), 1)
    return lines[0] if lines else None


def count_dead() -> int:
    """Return how many dead letters wait for someone, for the node's doctor and metrics."""
    return Job.objects.filter(state=Job.State.DEAD).count()


def count_unfinished(public_ids: Iterable[str]) -> int:
    """Return how many of these jobs wait or run, for the room that asked for them."""
    return Job.objects.filter(public_id__in=list(public_ids), state__in=ACTIVE).count()


def of_room(public_id: str) -> Line | None:
    """Return one job for the room that asked for it and has decided who may look, or None when it is forgotten."""
    job = Job.objects.filter(public_id=public_id).first()
    return _line(job) if job else None


def latest_of(key: str) -> Line | None:
    """Return the latest job whose key begins so, for the room that gave it that key, or None."""
    job = Job.objects.filter(idempotency_key__startswith=key).order_by("-id").first()
    return _line(job) if job else None


def count_unfinished_of(key: str) -> int:
    """Return how many jobs whose keys begin so wait or run, for the room that gave them these keys."""
    return Job.objects.filter(idempotency_key__startswith=key, state__in=ACTIVE).count()


def due_count(*, now: datetime) -> int:
    """Return how many jobs could start now, for the node's own metrics."""
    return Job.objects.filter(state=Job.State.WAITING, run_at__lte=now).count()


def next_run_at() -> datetime | None:
    """Return when the earliest waiting job may start, so that a worker knows how long to rest."""
    waiting = Job.objects.filter(state=Job.State.WAITING).order_by("run_at")
    return waiting.values_list("run_at", flat=True).first()


def _listed() -> QuerySet[Job]:
    return Job.objects.exclude(kind__in=kinds_apart())


def _lines(viewer: Actor, jobs: QuerySet[Job], limit: int) -> list[Line]:
    return [_line(job) for job in jobs[:limit]] if may_look_after(viewer) else []


def _line(job: Job) -> Line:
    return Line(
        public_id=job.public_id,
        kind=job.kind,
        state=Job.State(job.state),
        done=job.progress_done,
        total=job.progress_total,
        note=job.progress_note,
        attempts=job.attempts,
        last_error=job.last_error,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        is_stopping=job.cancel_asked_at is not None and job.state == Job.State.RUNNING,
    )
