"""Protocols and what logs tell: one protocol for the authored logs, and strategies that make any."""

from dataclasses import replace

from hypothesis import strategies as st

from watchbell.domain.evaluation import (
    Indicator,
    Listed,
    Measured,
    Protocol,
    Scaffold,
    Suite,
    Told,
)

ALIAS, ENDPOINTS_NAME = "northlight-1", "nl-1-2026-11"
PATCH = Suite(benchmark="patch", version="1", families=("traversal",), levels=(1, 2), each=3)
PROTOCOL = Protocol(
    title="Northlight 1, first look",
    model=Measured(digest="5e" * 32, alias=ALIAS, answers_as=(ENDPOINTS_NAME,)),
    suites=(PATCH,),
    budgets=(1000, 10_000),
    epochs=2,
    scaffold=Scaffold(name="generate", version="1"),
    references=("bell-0",),
    indicators=(Indicator(name="uplift", suites=("patch",), anchor="bell-0", delta=0.5),),
)
SMALL = replace(PROTOCOL, budgets=(1000,), epochs=1)

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,12}", fullmatch=True)
_some_names = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
_drawn = st.builds(
    Suite,
    benchmark=names,
    version=names,
    families=_some_names,
    levels=st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True).map(tuple),
    each=st.integers(1, 4),
)
_listed = st.builds(
    Suite,
    benchmark=names,
    version=names,
    listed=st.lists(
        st.builds(Listed, item=names, family=names), min_size=1, max_size=4, unique_by=lambda it: it.item
    ).map(tuple),
)


@st.composite
def protocols(draw: st.DrawFn) -> Protocol:
    """Return a strategy for all protocols that may be locked."""
    suites = draw(st.lists(_drawn | _listed, min_size=1, max_size=3, unique_by=lambda it: it.benchmark))
    model = draw(
        st.builds(
            Measured,
            digest=st.just("ab" * 32),
            alias=names,
            answers_as=st.lists(names, max_size=2, unique=True).map(tuple),
        )
    )
    references = draw(st.lists(names.filter(lambda it: it not in model.names), min_size=1, max_size=3, unique=True))
    indicator = st.builds(
        Indicator,
        name=names,
        suites=st.lists(st.sampled_from([one.benchmark for one in suites]), min_size=1, unique=True).map(tuple),
        anchor=st.sampled_from(references),
        delta=st.floats(-5, 5),
    )
    return Protocol(
        title=draw(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30).filter(str.strip)),
        model=model,
        suites=tuple(suites),
        budgets=tuple(sorted(draw(st.sets(st.integers(1, 10**6), min_size=1, max_size=3)))),
        epochs=draw(st.integers(1, 3)),
        scaffold=Scaffold(name=draw(names), version=draw(names)),
        references=tuple(references),
        indicators=tuple(draw(st.lists(indicator, min_size=1, max_size=5, unique_by=lambda it: it.name))),
    )


told = st.builds(
    Told,
    is_error=st.booleans(),
    limit=st.sampled_from(["", "token", "time", "operator", "message"]),
    filtered=st.booleans(),
    declined=st.booleans(),
    solved=st.none() | st.booleans(),
    answered_as=st.lists(st.sampled_from([ALIAS, ENDPOINTS_NAME, "another"]), max_size=2).map(tuple),
    stalled=st.booleans(),
    taken_back=st.booleans(),
)
