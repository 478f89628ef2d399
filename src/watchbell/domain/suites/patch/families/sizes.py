"""Flaws of sizes: entities that grow without end, patterns that take for ever, a length nobody checked."""

from collections.abc import Sequence
from typing import Any, Final

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.patch.family import Family, Words
from watchbell.domain.suites.probes import SECURE, Probe, objects, probe, refuses, works


def _words(draw: Draw) -> dict[str, str]:
    names = {name: draw.word(6) for name in ("first", "then", "third", "secret")}
    return {**names, "limit": str(draw.between(300, 900)), "deep": str(draw.between(6, 9)), "tag": draw.word(2)}


def _entities(words: Words) -> Sequence[Probe]:
    w = dict(words)
    limit = int(w["limit"])
    names = {"a": w["first"], "b": f"&a; and &a;", "c": "x" * 20, "d": "&c;" * 10, "e": "&d;" * 10, "f": "&e;" * 10}

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


def _record(words: Words) -> Sequence[Probe]:
    w = dict(words)
    tag, text, secret = w["tag"], w["first"], w["secret"]

    def take(frame: str, start: int) -> list[Any]:
        return [w["outer"], frame, start]

    frame = f"{tag}006{text}{tag}002ok{tag}006{secret}"
    long, behind = f"{tag}020{text}", f"{tag}-06{text}"
    return [
        works("first", take(frame, 0), [text, 11]),
        works("second", take(frame, 11), ["ok", 18]),
        works("empty", take(f"{tag}000", 0), ["", 5]),
        objects("no-tag", take("zz006" + text, 0)),
        objects("no-number", take(f"{tag}abc{text}", 0)),
        refuses("beyond", take(long, 0)),
        refuses("beyond-by-one", take(f"{tag}007{text}", 0)),
        refuses("behind", take(secret + behind, len(secret))),
        refuses("signed", take(f"{tag}+06{text}", 0)),
        refuses("spaced", take(f"{tag} -6{secret}", 0)),
        refuses("negative-start", take(frame, -11)),
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
    Family(
        name="record",
        kind="a length that is not checked against what is there",
        parameters="frame, start",
        verbs=("take", "cut", "read_one"),
        head="",
        promise="Return where the text of the record at start begins and ends; ValueError unless all of it is there.",
        sound=(
            """
    begin = start + 5
    digits = frame[start + 2 : begin]
    if start < 0 or frame[start : start + 2] != "$tag" or not (len(digits) == 3 and digits.isdecimal()):
        raise ValueError("no record")
    end = begin + int(digits)
    if end > len(frame):
        raise ValueError("cut short")
    return begin, end
""",
            """
    if start < 0 or not frame.startswith("$tag", start):
        raise ValueError("no record")
    begin = start + 5
    digits = frame[start + 2 : begin]
    if len(digits) < 3 or any(digit not in "0123456789" for digit in digits):
        raise ValueError("no length")
    end = begin + int(digits)
    if len(frame) - begin < end - begin:
        raise ValueError("cut short")
    return begin, end
""",
        ),
        flawed=(
            """
    begin = start + 5
    digits = frame[start + 2 : begin]
    if frame[start : start + 2] != "$tag":
        raise ValueError("no record")
    return begin, begin + int(digits)
""",
            """
    begin = start + 5
    digits = frame[start + 2 : begin]
    if start < 0 or frame[start : start + 2] != "$tag":
        raise ValueError("no record")
    end = begin + int(digits)
    if end > len(frame):
        raise ValueError("cut short")
    return begin, end
""",
            """
    begin = start + 5
    digits = frame[start + 2 : begin]
    if start < 0 or frame[start : start + 2] != "$tag" or not (len(digits) == 3 and digits.isdecimal()):
        raise ValueError("no record")
    end = begin + int(digits)
    if end > len(frame) + 1:
        raise ValueError("cut short")
    return begin, end
""",
        ),
        outer=(
            '''
def $outer(frame, start):
    """Return the text of the $noun at start and where the next begins. A record is $tag, three digits, its text."""
    begin, end = $via(frame, start)
    return [frame[begin:end], end]
''',
        ),
        imports=(),
        words=_words,
        probes=_record,
    ),
)
