"""What do terms say, one thing at a time, and when do they reach further than others? A table, in its reading order.

Each aspect has its words, in English, for the developer's counsel ("you" are the developer), and what it is compared
by: a number, a set, or, where neither version reaches further than the other, just the value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from watchbell.domain.metering import Dialect
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms.terms import EvidenceOnWithdrawal, Kept, Routing, Safeguards, Terms

Measure = int | float | str | frozenset[str] | tuple[object, ...]


class Kind(Enum):
    """How two values of an aspect compare."""

    REACH = auto()
    """The larger one lets others reach further into what is the developer's."""
    PROMISE = auto()
    """The larger one is more that the developer may do, so a smaller promise."""
    NEITHER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aspect:
    """One thing that terms settle.

    `says` is what they say of it, without what `adds` explains about every such value; `words` are
    those for the members of a set that are not names.
    """

    heading: Sentence
    says: Callable[[Terms], Sentence]
    measure: Callable[[Terms], Measure]
    adds: Sentence | None = None
    kind: Kind = Kind.REACH
    words: Mapping[str, Sentence] = field(default_factory=dict)


_NO_BOUND: Final = Sentence("No bound")
_UNBOUNDED: Final = float("inf")
_MILLION: Final = 1_000_000
_GROUPS: Final = "\N{NO-BREAK SPACE}"
"""Between groups of three digits: the one separator that no language reads as a decimal sign (ISO 80000-1)."""

_SAFEGUARDS: Final = {
    Safeguards.AS_RELEASED: Sentence("With the safeguards it is to be released with"),
    Safeguards.REDUCED: Sentence("With fewer safeguards than it is to be released with"),
    Safeguards.REMOVED: Sentence("With its safeguards removed"),
}
_ON_WITHDRAWAL: Final = {
    EvidenceOnWithdrawal.DESTROY_AT_ONCE: Sentence("Destroyed at once"),
    EvidenceOnWithdrawal.KEEP_TO_ITS_DATE: Sentence("Kept to its date, as if the window had ended then"),
}
_ROUTES: Final = {
    Routing.RETURN_TO_LAB: Sentence("They come back to you alone"),
    Routing.ROUTE_ANONYMISED: Sentence(
        "They go to coordinated disclosure, which names neither you nor this engagement"
    ),
    Routing.ROUTE_TO_CVD: Sentence("They go to coordinated disclosure, which may name your model as what found them"),
}
_DIALECTS: Final[dict[str, Sentence]] = {
    Dialect.CHAT: Sentence("chat completions"),
    Dialect.RESPONSES: Sentence("responses"),
    Dialect.MESSAGES: Sentence("messages"),
    Dialect.MODELS: Sentence("the list of models"),
}
_KEPT: Final[dict[str, Sentence]] = {
    Kept.SCORES: Sentence("the scores"),
    Kept.SAMPLE_TABLE: Sentence("the table of samples without their text"),
    Kept.REPORT: Sentence("the report"),
}


def count(number: int) -> str:
    """Return a number that can be read at a glance, in any language."""
    return f"{number:,}".replace(",", _GROUPS)


def money(millionths: int, currency: str) -> str:
    """Return an amount with its currency: two decimals, or as many more as it has."""
    whole, rest = divmod(millionths, _MILLION)
    decimals = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{count(whole)}.{decimals} {currency}".strip()


def span(hours: int) -> Sentence:
    """Return a length of time in days and hours."""
    days, rest = divmod(hours, 24)
    if not days:
        return Sentence("one hour") if rest == 1 else Sentence("{hours} hours", hours=rest)
    in_days = Sentence("one day") if days == 1 else Sentence("{days} days", days=days)
    return Sentence("{days} and {hours}", days=in_days, hours=span(rest)) if rest else in_days


def _at_most(most: int | None) -> Sentence:
    return _NO_BOUND if most is None else Sentence("At most {most}", most=count(most))


def _or_unbounded(most: int | None) -> float:
    return _UNBOUNDED if most is None else most


def _people(terms: Terms) -> Sentence:
    most = terms.personnel_at_most
    return Sentence("One person at most") if most == 1 else Sentence("{most} people at most", most=count(most))


def _models(terms: Terms) -> Sentence:
    return Sentence("Only {models}", models=terms.models)


def _version(terms: Terms) -> Sentence:
    return Sentence("The version whose SHA-256 is {digest}", digest=terms.model_digest)


def _interfaces(terms: Terms) -> Sentence:
    return Sentence("Through {interfaces}", interfaces=tuple(_DIALECTS[one] for one in terms.dialects))


def _hours(terms: Terms) -> Sentence:
    return Sentence("{span} at most, counted from your start", span=span(terms.hours))


def _cost(terms: Terms) -> Sentence:
    cost = terms.limits.cost
    return _NO_BOUND if cost is None else Sentence("At most {money}", money=money(cost, terms.limits.currency))


def _prices(terms: Terms) -> Sentence:
    prices, currency = terms.limits.prices, terms.limits.currency
    if not (currency or prices.input_per_million or prices.output_per_million):
        return Sentence("Nothing: no prices are named")
    read, written = (money(one, currency) for one in (prices.input_per_million, prices.output_per_million))
    return Sentence("{read} for a million tokens read, {written} for a million written", read=read, written=written)


def _egress(terms: Terms) -> Sentence:
    if not terms.egress:
        return Sentence("Nothing but the gateway to your model")
    return Sentence("The gateway to your model, and {hosts}", hosts=terms.egress)


def _opened(terms: Terms) -> Sentence:
    most = count(terms.limits.opened_a_day)
    return Sentence("When one person opens material more than {most} times in a day", most=most)


def _evidence(terms: Terms) -> Sentence:
    if not terms.evidence_days:
        return Sentence("Not kept beyond the window")
    return Sentence("Kept for {span} after the window", span=span(24 * terms.evidence_days))


def _kept(terms: Terms) -> Sentence:
    if not terms.kept_after_end:
        return Sentence("Nothing at all")
    return Sentence("Only {kept}", kept=tuple(_KEPT[one] for one in terms.kept_after_end))


def _paper(terms: Terms) -> Sentence:
    if not terms.paper_agreement:
        return Sentence("None: these terms are all there is")
    return Sentence("The one whose SHA-256 is {digest} governs", digest=terms.paper_agreement)


def _trains(terms: Terms) -> Sentence:
    if terms.bargain.trains_on_prompts:
        return Sentence("You may train on what evaluators send")
    return Sentence("You do not train on what evaluators send")


def _retains(terms: Terms) -> Sentence:
    if terms.bargain.retains_prompts:
        return Sentence("You may keep what evaluators send")
    return Sentence("You do not keep what evaluators send")


def _staff(terms: Terms) -> Sentence:
    if terms.bargain.staff_read_prompts:
        return Sentence("Your staff may read what evaluators send")
    return Sentence("Your staff do not read what evaluators send")


ASPECTS: Final = (
    Aspect(
        heading=Sentence("Who may use it"),
        says=_people,
        adds=Sentence("The evaluator names them; each is let in by your signature alone"),
        measure=lambda terms: terms.personnel_at_most,
    ),
    Aspect(
        heading=Sentence("Which models"),
        says=_models,
        adds=Sentence("What is not named here is out of scope"),
        measure=lambda terms: frozenset(terms.models),
    ),
    Aspect(
        heading=Sentence("Which version"), says=_version, measure=lambda terms: terms.model_digest, kind=Kind.NEITHER
    ),
    Aspect(
        heading=Sentence("Through which interfaces"),
        says=_interfaces,
        measure=lambda terms: frozenset(one.value for one in terms.dialects),
        words=_DIALECTS,
    ),
    Aspect(
        heading=Sentence("Safeguards"),
        says=lambda terms: _SAFEGUARDS[terms.safeguards],
        measure=lambda terms: list(_SAFEGUARDS).index(terms.safeguards),
    ),
    Aspect(
        heading=Sentence("How long"),
        says=_hours,
        adds=Sentence("It may end earlier, never later, and does not renew itself"),
        measure=lambda terms: terms.hours,
    ),
    Aspect(
        heading=Sentence("Calls in the whole window"),
        says=lambda terms: _at_most(terms.limits.requests),
        measure=lambda terms: _or_unbounded(terms.limits.requests),
    ),
    Aspect(
        heading=Sentence("Tokens in the whole window"),
        says=lambda terms: _at_most(terms.limits.tokens),
        measure=lambda terms: _or_unbounded(terms.limits.tokens),
    ),
    Aspect(
        heading=Sentence("Cost in the whole window"),
        says=_cost,
        measure=lambda terms: _or_unbounded(terms.limits.cost),
    ),
    Aspect(
        heading=Sentence("What is counted as cost"),
        says=_prices,
        measure=lambda terms: (
            terms.limits.currency,
            terms.limits.prices.input_per_million,
            terms.limits.prices.output_per_million,
        ),
        kind=Kind.NEITHER,
    ),
    Aspect(
        heading=Sentence("Calls in a minute"),
        says=lambda terms: _at_most(terms.limits.per_minute),
        measure=lambda terms: _or_unbounded(terms.limits.per_minute),
    ),
    Aspect(
        heading=Sentence("Calls at one time"),
        says=lambda terms: _at_most(terms.limits.at_once),
        measure=lambda terms: _or_unbounded(terms.limits.at_once),
    ),
    Aspect(
        heading=Sentence("What the evaluators' tools may reach"),
        says=_egress,
        measure=lambda terms: frozenset(terms.egress),
    ),
    Aspect(
        heading=Sentence("Training on prompts"),
        says=_trains,
        measure=lambda terms: int(terms.bargain.trains_on_prompts),
        kind=Kind.PROMISE,
    ),
    Aspect(
        heading=Sentence("Keeping prompts"),
        says=_retains,
        measure=lambda terms: int(terms.bargain.retains_prompts),
        kind=Kind.PROMISE,
    ),
    Aspect(
        heading=Sentence("Reading prompts"),
        says=_staff,
        measure=lambda terms: int(terms.bargain.staff_read_prompts),
        kind=Kind.PROMISE,
    ),
    Aspect(
        heading=Sentence("When you are alerted"),
        says=_opened,
        adds=Sentence("Every opening is in a log that you can read and verify"),
        measure=lambda terms: terms.limits.opened_a_day,
    ),
    Aspect(
        heading=Sentence("Evidence after the end"),
        says=_evidence,
        adds=Sentence("Then its key is destroyed, and no backup opens it"),
        measure=lambda terms: terms.evidence_days,
    ),
    Aspect(
        heading=Sentence("Evidence when you withdraw"),
        says=lambda terms: _ON_WITHDRAWAL[terms.evidence_on_withdrawal],
        adds=Sentence("Access to your model ends at once in any case"),
        measure=lambda terms: list(_ON_WITHDRAWAL).index(terms.evidence_on_withdrawal),
    ),
    Aspect(
        heading=Sentence("What stays after that"),
        says=_kept,
        measure=lambda terms: frozenset(one.value for one in terms.kept_after_end),
        words=_KEPT,
    ),
    Aspect(
        heading=Sentence("Flaws found in other people's software"),
        says=lambda terms: _ROUTES[terms.routing],
        measure=lambda terms: list(_ROUTES).index(terms.routing),
    ),
    Aspect(
        heading=Sentence("Agreement on paper"),
        says=_paper,
        measure=lambda terms: terms.paper_agreement,
        kind=Kind.NEITHER,
    ),
)
"""Everything terms can differ in: two that differ, differ in one of these."""
