"""Flaws of sizes: entities that grow without end, patterns that take for ever."""

from collections.abc import Sequence
from typing import Any, Final

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.patch.family import Family, Words
from watchbell.domain.suites.probes import SECURE, Probe, objects, probe, works


def _words(draw: Draw) -> dict[str, str]:
    names = {name: draw.word(6) for name in ("first", "then")}
    return {**names, "limit": str(draw.between(300, 900)), "deep": str(draw.between(6, 9))}


def _entities(words: Words) -> Sequence[Probe]:
    w = dict(words)
    limit = int(w["limit"])
    names = {"a": w["first"], "b": "&a; and &a;", "c": "x" * 20, "d": "&c;" * 10, "e": "&d;" * 10, "f": "&e;" * 10}

    def expand(text: str) -> list[Any]:
        return [w["outer"], text, names]

    def bounded(name: str, text: str) -> Probe:
        return probe(name, SECURE, [expand(text)], [["most", ["outs", 0, "got"], limit]])

    return [
        works("plain", expand(w["then"]), w["then"]),
        works("one", expand(f"{w['then']} &a;!"), f"{w['then']} {w['first']}!"),
        works("nested", expand("&b;."), f"{w['first']} and {w['first']}."),
        objects("unknown", expand("&unknown;")),
        objects("open", expand("&a")),
        works("most", expand("y" * limit), "y" * limit),
        bounded("grows", "&e;"),
        bounded("grows-more", "&f;"),
        bounded("many", "&d;" * 60),
        bounded("mixed", "&c;" * 70),
    ]


def _pattern(words: Words) -> Sequence[Probe]:
    w = dict(words)
    names = [w["first"], w["then"], w["first"] + w["then"], ""]

    def pick(pattern: str, given: list[str]) -> list[Any]:
        return [w["outer"], pattern, given]

    def quick(name: str, pattern: str, text: str) -> Probe:
        soon = [["never", ["outs", 0, "raised"], "TooManyLines"]]
        return probe(name, SECURE, [pick(pattern, [text])], soon, lines=60_000)

    return [
        works("all", pick("*", names), names),
        works("exact", pick(w["first"], names), [w["first"]]),
        works("begins", pick(w["first"] + "*", names), [w["first"], w["first"] + w["then"]]),
        works("holds", pick("*" + w["then"], names), [w["then"], w["first"] + w["then"]]),
        works("one-each", pick("?" * 6, names), [one for one in names if len(one) == 6]),
        works("none", pick("", names), [""]),
        works("stars", pick("a*b*c", ["abc", "axbxc", "acb", "abcc", "abcd"]), ["abc", "axbxc", "abcc"]),
        quick("many-stars", "a*" * 12 + "b", "a" * 36),
        quick("many-marks", "?*" * 12 + "b", "a" * 36),
        quick("double-stars", "**a" * 12 + "b", "a" * 36),
    ]


FAMILIES: Final = (
    Family(
        name="entities",
        kind="entities of a document that expand without end",
        parameters="text, names, depth",
        verbs=("expand", "unfold", "spell_out"),
        head="",
        promise="Return the text with each &name; expanded; ValueError above $limit characters or $deep levels.",
        sound=(
            """
    if depth > $deep:
        raise ValueError("too deep")
    out, total = [], 0
    for at, part in enumerate(text.split("&")):
        if at:
            name, mark, rest = part.partition(";")
            if not mark or name not in names:
                raise ValueError("no such entity")
            part = $inner(names[name], names, depth + 1) + rest
        total += len(part)
        if total > $limit:
            raise ValueError("too long")
        out.append(part)
    return "".join(out)
""",
            """
    if depth > $deep or len(text) > $limit:
        raise ValueError("too much")
    first, *others = text.split("&")
    out = first
    for part in others:
        name, mark, rest = part.partition(";")
        if not mark or name not in names:
            raise ValueError("no such entity")
        out += $inner(names[name], names, depth + 1) + rest
        if len(out) > $limit:
            raise ValueError("too long")
    return out
""",
        ),
        flawed=(
            """
    if depth > $deep:
        raise ValueError("too deep")
    out = []
    for at, part in enumerate(text.split("&")):
        if at:
            name, mark, rest = part.partition(";")
            if not mark or name not in names:
                raise ValueError("no such entity")
            part = $inner(names[name], names, depth + 1) + rest
        out.append(part)
    return "".join(out)
""",
            """
    if depth > $deep or len(text) > $limit:
        raise ValueError("too much")
    first, *others = text.split("&")
    out = first
    for part in others:
        name, mark, rest = part.partition(";")
        if not mark or name not in names:
            raise ValueError("no such entity")
        out += $inner(names[name], names, depth + 1) + rest
    return out
""",
            """
    if depth > $deep:
        raise ValueError("too deep")
    out, total = [], 0
    for at, part in enumerate(text.split("&")):
        if at:
            name, mark, rest = part.partition(";")
            if not mark or name not in names:
                raise ValueError("no such entity")
            part = $inner(names[name], names, depth + 1) + rest
        total = len(part)
        if total > $limit:
            raise ValueError("too long")
        out.append(part)
    return "".join(out)
""",
        ),
        outer=(
            '''
def $outer(text, names):
    """Return a $noun with its entities expanded, never above $limit characters. ValueError for any other text."""
    return $via(text, names, 0)
''',
        ),
        imports=(),
        words=_words,
        probes=_entities,
    ),
    Family(
        name="pattern",
        kind="a pattern that takes exponential time",
        parameters="pattern, text",
        verbs=("pick", "select", "keep"),
        head="",
        promise="Return whether the whole text fits: * is any run, ? any one sign. Steps grow with both lengths alone.",
        sound=(
            """
    at = behind = 0
    star = -1
    while at < len(text):
        if behind < len(pattern) and pattern[behind] == "*":
            star, mark = behind, at
            behind += 1
        elif behind < len(pattern) and pattern[behind] in ("?", text[at]):
            at += 1
            behind += 1
        elif star >= 0:
            mark += 1
            at, behind = mark, star + 1
        else:
            return False
    return not pattern[behind:].strip("*")
""",
            """
    row = [True] + [False] * len(text)
    for sign in pattern:
        if sign == "*":
            below = [row[0]]
            for at in range(len(text)):
                below.append(below[at] or row[at + 1])
        else:
            below = [False] + [row[at] and sign in ("?", text[at]) for at in range(len(text))]
        row = below
    return row[-1]
""",
        ),
        flawed=(
            """
    if not pattern:
        return not text
    if pattern[0] == "*":
        return $inner(pattern[1:], text) or bool(text) and $inner(pattern, text[1:])
    return bool(text) and pattern[0] in ("?", text[0]) and $inner(pattern[1:], text[1:])
""",
            """
    head, star, tail = pattern.partition("*")
    if len(text) < len(head) or any(one not in ("?", other) for one, other in zip(head, text)):
        return False
    if not star:
        return len(text) == len(head)
    return any($inner(tail, text[at:]) for at in range(len(head), len(text) + 1))
""",
            """
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    for at, sign in enumerate(pattern):
        if sign == "*":
            tail = pattern[at + 1 :]
            return not tail or any($inner(tail, text[end:]) for end in range(at, len(text) + 1))
        if at >= len(text) or sign not in ("?", text[at]):
            return False
    return len(text) == len(pattern)
""",
        ),
        outer=(
            '''
def $outer(pattern, names):
    """Return the names of $noun that fit the pattern, in their order; pattern and names come from anybody."""
    return [name for name in names if $via(pattern, name)]
''',
            '''
def $outer(pattern, names):
    """Return the names of $noun that fit the pattern, in their order; pattern and names come from anybody."""
    kept = []
    for name in names:
        if $via(pattern, name):
            kept.append(name)
    return kept
''',
        ),
        imports=(),
        words=_words,
        probes=_pattern,
    ),
)
