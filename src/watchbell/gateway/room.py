"""How much may everybody's bodies take together?"""

from collections.abc import Iterator
from contextlib import contextmanager

from watchbell.gateway.told import refusing


class Room:
    """So many bytes of memory, for all calls of a process together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def part(self) -> Iterator["Part"]:
        """This will give back what was taken when the context ends."""
        one = Part(self)
        try:
            yield one
        finally:
            self._held -= one.size

    def take(self, size: int) -> None:
        """This will take some of the room. Raises Refusing when there is not enough."""
        self._held += size
        if self._held > self._most:
            raise refusing(503, "gateway-busy", "Too much is on its way at once.", retry_after=1)


class Part:
    """What one body takes."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def take(self, size: int) -> None:
        """This will take some more. Raises Refusing when there is not enough for all."""
        self.size += size
        self._room.take(size)
