"""How does Maven itself compare two versions, one pair at a time? (ComparableVersion of Maven 3.8 and 3.9.)

Maven reads a version as nested lists: a hyphen, a change between digits and letters, and
a word after a dot each open an inner list. Its order is then asked pair by pair and is not
always one order: `1-alpha` is below `1`, that below `1.sp.2`, and that below `1-alpha`
again. So a key cannot follow it everywhere; where the two may differ the key says so.
"""

import re
from typing import TypeAlias

Item: TypeAlias = int | str | list["Item"]

_TOKEN = re.compile(r"[.-]|[0-9]+|[^0-9.-]+")
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_RANKS = {"alpha": "0", "beta": "1", "milestone": "2", "rc": "3", "snapshot": "4", "": "5", "sp": "6"}
_RELEASE = _RANKS[""]


def compare(one: str, other: str) -> int:
    """Return -1, 0 or 1 as Maven says of these two; any text is a version to Maven."""
    return _compare(_read(one), _read(other))


def _read(version: str) -> list[Item]:
    """Return the version as Maven's nested lists, without what says nothing at the end of each."""
    whole: list[Item] = []
    lists = [whole]
    parts = _TOKEN.findall(version.lower())
    after_separator = True
    for at, part in enumerate(parts):
        if part in ".-":
            _separate(lists, part, is_empty=after_separator)
            after_separator = True
        else:
            _add(lists, part, parts[at + 1 : at + 2], is_joined=not after_separator)
            after_separator = False
    for inner in reversed(lists):
        _trim(inner)
    return whole


def _separate(lists: list[list[Item]], separator: str, *, is_empty: bool) -> None:
    if is_empty:
        lists[-1].append(0)
    if separator == "-":
        _open(lists)


def _open(lists: list[list[Item]]) -> None:
    inner: list[Item] = []
    lists[-1].append(inner)
    lists.append(inner)


def _add(lists: list[list[Item]], token: str, following: list[str], *, is_joined: bool) -> None:
    """This will add a number or a word; a word before a digit or at the very end opens a list of its own."""
    if token[0].isdigit():
        if is_joined:
            _open(lists)
        lists[-1].append(int(token))
        return
    if is_joined:
        _open(lists)
    before_digit = bool(following) and following[0][0].isdigit()
    if (before_digit or not following) and lists[-1]:
        _open(lists)
    word = _SHORT.get(token, token) if before_digit else token
    lists[-1].append(_ALIASES.get(word, word))


def _trim(items: list[Item]) -> None:
    """This will drop zeros, empty words and empty lists from the end, looking past inner lists."""
    for at in range(len(items) - 1, -1, -1):
        if items[at] in (0, "", []):
            del items[at]
        elif not isinstance(items[at], list):
            return


def _compare(one: Item | None, other: Item | None) -> int:
    """Return how two items compare; None stands for nothing left on that side."""
    if one is None or other is None:
        return _beyond_end(one) if other is None else -_beyond_end(other)
    if isinstance(one, list) and isinstance(other, list):
        return _compare_lists(one, other)
    left, right = _kind(one), _kind(other)
    if left != right:
        return _sign(left, right)
    if isinstance(one, int) and isinstance(other, int):
        return _sign(one, other)
    return _sign(_rank(str(one)), _rank(str(other)))


def _compare_lists(one: list[Item], other: list[Item]) -> int:
    for at in range(max(len(one), len(other))):
        answer = _compare(one[at] if at < len(one) else None, other[at] if at < len(other) else None)
        if answer:
            return answer
    return 0


def _beyond_end(item: Item | None) -> int:
    """Return how an item compares with nothing."""
    if isinstance(item, list):
        return next((answer for answer in map(_beyond_end, item) if answer), 0)
    if isinstance(item, str):
        return _sign(_rank(item), _RELEASE)
    return int(bool(item))


def _kind(item: Item) -> int:
    """Return where this kind of item stands among the others: words, then lists, then numbers."""
    return 2 if isinstance(item, int) else 1 if isinstance(item, list) else 0


def _rank(word: str) -> str:
    return _RANKS.get(word) or f"7-{word}"


def _sign(one: int | str, other: int | str) -> int:
    return (one > other) - (one < other)  # type: ignore[operator]
