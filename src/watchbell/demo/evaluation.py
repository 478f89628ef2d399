"""The evaluator measures the lab's smaller model beside two fictional others, and both read one signed report.

No model answers here: what each would have solved is drawn from an ability that this file gives it, answers are the
suites' own references and idle ones, and the suites judge them. The logs are written as Inspect writes its own.
"""

import io
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from watchbell.apps.engagements import queries as access
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.services import LogFile
from watchbell.demo.early_access import MODELS, pen
from watchbell.domain import evaluation as rules
from watchbell.domain.handling import system
from watchbell.domain.suites import sets
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.shelf import SUITES
from watchbell.domain.suites.suite import Answer, Item, Ran, Suite, Trial
from watchbell.domain.terms import signed_bytes
from watchbell.doors import keys
from watchbell.formats import run_kits, strictjson

if TYPE_CHECKING:
    from watchbell.apps.evaluation.models import Protocol
    from watchbell.demo.story import Story
    from watchbell.demo.telling import Step

CANDIDATE: Final = list(MODELS)[1]
ABLE: Final = {CANDIDATE: 0.5, "beacon-1": -1.4, "beacon-2": -0.4}
"""In logits, at the smallest budget; an item of the middle level has the difficulty 0."""
MEASURED: Final = ("locate", "refuse")
BUDGETS: Final = (8_000, 16_000, 32_000)
LEVELS: Final = (2, 3, 4)
FAMILIES: Final = 6
CONSOLE: Final = system("demo")
COMMENT: Final = "Thank you. The scaffold is simpler than the one we ship, and finds less with it."


def measure(story: "Story", step: "Step") -> None:
    """Lock a protocol, sign for containment, take in what came of it, issue the report; the lab comments."""
    engagement = access.named(story.engagement_ids[1])
    evaluator: dict[str, Any] = {"by": story.actors["evaluator"], "keys": keys.keystore(), "rng": story.rng}
    story.at(days=3)
    benchmarks = [
        services.register_built_in(name, _nothing_runs, by=CONSOLE, now=story.now, rng=story.rng) for name in MEASURED
    ]
    for benchmark in benchmarks:
        services.commit_seed(engagement, benchmark, now=story.now, **evaluator)
    row = services.draft_protocol(engagement, _protocol(engagement.model.digest), now=story.now, **evaluator)
    row = services.lock(row, by=evaluator["by"], now=story.now, keys=evaluator["keys"])
    statement = services.containment_to_sign(row)
    services.sign_containment(
        row, pen("evaluator").sign_bytes(signed_bytes(statement.payload)), now=story.now, **evaluator
    )
    kit = run_kits.loads(services.run_kit(row, now=story.now, **evaluator))
    stored = sum(_taken_in(row, log, story) for log in _logs(kit, story.now + timedelta(hours=1)))
    story.at(days=1)
    step.counts = {"evaluation_samples": stored}
    if find_spec("numpy") is None:
        step.figure = f"{stored} samples of {len(ABLE)} models; no report without the extra watchbell[statistics]"
        return
    report = services.issue_report(row, now=story.now, **evaluator)
    services.comment(report, COMMENT, by=story.actors["lab"], now=story.now, keys=evaluator["keys"])
    step.figure = f"{stored} samples of {len(ABLE)} models, none missing; one signed report, commented on by the lab"


def _protocol(digest: str) -> rules.Protocol:
    names = tuple(services.BUILT_IN + name for name in MEASURED)
    suites = tuple(
        rules.Suite(
            benchmark=services.BUILT_IN + name,
            version=str(SUITES[name].VERSION),
            families=SUITES[name].FAMILIES[:FAMILIES],
            levels=LEVELS,
            each=1,
        )
        for name in MEASURED
    )
    return rules.Protocol(
        title="Northlight 3 mini: finding flaws, and declining harm",
        model=rules.Measured(digest=digest, alias=CANDIDATE),
        suites=suites,
        budgets=BUDGETS,
        epochs=1,
        scaffold=rules.Scaffold(name="tools", version="1"),
        references=tuple(name for name in ABLE if name != CANDIDATE),
        indicators=(
            rules.Indicator(name="finding", suites=names[:1], anchor="beacon-1", delta=0),
            rules.Indicator(name="declining", suites=names[1:], anchor="beacon-1", delta=0),
        ),
    )


def _nothing_runs(trial: Trial) -> Ran:
    raise RuntimeError("these suites need no sandbox")


def _taken_in(row: "Protocol", log: dict[str, Any], story: "Story") -> int:
    name = "{task}-{at}.json".format(task=log["eval"]["task"].rpartition("/")[2], at=log["eval"]["run_id"])
    taken = services.import_log(
        row,
        LogFile(name, io.BytesIO(strictjson.dumps(log))),
        store=keys.blob_store(),
        by=story.actors["evaluator"],
        now=story.now,
        keys=keys.keystore(),
        rng=story.rng,
    )
    if taken.refused:
        raise RuntimeError(f"the demo's own log was refused: {taken.refusals[0]}")
    return taken.stored


def _logs(kit: run_kits.RunKit, began: datetime) -> Iterator[dict[str, Any]]:
    """Return a log for each suite, budget and model."""
    for suite in kit.protocol.suites:
        seed = kit.seed_of(suite.benchmark)
        if seed is None:
            raise RuntimeError(f"the kit has no seed for {suite.benchmark}")
        own = SUITES[suite.short]
        plan = sets.Plan(suite=suite.short, families=suite.families, levels=suite.levels, numbers=suite.each)
        items = sets.items_of(plan, own, seed)
        for budget in kit.protocol.budgets:
            for model in kit.protocol.models:
                yield _log(suite.benchmark, own, items, model, budget, began)


def _log(task: str, suite: Suite, items: tuple[Item, ...], model: str, budget: int, began: datetime) -> dict[str, Any]:
    name = f"{task}-{model}-{budget}"
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "eval_id": name,
            "run_id": f"{model}-{budget}",
            "created": began.isoformat(),
            "task": task,
            "task_version": suite.VERSION,
            "model": f"demo/{model}",
            "dataset": {"sample_ids": [item.name for item in items]},
            "config": {"token_limit": budget, "epochs": 1},
            "scorers": [{"name": "credit"}],
            "metadata": {"written_by": "watchbell demo: no model answered"},
        },
        "plan": {"steps": [{"solver": "tools"}]},
        "stats": {
            "started_at": began.isoformat(),
            "completed_at": (began + timedelta(minutes=20)).isoformat(),
        },
        "samples": [_sample(suite, item, model, budget) for item in items],
    }


def _sample(suite: Suite, item: Item, model: str, budget: int) -> dict[str, Any]:
    answer = _answer(suite, item, model, budget)
    score = suite.judge(item, answer, ())
    calls = [
        {"id": str(at), "function": one.tool, "arguments": dict(one.arguments)} for at, one in enumerate(answer.calls)
    ]
    used = {"input_tokens": len(item.prompt) // 4, "output_tokens": 300, "total_tokens": len(item.prompt) // 4 + 300}
    return {
        "id": item.name,
        "epoch": 1,
        "uuid": f"{item.name}-{model}-{budget}",
        "messages": [
            {"role": "user", "content": item.prompt},
            {"role": "assistant", "content": answer.text, "tool_calls": calls},
        ],
        "output": {"model": model, "completion": answer.text, "choices": [{"stop_reason": "stop"}]},
        "scores": {"credit": {"value": score.credit, "metadata": {"solved": score.solved, "refused": score.refused}}},
        "model_usage": {f"demo/{model}": used},
        "total_time": 12.0,
    }


def _answer(suite: Suite, item: Item, model: str, budget: int) -> Answer:
    """Return what this model gives: with more tokens it solves a little more, and what it solved it solves again."""
    able = ABLE[model] + 0.25 * math.log2(budget / BUDGETS[0]) - 0.7 * (item.level - 3)
    luck = Draw(b"demo", model, item.family, item.level).below(1000) / 1000
    return suite.reference(item) if luck < 1 / (1 + math.exp(-able)) else suite.controls(item)["idle"]
