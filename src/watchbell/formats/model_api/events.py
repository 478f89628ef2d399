"""This will cut a stream of server-sent events into whole ones, however its bytes arrive, within bounds.

Lines end in LF, CR LF or CR, and an empty line ends an event (HTML standard, section 9.2). Events
stay bytes: what is handed on is what came, so that nothing is lost where nobody looked.
"""

import re

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence

_END = re.compile(rb"(?>\r\n|[\r\n])(?>\r\n|[\r\n])+")
_LINES = re.compile(rb"\r\n|[\r\n]")
_WORDS = re.compile(
    rb'"(?:content|delta|text|thinking|reasoning|reasoning_content|arguments|partial_json|refusal)"'
    rb'\s*:\s*"((?:[^"\\]|\\.)*+)"'
)
_MARK = b"\xef\xbb\xbf"


class Events:
    """Takes bytes and gives whole events with their ends; what is unfinished stays inside."""

    def __init__(self, *, largest: int = 1 << 20, most: int = 100_000) -> None:
        self._largest = largest
        self._most = most
        self._held = bytearray()
        self._looked = 0
        self.number = 0
        """How many events came out so far."""

    @property
    def rest(self) -> bytes:
        """Return what came after the last whole event."""
        return bytes(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the events that are whole now.

        Raises Refused with code event-too-large or too-many-events; the events before it are then lost with it.
        """
        if not self._held and data.endswith(b"\n\n") and data.find(b"\n\n") == len(data) - 2 and b"\r" not in data:
            self._count(events := [data])  # as most arrive: one at a time
            return events
        self._held += data
        done = 0
        events = []
        for end in _END.finditer(self._held, self._looked):
            stop = end.end()
            if stop == len(self._held) and self._held.endswith(b"\r"):
                stop -= 1  # a line feed may follow, and belongs to the same line's end
                if not _END.fullmatch(self._held, end.start(), stop):
                    break
            events.append(bytes(memoryview(self._held)[done:stop]))
            done = stop
        del self._held[:done]
        self._looked = max(0, len(self._held) - 3)
        self._count(events)
        return events

    def close(self) -> list[bytes]:
        """Return the last event when the stream ended right at its end."""
        if not _END.search(self._held):
            return []
        events, self._held = [bytes(self._held)], bytearray()
        self._count(events)
        return events

    def _count(self, events: list[bytes]) -> None:
        self.number += len(events)
        if self.number > self._most:
            raise refuse("too-many-events", Sentence("The stream has more than {limit} events.", limit=self._most))
        if max(map(len, events), default=0) > self._largest or len(self._held) > self._largest:
            raise refuse(
                "event-too-large", Sentence("An event of the stream is larger than {limit} bytes.", limit=self._largest)
            )


def data_of(event: bytes) -> bytes:
    """Return the data of one event: its data lines, joined by LF."""
    lines = []
    for line in _LINES.split(event.removeprefix(_MARK)):
        name, colon, value = line.partition(b":")
        if name == b"data":
            lines.append(value.removeprefix(b" ") if colon else b"")
    return b"\n".join(lines)


def words_of(event: bytes) -> bytes:
    """Return the words of the answer that an event adds, as they are written in JSON."""
    return b"".join(_WORDS.findall(event))


def mended(event: bytes) -> bytes:
    """Return an event with each sequence that is not UTF-8 replaced, as the standard has every reader do it."""
    if event.isascii():
        return event
    try:
        event.decode()
    except UnicodeDecodeError:
        return event.decode(errors="replace").encode()
    return event
