"""What does a check answer? Whether its property held, what was tried, and what broke it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checked:
    """One property and what came of trying to break it; `counterexample` is empty where it held."""

    id: str
    holds: bool
    tried: str
    counterexample: str = ""

    def as_mapping(self) -> dict[str, object]:
        """Return it as programs read it; a counterexample stands there only where there is one."""
        return {name: value for name, value in asdict(self).items() if name != "counterexample" or value}


class Broken(Exception):
    """The property does not hold; the text is a counterexample."""


def require(holds: object, otherwise: str) -> None:
    """Raise Broken with this counterexample unless it holds."""
    if not holds:
        raise Broken(otherwise)


def proves(name: str) -> Callable[[Callable[[T], str]], Callable[[T], Checked]]:
    """Return the check of one property: the function says what was tried, or raises Broken."""

    def checking(tries: Callable[[T], str]) -> Callable[[T], Checked]:
        @wraps(tries)
        def check(run: T) -> Checked:
            try:
                return Checked(name, True, tries(run))
            except Broken as broken:
                what = (tries.__doc__ or "").strip().splitlines()[0]
                return Checked(name, False, what, str(broken))

        return check

    return checking
