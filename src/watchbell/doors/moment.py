"""What time is it, and where does chance come from? The one place where clock and dice enter."""

import random
from datetime import UTC, datetime

from watchbell.domain.identity import Dice

_system: Dice = random.SystemRandom()


def now() -> datetime:
    """Return this instant, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 (this is the entrance)


def dice() -> Dice:
    """Return the source of randomness: the operating system's."""
    return _system
