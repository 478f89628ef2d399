"""V1, V2, V6, V7, V8 and V12 hold in every state there is: one walk over the rules' table, one over a real node."""

from watchbell.voluntary import asking, leaving, others, wording
from watchbell.voluntary.checked import Broken, proves, require
from watchbell.voluntary.deeds import DEEDS, untried
from watchbell.voluntary.run import Run
from watchbell.voluntary.walk import Walk

JUDGES = {"V1": leaving.releasing, "V2": leaving.withdrawing, "V8": others.nothing_renews}
WATCHERS = {
    "V6": others.nobody_decides_for_the_developer,
    "V7": others.nobody_widens,
    "V12": others.nobody_else_begins,
}


@proves("V1")
def the_developer_can_always_release(run: Run) -> str:
    """Both releases in every state, by everyone of the developer's, with every trouble."""
    pairs = leaving.the_table_lets_the_developer_go()
    walk = _walked(run, "V1")
    return (
        f"{pairs} pairs of state and event in the table; {walk.counts['releases']} releases in {len(walk.met)} states "
        f"of a real node, with {len(leaving.TROUBLES) - 1} troubles such as an open determination or no keystore"
    )


@proves("V2")
def the_developer_can_always_withdraw(run: Run) -> str:
    """One call in every open state, by everyone of the developer's, with every trouble."""
    pairs = leaving.the_table_lets_the_developer_go()
    leaving.one_call_without_a_reason()
    walk = _walked(run, "V2")
    return (
        f"{pairs} pairs of state and event in the table; {walk.counts['withdrawals']} withdrawals in {len(walk.met)} "
        f"states of a real node without a worker, with {len(leaving.TROUBLES) - 1} troubles"
    )


@proves("V6")
def nobody_holds_the_developer_up(run: Run) -> str:
    """Every deed by everyone else in every state; then what the developer decided, and whether it can still act."""
    others.the_table_gives_others_endings_only()
    walk = _walked(run, "V6")
    return f"{_others(walk)}; {walk.counts['developer after others']} deeds of the developer's after what they did"


@proves("V7")
def nobody_reaches_further(run: Run) -> str:
    """Every deed by everyone else in every state; then end, scope, custody, people, egress, retention, bounds."""
    others.the_table_gives_others_endings_only()
    walk = _walked(run, "V7")
    return f"{_others(walk)}; what is decided compared row by row"


@proves("V8")
def nothing_renews_itself(run: Run) -> str:
    """Use and silence in every state, up to two years later."""
    others.the_table_gives_others_endings_only()
    walk = _walked(run, "V8")
    return f"{walk.counts['moments waited for']} moments waited for in {len(walk.met)} states, after use and in silence"


@proves("V12")
def only_the_developer_begins(run: Run) -> str:
    """Every deed by everyone else in every state, every form of the area sent by them, and every address's name."""
    addresses = wording.nothing_nudges()
    forms = asking.forms_begin_nothing(run)
    walk = _walked(run, "V12")
    return f"{_others(walk)}; {forms} forms and operations sent by others; {addresses} names of addresses read"


def _others(walk: Walk) -> str:
    by = f"by {walk.counts['actors']} others in {len(walk.met)} states"
    return f"{walk.counts['attempts']} attempts of {len(DEEDS)} kinds {by}"


def _walked(run: Run, name: str) -> Walk:
    """Return what the walk tried, which is made once for all who ask; raises Broken for this property."""
    require(not untried(), f"a deed is tried by nobody here: {', '.join(sorted(untried()))}")
    walk: Walk | None = run.seen.get("walk")
    if walk is None:
        walk = Walk(
            judges={one: judge for one, judge in JUDGES.items() if run.asks_for(one)},
            watchers={one: watcher for one, watcher in WATCHERS.items() if run.asks_for(one)},
        )
        with run.stage() as stage:
            walk.counts["actors"] = len(stage.cast.others)
            run.seen["walk"] = walk.explore(stage.reach(run.begins))
    if name in walk.broken:
        raise Broken(walk.broken[name])
    require(len(walk.met) > 20, f"only {len(walk.met)} states were reached: {sorted(map(str, walk.met))}")
    return walk
