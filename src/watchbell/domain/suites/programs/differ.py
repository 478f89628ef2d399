"""Give one input to two builds of a parser and say of each: did it hold, refuse, or break?

Run in the sandbox beside `fixed.py`, `flawed.py` and `input.bin`; all three are data to us, and no code of a model's is
among them. The corrected build goes first. The output is one line, "fixed WORD flawed WORD". A build breaks when it
raises anything but its own `Malformed`, returns a value that does not hold, or runs through more lines than any honest
input of that size needs.
"""

import sys
from types import FrameType
from typing import Any

LINES = 400_000


class TooManyLines(BaseException):
    """The parser ran through more lines than it may."""


def built(source: str) -> dict[str, Any]:
    """Return the names a build defines."""
    space: dict[str, Any] = {"__name__": "build"}
    exec(compile(source, "build.py", "exec"), space)  # noqa: S102 - what this program is for
    return space


def outcome(space: dict[str, Any], data: bytes) -> str:
    """Return "held", "refused" or "broken": what this build makes of the input."""
    try:
        return "held" if space["holds"](data, space["parse"](data)) is True else "broken"
    except space["Malformed"]:
        return "refused"
    except (Exception, TooManyLines):
        return "broken"


def bounded(most: int) -> Any:
    """Return a trace that ends a build after this many lines."""
    left = [most]

    def trace(frame: FrameType, event: str, told: Any) -> Any:
        left[0] -= event == "line"
        if left[0] < 0:
            raise TooManyLines
        return trace

    return trace


def main() -> None:
    """Print what became of both builds."""
    with open("input.bin", "rb") as file:
        data = file.read()
    said = []
    for name in ("fixed", "flawed"):
        with open(f"{name}.py", encoding="utf-8") as text:
            space = built(text.read())
        sys.settrace(bounded(LINES))
        word = outcome(space, data)
        sys.settrace(None)
        said += [name, word]
    sys.stdout.write(" ".join(said) + "\n")


if __name__ == "__main__":
    main()
