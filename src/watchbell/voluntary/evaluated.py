"""Does the developer read an evaluation, and its results, when each deed is done; and does nobody else? Part of V14."""

import io
import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.services import Happened, LogFile
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.domain.evaluation import (
    BenchmarkVersion,
    Indicator,
    Listed,
    Measured,
    Protocol,
    Scaffold,
    Suite,
    Visibility,
)
from watchbell.domain.evaluation.benchmarks import Control, KnownAnswers
from watchbell.domain.handling import Actor
from watchbell.domain.terms import signed_bytes
from watchbell.outside.blobs import BlobStore
from watchbell.voluntary.checked import require
from watchbell.voluntary.keystore import pen
from watchbell.voluntary.stage import Stage

VERSION = BenchmarkVersion(
    name="tried",
    version="1",
    visibility=Visibility.PUBLIC,
    content="ab" * 32,
    generator="cd" * 32,
    known={one: KnownAnswers(tried=1, solved=1 if one is Control.REFERENCE else 0) for one in Control},
)


def evaluated(stage: Stage) -> int:
    """Return how many deeds were done; raises Broken where the developer cannot read one, or a stranger can."""
    deed = stage.deed("evaluator")
    plain = {name: value for name, value in deed.items() if name != "rng"}
    services.register_benchmark(VERSION, by=deed["by"], now=stage.now, rng=stage.rng)
    row = services.draft_protocol(stage.engagement, _protocol(stage), **deed)
    _reads(stage, row, [1, 0, 0, 0], "a draft")
    row = services.lock(row, **plain)
    statement = services.containment_to_sign(row)
    services.sign_containment(row, pen("evaluator").sign(signed_bytes(statement.payload)), **deed)
    with tempfile.TemporaryDirectory() as folder:
        source = LogFile("log.json", io.BytesIO(_log(stage)))
        services.import_log(row, source, store=BlobStore(Path(folder), stage.keys), **deed)
        _reads(stage, row, [1, 1, 1, 0], "a result")
    happened = Happened(kind=IncidentKind.OTHER, noticed_at=stage.now)
    services.report_incident(stage.engagement, happened, **deed)
    _reads(stage, row, [1, 1, 1, 1], "an incident")
    return 5


def _reads(stage: Stage, row: Any, wanted: list[int], what: str) -> None:
    require(_found(stage, row, "lab") == wanted, f"the developer cannot read {what} when it is there")
    for name, actor in stage.cast.others.items():
        if name not in ("evaluator", "evaluator token"):
            require(not any(_found(stage, row, actor)), f"{name} finds {what} of an evaluation")


def _found(stage: Stage, row: Any, who: str | Actor) -> list[int]:
    viewer = stage.cast.actors[who] if isinstance(who, str) else who
    return [
        queries.visible_to(viewer, now=stage.now).count(),
        queries.runs_of(row, viewer, now=stage.now).count(),
        queries.samples_of(row, viewer, now=stage.now).count(),
        queries.incidents_of(row.engagement, viewer, now=stage.now).count(),
    ]


def _protocol(stage: Stage) -> Protocol:
    return Protocol(
        title="Tried",
        model=Measured(digest=engagements.named(stage.engagement_id).model.digest, alias="northlight-1"),
        suites=(Suite(benchmark="tried", version="1", listed=(Listed(item="one", family="only"),)),),
        budgets=(100,),
        epochs=1,
        scaffold=Scaffold(name="generate", version="1"),
        references=("another",),
        indicators=(Indicator(name="only", suites=("tried",), anchor="another", delta=0.5),),
    )


def _log(stage: Stage) -> bytes:
    """Return the smallest log there is: one item, solved."""
    at = (stage.now + timedelta(seconds=1)).isoformat()
    model = "openai-api/lab/northlight-1"
    spec = {"eval_id": "tried", "created": at, "task": "tried", "task_version": "1", "model": model}
    answer = {"model": "northlight-1", "choices": [{"stop_reason": "stop"}], "completion": "1"}
    sample = {"id": "one", "epoch": 1, "uuid": "one", "output": answer, "scores": {"match": {"value": "C"}}}
    config = {"config": {"token_limit": 100}, "dataset": {"sample_ids": ["one"]}}
    head = {"version": 2, "status": "success", "eval": {**spec, **config}, "plan": {}}
    return json.dumps({**head, "samples": [sample]}).encode()
