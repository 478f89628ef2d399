"""What lies around a format: marks, lengths, sums, masks. Each is a function of the module and its inverse here."""

from collections.abc import Callable, Mapping
from string import Template
from typing import Final

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw

Words = Mapping[str, str]


@record(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A function that takes an envelope off, and what puts it on."""

    source: str
    wrap: Callable[[Words, bytes], bytes]


def _words(draw: Draw) -> dict[str, str]:
    numbers = {"key": draw.below(256), "step": draw.between(1, 40) * 2 + 1, "add": draw.below(200)}
    numbers |= {"turn": draw.between(2, 7), "size": draw.between(3, 7)}
    letters = "".join(draw.several("abcdefghijklmnopqrstuvwxyz", 16))
    order = draw.one(("big", "little"))
    return {"mark": draw.word(3), "letters": letters, "order": order} | {
        name: str(number) for name, number in numbers.items()
    }


def _sum(words: Words, data: bytes) -> int:
    return (sum((at % int(words["turn"]) + 1) * byte for at, byte in enumerate(data)) + int(words["add"])) % 251


def _masked(words: Words, data: bytes) -> bytes:
    return bytes(byte ^ (int(words["key"]) + at * int(words["step"])) & 255 for at, byte in enumerate(data))


def _padded(words: Words, data: bytes) -> bytes:
    missing = int(words["size"]) - len(data) % int(words["size"])
    return data + bytes((missing,)) * missing


def _lettered(words: Words, data: bytes) -> bytes:
    return "".join(words["letters"][byte >> 4] + words["letters"][byte & 15] for byte in data).encode()


ENVELOPES: Final = (
    Envelope(
        source='''
def $name(data):
    """Take the mark off."""
    if not data.startswith(b"$mark"):
        raise Malformed("no mark")
    return data[3:]
''',
        wrap=lambda words, data: words["mark"].encode() + data,
    ),
    Envelope(
        source='''
def $name(data):
    """Take the length off: two bytes, the $order end first."""
    if len(data) < 2 or int.from_bytes(data[:2], "$order") != len(data) - 2:
        raise Malformed("wrong length")
    return data[2:]
''',
        wrap=lambda words, data: len(data).to_bytes(2, "little" if words["order"] == "little" else "big") + data,
    ),
    Envelope(
        source='''
def $name(data):
    """Take the sum off, the last byte."""
    if not data:
        raise Malformed("no sum")
    total = $add
    for at, byte in enumerate(data[:-1]):
        total += (at % $turn + 1) * byte
    if total % 251 != data[-1]:
        raise Malformed("wrong sum")
    return data[:-1]
''',
        wrap=lambda words, data: data + bytes((_sum(words, data),)),
    ),
    Envelope(
        source='''
def $name(data):
    """Take the mask off."""
    return bytes(byte ^ ($key + at * $step) & 255 for at, byte in enumerate(data))
''',
        wrap=_masked,
    ),
    Envelope(
        source='''
def $name(data):
    """Turn the bytes around."""
    return data[::-1]
''',
        wrap=lambda words, data: data[::-1],
    ),
    Envelope(
        source='''
def $name(data):
    """Take the padding off: as many bytes as the last one says, each the same."""
    if not data or len(data) % $size or not 0 < data[-1] <= $size:
        raise Malformed("no padding")
    if data[-data[-1] :] != data[-1:] * data[-1]:
        raise Malformed("wrong padding")
    return data[: -data[-1]]
''',
        wrap=_padded,
    ),
    Envelope(
        source='''
def $name(data):
    """Read two letters of "$letters" as a byte, the upper half first."""
    digits = [b"$letters".find(letter) for letter in data]
    if len(digits) % 2 or -1 in digits:
        raise Malformed("no letter")
    return bytes(digits[at] * 16 + digits[at + 1] for at in range(0, len(digits), 2))
''',
        wrap=_lettered,
    ),
)


@record(frozen=True, slots=True, kw_only=True)
class Worn:
    """An envelope of one item: its function and its inverse."""

    name: str
    source: str
    wrap: Callable[[bytes], bytes]


def drawn(draw: Draw, number: int) -> list[Worn]:
    """Return this many envelopes, none twice; the first is the outermost."""
    return [_worn(draw, envelope) for envelope in draw.several(ENVELOPES, number)]


def _worn(draw: Draw, envelope: Envelope) -> Worn:
    words = {**_words(draw), "name": f"_{draw.word(6)}"}
    source = Template(envelope.source).substitute(words).strip("\n")
    return Worn(name=words["name"], source=source, wrap=lambda data: envelope.wrap(words, data))
