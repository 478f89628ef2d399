"""Terms and statements of all kinds: one of each to look at, and strategies that make any."""

from typing import Any

from hypothesis import strategies as st

from watchbell.domain.metering import Dialect, Prices
from watchbell.domain.terms import (
    Bargain,
    EvidenceOnWithdrawal,
    Kept,
    Limits,
    Routing,
    Safeguards,
    Statement,
    Terms,
    admission,
    agreement,
    offer,
    start,
)

LARGEST = 2**53 - 1
ENGAGEMENT, DEVELOPER, EVALUATOR, PERSON, ANOTHER = (digit * 32 for digit in "edca9")

TERMS = Terms(
    model_digest="5" * 64,
    models=("bell-1", "bell-1-mini"),
    egress=("mirror.example.org",),
    limits=Limits(requests=20_000, cost=25_000_000_000, currency="USD", prices=Prices(3_000_000, 15_000_000)),
)
OFFER = offer(engagement=ENGAGEMENT, number=1, developer=DEVELOPER, evaluator=EVALUATOR, terms=TERMS)
AGREEMENT = agreement(engagement=ENGAGEMENT, offer=OFFER.digest, personnel=[PERSON, ANOTHER])
START = start(engagement=ENGAGEMENT, agreement=AGREEMENT.digest)
ADMISSION = admission(engagement=ENGAGEMENT, agreement=AGREEMENT.digest, person=PERSON)
STATEMENTS = (OFFER, AGREEMENT, START, ADMISSION)

ids = st.text("0123456789abcdef", min_size=32, max_size=32)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
_bounds = st.none() | st.integers(1, LARGEST)
_amounts = st.integers(0, LARGEST)
_currencies = st.sampled_from(["EUR", "USD"])
_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,20}", fullmatch=True)
_hosts = st.from_regex(r"[a-z0-9]{1,9}(\.[a-z0-9]{1,9}){0,2}\.[a-z]{2,6}", fullmatch=True)


def _some(words: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(list(words)), max_size=4).map(tuple)


def limits() -> st.SearchStrategy[Limits]:
    """Return a strategy for all limits that make sense."""
    return st.builds(
        Limits,
        requests=_bounds,
        tokens=_bounds,
        cost=_bounds,
        currency=_currencies,
        prices=st.builds(Prices, _amounts, _amounts),
        per_minute=_bounds,
        at_once=_bounds,
        opened_a_day=st.integers(1, 1_000_000),
    ) | st.builds(Limits, requests=_bounds, per_minute=_bounds)


def terms() -> st.SearchStrategy[Terms]:
    """Return a strategy for all terms that make sense."""
    return st.builds(
        Terms,
        model_digest=digests,
        models=st.lists(_names, min_size=1, max_size=4).map(tuple),
        dialects=_some(Dialect).filter(bool),
        safeguards=st.sampled_from(Safeguards),
        hours=st.integers(1, 720),
        personnel_at_most=st.integers(1, 500),
        egress=st.lists(_hosts, max_size=3).map(tuple),
        limits=limits(),
        bargain=st.builds(
            Bargain, trains_on_prompts=st.booleans(), retains_prompts=st.booleans(), staff_read_prompts=st.booleans()
        ),
        evidence_days=st.integers(0, 365),
        evidence_on_withdrawal=st.sampled_from(EvidenceOnWithdrawal),
        kept_after_end=_some(Kept),
        routing=st.sampled_from(Routing),
        paper_agreement=st.just("") | digests,
    )


def statements() -> st.SearchStrategy[Statement]:
    """Return a strategy for all statements of the four kinds."""
    return st.one_of(
        st.builds(offer, engagement=ids, number=st.integers(1, LARGEST), developer=ids, evaluator=ids, terms=terms()),
        st.builds(agreement, engagement=ids, offer=digests, personnel=st.lists(ids, max_size=5)),
        st.builds(start, engagement=ids, agreement=digests),
        st.builds(admission, engagement=ids, agreement=digests, person=ids),
    )
