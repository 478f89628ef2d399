"""What was recognised, what to ask a person once, and what the answer changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from watchbell.domain.matching.equipment.catalogue import Listed
from watchbell.domain.matching.equipment.machine import Machine
from watchbell.domain.matching.equipment.words import NOISE, atoms, without_versions
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Outcome, Reason, Status
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.sentence import Sentence

_SAID_BY_EACH = Sentence("each match says why")


class Answer(StrEnum):
    """What a person says to "Is this ...?"."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Match:
    """One product of one record that a machine may be.

    `judged` is how the machine stands if it is that product; `key` names the question, for
    every machine of the same type and whichever record names the product again.
    """

    listed: Listed
    tier: Tier
    because: Sentence
    judged: Outcome
    key: str
    question: Sentence | None = None

    @property
    def outcome(self) -> Outcome:
        """Return how the machine stands; a match that is only possible never makes it safe."""
        if self.tier is not Tier.POSSIBLE or self.judged.status in (Status.AFFECTED, Status.CANNOT_TELL):
            return self.judged
        why = Sentence("it would stand outside the range, but whether it is this product is not known")
        return Outcome(Status.CANNOT_TELL, why, Reason.NO_PACKAGE_IDENTITY)


@dataclass(frozen=True, slots=True)
class Recognition:
    """All matches, the surest first; `left_out` counts possible ones not shown, `declined` what a person said no to.

    Without a match `because` says why; that is "cannot tell", never "not affected". `version` is the one the
    line gives, in a column of its own or among its words, "" when it gives none.
    """

    matches: tuple[Match, ...]
    left_out: int = 0
    because: Sentence = _SAID_BY_EACH
    declined: tuple[Match, ...] = ()
    version: str = ""

    @property
    def tier(self) -> Tier:
        """Return the surest tier reached."""
        return self.matches[0].tier if self.matches else Tier.CANNOT_TELL


def match_of(machine: Machine, listed: Listed, tier: Tier, why: Sentence, version: str) -> Match:
    """Return the match with its outcome, and with a question when it is only possible."""
    question = Sentence("Is this {product}?", product=listed.product.shown) if tier is Tier.POSSIBLE else None
    return Match(listed, tier, why, _judged(listed, version), key_of(machine, listed), question)


def with_answers(recognition: Recognition, answers: Mapping[str, Answer]) -> Recognition:
    """Return the recognition after what people said, as `tier_after` has it; what they set aside stays visible.

    Whoever is unsure is not asked again, and the match stays possible.
    """
    kept: list[Match] = []
    declined = list(recognition.declined)
    for match in recognition.matches:
        answer = answers.get(match.key)
        after = tier_after(match.tier, answer)
        if answer is None:
            kept.append(match)
        elif after is None:
            declined.append(replace(match, question=None))
        elif after is match.tier:
            kept.append(replace(match, question=None))
        else:
            why = Sentence("a person said that it is this product")
            kept.append(replace(match, tier=after, because=why, question=None))
    kept.sort(key=lambda one: list(Tier).index(one.tier))
    why = _SAID_BY_EACH if kept else Sentence("a person said that it is none of the products found")
    return replace(
        recognition, matches=tuple(kept), declined=tuple(declined), because=why if declined else recognition.because
    )


def tier_after(tier: Tier, answer: Answer | None) -> Tier | None:
    """Return how sure it is after what a person said: yes makes what is possible probable, no ends any (None)."""
    if answer is Answer.NO:
        return None
    return Tier.PROBABLE if tier is Tier.POSSIBLE and answer is Answer.YES else tier


def key_of(machine: Machine, listed: Listed) -> str:
    """Return the name of the question: this type of machine in any version, and this product in any record."""
    product = listed.product
    return type_of(machine) + _digest(product.vendor, listed.name, *product.model_numbers)


def type_of(machine: Machine) -> str:
    """Return the name of the type a machine is of: what is said of it, in any spelling and without its version."""
    named = f"{machine.product} {machine.model}"
    return _digest(machine.vendor, without_versions(named if named.strip() else machine.text))


@lru_cache(maxsize=8192)
def _digest(*texts: str) -> str:
    said = "|".join(" ".join(sorted(set(atoms(text)) - NOISE)) for text in texts)
    return sha256(said.encode()).hexdigest()[:20]


def _judged(listed: Listed, version: str) -> Outcome:
    """Return the worst that any flaw of the record means: affected, then cannot tell, then fixed, then not affected."""
    worst = (Status.AFFECTED, Status.CANNOT_TELL, Status.FIXED, Status.NOT_AFFECTED)
    if not version:
        why = Sentence(
            "{record} names the product; whether its version is affected cannot be told", record=listed.record
        )
        return Outcome(Status.CANNOT_TELL, why, Reason.NO_VERSION)
    outcomes = [judge(version, one, record=listed.record) for one in listed.ranges]
    return min(outcomes, key=lambda one: worst.index(one.status))
