"""A lab with eight models of graded ability, and the evaluator who measures them: deeds on a node of a test's own.

`python -m tests.support.population DEED ...` prints JSON.
"""

import json
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ABILITIES = {f"model-{at}": -2.8 + 0.8 * at for at in range(8)}
"""In logits; an item of the middle level has the difficulty 0."""
CANDIDATE, ANCHOR = "model-5", "model-2"


def main() -> None:
    """Do one deed on the node that the environment names."""
    from watchbell.cli import boot

    boot.boot()
    deed, *words = sys.argv[1:]
    now = datetime.now(UTC)  # noqa: TID251 (a process of its own lives in the present)
    sys.stdout.write(json.dumps({"begin": begin, "report": report}[deed](now, *words)) + "\n")


def begin(now: datetime, base_url: str, plan: str) -> dict[str, Any]:
    """Make running access to all eight models, a locked protocol and its run kit; return ids, token and kit."""
    from tests.apps.scene_engagements import ENDPOINT, TERMS, agreed
    from tests.support.cast import CONSOLE, make_cast

    from watchbell.apps.engagements import services as access
    from watchbell.apps.evaluation import services
    from watchbell.domain import evaluation as rules
    from watchbell.domain.terms import Limits, Safeguards, signed_bytes
    from watchbell.doors.keys import keystore
    from watchbell.outside import sandbox

    told = json.loads(plan)  # noqa: TID251 (ours)
    many = 10**9
    terms = replace(
        TERMS,
        models=tuple(ABILITIES),
        limits=Limits(requests=many, tokens=many, at_once=told.get("at_once", 64)),
        safeguards=Safeguards.REMOVED,
    )
    scene = agreed(make_cast(now), terms, now=now)
    lab: dict[str, Any] = {"by": scene.lab.actor, "now": now, "keys": keystore(), "rng": random.Random(1)}
    evaluator = {**lab, "by": scene.evaluator.actor}
    dice = random.Random(2)
    for name in told["suites"]:
        services.register_built_in(name, sandbox.run, by=CONSOLE, now=now, rng=dice)
    access.start(scene.engagement, scene.sign("lab", access.start_to_sign(scene.engagement)), **lab)
    endpoint = replace(ENDPOINT, base_url=base_url, models={name: name for name in ABILITIES})
    access.set_endpoint(scene.fresh(), endpoint, allow=[base_url], **lab)
    for benchmark in _registered():
        services.commit_seed(scene.fresh(), benchmark, **evaluator)
    suites = tuple(
        rules.Suite(
            benchmark=services.BUILT_IN + name,
            version="1",
            families=tuple(told["families"][name]),
            levels=tuple(told["levels"]),
            each=told["each"],
        )
        for name in told["suites"]
    )
    protocol = rules.Protocol(
        title="Eight models of graded ability",
        model=rules.Measured(digest=terms.model_digest, alias=CANDIDATE),
        suites=suites,
        budgets=tuple(told["budgets"]),
        epochs=told["epochs"],
        scaffold=rules.Scaffold(name="tools", version="1"),
        references=tuple(name for name in ABILITIES if name != CANDIDATE),
        indicators=(
            rules.Indicator(name="more-able", suites=tuple(one.benchmark for one in suites), anchor=ANCHOR, delta=0),
        ),
    )
    row = services.draft_protocol(scene.fresh(), protocol, **evaluator)
    row = services.lock(row, by=scene.evaluator.actor, now=now, keys=keystore())
    statement = services.containment_to_sign(row)
    services.sign_containment(row, scene.pens["evaluator"].sign(signed_bytes(statement.payload)), **evaluator)
    token = services.mint_run_token(row, **evaluator).text
    kit = services.run_kit(row, **evaluator).decode()
    return {"protocol": row.public_id, "engagement": scene.engagement.public_id, "token": token, "kit": kit}


def report(now: datetime, protocol: str, folder: str) -> dict[str, Any]:
    """Issue the report and write what was signed into the folder; return it as the developer reads it."""
    from watchbell.apps.evaluation import queries, services
    from watchbell.apps.orgs import queries as orgs
    from watchbell.domain.evaluation.report import Reader
    from watchbell.doors.keys import keystore

    def actor(email: str) -> Any:
        person = orgs.person_by_email(email)
        assert person is not None
        return orgs.actor_for_person(person, None, strong=True, authenticated_at=now)

    deed: dict[str, Any] = {"now": now, "keys": keystore(), "rng": random.SystemRandom()}
    made = services.issue_report(queries.named(protocol), by=actor("owner@evaluator.example"), **deed)
    Path(folder, "report.json").write_bytes(services.signed_bytes(made, keys=keystore()))
    return services.open_report(made, Reader.DEVELOPER, by=actor("owner@lab.example"), **deed)


def _registered() -> list[Any]:
    from tests.support.cast import CONSOLE

    from watchbell.apps.evaluation import queries

    return list(queries.benchmarks_for(CONSOLE))


if __name__ == "__main__":
    main()
