"""Formats of lengths and places: prefixed texts, nested parts, runs, offsets, copies."""

from typing import Final

from watchbell.domain.suites.crash.family import Family, Words, some_bytes
from watchbell.domain.suites.draw import Draw


def _words(draw: Draw) -> dict[str, str]:
    numbers = {"low": draw.between(3, 30), "many": draw.between(150, 200), "box": draw.between(1, 250)}
    numbers |= {"factor": draw.between(6, 9), "most": draw.between(200, 700), "copy": draw.between(1, 250)}
    return {name: str(number) for name, number in numbers.items()}


def _prefixed(draw: Draw, words: Words) -> bytes:
    texts = [some_bytes(draw, 1, 6) for _ in range(draw.between(1, 3))]
    return b"".join(bytes((int(words["low"]) + len(text),)) + text for text in texts)


def _prefixed_short(draw: Draw, words: Words) -> bytes:
    text = some_bytes(draw, 2, 6)
    return bytes((int(words["low"]) + len(text) + 1,)) + text


def _nested(draw: Draw, words: Words) -> bytes:
    box = int(words["box"])
    inside = bytes((box + 1, 1, draw.below(256)))
    return bytes((box, 3)) + inside + bytes((box + 2, 2)) + some_bytes(draw, 2, 2)


def _nested_over(draw: Draw, words: Words) -> bytes:
    box = int(words["box"])
    return bytes((box, 2, box + 1, 3, box + 2, 1, draw.below(256)))


def _runs(draw: Draw, words: Words) -> bytes:
    return b"".join(bytes((draw.between(1, 40), draw.below(256))) for _ in range(draw.between(2, 4)))


def _runs_over(draw: Draw, words: Words) -> bytes:
    return bytes((255, draw.below(256)))


def _offsets(draw: Draw, words: Words) -> bytes:
    body = some_bytes(draw, 4, 8)
    count = draw.between(2, 3)
    return bytes((count, *(1 + count + draw.below(len(body)) for _ in range(count)))) + body


def _offsets_over(draw: Draw, words: Words) -> bytes:
    body = some_bytes(draw, 3, 8)
    return bytes((2, 3, 3 + len(body))) + body


def _copies(draw: Draw, words: Words) -> bytes:
    text = some_bytes(draw, 3, 6)
    return bytes((0, len(text))) + text + bytes((int(words["copy"]), 2, draw.between(1, 5)))


def _copies_behind(draw: Draw, words: Words) -> bytes:
    text = some_bytes(draw, 3, 6)
    return bytes((0, len(text))) + text + bytes((int(words["copy"]), len(text) + 1, 2))


FAMILIES: Final = (
    Family(
        name="prefixed",
        source='''
def $parse(data):
    """Return texts and how long each was said to be: a byte of length, $low more than it is, then the text."""
    at, found = 0, []
    while at < len(data):
        size = data[at] - $low
        text = data[at + 1 : at + 1 + max(size, 0)]
        $check
        found.append((size, text))
        at += 1 + size
    return found


def $holds(data, value):
    """Return whether every text is as long as was said."""
    return all(size == len(text) for size, text in value)
''',
        sound="""if size < 0 or at + 1 + size > len(data):
            raise Malformed("cut short")""",
        flawed=(
            """if size < 0 or size > $many:
            raise Malformed("too long")""",
            """if size < 0 or at + size > len(data):
            raise Malformed("cut short")""",
        ),
        words=_words,
        good=_prefixed,
        breaks=_prefixed_short,
    ),
    Family(
        name="nested",
        source='''
def $parse(data):
    """Return where each part ends and where what holds it ends: kind, length, content; $box holds parts."""
    return $walk(data, 0, len(data), 0)


def $walk(data, at, end, depth):
    """Return the parts between two places."""
    found = []
    while at < end:
        if at + 2 > end or depth > 8:
            raise Malformed("no part")
        kind, stop = data[at], at + 2 + data[at + 1]
        $check
        found.append((stop, end))
        if kind == $box:
            found += $walk(data, at + 2, stop, depth + 1)
        at = stop
    return found


def $holds(data, value):
    """Return whether no part ends behind what holds it."""
    return all(stop <= end for stop, end in value)
''',
        sound="""if stop > end:
            raise Malformed("too long")""",
        flawed=(
            """if stop > len(data):
            raise Malformed("too long")""",
            """if stop > end and (depth == 0 or stop > len(data)):
            raise Malformed("too long")""",
        ),
        words=_words,
        good=_nested,
        breaks=_nested_over,
    ),
    Family(
        name="runs",
        source='''
def $parse(data):
    """Return the runs of pairs of count and byte; from 128 on a count is $factor times what is above 128."""
    if len(data) % 2:
        raise Malformed("half a pair")
    total, found = 0, []
    for at in range(0, len(data), 2):
        count = data[at] if data[at] < 128 else (data[at] - 128) * $factor
        $check
        total += count
        found.append((count, data[at + 1]))
    return found


def $holds(data, value):
    """Return whether all runs together are at most $most long."""
    return sum(count for count, _ in value) <= $most
''',
        sound="""if total + count > $most:
            raise Malformed("too long")""",
        flawed=(
            """if total > $most:
            raise Malformed("too long")""",
            """if total + (data[at] & 127) > $most:
            raise Malformed("too long")""",
        ),
        words=_words,
        good=_runs,
        breaks=_runs_over,
    ),
    Family(
        name="offsets",
        source='''
def $parse(data):
    """Return the bytes that a table of offsets names: a count, so many offsets from the start, then bytes."""
    if not data or len(data) < 1 + data[0]:
        raise Malformed("no table")
    head, found = 1 + data[0], []
    for offset in data[1:head]:
        $check
        found.append((offset, data[offset]))
    return found


def $holds(data, value):
    """Return whether every offset lies behind the table."""
    return all(offset > data[0] for offset, _ in value)
''',
        sound="""if not head <= offset < len(data):
            raise Malformed("elsewhere")""",
        flawed=(
            """if offset > len(data):
            raise Malformed("elsewhere")""",
            """if offset < head or offset > len(data):
            raise Malformed("elsewhere")""",
        ),
        words=_words,
        good=_offsets,
        breaks=_offsets_over,
    ),
    Family(
        name="copies",
        source='''
def $parse(data):
    """Return what is unfolded and the lowest place copied: 0, length, bytes; or $copy, how far back, length."""
    out, at, lowest = [], 0, 0
    while at < len(data):
        if data[at] == 0 and at + 1 < len(data) and at + 2 + data[at + 1] <= len(data):
            out += data[at + 2 : at + 2 + data[at + 1]]
            at += 2 + data[at + 1]
        elif data[at] == $copy and at + 2 < len(data):
            back, size = data[at + 1], data[at + 2]
            $check
            lowest = min(lowest, len(out) - back)
            for _ in range(size):
                out.append(out[-back])
            at += 3
        else:
            raise Malformed("no token")
    return lowest, bytes(out)


def $holds(data, value):
    """Return whether nothing was copied from before the first byte."""
    return value[0] >= 0
''',
        sound="""if not 0 < back <= len(out):
                raise Malformed("before the first")""",
        flawed=(
            """if back < 1 or not out:
                raise Malformed("before the first")""",
            """if not 0 < back < len(out) + size:
                raise Malformed("before the first")""",
        ),
        words=_words,
        good=_copies,
        breaks=_copies_behind,
    ),
)
