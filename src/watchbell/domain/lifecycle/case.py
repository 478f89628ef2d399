"""Who knows, who has fixed, and who attacks? The case state (CS): six facts that only ever become true.

Three belong to each vendor or deployer (vendor aware, fix ready, fix deployed: `Path`),
three to the whole case (public, exploit public, attacks: `World`). Source: CERT/CC
Vultron and "measuring CVD": together 32 states, 58 steps and 70 complete histories.
"""

from enum import StrEnum
from typing import Final

from watchbell.domain.lifecycle.machine import Machine, NotPossible
from watchbell.domain.sentence import Sentence


class Path(StrEnum):
    """How far one vendor and its users are; a capital letter is a fact that has come true."""

    UNAWARE = "vfd"
    AWARE = "Vfd"
    FIX_READY = "VFd"
    FIX_DEPLOYED = "VFD"


class PathEvent(StrEnum):
    """What comes true for one vendor."""

    VENDOR_AWARE = "vendor aware"
    FIX_READY = "fix ready"
    FIX_DEPLOYED = "fix deployed"


PATH: Final = Machine(
    name="fix",
    start=Path.UNAWARE,
    events=PathEvent,
    transitions={
        (Path.UNAWARE, PathEvent.VENDOR_AWARE): Path.AWARE,
        (Path.AWARE, PathEvent.FIX_READY): Path.FIX_READY,
        (Path.FIX_READY, PathEvent.FIX_DEPLOYED): Path.FIX_DEPLOYED,
    },
    explanations={
        (Path.UNAWARE, PathEvent.FIX_READY): "The vendor must know of the flaw before it can have a fix.",
        (Path.UNAWARE, PathEvent.FIX_DEPLOYED): "Nobody can deploy a fix that the vendor has not made.",
        (Path.AWARE, PathEvent.FIX_DEPLOYED): "Nobody can deploy a fix that is not ready.",
        PathEvent.VENDOR_AWARE: "The vendor knows already.",
        PathEvent.FIX_READY: "The fix was ready already.",
        PathEvent.FIX_DEPLOYED: "The fix was deployed already.",
    },
)


class World(StrEnum):
    """What everyone else knows; a capital letter is a fact that has come true."""

    QUIET = "pxa"
    ATTACKED = "pxA"
    EXPLOIT = "pXa"
    EXPLOIT_ATTACKED = "pXA"
    PUBLIC = "Pxa"
    PUBLIC_ATTACKED = "PxA"
    PUBLIC_EXPLOIT = "PXa"
    ALL = "PXA"

    @property
    def is_public(self) -> bool:
        """Return whether the flaw is public."""
        return "P" in self.value

    @property
    def has_public_exploit(self) -> bool:
        """Return whether an exploit is public."""
        return "X" in self.value

    @property
    def is_attacked(self) -> bool:
        """Return whether attacks have been seen."""
        return "A" in self.value


class WorldEvent(StrEnum):
    """What comes true for everyone."""

    PUBLIC = "public"
    EXPLOIT_PUBLIC = "exploit public"
    ATTACKS = "attacks"


WORLD: Final = Machine(
    name="case",
    start=World.QUIET,
    events=WorldEvent,
    transitions={
        (World.QUIET, WorldEvent.PUBLIC): World.PUBLIC,
        (World.QUIET, WorldEvent.EXPLOIT_PUBLIC): World.EXPLOIT,
        (World.QUIET, WorldEvent.ATTACKS): World.ATTACKED,
        (World.ATTACKED, WorldEvent.PUBLIC): World.PUBLIC_ATTACKED,
        (World.ATTACKED, WorldEvent.EXPLOIT_PUBLIC): World.EXPLOIT_ATTACKED,
        (World.EXPLOIT, WorldEvent.PUBLIC): World.PUBLIC_EXPLOIT,
        (World.EXPLOIT_ATTACKED, WorldEvent.PUBLIC): World.ALL,
        (World.PUBLIC, WorldEvent.EXPLOIT_PUBLIC): World.PUBLIC_EXPLOIT,
        (World.PUBLIC, WorldEvent.ATTACKS): World.PUBLIC_ATTACKED,
        (World.PUBLIC_ATTACKED, WorldEvent.EXPLOIT_PUBLIC): World.ALL,
        (World.PUBLIC_EXPLOIT, WorldEvent.ATTACKS): World.ALL,
    },
    explanations={
        (World.EXPLOIT, WorldEvent.ATTACKS): "A public exploit makes the flaw public: record that first.",
        WorldEvent.PUBLIC: "It is public already.",
        WorldEvent.EXPLOIT_PUBLIC: "An exploit is public already.",
        WorldEvent.ATTACKS: "Attacks are on record already.",
    },
)


def step(path: Path, world: World, event: PathEvent | WorldEvent) -> tuple[Path, World]:
    """Return both halves of the case state after this event.

    A vendor cannot stay unaware of what is public, so its awareness is recorded next; and a
    public exploit makes the flaw public before anything else. Raises NotPossible otherwise.
    """
    instead = tuple(each.value for each in possible(path, world))
    if event.value not in instead and (owed := _owed(path, world)) is not None:
        raise NotPossible(
            Sentence(
                "'{event}' cannot be recorded yet: '{owed}' comes first.",
                event=Sentence(event.value),
                owed=Sentence(owed.value),
            ),
            instead=instead,
        )
    if isinstance(event, PathEvent):
        return PATH.next(path, event), world
    return path, WORLD.next(world, event)


def possible(path: Path, world: World) -> tuple[PathEvent | WorldEvent, ...]:
    """Return every event that may come true next."""
    owed = _owed(path, world)
    return (owed,) if owed is not None else (*PATH.possible(path), *WORLD.possible(world))


def _owed(path: Path, world: World) -> PathEvent | WorldEvent | None:
    """Return the one fact that must be recorded before any other, if there is one."""
    if world.has_public_exploit and not world.is_public:
        return WorldEvent.PUBLIC
    if world.is_public and path is Path.UNAWARE:
        return PathEvent.VENDOR_AWARE
    return None
