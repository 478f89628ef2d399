"""Functions around the flaw that are right and must stay so: each with a way to know what it returns."""

from collections.abc import Callable
from string import Template
from typing import Any, Final

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.probes import Probe, works

Numbers = list[int]


@record(frozen=True, slots=True, kw_only=True)
class Filler:
    """A small function of one argument, numbers or a text, with one drawn number `k`."""

    source: str
    wants: Callable[[int, Any], Any]
    of_text: bool = False


def _runs(k: int, numbers: Numbers) -> int:
    longest = at = 0
    for number in numbers:
        at = at + 1 if number % 2 == k % 2 else 0
        longest = max(longest, at)
    return longest


def _letters(k: int, text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in text.split():
        counts[word[0]] = counts.get(word[0], 0) + k
    return counts


FILLERS: Final = (
    Filler(
        source='''
def $name(values):
    """Return the sum of the values above $k."""
    total = 0
    for value in values:
        if value > $k:
            total += value
    return total
''',
        wants=lambda k, numbers: sum(number for number in numbers if number > k),
    ),
    Filler(
        source='''
def $name(values):
    """Return how far each value is from the one before."""
    steps = []
    last = $k
    for value in values:
        steps.append(value - last)
        last = value
    return steps
''',
        wants=lambda k, numbers: [one - before for one, before in zip(numbers, [k, *numbers], strict=False)],
    ),
    Filler(
        source='''
def $name(values):
    """Return the values held between -$k and $k."""
    return [max(-$k, min($k, value)) for value in values]
''',
        wants=lambda k, numbers: [max(-k, min(k, number)) for number in numbers],
    ),
    Filler(
        source='''
def $name(values):
    """Return the weighted sum of the values, by their place, below 9973."""
    total = $k
    for place, value in enumerate(values, start=1):
        total = (total + place * value) % 9973
    return total
''',
        wants=lambda k, numbers: (k + sum(place * one for place, one in enumerate(numbers, start=1))) % 9973,
    ),
    Filler(
        source='''
def $name(values):
    """Return the values in rows of $k."""
    rows = []
    for start in range(0, len(values), $k):
        rows.append(values[start : start + $k])
    return rows
''',
        wants=lambda k, numbers: [numbers[at : at + k] for at in range(0, len(numbers), k)],
    ),
    Filler(
        source='''
def $name(values):
    """Return the longest run of values that leave the same rest by two as $k."""
    longest = 0
    current = 0
    for value in values:
        current = current + 1 if value % 2 == $k % 2 else 0
        longest = max(longest, current)
    return longest
''',
        wants=_runs,
    ),
    Filler(
        source='''
def $name(values):
    """Return the values that are not the same as an earlier one by $k, in their order."""
    seen = set()
    kept = []
    for value in values:
        if value % $k not in seen:
            seen.add(value % $k)
            kept.append(value)
    return kept
''',
        wants=lambda k, numbers: [
            number for at, number in enumerate(numbers) if number % k not in {one % k for one in numbers[:at]}
        ],
    ),
    Filler(
        source='''
def $name(text):
    """Return the text with every small letter moved by $k."""
    moved = []
    for letter in text:
        if "a" <= letter <= "z":
            letter = chr((ord(letter) - ord("a") + $k) % 26 + ord("a"))
        moved.append(letter)
    return "".join(moved)
''',
        wants=lambda k, text: "".join(chr((ord(c) - 97 + k) % 26 + 97) if "a" <= c <= "z" else c for c in text),
        of_text=True,
    ),
    Filler(
        source='''
def $name(text):
    """Return $k for each word, counted under its first letter."""
    counts = {}
    for word in text.split():
        counts[word[0]] = counts.get(word[0], 0) + $k
    return counts
''',
        wants=_letters,
        of_text=True,
    ),
    Filler(
        source='''
def $name(text):
    """Return the words of a text, those longer than $k letters cut, joined by a dash."""
    words = []
    for word in text.split():
        words.append(word if len(word) <= $k else word[:$k] + "~")
    return "-".join(words)
''',
        wants=lambda k, text: "-".join(word if len(word) <= k else word[:k] + "~" for word in text.split()),
        of_text=True,
    ),
    Filler(
        source='''
def $name(text):
    """Return the text from behind, every letter at a place that $k divides in capitals."""
    return "".join(
        letter.upper() if place % $k == 0 else letter for place, letter in enumerate(reversed(text))
    )
''',
        wants=lambda k, text: "".join(c.upper() if at % k == 0 else c for at, c in enumerate(reversed(text))),
        of_text=True,
    ),
    Filler(
        source='''
def $name(text):
    """Return how many vowels and how many other letters a text has, and $k."""
    vowels = sum(letter in "aeiou" for letter in text)
    others = sum(letter.isalpha() for letter in text) - vowels
    return {"vowels": vowels, "others": others, "size": $k}
''',
        wants=lambda k, text: {
            "vowels": sum(c in "aeiou" for c in text),
            "others": sum(c.isalpha() and c not in "aeiou" for c in text),
            "size": k,
        },
        of_text=True,
    ),
)


def drawn(draw: Draw, number: int) -> list[tuple[str, str, Probe]]:
    """Return this many fillers: name, source and what is asked of each."""
    chosen = draw.several(FILLERS, min(number, len(FILLERS)))
    chosen += [draw.one(FILLERS) for _ in range(number - len(chosen))]
    return [_made(draw, filler) for filler in chosen]


def _made(draw: Draw, filler: Filler) -> tuple[str, str, Probe]:
    verb = draw.one(("count", "fold", "arrange", "weigh", "sort_out", "tally"))
    name, k = f"{verb}_{draw.word(8)}", draw.between(2, 9)
    value: Any = " ".join(draw.word(draw.between(2, 9)) for _ in range(draw.between(3, 6)))
    if not filler.of_text:
        value = [draw.between(-20, 20) for _ in range(draw.between(4, 9))]
    source = Template(filler.source).substitute(name=name, k=k).strip("\n")
    return name, source, works(name, [name, value], filler.wants(k, value))
