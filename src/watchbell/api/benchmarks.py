"""Benchmarks for programs: those that an evaluation may choose from, and an evaluator's own, registered by digests."""

from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from watchbell.api import schemas
from watchbell.api.door import Door, actor
from watchbell.api.early_access import ERRORS, Cursor, Most
from watchbell.apps.evaluation import queries, services
from watchbell.domain.evaluation import BenchmarkVersion, Control, KnownAnswers, Needs, Visibility
from watchbell.domain.handling import Scope
from watchbell.doors import keyset, moment, problems
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES

router = Router(tags=["evaluation"])
BY_NAME = keyset.Order("api-benchmarks", ("name", "public_id"))


class Earned(schemas.Body):
    """What one control earned: over how many items it was tried, and how many it solved."""

    tried: int = Field(ge=0, le=2**31 - 1)
    solved: int = Field(ge=0, le=2**31 - 1)


class Controls(schemas.Body):
    """What is known to be earned: the reference solves every item it is tried on, the other three none."""

    reference: Earned | None = None
    null: Earned | None = None
    idle: Earned | None = None
    destructive: Earned | None = None


class NewBenchmark(schemas.Body):
    """One version of a benchmark of yours; its items stay with you. Of a sealed one only `content` is known."""

    name: str = Field(max_length=100)
    version: str = Field(max_length=100)
    visibility: Literal["public", "held_out", "sealed"]
    needs: Literal["nothing", "trials", "containers", "machines"] = "nothing"
    content: str = Field(max_length=64)
    generator: str = Field("", max_length=64)
    spdx: str = Field("", max_length=100)
    families: list[str] = Field(default=[], max_length=1000)
    canary: str = Field("", max_length=200)
    known: Controls = Controls()


class Benchmark(Schema):
    """One version of a benchmark by its digests; `is_own` where it is your organisation's and not the node's."""

    id: str
    name: str
    version: str
    visibility: str
    needs: str
    content: str
    generator: str
    spdx: str
    families: list[str]
    known: dict[str, dict[str, int]]
    digest: str
    registered_at: datetime
    is_own: bool


class Benchmarks(Schema):
    """Some benchmarks by name; `next` is the cursor of those after them, "" at the end."""

    benchmarks: list[Benchmark]
    next: str


@router.get("", auth=Door(EARLY_ACCESS, Scope.READ), response={200: Benchmarks, **ERRORS}, operation_id="benchmarks")
def listed(request: HttpRequest, cursor: Cursor = "", limit: Most = 100) -> Any:
    """Return the benchmarks registered here: the node's, and your organisation's own."""
    rows = queries.benchmarks_for(actor(request))
    part = keyset.part_of(rows, BY_NAME, viewer=actor(request), after=cursor, size=limit)
    return {"benchmarks": [_shown(request, row) for row in part.rows], "next": part.after}


@router.post(
    "",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: Benchmark, **ERRORS},
    operation_id="register_benchmark",
)
def register(request: HttpRequest, new: NewBenchmark) -> Any:
    """Register one version of a benchmark as your own; the same again is it, other digests are a new version."""
    known = {one: _earned(getattr(new.known, one.value)) for one in Control if getattr(new.known, one.value)}
    said = new.model_dump(exclude={"visibility", "needs", "families", "known"})
    version = BenchmarkVersion(
        **said, visibility=Visibility(new.visibility), needs=Needs(new.needs), families=tuple(new.families), known=known
    )
    try:
        row = services.register_benchmark(version, by=actor(request), now=moment.now(), rng=moment.dice())
    except services.NotReady as error:
        return not_ready(error)
    except services.RegisteredOtherwise as error:
        return problems.problem(409, "registered-otherwise", str(error), todo="Register it as a new version.")
    return _shown(request, row)


@router.get(
    "/{benchmark}",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: Benchmark, **ERRORS},
    operation_id="benchmark",
)
def one(request: HttpRequest, benchmark: str) -> Any:
    """Return one version of a benchmark."""
    row = queries.benchmarks_for(actor(request)).filter(public_id=benchmark).first()
    if row is None:
        raise Http404
    return _shown(request, row)


def not_ready(error: services.NotReady) -> HttpResponse:
    """Return the problem for a value that lacks something: the first thing, with its place."""
    first = error.problems[0]
    return problems.problem(
        422, first.code, str(first.message), place=first.place, expected=str(first.expected), todo=str(first.todo)
    )


def _earned(said: Earned) -> KnownAnswers:
    return KnownAnswers(tried=said.tried, solved=said.solved)


def _shown(request: HttpRequest, row: Any) -> dict[str, Any]:
    own = row.organisation == actor(request).organisation
    return {"id": row.public_id, "is_own": own, **{name: getattr(row, name) for name in _AS_THEY_ARE}}


_AS_THEY_ARE = (
    "name", "version", "visibility", "needs", "content", "generator", "spdx", "families", "known", "digest",
    "registered_at",
)  # fmt: skip
