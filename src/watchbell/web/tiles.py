"""What waits for this person? The home page's tiles, which the rooms' pages register, each behind its policy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from watchbell.domain.handling import Actor
from watchbell.doors.policy import Policy
from watchbell.web.states import State

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: what it is, one sentence, where to go, and where it helps a figure and a state."""

    title: Words
    text: Words
    url: str
    deed: Words
    figure: str = ""
    state: State | None = None


Builder = Callable[[Actor, datetime], Tile | None]
_registered: list[tuple[int, str, Policy, Builder]] = []


def tile(policy: Policy, *, order: int) -> Callable[[Builder], Builder]:
    """Return a decorator that registers a tile for those the policy admits; smaller orders come first.

    A builder may return None when there is nothing to say.
    """

    def register(builder: Builder) -> Builder:
        _registered.append((order, f"{builder.__module__}.{builder.__qualname__}", policy, builder))
        _registered.sort(key=lambda row: row[:2])
        return builder

    return register


def tiles_for(actor: Actor, *, now: datetime) -> list[Tile]:
    """Return the tiles this actor has today, in order."""
    built = (builder(actor, now) for _, _, policy, builder in _registered if policy.admits(actor))
    return [one for one in built if one is not None]
