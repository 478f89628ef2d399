"""Whatever a program sends, as the description of the interface says or against it: the answer is one it describes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.apps import scene_evaluation
from tests.apps.scene_engagements import started
from tests.support import machine
from tests.support.cast import Cast
from tests.support.protocols import PROTOCOL
from tests.web import operator_scene

from watchbell.api import door
from watchbell.api.app import api
from watchbell.apps.engagements import services as engagements
from watchbell.apps.evaluation import services as evaluation
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.apps.inventory import queries as inventory
from watchbell.apps.inventory import recognised
from watchbell.apps.orgs import services as orgs
from watchbell.apps.remediation import queries as worklist
from watchbell.config.wsgi import application
from watchbell.domain.handling import Scope
from watchbell.doors import keys, moment
from watchbell.formats import strictjson

if machine.required():  # where nothing may be missing, a missing library fails
    import schemathesis
else:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: make .venv/dev anew")

pytestmark = pytest.mark.django_db

EXAMPLES = 10
PROBLEM = "application/problem+json"
EARLY = ("/models", "/partnerships", "/engagements", "/benchmarks")
ENDING = ("/end", "/leave", "/shorten", "/plan", "/withdraw", "/release")
"""What ends something is tried last, so that all others find it running."""

EVALUATORS = (
    *("/agree", "/decline", "/leave", "/seats", "/tokens"),
    *("/benchmarks", "/logs", "/containment", "/incidents", "/flaws"),
)
HELD = schemathesis.checks.CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
BRIEFLY = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def operations() -> list[Any]:
    described = schemathesis.openapi.from_dict(api.get_openapi_schema())
    return [found.ok() for found in described.get_all_operations()]


@dataclass(frozen=True)
class World:
    """Tokens of every scope, and things of their own to name: a hospital's, and those of an engagement's two."""

    tokens: dict[str, str]
    ids: dict[str, str]

    def token_for(self, operation: Any) -> str:
        """Return the token whose holder such an operation is for."""
        path = operation.path.removeprefix("/api/v1")
        theirs = operation.method == "post" and path.endswith(EVALUATORS)
        return self.tokens["evaluator" if theirs else "lab" if path.startswith(EARLY) else "hospital"]


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Keep the test's own connection, and its transaction, over the end of a request; as Django's own client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def world(cast: Cast, noon: datetime, rng: Random, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(moment, "now", lambda: noon)
    keys.make_node_keys()
    operator_scene.play_short(cast, noon)
    operator_scene.play_machines(cast, noon)
    by = cast.hospital.actor
    tokens = {
        name: orgs.mint_token(
            "a program", tuple(Scope), by=getattr(cast, name).actor, lasts=timedelta(days=9), now=noon, rng=rng
        )[1]
        for name in ("hospital", "lab", "evaluator")
    }
    running, deed = started(cast), scene_evaluation.by(cast, now=noon)
    benchmark = scene_evaluation.registered(cast)
    protocol = evaluation.draft_protocol(running.fresh(), PROTOCOL, **deed)
    protocol = evaluation.lock(protocol, **scene_evaluation.by(cast, now=noon, rng=False))
    happened = evaluation.Happened(kind=IncidentKind.OTHER, noticed_at=noon)
    chosen = engagements.choose_partner(
        running.model, str(cast.evaluator.actor.organisation), by=cast.lab.actor, now=noon, rng=rng
    )
    early = {
        "model": running.model,
        "engagement": running.engagement,
        "seat": running.engagement.seats.get(),
        "partnership": chosen,
        "protocol": protocol,
        "benchmark": benchmark,
        "incident": evaluation.report_incident(running.engagement, happened, **deed),
    }
    own = {
        "asset": inventory.visible_to(by, now=noon),
        "line": worklist.visible_to(by, now=noon),
        "question": recognised.visible_to(by, now=noon),
    }
    found = {name: rows.order_by("pk")[0] for name, rows in own.items()} | early
    return World(tokens, {name: row.public_id for name, row in found.items()})


def as_described(case: Any, world: World, *, is_own: bool, headers: dict[str, str]) -> None:
    """Send one request and hold its answer against the description."""
    if is_own:
        case.path_parameters.update({name: world.ids[name] for name in case.path_parameters if name in world.ids})
    answer = case.call(app=application, base_url="http://localhost", headers=headers)
    case.validate_response(answer, checks=HELD)
    if answer.status_code >= 400:
        problem = strictjson.loads(answer.content)
        assert answer.headers["content-type"] == [PROBLEM]
        assert (problem["status"], bool(problem["code"])) == (answer.status_code, True)


def try_out(operation: Any, world: World, headers: dict[str, str]) -> None:
    """Send some requests that the description allows, and some that it does not; any text is an address."""
    can_be_violated = any([list(operation.body), list(operation.query), list(operation.headers)])
    for mode in schemathesis.GenerationMode if can_be_violated else [schemathesis.GenerationMode.POSITIVE]:

        @BRIEFLY
        @given(case=operation.as_strategy(generation_mode=mode), is_own=st.booleans())
        def ask(case: Any, is_own: bool) -> None:
            as_described(case, world, is_own=is_own, headers=headers)

        ask()


def test_no_request_is_answered_otherwise_than_the_description_says(world: World) -> None:
    tried = sorted(operations(), key=lambda operation: operation.path.endswith(ENDING))

    for operation in tried:
        door.CALLS.forget()  # its bound would stop us: the clock stands still
        door.STRANGERS.forget()
        try_out(operation, world, {"Authorization": f"Bearer {world.token_for(operation)}"})
        try_out(operation, world, {})

    assert tried


def texts_taken() -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Yield each text that a body may hold, with what the body must hold besides."""
    for operation in operations():
        for body in operation.body:
            schema = body.definition["schema"]
            fields, needed = resolved(schema, schema)["properties"], filled(schema, schema)
            yield from ((operation, name, needed) for name in fields if fields[name].get("type") == "string")


def resolved(part: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a description that stands elsewhere in it."""
    named = part.get("$ref", "").rpartition("/")[2]
    return resolved(whole["x-bundled"][named], whole) if named else part


def filled(part: dict[str, Any], whole: dict[str, Any]) -> Any:
    """Return a value that this part of a description allows, with nothing in it that may be left out."""
    part = resolved(part, whole)
    if "const" in part or "enum" in part:
        return part.get("const", part.get("enum", [None])[0])
    match part.get("type"):
        case "object":
            return {name: filled(part["properties"][name], whole) for name in part.get("required", [])}
        case "array":
            return [filled(part["items"], whole)] * part.get("minItems", 0)
        case "integer" | "boolean" as kind:
            return kind == "boolean" or 1
        case "string":
            return "x"
    return None


def test_the_character_no_database_keeps_is_refused_wherever_a_text_is_taken(world: World) -> None:
    found = {}

    for operation, name, needed in texts_taken():
        token = world.token_for(operation)
        case = operation.Case(path_parameters=dict(world.ids), body={**needed, name: "a\0b"})
        answer = case.call(app=application, base_url="http://localhost", headers={"Authorization": f"Bearer {token}"})
        found[operation.label, name] = (answer.status_code, answer.json()["place"].rpartition("/")[2])

    assert found == {key: (422, key[1]) for key in found}
    assert len(found) >= 5
