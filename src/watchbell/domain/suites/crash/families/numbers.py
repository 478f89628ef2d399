"""Formats of numbers: variable lengths, a summed record, packed fields, shares, digits of a drawn base."""

from typing import Final

from watchbell.domain.suites.crash.family import Family, Words, some_bytes
from watchbell.domain.suites.draw import Draw


def _words(draw: Draw) -> dict[str, str]:
    letters = "".join(draw.several("abcdefghijklmnopqrstuvwxyz", draw.between(11, 20)))
    numbers = {"bits": draw.between(16, 30), "mod": draw.between(190, 250), "kinds": draw.between(3, 9)}
    numbers |= {"sum": draw.between(30, 99), "start": draw.between(1, 40), "base": len(letters)}
    return {"letters": letters, **{name: str(number) for name, number in numbers.items()}}


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(128 | number & 127)
        number >>= 7
    return bytes((*out, number))


def _varints(draw: Draw, words: Words) -> bytes:
    return b"".join(_varint(draw.below(1 << int(words["bits"]))) for _ in range(draw.between(1, 3)))


def _varint_over(draw: Draw, words: Words) -> bytes:
    return b"\xff" * (int(words["bits"]) // 7) + b"\x7f"


def _summed(body: bytes, words: Words) -> bytes:
    return body + bytes(((sum(body) + int(words["start"])) % int(words["mod"]),))


def _catalogue(draw: Draw, words: Words) -> bytes:
    return _summed(bytes((draw.below(int(words["kinds"])),)) + some_bytes(draw, 2, 6), words)


def _catalogue_over(draw: Draw, words: Words) -> bytes:
    return _summed(bytes((int(words["kinds"]),)) + some_bytes(draw, 2, 6), words)


def _fields(draw: Draw, words: Words) -> bytes:
    widths = [draw.between(1, 12) for _ in range(draw.between(2, 4))]
    size = -(-sum(widths) // 8)
    return bytes((len(widths), *widths)) + some_bytes(draw, size, size)


def _fields_over(draw: Draw, words: Words) -> bytes:
    first = draw.between(3, 8)
    return bytes((2, first, 9 - first)) + some_bytes(draw, 1, 1)


def _shares(draw: Draw, words: Words) -> bytes:
    return b",".join(str(draw.between(1, 99)).encode() for _ in range(3)) + b",99"


def _shares_even(draw: Draw, words: Words) -> bytes:
    first = draw.between(1, int(words["sum"]) - 2)
    return f"{first},{int(words['sum']) - first}".encode()


def _digits(draw: Draw, words: Words) -> bytes:
    return "".join(draw.one(words["letters"]) for _ in range(draw.between(2, 6))).encode()


def _digits_other(draw: Draw, words: Words) -> bytes:
    return draw.one([sign for sign in "abcdefghijklmnopqrstuvwxyz" if sign not in words["letters"]]).encode()


FAMILIES: Final = (
    Family(
        name="varint",
        source='''
def $parse(data):
    """Return the numbers below 2**$bits: seven bits a byte, the lowest first, the highest bit says that more come."""
    found, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        $check
        if byte & 128:
            shift += 7
            continue
        found.append(value)
        value, shift = 0, 0
    if shift:
        raise Malformed("cut short")
    return found


def $holds(data, value):
    """Return whether every number is below 2**$bits."""
    return all(number >> $bits == 0 for number in value)
''',
        sound="""if value >> $bits:
            raise Malformed("too large")""",
        flawed=(
            """if shift > 56:
            raise Malformed("too large")""",
            """if shift > $bits:
            raise Malformed("too large")""",
        ),
        words=_words,
        good=_varints,
        breaks=_varint_over,
    ),
    Family(
        name="catalogue",
        source='''
$TABLE = ("part",) * $kinds


def $parse(data):
    """Return a kind by its number and the rest; the last byte is the sum of all others and $start, by $mod."""
    if len(data) < 3 or (sum(data[:-1]) + $start) % $mod != data[-1]:
        raise Malformed("wrong sum")
    kind = data[0]
    $check
    return $TABLE[kind], data[1:-1]


def $holds(data, value):
    """Return whether the kind is a known one."""
    return value[0] == "part"
''',
        sound="""if kind >= len($TABLE):
        raise Malformed("no such kind")""",
        flawed=(
            """if kind < 0:
        raise Malformed("no such kind")""",
            """if kind > len($TABLE):
        raise Malformed("no such kind")""",
        ),
        words=_words,
        good=_catalogue,
        breaks=_catalogue_over,
    ),
    Family(
        name="fields",
        source='''
def $parse(data):
    """Return packed fields: how many, the width of each in bits (1 to 16), then the bits, the highest first."""
    if not data or len(data) < 1 + data[0]:
        raise Malformed("no widths")
    widths, packed = data[1 : 1 + data[0]], data[1 + data[0] :]
    if any(not 0 < width < 17 for width in widths):
        raise Malformed("no width")
    total = 8 * len(packed)
    $check
    found, number = [], int.from_bytes(packed, "big")
    for width in widths:
        total -= width
        found.append((number >> total) % (1 << width))
    return found


def $holds(data, value):
    """Return whether there is a value for each width."""
    return len(value) == data[0]
''',
        sound="""if sum(widths) > total:
        raise Malformed("too few bits")""",
        flawed=(
            """if sum(widths) > total + 7:
        raise Malformed("too few bits")""",
            """if sum(widths) // 8 > len(packed):
        raise Malformed("too few bits")""",
        ),
        words=_words,
        good=_fields,
        breaks=_fields_over,
    ),
    Family(
        name="shares",
        source='''
def $parse(data):
    """Return the share of each weight: whole numbers of one or two digits between commas."""
    weights = []
    for part in data.split(b","):
        if not part.isdigit() or len(part) > 2:
            raise Malformed("no weight")
        weights.append(int(part))
    rest = sum(weights) - $sum
    $check
    return [weight * 100 // rest for weight in weights]


def $holds(data, value):
    """Return whether there is a share for each weight."""
    return len(value) == data.count(b",") + 1
''',
        sound="""if rest == 0:
        raise Malformed("nothing to share")""",
        flawed=(
            """if rest < -$sum:
        raise Malformed("nothing to share")""",
            """if sum(weights) == 0:
        raise Malformed("nothing to share")""",
        ),
        words=_words,
        good=_shares,
        breaks=_shares_even,
    ),
    Family(
        name="digits",
        source='''
$TABLE = b"$letters"


def $parse(data):
    """Return the number that up to twelve letters of the table stand for, the highest first."""
    if not 0 < len(data) <= 12:
        raise Malformed("too long")
    number = 0
    for at, letter in enumerate(data):
        digit = $TABLE.find(letter)
        $check
        number = number * $base + digit
    return number


def $holds(data, value):
    """Return whether the number is not negative."""
    return value >= 0
''',
        sound="""if digit < 0:
            raise Malformed("no digit")""",
        flawed=(
            """if digit >= $base:
            raise Malformed("no digit")""",
            """if digit < 0 and at > 0:
            raise Malformed("no digit")""",
        ),
        words=_words,
        good=_digits,
        breaks=_digits_other,
    ),
)
