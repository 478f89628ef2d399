"""Which constraints does free text on versions hold: "All versions < V8.1 SP3", "2.3.6 and below", "1.0 to 1.4"?

Vendors write ranges as sentences. Each rule here turns one way of writing into the
operators <, <=, >, >=, =, !=; what is left over afterwards is not understood, never guessed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 500
"""Longest text read, in characters; every rule's work grows in step with it."""


class Op(StrEnum):
    """How a version bounds a range."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    IS = "="
    IS_NOT = "!="


@dataclass(frozen=True, slots=True)
class Constraint:
    """One operator and the version it holds for, as written."""

    op: Op
    version: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says: constraints, or every version; `condition` is what it asks for besides the version."""

    constraints: tuple[Constraint, ...] = ()
    everything: bool = False
    condition: str = ""


_PART = r"[^\s<>=|,;]+"
_ADDED = r"(?:SP|HF|UPD|Update|Patch|Build|Rev|R|SR|MR|Hotfix|Service\s+Pack)[\s._]*[0-9][^\s<>=|,;]*"
_VERSION = rf"({_PART}(?:\s+{_ADDED})*)"
_AND = r"\s+(?:(?:and|or)\s+)?(?:all\s+)?"
_REWRITES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"≤|=<", "<="),
        (r"≥|=>", ">="),
        (r"[\"'`“”‘’]", ""),
        (r"[–—]", "-"),
        (r"\b(?:all|any)\s+(?:[a-z]+\s+){0,2}(?:versions?|releases?)\b", " "),
        (r"(\A|[<>=|,;&]|\b(?:and|or)\b)\s*(?:(?:firmware|versions?)\s+)+", r"\1 "),
        (r"\s(?:versions?)\s*(?=\Z|[<>=|,;&)])", " "),
        (r"\b(?:(?:up\s+)?to|prior\s+to|before)\s+(?:and|or)\s+(?:including|equal\s+to)\b|\bup\s+to\b", "<="),
        (r"\bless\s+than\s+or\s+equal\s+to\b", "<="),
        (r"\bgreater\s+than\s+or\s+equal\s+to\b", ">="),
        (r"\b(?:prior\s+to|before|(?:earlier|older|lower|less)\s+than|below(?=\s+v?[0-9]))\b", "<"),
        (r"\b(?:after|(?:later|newer|greater|higher)\s+than|above(?=\s+v?[0-9]))\b", ">"),
        (rf"{_VERSION}{_AND}(?:below|earlier|prior|older|lower|previous)\b", r"<= \1 "),
        (rf"{_VERSION}{_AND}(?:later|above|newer|higher|greater|onwards?|up)\b", r">= \1 "),
        (r"\b(?:from|since|starting\s+(?:with|from|at))\b", ">="),
        (rf"\bbetween\s+{_VERSION}\s+and\s+{_VERSION}", r">= \1 <= \2"),
        (rf"(?:>=\s*)?{_VERSION}\s+(?:through|thru|to|until|-)\s+{_VERSION}", r">= \1 <= \2"),
        (r"\b(v[0-9]+)-(v[0-9]+)\b", r">= \1 <= \2"),
    )
)
_EVERYTHING = frozenset({"", "*", "all", "any", "vers:all/*", "0 < *", ">= 0", ">=0"})
_CONDITION = re.compile(
    r"\b(?:only|if|when|where|with|without|in|using|used|installed|on|for|except|unless|that)\b",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s*(?:[|,;&]|\band\b|\bor\b)\s*", re.IGNORECASE)
_OPERATOR = re.compile(r"(<=|>=|!=|==?|<|>)")


def understood(text: str) -> Said | None:
    """Return what the text says, or None when a part of it is not understood."""
    words = " ".join(text.split())
    if len(words) > LONGEST_TEXT:
        return None
    for pattern, replacement in _REWRITES:
        words = pattern.sub(replacement, words)
    words = " ".join(words.split())
    asked = _CONDITION.search(words)
    condition, words = (words[asked.start() :], words[: asked.start()].rstrip(" (")) if asked else ("", words)
    if words.casefold() in _EVERYTHING:
        return Said(everything=True, condition=condition)
    constraints: list[Constraint] = []
    for piece in _SEPARATOR.split(words):
        found = _constraints(piece)
        if found is None:
            return None
        constraints += found
    return Said(tuple(constraints), condition=condition) if constraints else None


def _constraints(piece: str) -> list[Constraint] | None:
    """Return the constraints of one piece; "1.0 < 2.0" is from 1.0 to below 2.0."""
    if not piece:
        return []
    first, *rest = (part.strip() for part in _OPERATOR.split(piece))
    pairs = [(Op("=" if op == "==" else op), version) for op, version in zip(rest[::2], rest[1::2], strict=True)]
    if any(not version for _, version in pairs):
        return None
    found = [Constraint(op, version) for op, version in pairs]
    if not first:
        return found
    if not found:
        return [Constraint(Op.IS, first)]
    if len(found) == 1 and found[0].op in (Op.BELOW, Op.AT_MOST):
        return [Constraint(Op.AT_LEAST, first), *found]
    return None


def of_vers(constraints: Iterable[str]) -> list[Constraint] | None:
    """Return the constraints of a `vers:` range, already split and decoded; None when one has no version."""
    found = []
    for one in constraints:
        match = _OPERATOR.match(one)
        op = match[1] if match else "="
        version = one[match.end() :].strip() if match else one.strip()
        if not version:
            return None
        found.append(Constraint(Op("=" if op == "==" else op), version))
    return found
