"""Write the package URL of something whose registry, name and version are known, without a parser's start-up."""

import re

_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-")


def purl(kind: str, name: str, version: str = "", **qualifiers: str) -> str:
    """Return the package URL; slashes in the name part its namespace. "" for a name that has an empty part."""
    parts = name.split("/")
    if not all(part.strip() and part not in (".", "..") for part in parts):
        return ""
    path = "/".join(map(_quoted, parts))
    text = f"pkg:{kind}/{path}@{_quoted(version)}" if version else f"pkg:{kind}/{path}"
    asked = "&".join(f"{word}={_quoted(value)}" for word, value in sorted(qualifiers.items()) if value)
    return f"{text}?{asked}" if asked else text


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return "".join(chr(octet) if octet in _KEPT else f"%{octet:02X}" for octet in text.strip().encode())
