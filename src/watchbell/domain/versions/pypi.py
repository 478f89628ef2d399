"""Which Python release comes first? (PEP 440; older spellings sort below all of it.)

Absent parts are written as explicit lowest or highest tags, so that
`1.dev1 < 1a1 < 1 < 1+local < 1.post1`. What is not PEP 440 is ordered as setuptools
once did, below every PEP 440 version.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_SHAPE = re.compile(
    r"v?(?:(?P<epoch>[0-9]++)!)?(?P<release>[0-9]++(?:\.[0-9]++)*+)"
    r"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>[0-9]*+))?"
    r"(?P<post>-(?P<post_n>[0-9]++)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_m>[0-9]*+))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>[0-9]*+))?"
    r"(?:\+(?P<local>[a-z0-9]++(?:[-_.][a-z0-9]++)*+))?"
)
_LEGACY_SHAPE = re.compile(r"-?+[0-9a-z][0-9a-z.+_~!:-]*+")
_LEGACY_PART = re.compile(r"(\d+|[a-z]+|\.|-)", re.ASCII)
_LEGACY_WORDS = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}
_END = b"\x01"
_LEGACY = b"\x01"
_PRE = {"a": b"\x03", "alpha": b"\x03", "b": b"\x04", "beta": b"\x04"}
_CANDIDATE = b"\x05"
_ONLY_DEV, _NOT_PRE = b"\x02", b"\x06"
_NOT_POST, _POST = b"\x01", b"\x02"
_DEV, _NOT_DEV = b"\x01", b"\x02"
_LOCAL_WORD, _LOCAL_NUMBER = b"\x03", b"\x04"
_ZERO = NUMBERS["0"]
_FINAL = _END + _NOT_PRE + _NOT_POST + _NOT_DEV + _END


def key(version: str) -> bytes:
    """Return the key of a Python version; raises Unparsable."""
    parts = version.split(".")
    if version.isascii() and all(map(str.isdigit, parts)):
        return _ZERO + _release(parts) + _FINAL
    text = version.strip().lower()
    match = _SHAPE.fullmatch(text)
    if match is None:
        return _legacy(version, text)
    return _modern(match)


def is_legacy(key: bytes) -> bool:
    """Return whether this key is of a version that is not PEP 440, whose order is only a convention."""
    return key[:1] == _LEGACY


def _release(parts: list[str]) -> bytes:
    """Return the numbers without trailing zeros: 1.0 is 1."""
    numbers = [NUMBERS[part] for part in parts]
    while numbers and numbers[-1] == _ZERO:
        numbers.pop()
    return b"".join(numbers)


def _modern(match: re.Match[str]) -> bytes:
    epoch, release, pre, pre_n, post, post_n, post_m, dev, dev_n, local = match.groups()
    out = (NUMBERS[epoch] if epoch else _ZERO) + _release(release.split(".")) + _END
    if pre:
        out += _PRE.get(pre, _CANDIDATE) + NUMBERS[pre_n or "0"]
    else:
        out += _ONLY_DEV if dev and not post else _NOT_PRE
    out += _POST + NUMBERS[post_n or post_m or "0"] if post else _NOT_POST
    out += _DEV + NUMBERS[dev_n or "0"] if dev else _NOT_DEV
    return out + (_local(local) if local else b"") + _END


def _local(text: str) -> bytes:
    """Return the parts of a local version: words below numbers, fewer below more."""
    parts = re.split("[-_.]", text)
    return b"".join(
        _LOCAL_NUMBER + NUMBERS[part] if part.isdigit() else _LOCAL_WORD + part.encode() + b"\x00" for part in parts
    )


def _legacy(version: str, text: str) -> bytes:
    """Return the key setuptools' old order gives, below every PEP 440 key."""
    if _LEGACY_SHAPE.fullmatch(text) is None:
        raise Unparsable(version, "Python (PEP 440)")
    parts: list[str] = []
    for found in _LEGACY_PART.split(text):
        if not found or found == ".":
            continue
        part = _LEGACY_WORDS.get(found, found)
        _append_legacy(parts, part.zfill(8) if part[0].isdigit() else "*" + part)
    _append_legacy(parts, "*final")
    return _LEGACY + b"".join(part.encode() + b"\x00" for part in parts) + _END


def _append_legacy(parts: list[str], part: str) -> None:
    """This will add `part`, first dropping the dashes and zeros that the old order ignored before a word."""
    if part.startswith("*"):
        while part < "*final" and parts and parts[-1] == "*final-":
            parts.pop()
        while parts and parts[-1] == "00000000":
            parts.pop()
    parts.append(part)
