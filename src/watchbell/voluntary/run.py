"""What do the checks of one run share? A scratch node's moment and dice, and what is looked at once for several."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from watchbell.outside.keystore import Keystore
from watchbell.voluntary.cast import THIRD_PARTIES, gather
from watchbell.voluntary.keystore import MemoryKeystore
from watchbell.voluntary.stage import NOON, Stage, give_pens, node_keys
from watchbell.voluntary.tables import undone

LOOKERS = {
    "active": ("evaluator", *THIRD_PARTIES),
    "never": (*THIRD_PARTIES, "bank"),
    "offered": ("coordinator", "stranger", "public"),
    "withdrawn": ("coordinator", "hospital", "public"),
    "declined": ("vendor",),
    "left": ("hospital", "bank"),
    "covered": ("lab", "evaluator"),
    "not covered": ("lab", "coordinator"),
}
"""Who looks around in which world."""


@dataclass
class Run:
    """One run of checks in a scratch node whose folder is `home`.

    The walk through all states begins at `begins`. `lookers` look around in each world. `only` names the properties
    that are asked for: what several share is looked at for these alone. `seen` holds what was looked at already.
    """

    home: Path
    only: frozenset[str] = frozenset()
    begins: str = "draft"
    seed: int = 14409
    lookers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(LOOKERS))
    seen: dict[str, Any] = field(default_factory=dict)

    def dice(self) -> random.Random:
        """Return dice that fall the same in every run."""
        return random.Random(self.seed)  # noqa: S311 (the same walk every time)

    def asks_for(self, name: str) -> bool:
        """Return whether this property is asked for."""
        return not self.only or name in self.only

    @contextmanager
    def stage(self, *, now: datetime = NOON, keys: Keystore | None = None) -> Iterator[Stage]:
        """Yield an empty stage on which everybody stands; the database is afterwards as it was."""
        with undone():
            yield self.set_up(now=now, keys=keys)

    def set_up(self, *, now: datetime = NOON, keys: Keystore | None = None) -> Stage:
        """Return a stage on which everybody stands."""
        rng = self.dice()
        keys = MemoryKeystore(rng) if keys is None else keys
        node_keys(keys)
        stage = Stage(gather(now, rng), keys, rng, now)
        give_pens(stage)
        return stage
