"""Does the developer see everything no later than anybody else, and does nothing get out without it? V14."""

from watchbell.apps.engagements import queries, services
from watchbell.domain.terms import Purpose
from watchbell.voluntary.checked import proves, require
from watchbell.voluntary.deeds import Attempt
from watchbell.voluntary.evaluated import evaluated
from watchbell.voluntary.run import Run
from watchbell.voluntary.stage import Stage
from watchbell.voluntary.walk import aside
from watchbell.voluntary.worlds import seen

CANARIES = (b"canary-of-the-lab", b"models.lab.example", b"northlight-1", b"Northlight 1", b"nl-1-2026-11")


@proves("V14")
def the_developer_first(run: Run) -> str:
    """What the developer can read after each deed of the evaluator's, in its transaction; and what anybody else can."""
    with run.stage() as stage:
        read = _what_the_developer_reads(stage.reach("active"))
        strangers = _what_others_read(stage)
    with run.stage() as stage:
        results = evaluated(stage.reach("active"))
    pages = _no_canary(run)
    return (
        f"{read} deeds whose traces the developer reads before their answers go out; {results} deeds of an evaluation "
        f"that it reads as soon as anyone, their results too; {strangers} actors who read nothing; {pages} answers of "
        "others without a word of the model"
    )


def _what_the_developer_reads(stage: Stage) -> int:
    """Return how many deeds were followed; raises Broken where the developer cannot read one when it is done."""
    text = stage.mint()
    person = str(stage.cast.actors["evaluator"].person)
    deeds: dict[str, Attempt] = {
        "token_made": stage.mint,
        "call": lambda: stage.call(text),
        "opened": lambda: services.open_terms(stage.engagement, Purpose.RUN, **stage.deed("evaluator")),
        "settled": lambda: stage.settle(stage.call(text)),
        "exported": lambda: list(services.export(stage.engagement, **stage.by("evaluator"), keys=stage.keys)),
        "ended": lambda: services.leave(stage.engagement, **stage.deed("evaluator")),
    }
    for what, deed in deeds.items():
        with aside(stage):
            deed()
            own = queries.visible_to(stage.cast.actors["lab"], now=stage.now).get(public_id=stage.engagement_id)
            lines = [(line.what, line.person) for line in queries.lines_of(own)]
            require((what, person) in lines, f"the developer cannot read '{what}' when it is answered")
            if what == "ended":
                kept = [receipt.key for receipt in queries.receipts_of(own)]
                require("access" in kept, "the developer has no receipt when the end is answered")
    return len(deeds)


def _what_others_read(stage: Stage) -> int:
    """Return how many others there are; raises Broken where one of them finds anything."""
    parties = ("evaluator", "evaluator token")
    others = {name: actor for name, actor in stage.cast.others.items() if name not in parties}
    for name, actor in others.items():
        require(not queries.visible_to(actor, now=stage.now).exists(), f"{name} finds the engagement")
        require(not queries.models_of(actor, now=stage.now).exists(), f"{name} finds the model")
        require(not queries.partners_of(actor, now=stage.now).exists(), f"{name} finds a partnership")
    return len(others)


def _no_canary(run: Run) -> int:
    """Return how many answers were read; raises Broken where one says anything of the model."""
    read = 0
    for who in run.lookers["active"]:
        if who == "evaluator":
            continue
        for answer in seen(run, "active", who).answers:
            told = [word for word in CANARIES if word in answer.body]
            require(not told, f"{answer.asked} tells {who}: {told}")
            read += 1
    return read
