"""Formats of text: sections and keys, brackets, escapes, dates."""

from typing import Final

from watchbell.domain.suites.crash.family import Family, Words
from watchbell.domain.suites.draw import Draw


def _words(draw: Draw) -> dict[str, str]:
    first, middle, last = draw.shuffled(("year", "month", "day"))
    widths = {"year": 4, "month": 2, "day": 2}
    starts = {first: 0, middle: widths[first], last: widths[first] + widths[middle]}
    places = {name: f"text[{start} : {start + widths[name]}]" for name, start in starts.items()}
    return {
        "mark": draw.one("#;%"),
        "sep": draw.one("=:"),
        "esc": draw.one("%~^"),
        "hex": draw.one("xuh"),
        "deep": str(draw.between(5, 9)),
        "order": f"{first} {middle} {last}",
        **places,
    }


def _settings(draw: Draw, words: Words) -> bytes:
    lines = [f"[{draw.word(5)}]", f"{words['mark']} {draw.word(4)}"]
    lines += [f"{draw.word(4)}{words['sep']}{draw.word(3)}" for _ in range(2)]
    return "\n".join(lines).encode()


def _settings_early(draw: Draw, words: Words) -> bytes:
    return f"{draw.word(4)}{words['sep']}{draw.word(3)}\n[{draw.word(5)}]".encode()


def _brackets(draw: Draw, words: Words) -> bytes:
    return b"(a[b]{c})" + draw.word(2).encode()


def _brackets_deep(draw: Draw, words: Words) -> bytes:
    signs = ["[]" if at % 2 else "{}" for at in range(int(words["deep"]) + 1)]
    return "".join([*(sign[0] for sign in signs), *(sign[1] for sign in reversed(signs))]).encode()


def _escapes(draw: Draw, words: Words) -> bytes:
    esc = words["esc"]
    return f"{draw.word(3)}{esc}{words['hex']}4{draw.below(10)}{esc}{esc}".encode()


def _escapes_end(draw: Draw, words: Words) -> bytes:
    return f"{draw.word(3)}{words['esc']}{words['hex']}".encode()


def _written(words: Words, year: int, month: int, day: int) -> bytes:
    parts = {"year": f"{year:04}", "month": f"{month:02}", "day": f"{day:02}"}
    return "".join(parts[name] for name in words["order"].split()).encode()


def _date(draw: Draw, words: Words) -> bytes:
    return _written(words, draw.between(1600, 2400), draw.between(1, 12), draw.between(1, 28))


def _date_of_no_leap_year(draw: Draw, words: Words) -> bytes:
    return _written(words, draw.one((1700, 1800, 1900, 2100, 2200, 2300)), 2, 29)


FAMILIES: Final = (
    Family(
        name="settings",
        source='''
def $parse(data):
    """Return the keys of each [section], a key and a value with "$sep" between a line; "$mark" opens a remark."""
    sections, name = {}, ""
    for line in data.decode("latin-1").split("\\n"):
        line = line.strip()
        if not line or line.startswith("$mark"):
            continue
        if line.startswith("["):
            if not line.endswith("]") or len(line) < 3:
                raise Malformed("no section")
            name = line[1:-1]
            sections.setdefault(name, {})
            continue
        key, sign, value = line.partition("$sep")
        $check
        sections[name][key.strip()] = value.strip()
    return sections


def $holds(data, value):
    """Return whether every section has a name."""
    return all(value)
''',
        sound="""if not sign or name not in sections:
            raise Malformed("no key")""",
        flawed=(
            """if not sign:
            raise Malformed("no key")""",
            """if not sign or (sections and name not in sections):
            raise Malformed("no key")""",
        ),
        words=_words,
        good=_settings,
        breaks=_settings_early,
    ),
    Family(
        name="brackets",
        source='''
def $parse(data):
    """Return how deep brackets of three kinds are nested, at most $deep; small letters may stand between."""
    closing = {"(": ")", "[": "]", "{": "}"}
    stack, deepest = [], 0
    for sign in data.decode("latin-1"):
        if sign in closing:
            stack.append(sign)
            $check
            deepest = max(deepest, len(stack))
        elif sign in ")]}":
            if not stack or closing[stack.pop()] != sign:
                raise Malformed("no match")
        elif not "a" <= sign <= "z":
            raise Malformed("no letter")
    if stack:
        raise Malformed("open")
    return deepest


def $holds(data, value):
    """Return whether nothing is deeper than $deep."""
    return value <= $deep
''',
        sound="""if len(stack) > $deep:
                raise Malformed("too deep")""",
        flawed=(
            """if stack.count(sign) > $deep:
                raise Malformed("too deep")""",
            """if len(stack) > $deep and sign == "(":
                raise Malformed("too deep")""",
        ),
        words=_words,
        good=_brackets,
        breaks=_brackets_deep,
    ),
    Family(
        name="escapes",
        source='''
def $parse(data):
    """Return a text without its escapes: "$esc$esc" is the sign itself, "$esc$hex" and two digits a letter."""
    text, out, at = data.decode("latin-1"), [], 0
    while at < len(text):
        if text[at] != "$esc":
            out.append(text[at])
            at += 1
            continue
        kind, digits = text[at + 1 : at + 2], text[at + 2 : at + 4]
        if kind == "$esc":
            out.append(kind)
            at += 2
        elif kind == "$hex":
            $check
            out.append(chr(int(digits, 16)))
            at += 4
        else:
            raise Malformed("no escape")
    return "".join(out)


def $holds(data, value):
    """Return whether the text did not grow."""
    return len(value) <= len(data)
''',
        sound="""if len(digits) < 2 or digits.strip("0123456789abcdef"):
                raise Malformed("no digits")""",
        flawed=(
            """if digits.strip("0123456789abcdef"):
                raise Malformed("no digits")""",
            """if at + 2 > len(text) or digits.strip("0123456789abcdef"):
                raise Malformed("no digits")""",
        ),
        words=_words,
        good=_escapes,
        breaks=_escapes_end,
    ),
    Family(
        name="date",
        source='''
def $parse(data):
    """Return year, month and day of a date of the calendar in use, from its eight digits: $order."""
    text = data.decode("latin-1")
    if len(text) != 8 or text.strip("0123456789"):
        raise Malformed("no digits")
    year, month, day = int($year), int($month), int($day)
    if not 1600 <= year <= 2400 or not 1 <= month <= 12:
        raise Malformed("no month")
    days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    $check
        days[1] = 29
    if not 1 <= day <= days[month - 1]:
        raise Malformed("no day")
    return year, month, day


def $holds(data, value):
    """Return whether the calendar has such a day: a 29 February every fourth year but three centuries of four."""
    year, month, day = value
    years = year // 100 if year % 100 == 0 else year
    return (month, day) != (2, 29) or years % 4 == 0
''',
        sound="if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):",
        flawed=("if year % 4 == 0:", "if year % 4 == 0 and year % 1000 != 0:"),
        words=_words,
        good=_date,
        breaks=_date_of_no_leap_year,
    ),
)
