"""How urgent is this vulnerability on this asset, when most of the answers are missing?

About 88 % of real records carry no answer to "can it be automated?" and "how much
does the attacker gain?". What is known is never thrown away; what is guessed is
drawn as a guess; what is unknown is never shown as harmless. Every choice stands
in `data/policy.json`:

1. Every answer known, or the missing ones make no difference: the table decides.
2. Missing, in KEV: the CVSS vector decides; without one, a default. Forensic triage
   is then offered, never assumed.
3. Missing, not in KEV: 60 days, drawn as unknown; a guess from CVSS may only shorten it.
4. Never outside the range that the known answers leave open.
5. Strict: an organisation may count what is missing at its worst.
6. Already published at the node's first import: Backlog, without a date, unless it
   is in KEV and the asset is exposed.
"""

from itertools import product
from typing import Final

from watchbell.domain.priority.bod import Impact, Outcome, decide
from watchbell.domain.priority.cvss import Hints, hints
from watchbell.domain.priority.facts import Band, Because, Drawn, Exposure, Facts, Input, Inputs, Priority
from watchbell.domain.priority.policy import POLICY

_BANDS: Final = {
    Outcome.THREE_DAYS_AND_FORENSICS: Band.NOW,
    Outcome.THREE_DAYS: Band.NOW,
    Outcome.FOURTEEN_DAYS: Band.SOON,
    Outcome.SIXTY_DAYS: Band.LATER,
    Outcome.AT_UPGRADE: Band.AT_UPGRADE,
}


def assess(facts: Facts, *, strict: bool = False) -> Priority:
    """Return how urgent this is, the range it may lie in, and why.

    It never fails: a vector nobody can read is a missing one, and `inputs` says so.
    """
    inputs = _inputs(facts)
    possible = _possible(facts.in_kev, inputs.exposed, facts.automatable, facts.impact)
    low, high = possible[0], possible[-1]
    outcome, drawn, key = _chosen(inputs, low=low, high=high, strict=strict)
    band = _band(facts, inputs, outcome)
    forensics = outcome is Outcome.THREE_DAYS_AND_FORENSICS
    return Priority(
        outcome=outcome,
        low=low,
        high=high,
        drawn=drawn,
        band=band,
        due_days=None if band is Band.BACKLOG else POLICY.terms[outcome],
        forensics_required=forensics,
        forensics_offered=high is Outcome.THREE_DAYS_AND_FORENSICS and not forensics,
        would_be=_would_be(facts, outcome),
        reason=Because(key, (("outcome", outcome.value), ("low", low.value), ("high", high.value))),
        inputs=inputs,
    )


def outcome_of(inputs: Inputs, *, strict: bool = False) -> Outcome:
    """Return what `assess` makes of answers that were kept, such as those of a row, without looking them up again."""
    automatable, impact = inputs.automatable.published, inputs.impact.published
    known = automatable if isinstance(automatable, bool) else None
    gained = impact if isinstance(impact, Impact) else None
    possible = _possible(inputs.in_kev, inputs.exposed, known, gained)
    return _chosen(inputs, low=possible[0], high=possible[-1], strict=strict)[0]


def _inputs(facts: Facts) -> Inputs:
    """Return the table's answers: published before guessed, guessed before open."""
    guess, unreadable = _hints(facts.cvss_vector)
    counted = POLICY.unknown_counts_as_exposed if facts.exposed is Exposure.UNKNOWN else facts.exposed is Exposure.YES
    return Inputs(
        in_kev=facts.in_kev,
        exposed=counted,
        exposure=facts.exposed,
        automatable=_input(facts.automatable, guess.automatable),
        impact=_input(facts.impact, guess.impact),
        cvss_was_unreadable=unreadable,
    )


def _hints(vector: str | None) -> tuple[Hints, bool]:
    """Return what the vector suggests, and whether it could not be read."""
    if not vector:
        return Hints(), False
    try:
        return hints(vector), False
    except ValueError:
        return Hints(), True


def _input(published: bool | Impact | None, guessed: bool | Impact | None) -> Input:
    """Return one answer with how sure it is."""
    if published is not None:
        return Input(published, Drawn.KNOWN)
    return Input(guessed, Drawn.UNKNOWN if guessed is None else Drawn.DERIVED)


def _possible(kev: bool, exposed: bool, automatable: bool | None, impact: Impact | None) -> list[Outcome]:
    """Return every outcome these answers leave open, the most patient first."""
    automatables = (False, True) if automatable is None else (automatable,)
    impacts = tuple(Impact) if impact is None else (impact,)
    outcomes = {decide(kev, exposed, each, gain) for each, gain in product(automatables, impacts)}
    return sorted(outcomes, key=lambda outcome: outcome.urgency)


def _chosen(inputs: Inputs, *, low: Outcome, high: Outcome, strict: bool) -> tuple[Outcome, Drawn, str]:
    """Return the outcome, how sure it is, and the key of the sentence that says why."""
    if low is high:
        return low, Drawn.KNOWN, "known_in_kev" if inputs.in_kev else "known"
    if strict:
        return high, Drawn.UNKNOWN, "strict"
    default = _within(POLICY.default(in_kev=inputs.in_kev, exposed=inputs.exposed), low, high)
    guess = _guess(inputs)
    if inputs.in_kev:
        return (guess, Drawn.DERIVED, "in_kev_derived") if guess else (default, Drawn.UNKNOWN, "in_kev_unknown")
    if guess and guess.urgency > default.urgency:
        return guess, Drawn.DERIVED, "shortened"
    return default, Drawn.UNKNOWN, "unknown"


def _guess(inputs: Inputs) -> Outcome | None:
    """Return the table's outcome for the guessed answers, forensics only offered; None where one is open."""
    automatable, impact = inputs.automatable.value, inputs.impact.value
    if not isinstance(automatable, bool) or not isinstance(impact, Impact):
        return None
    outcome = decide(inputs.in_kev, inputs.exposed, automatable, impact)
    return POLICY.guessed.get(outcome, outcome)


def _within(outcome: Outcome, low: Outcome, high: Outcome) -> Outcome:
    """Return the outcome, or the end of the range that is nearest to it."""
    return min(max(outcome, low, key=_urgency), high, key=_urgency)


def _urgency(outcome: Outcome) -> int:
    """Return where an outcome stands, for comparing."""
    return outcome.urgency


def _band(facts: Facts, inputs: Inputs, outcome: Outcome) -> Band:
    """Return the place on the worklist; in KEV on an exposed asset is always NOW."""
    if facts.in_kev and inputs.exposed:
        return Band.NOW
    if facts.was_published_at_first_import and not (facts.in_kev and facts.listed_in_kev_since):
        return Band.BACKLOG
    return _BANDS[outcome]


def _would_be(facts: Facts, outcome: Outcome) -> Because | None:
    """Return, outside KEV, what the missing answers could make of this on an exposed asset."""
    missing = (facts.automatable is None, facts.impact is None)
    worst = _possible(False, True, facts.automatable, facts.impact)[-1]
    if facts.in_kev or not any(missing) or worst.urgency <= outcome.urgency:
        return None
    key = {(True, True): "would_be", (True, False): "would_be_automatable", (False, True): "would_be_total"}[missing]
    return Because(key, (("outcome", worst.value),))
