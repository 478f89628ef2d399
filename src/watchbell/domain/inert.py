"""Show text that a stranger wrote so that it does nothing: not to a terminal, not in a spreadsheet, not to the eye."""

from typing import Final

MOST: Final = 10_000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
_KEPT: Final = "\n\t"


def shown(text: str | bytes, *, most: int = MOST) -> str:
    """Return the text with all that cannot be seen spelt out: an escape becomes four visible letters.

    That takes in escape sequences, marks that turn the direction of writing, zero bytes and what is no UTF-8. Lines
    and tabs stay. What is longer than `most` is cut, and says so.
    """
    whole = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    cut = whole if len(whole) <= most else f"{whole[:most]} [{len(whole) - most} more characters]"
    return "".join(one if one.isprintable() or one in _KEPT else _spelt(one) for one in cut)


def line(text: str | bytes, *, most: int = 300) -> str:
    """Return the text as `shown` does, on one line."""
    return shown(text, most=most).replace("\n", "\\n").replace("\t", "\\t")


def cell(text: str | bytes, *, most: int = MOST) -> str:
    """Return the text as `shown` does, for a table that a spreadsheet may open: it is never a formula there."""
    seen = shown(text, most=most)
    return f"'{seen}" if seen.lstrip().startswith(_FORMULA) or seen.startswith(_FORMULA) else seen


def _spelt(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")
