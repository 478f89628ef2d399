"""This will keep a credential that an endpoint sends back from reaching whoever called."""

from collections.abc import Iterable
from urllib.parse import quote

SHORTEST = 8
"""Shorter ones are no secrets, and would be found in every other word."""

MARK = b"[credential removed]"
_NOTICED = 6
"""From how many of its first letters on a credential that is spelt out piece by piece is waited for."""


class Redactor:
    """Replaces a credential in bytes that come in any pieces; only what could be its beginning is held back."""

    def __init__(self, credential: str) -> None:
        self._forms = sorted(_forms(credential), key=len, reverse=True)
        self._letters = frozenset(b"".join(self._forms))
        self._held = b""
        self.found = 0

    def feed(self, data: bytes) -> bytes:
        """Return what may go on now."""
        if not self._forms:
            return data
        data = self._held + data if self._held else data
        for form in self._forms:
            if form in data:
                self.found += data.count(form)
                data = data.replace(form, MARK)
        if data[-1:] == b"\n" or not self._letters.intersection(data[-1:]):
            self._held = b""  # no form ends like this, so none has begun
            return data
        kept = max(_begun(data, form) for form in self._forms)
        self._held = data[len(data) - kept :]
        return data[: len(data) - kept]

    def rest(self) -> bytes:
        """Return what was held back, at the end."""
        rest, self._held = self._held, b""
        return rest

    def whole(self, data: bytes) -> bytes:
        """Return a whole answer without the credential."""
        return self.feed(data) + self.rest()

    def text(self, text: str) -> str:
        """Return a text without the credential."""
        return self.whole(text.encode(errors="replace")).decode(errors="replace")


class Spelling:
    """Listens to the words of an answer, event by event, for a credential that is spelt out across them."""

    def __init__(self, credential: str) -> None:
        self._secret = credential.encode(errors="replace")
        self._tail = b""
        self.is_begun = False
        """Whether the last words could be the first part of it."""

    def hears(self, words: bytes) -> bool:
        """Return whether the credential has now been said in full."""
        if len(self._secret) < SHORTEST or not words:
            return False
        said = self._tail + words.replace(b"\\/", b"/")
        begun = _begun(said, self._secret)
        self.is_begun = begun >= _NOTICED
        self._tail = said[len(said) - begun :]
        return self._secret in said


def _begun(data: bytes, form: bytes) -> int:
    """Return how many bytes at the end could be the first of a form."""
    at = data.find(form[:1], max(0, len(data) - len(form) + 1))
    while at >= 0:
        if form.startswith(data[at:]):
            return len(data) - at
        at = data.find(form[:1], at + 1)
    return 0


def _forms(credential: str) -> Iterable[bytes]:
    """Return how a credential may stand in an answer: as it is, as some JSON writers put it, and within a URL."""
    if len(credential) < SHORTEST:
        return ()
    written = {credential, credential.replace("/", "\\/"), quote(credential, safe="")}
    return (one.encode(errors="replace") for one in written)
