"""Where in a model's text is its answer? In the last fenced part, read as CommonMark reads fences, and nowhere else."""

import re
from typing import Final

from watchbell.domain.records import record

MOST: Final = 400_000
"""Characters; a longer text holds no answer."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\n]*?)[ \t]*")


@record(frozen=True, slots=True, kw_only=True)
class Fenced:
    """One fenced part: the word after its opening fence, in small letters, and the lines inside."""

    label: str
    text: str


def last(text: str) -> Fenced | None:
    """Return the last fenced part of a text, or None; one that nobody closed goes on to the end."""
    if len(text) > MOST:
        return None
    found: tuple[str, list[str]] | None = None
    mark = ""
    for line in text.replace("\r\n", "\n").split("\n"):
        fence = _FENCE.fullmatch(line)
        if mark and found is not None:
            if fence and fence[1].startswith(mark) and not fence[2]:
                mark = ""
            else:
                found[1].append(line)
        elif fence and not (fence[1][0] == "`" and "`" in fence[2]):
            mark, found = fence[1], (fence[2], [])
    if found is None:
        return None
    words = found[0].split()
    return Fenced(label=words[0].lower() if words else "", text="\n".join(found[1]))


def program(text: str) -> bytes | None:
    """Return the Python source of an answer as bytes, or None where there is none; what is no character becomes "?"."""
    part = last(text)
    if part is None or not part.text.strip():
        return None
    return (part.text + "\n").encode("utf-8", "replace")


def shown(text: str, label: str = "python") -> str:
    """Return a text between fences that nothing inside can close."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{label}\n{text.rstrip(chr(10))}\n{fence}"
