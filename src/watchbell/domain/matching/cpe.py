"""What does a CPE name (2.2 or 2.3) name? Inventories and records make them up from names, so it is a guess."""

import re

from watchbell.domain.records import record

LONGEST = 1000
_OPEN = frozenset({"", "*", "-"})
_PART = re.compile(r"(?:[^:\\]|\\.)*+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PERCENT = re.compile(r"%([0-9a-f]{2})")


@record(frozen=True, slots=True)
class Cpe:
    """What a CPE name says of a product; `version` is "" where it holds for any or none."""

    key: str
    version: str = ""


def read_cpe(text: str) -> Cpe | None:
    """Return what a CPE name of 2.2 ("cpe:/a:...") or 2.3 ("cpe:2.3:a:...") names.

    None when it is none, or leaves the kind, the vendor or the product open: that names nothing in particular.
    """
    parts = _parts(text.strip())
    if len(parts) < 3 or any(one in _OPEN or "*" in one for one in parts[:3]):
        return None
    if not "".join(parts[:5]).isprintable():
        return None
    version, update = (*parts[3:5], "", "")[:2]
    if version in _OPEN:
        return Cpe(":".join(parts[:3]))
    return Cpe(":".join(parts[:3]), version if update in _OPEN else f"{version} {update}")


def _parts(text: str) -> list[str]:
    """Return the parts of a name from its kind on, in small letters and without escapes."""
    if len(text) > LONGEST:
        return []
    text = text.lower()
    if text.startswith("cpe:2.3:"):
        return [_ESCAPED.sub(r"\1", one) for one in _split(text.removeprefix("cpe:2.3:"))]
    if text.startswith("cpe:/"):
        found = text.removeprefix("cpe:/").split(":")
        return [_PERCENT.sub(lambda one: chr(int(one[1], 16)), one) for one in found]
    return []


def _split(text: str) -> list[str]:
    """Return the parts between colons that are not escaped."""
    found: list[str] = []
    at = 0
    while at <= len(text):
        part = _PART.match(text, at)
        found.append(part[0] if part else "")
        at += len(found[-1]) + 1
    return found
