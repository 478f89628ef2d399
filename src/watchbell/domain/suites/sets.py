"""Which items make up a set, and how can others check later that it was this set? Commitment, digests, canary."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from watchbell.domain.canonical import digest as canonical_digest
from watchbell.domain.records import record
from watchbell.domain.suites.canary import headed
from watchbell.domain.suites.suite import LEVELS, Item, Suite

PUBLIC_SEED: Final = sha256(b"watchbell public development set").digest()
"""For trying things out. Its items are everybody's, so a score on them shows nothing."""

SEED_BYTES: Final = 32
"""Of a seed and of a salt: with both of one length, two different pairs never have the same commitment."""


class NotAPlan(ValueError):
    """A plan names what its suite does not have, or nothing at all; the text says what."""


@record(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which items of one suite: each of these families at each of these levels, `numbers` times."""

    suite: str
    families: tuple[str, ...]
    levels: tuple[int, ...] = LEVELS
    numbers: int

    def checked(self, suite: Suite) -> "Plan":
        """Return the plan. Raises NotAPlan where it does not fit this suite."""
        unknown = [name for name in self.families if name not in suite.FAMILIES]
        missing = [str(level) for level in self.levels if level not in LEVELS]
        twice = len(set(self.families)) < len(self.families) or len(set(self.levels)) < len(self.levels)
        if self.suite != suite.NAME:
            raise NotAPlan(f"The plan is for {self.suite}, and not for {suite.NAME}.")
        if unknown or missing:
            raise NotAPlan(f"{suite.NAME} has no {', '.join((*unknown, *missing))}.")
        if twice or not self.families or not self.levels or self.numbers < 1:
            raise NotAPlan("Name at least one family, one level and one item of each, none of them twice.")
        return self


def whole(suite: Suite, numbers: int) -> Plan:
    """Return the plan with every family and every level of a suite."""
    return Plan(suite=suite.NAME, families=suite.FAMILIES, numbers=numbers)


def items_of(plan: Plan, suite: Suite, seed: bytes) -> tuple[Item, ...]:
    """Return the items of a plan, by family, level and number, each prompt under the set's canary. Raises NotAPlan.

    An item that asks for the canary itself comes without it: its truth says `without_header`.
    """
    plan.checked(suite)
    cells = [(name, level, at) for name in plan.families for level in plan.levels for at in range(plan.numbers)]
    return tuple(item_of(suite, seed, *cell) for cell in cells)


def item_of(suite: Suite, seed: bytes, family: str, level: int, number: int) -> Item:
    """Return one item of the set that grows from this seed, as a model is asked it."""
    item = suite.generate(seed, family, level, number)
    return item if item.truth.get("without_header") else replace(item, prompt=headed(seed, item.prompt))


def commitment(seed: bytes, salt: bytes) -> str:
    """Return SHA-256(seed || salt) in hexadecimal, which can be told to everybody before the set is used.

    Raises ValueError where one of them is not 32 bytes long.
    """
    if len(seed) != SEED_BYTES or len(salt) != SEED_BYTES:
        raise ValueError(f"A seed and a salt have {SEED_BYTES} bytes each.")
    return sha256(seed + salt).hexdigest()


def opens(told: str, seed: bytes, salt: bytes) -> bool:
    """Return whether this seed and this salt are what the commitment was made from."""
    return compare_digest(told.encode(), commitment(seed, salt).encode())


def digest(items: Iterable[Item]) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON of every item, truth included, in this order."""
    return canonical_digest([_as_mapping(item) for item in items]).hex()


def generator_digest(sources: Mapping[str, bytes]) -> str:
    """Return the SHA-256, in hexadecimal, of the source files of the suites: each by its name and its bytes."""
    return canonical_digest({name: sha256(held).hexdigest() for name, held in sources.items()}).hex()


def _as_mapping(item: Item) -> dict[str, Any]:
    tools = [{"name": one.name, "description": one.description, "parameters": one.parameters} for one in item.tools]
    return {"name": item.name, "prompt": item.prompt, "tools": tools, "truth": item.truth}
