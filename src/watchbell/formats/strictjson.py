"""Read JSON once and strictly: anything two readers could understand differently is refused with its place.

RFC 8259 leaves duplicate keys, huge numbers and lone surrogates to each reader;
attackers live in that gap (RFC 7493 closes it, and so do we). The scans before
and after the parse are byte searches, so that honest documents pay almost nothing;
only a suspicious one is walked token by token.
"""

import re
from typing import Any

import jiter

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence

MAX_DEPTH = 100
MAX_DIGITS = 30

_DIGITS_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_TOO_MANY_DIGITS = b"0" * (MAX_DIGITS + 1)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|(?P<number>-?[0-9][0-9.eE+-]*+)|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)
_WINDOW = 128
_NUMERIC = b"0123456789.eE+-"
_BEFORE = (b"", b" ", b"\t", b"\r", b"\n", b":", b",", b"[")
_AFTER = (b"", b" ", b"\t", b"\r", b"\n", b",", b"]", b"}")
_WILD_SIGNS = (_TOO_MANY_DIGITS, b"0e000", b"0e+000")
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_WHERE = re.compile(r"^(?P<what>.*) at (?P<where>line \d+ column \d+)$", re.DOTALL)
_FOREIGN_STARTS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def loads(data: bytes | str, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return the JSON value in `data`, which must be UTF-8 without a byte order mark.

    Containers may nest `max_depth` deep (at most 200) and a number may have 30
    digits in a row. Raises Refused with one of the codes not-utf8, nul, not-json,
    duplicate-key, not-finite, number-too-large, surrogate, too-deep.
    """
    octets = _as_utf8(data)
    try:
        value = jiter.from_json(octets, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
    except ValueError as error:
        raise _translated(octets, str(error)) from None
    _refuse_nul_escapes(octets)
    _refuse_wild_numbers(octets)
    if octets.count(b"[") + octets.count(b"{") > max_depth and _is_deeper_than(max_depth, value):
        raise _too_deep(_where(octets, _first_deeper_than(max_depth, octets)), max_depth)
    return value


def dumps(value: Any) -> bytes:
    """Return the canonical bytes of `value` (RFC 8785): equal values give equal bytes."""
    from watchbell.domain.canonical import NotCanonical, canonical  # imported late: reading alone need not pay for it

    try:
        return canonical(value)
    except NotCanonical as error:
        raise refuse("not-json", str(error)) from None


def _as_utf8(data: bytes | str) -> bytes:
    if isinstance(data, str):
        return _encoded(data)
    if data.startswith(_FOREIGN_STARTS):
        raise refuse("not-utf8", "The document starts with a byte order mark.", place="line 1 column 1", **_UTF8)
    if b"\x00" in data:
        code = "not-utf8" if b"\x00" in data[:4] else "nul"
        raise refuse(code, "The document holds NUL bytes.", place=_where(data, data.index(b"\x00")), **_UTF8)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise refuse("not-utf8", "The document is not UTF-8.", place=_where(data, error.start), **_UTF8) from None
    return data


def _encoded(text: str) -> bytes:
    try:
        octets = text.encode()
    except UnicodeEncodeError as error:
        raise refuse("surrogate", "The text holds half a character.", place=f"character {error.start + 1}") from None
    return _as_utf8(octets)


_UTF8 = {"expected": "JSON is UTF-8 without a byte order mark", "todo": "Save it as UTF-8 and send it again"}


def _translated(octets: bytes, message: str) -> Refused:
    """Return our refusal for a parser message such as "expected value at line 1 column 1"."""
    found = _WHERE.match(message)
    what, place = (found["what"], found["where"]) if found else (message, "")
    if "duplicate key" in what:
        key = what.partition('"')[2].rstrip('"')[:80]
        todo = "Keep one of them, so that every reader sees the same value"
        return refuse(
            "duplicate-key", Sentence('The key "{key}" stands twice in one object.', key=key), place=place, todo=todo
        )
    if "recursion" in what:
        return _too_deep(place, MAX_DEPTH)
    if "out of range" in what:
        return _too_large(place)
    if "hex escape" in what and _names_a_surrogate(octets):
        return refuse("surrogate", "A \\u escape names half a character (a lone surrogate).", place=place)
    if _stands_at_a_word(octets, place):
        return refuse("not-finite", "NaN and Infinity are not JSON numbers.", place=place, todo="Leave the value out")
    return refuse("not-json", Sentence("This is not JSON: {why}.", why=what), place=place)


def _names_a_surrogate(octets: bytes) -> bool:
    return any(escape[:3].lower() == b"\\ud" for escape in _ESCAPE.findall(octets))


def _stands_at_a_word(octets: bytes, place: str) -> bool:
    line, column = (int(number) for number in re.findall(r"\d+", place) or (1, 0))
    text = octets.split(b"\n", line)[line - 1]
    return text[max(0, column - 2) : column + 8].lstrip(b" \t-+:,[").startswith((b"NaN", b"Inf", b"nan", b"inf"))


def _refuse_nul_escapes(octets: bytes) -> None:
    if b"\\u0000" not in octets:
        return
    for escape in _ESCAPE.finditer(octets):
        if escape[0] == b"\\u0000":
            place = _where(octets, escape.start())
            raise refuse("nul", "A text holds the NUL character.", place=place, todo="Remove it; no database keeps it")


def _refuse_wild_numbers(octets: bytes) -> None:
    quick = octets.translate(_DIGITS_ALIKE, b"+")
    if _TOO_MANY_DIGITS not in quick and b"0e000" not in quick:
        return
    alike = octets.translate(_DIGITS_ALIKE)
    if not any(_stands_as_a_number(octets, alike, sign) for sign in _WILD_SIGNS if sign in alike):
        return
    for token in _TOKEN.finditer(octets):
        number = token["number"]
        if not number:
            continue
        if _TOO_MANY_DIGITS in number.translate(_DIGITS_ALIKE):
            raise _too_large(_where(octets, token.start()))
        if float(number) in (float("inf"), float("-inf")):
            place, todo = _where(octets, token.start()), "Leave the value out or write it as text"
            raise refuse("not-finite", "A number is too large to be finite.", place=place, todo=todo)


def _stands_as_a_number(octets: bytes, alike: bytes, sign: bytes) -> bool:
    """Return whether any place that looks wild is set off as a number is; hexadecimal digests are not."""
    at = alike.find(sign)
    while at >= 0:
        before = octets[max(0, at - _WINDOW) : at]
        head = before.rstrip(_NUMERIC)
        end = at + len(octets[at : at + _WINDOW]) - len(octets[at : at + _WINDOW].lstrip(_NUMERIC))
        if (len(before) == _WINDOW and not head) or end == at + _WINDOW:
            return True
        if head[-1:] in _BEFORE and octets[end : end + 1] in _AFTER:
            return True
        at = alike.find(sign, end)
    return False


def _too_large(place: str) -> Refused:
    return refuse(
        "number-too-large",
        Sentence("A number has more than {limit} digits in a row.", limit=MAX_DIGITS),
        place=place,
        todo="Write it as text",
    )


def _too_deep(place: str, max_depth: int) -> Refused:
    return refuse(
        "too-deep",
        "The document nests too deeply.",
        place=place,
        expected=Sentence("at most {limit} levels", limit=max_depth),
    )


def _is_deeper_than(limit: int, value: Any) -> bool:
    """Return whether containers nest deeper than `limit`, one level at a time and without recursion."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for part in level
            for child in (part.values() if type(part) is dict else part if type(part) is list else ())
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


def _first_deeper_than(limit: int, octets: bytes) -> int:
    depth = 0
    for token in _TOKEN.finditer(octets):
        depth += bool(token["open"]) - bool(token["close"])
        if depth > limit:
            return token.start()
    return 0


def _where(octets: bytes, offset: int) -> str:
    line, before = octets.count(b"\n", 0, offset) + 1, octets.rfind(b"\n", 0, offset)
    return f"line {line} column {offset - before}"
