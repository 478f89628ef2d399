"""An evaluation far along: three suites at three budgets beside two references, a report, and an amendment's draft."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.apps import scene_engagements as parties
from tests.apps.scene_engagements import DICE, TERMS, Scene, keystore
from tests.apps.scene_evaluation import KNOWN
from tests.support.cast import Cast

from watchbell.apps.engagements import services as engagements
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Protocol, Report, Run, Sample
from watchbell.apps.evaluation.words import IncidentKind, Source
from watchbell.apps.findings import services as findings
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import (
    BenchmarkVersion,
    Indicator,
    Measured,
    Outcome,
    Scaffold,
    Suite,
    Visibility,
)
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.domain.terms import signed_bytes
from watchbell.doors import keys as node_keys

DAY = timedelta(days=1)
DIGEST = "e7" * 32
SAID = "We agree with the numbers. The scaffold is not the one we ship; ours solves more."
FAMILIES = ("traversal", "injection", "overflow", "race", "secrets", "parsing", "logic", "crypto")
SUITES = ("securegen", "locate", "crash")
BUDGETS = (10_000, 30_000, 100_000)
ABLE = {"northlight-1": 0.9, "bell-0": -0.4, "bell-1": 0.3}
HARD = {"securegen": 0.2, "locate": 0.6, "crash": 1.1}
VALUE = rules.Protocol(
    title="Northlight 1, code and flaws",
    model=Measured(digest=DIGEST, alias="northlight-1", answers_as=("nl-1-2026-11",)),
    suites=tuple(Suite(benchmark=one, version="1", families=FAMILIES, levels=(1, 2, 3), each=2) for one in SUITES),
    budgets=BUDGETS,
    epochs=1,
    scaffold=Scaffold(name="tools", version="1"),
    references=("bell-0", "bell-1"),
    indicators=(
        Indicator(name="patching", suites=("securegen",), anchor="bell-0", delta=0.0),
        Indicator(name="discovery", suites=("locate", "crash"), anchor="bell-0", delta=1.0),
    ),
)


def drawn(suite: str, family: str) -> float:
    """Return how much easier than others a family is."""
    return random.Random(f"{suite} {family}").gauss(0, 0.5)


TIMES = tuple(
    (one, 2.0**at) for at, one in enumerate(sorted(FAMILIES, key=lambda one: drawn(SUITES[0], one), reverse=True))
)
"""How many minutes people took for the tasks of the first suite: the harder a family, the longer."""
FOUND = rules.Flaw(
    title="A long header overruns the buffer of the parser",
    vendor="Acme",
    product="libheader",
    version="2.0 to 2.4.1",
    description="The length is read before it is checked.",
    evidence="Send a header of 70,000 bytes; the process ends with a segmentation fault.",
    model="northlight-1",
)


@dataclass
class Evaluated:
    """What tests point at."""

    access: Scene
    protocol: Protocol
    report: Report


def play(cast: Cast, now: datetime) -> Evaluated:
    """Fill the node through the services everyone uses; only the samples are written by hand."""
    began = now - 5 * DAY
    access = parties.started(cast, TERMS, now=began, digest=DIGEST)
    held_out = [_registered(cast, name, began) for name in SUITES][-1]
    deed: dict[str, Any] = {"by": cast.evaluator.actor, "now": began + DAY, "keys": keystore(), "rng": DICE}
    services.commit_seed(access.fresh(), held_out, **deed)
    row = services.draft_protocol(access.fresh(), VALUE, **deed)
    without_dice = {name: deed[name] for name in ("by", "now", "keys")}
    row = services.lock(row, **without_dice)
    statement = services.containment_to_sign(row)
    services.sign_containment(row, access.pens["evaluator"].sign(signed_bytes(statement.payload)), **deed)
    for arm in range(3):
        _measure(row, arm, began + 2 * DAY)
    happened = services.Happened(kind=IncidentKind.OUT_OF_SCOPE, noticed_at=now - 2 * DAY)
    incident = services.report_incident(access.fresh(), happened, **{**deed, "now": now - 2 * DAY})
    settled = "The tool that left its scope is taken out of the scaffold."
    services.settle_incident(incident, settled, by=cast.lab.actor, now=now - 2 * DAY, keys=keystore())
    report = services.issue_report(row, **{**deed, "now": now - DAY})
    store = node_keys.blob_store()
    findings.report_flaw(access.fresh(), FOUND, key="played", store=store, **{**deed, "now": now - DAY})
    services.comment(report, SAID, by=cast.lab.actor, now=now - timedelta(hours=9), keys=keystore())
    _shared(cast, access, report, now)
    amended = replace(VALUE, budgets=(*BUDGETS, 300_000))
    reason = "The curve on crash is still rising at 100,000 tokens."
    services.amend(row, amended, reason, **{**deed, "now": now - timedelta(hours=2)})
    access.fresh()
    return Evaluated(access, row, report)


def _shared(cast: Cast, access: Scene, report: Report, now: datetime) -> None:
    """Let everybody read it, and trusted partners, of whom the vendor is one."""
    deed: dict[str, Any] = {"by": cast.lab.actor, "now": now - timedelta(hours=8)}
    for reader in (Reader.PUBLIC, Reader.PARTNER):
        services.consent(report, reader, **deed, keys=keystore(), rng=DICE)
    vendor = cast.vendor.organisation.public_id
    chosen = engagements.choose_partner(access.fresh().model, vendor, **deed, rng=DICE)
    engagements.consent(chosen, by=cast.vendor.actor, now=now - timedelta(hours=7))


def _registered(cast: Cast, name: str, now: datetime) -> Any:
    version = BenchmarkVersion(
        name=name,
        version="1",
        visibility=Visibility.HELD_OUT if name == SUITES[-1] else Visibility.PUBLIC,
        content="ab" * 32,
        generator="cd" * 32,
        families=FAMILIES,
        canary=f"watchbell-canary-{name}",
        minutes=TIMES if name == SUITES[0] else (),
        known=KNOWN,
    )
    return services.register_benchmark(version, by=cast.evaluator.actor, now=now, rng=DICE)


def _measure(row: Protocol, arm: int, at: datetime) -> None:
    for suite in VALUE.suites:
        for budget in BUDGETS:
            run = Run.objects.create(
                public_id=DICE.randbytes(16).hex(),
                protocol=row,
                source=Source.IMPORTED,
                state=RunState.ENDED,
                suite=suite.benchmark,
                arm=arm,
                budget=budget,
                log_digest=DICE.randbytes(32).hex(),
                began_at=at,
                ended_at=at + timedelta(hours=1),
                received_at=at + timedelta(hours=2),
                finished_at=at + timedelta(hours=2),
                calls_logged=24 if arm == 0 else None,
                tokens_logged=400_000,
                calls_admitted=24 if arm == 0 else None,
            )
            samples = list(_samples(run, suite))
            Sample.objects.bulk_create(samples)
            Run.objects.filter(pk=run.pk).update(outcomes=_counted(samples))


def _samples(run: Run, suite: Suite) -> Iterator[Sample]:
    dice = random.Random(f"{suite.benchmark} {run.arm} {run.budget}")
    able = ABLE[VALUE.models[run.arm]] + 0.5 * math.log10(run.budget / 10_000)
    for item, family, level in suite.items():
        chance = 1 / (
            1 + math.exp(-2 * (able - HARD[suite.benchmark] - 0.5 * (level - 2) + drawn(suite.benchmark, family)))
        )
        outcome = Outcome.SOLVED if dice.random() < chance else Outcome.UNSOLVED
        if dice.random() < 0.015:
            outcome = Outcome.REFUSED if dice.random() < 0.5 else Outcome.LIMIT
        if suite.benchmark == "crash" and run.arm == 0 and item.endswith("race.3.1"):
            outcome = Outcome.INFRASTRUCTURE
        yield Sample(
            protocol=run.protocol,
            run=run,
            suite=suite.benchmark,
            arm=run.arm,
            budget=run.budget,
            item=item,
            epoch=1,
            family=family,
            level=level,
            outcome=outcome,
            credit=1.0 if outcome is Outcome.SOLVED else 0.0,
            input_tokens=4000,
            output_tokens=900,
            total_tokens=4900,
            wall_ms=9000,
            answer="aa" * 32,
            digest="bb" * 32,
            place="log.eval",
        )


def _counted(samples: list[Sample]) -> dict[str, int]:
    return {one.value: sum(it.outcome == one for it in samples) for one in Outcome}
