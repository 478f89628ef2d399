"""What does somebody learn, or lose, by what others decide? V9, V10, V11 and V16, in worlds that look alike."""

from watchbell.apps.engagements.words import Outcome
from watchbell.voluntary.cast import THIRD_PARTIES
from watchbell.voluntary.checked import proves, require
from watchbell.voluntary.deeds import Attempt, things_to_try
from watchbell.voluntary.run import Run
from watchbell.voluntary.stage import Stage
from watchbell.voluntary.walk import aside, succeeds
from watchbell.voluntary.worlds import is_determination, same, seen

SAFETY = ("advisor", "worklist", "assets", "vex", "questions", "submissions", "findings", "cases", "notices", "export")


def _looked(run: Run, one: str, other: str) -> list[str]:
    """Return who looked around in both worlds."""
    return [who for who in run.lookers.get(one, ()) if who in run.lookers.get(other, ())]


@proves("V9")
def a_determination_changes_nothing(run: Run) -> str:
    """What everybody sees and can do, with and without a determination and with each outcome."""
    compared = 0
    for who in _looked(run, "covered", "not covered"):
        what = f"a model that is covered or is not, as {who}"
        left, right = (
            seen(run, world, who).only(lambda one: not is_determination(one)) for world in ("covered", "not covered")
        )
        compared += same(left, right, what)
    for world in ("covered", "not covered"):
        for who in _looked(run, "active", world):
            what = f"a determination or none, as {who}"
            compared += same(seen(run, "active", who), seen(run, world, who), what)
    return f"{compared} answers byte for byte in worlds with either outcome or none; {_deeds_alike(run)} deeds in each"


def _deeds_alike(run: Run) -> int:
    """Return how many attempts came out the same whatever was determined; raises Broken where one did not."""
    came_out = {}
    with run.stage() as stage:
        stage.reach("active").mint()
        for outcome in (None, Outcome.COVERED, Outcome.NOT_COVERED):
            with aside(stage):
                if outcome is not None:
                    stage.determine(outcome)
                came_out[outcome] = [
                    (who, name, _is_possible(stage, attempt))
                    for who in ("lab", "evaluator", "coordinator")
                    for name, attempt in things_to_try(stage, stage.cast.actors[who])
                    if name not in ("determinations", "make_round", "end_if_over", "destroy_evidence_if_due")
                ]
    for outcome, found in came_out.items():
        for plain, other in zip(came_out[None], found, strict=True):
            require(plain == other, f"{other[0]}'s {other[1]} comes out differently when {outcome} was noted")
    return len(came_out[None])


def _is_possible(stage: Stage, attempt: Attempt) -> bool:
    with aside(stage):
        return succeeds(attempt)


@proves("V10")
def taking_part_changes_nothing(run: Run) -> str:
    """What coordinator, vendor, operators and the public see, whether or not the lab takes part."""
    compared = 0
    for who in _looked(run, "never", "active"):
        what = f"a lab that takes part or does not, as {who}"
        compared += same(seen(run, "never", who), seen(run, "active", who), what)
    return f"{compared} answers byte for byte: triage, dates, worklists, advisories, feeds, exports"


@proves("V11")
def nobody_can_tell(run: Run) -> str:
    """What every third party sees when there never was an engagement, one is offered, runs, or was withdrawn."""
    compared, worlds = 0, [world for world in ("offered", "active", "withdrawn") if world in run.lookers]
    for world in worlds:
        for who in _looked(run, "never", world):
            if who in THIRD_PARTIES:
                compared += same(seen(run, "never", who), seen(run, world, who), f"never and {world}, as {who}")
    require(compared > 50, "nobody looked around")
    return f"{compared} answers byte for byte, also to somebody who has heard of the engagement's id"


@proves("V16")
def nothing_is_held_back(run: Run) -> str:
    """What operators, vendors and a former partner see when somebody declined, paused, withdrew or left."""
    compared = safety = 0
    for world in ("declined", "left", "withdrawn"):
        for who in _looked(run, "never", world):
            what = f"nobody took part, or somebody {world}, as {who}"
            compared += same(seen(run, "never", who), seen(run, world, who), what)
            kept = seen(run, world, who).only(lambda one: any(word in one for word in SAFETY))
            safety += sum(answer.status == 200 for answer in kept.answers)
    require(safety > 20, "no advisory, worklist or warning was looked at")
    return f"{compared} answers byte for byte, {safety} of them advisories, worklists, warnings and cases in full"
