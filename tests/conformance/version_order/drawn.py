"""Pairs of versions to ask the ecosystems' own tools about: random ones, and neighbours that differ in one place."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.conformance.version_order.oracles import Oracle, Pair

from watchbell.domain.versions import NOT_ALWAYS_ORDERED, Scheme, Standing, Unparsable, compare_exactly, key, place

_NUMBERS = ("0", "1", "2", "3", "9", "10", "11", "99", "100", "255", "256", "65535", "65536", "20240101", "4294967296")
_UNUSUAL = (*_NUMBERS, "00", "01", "007", "010")


@dataclass(frozen=True, slots=True)
class Shape:
    """How versions of a scheme look: `#` stands for a number; a start, up to six pieces, an end."""

    starts: tuple[str, ...]
    pieces: tuple[str, ...]
    ends: tuple[str, ...] = ("",)
    numbers: tuple[str, ...] = _UNUSUAL


SHAPES = {
    Scheme.SEMVER: Shape(
        ("#.#.#", "v#.#.#", "#.#.#-#", "#.#.#-alpha", "#.#.#-rc", "#.#.#--", "#.#.#-A-b"),
        (".#", ".a", ".A", ".rc1", ".x-1", ".-", "-", "a", "1a"),
        ("", "", "+b.1", "+b-2"),
        _NUMBERS,
    ),
    Scheme.PYPI: Shape(
        ("#", "#.#", "#.#.#", "v#.#", "#!#", "1!#.#"),
        (".#", ".0", "a#", "b#", "rc#", ".alpha", "-preview#", "c", ".post#", "-#", ".r#", ".dev#", "-DEV#", "_beta_#"),
        ("", "", "", "+a", "+#", "+a.#", "+#.a", "+Ab-#", "+a_b.#.c"),
    ),
    Scheme.DEBIAN: Shape(
        ("#", "#.#", "#:#", "#:#.#", "0:#"),
        (
            *(".#", ".", "+", "~", "~~", "a", "Z", "z", "rc#", "-#", "-"),
            *("+b#", "+deb12u#", "~bpo12+#", "ubuntu#", ":#"),
        ),
    ),
    Scheme.RPM: Shape(
        ("#", "#.#", "#:#", "#:#.#", "0:#", "a#", "+#:#"),
        (
            *(".#", ".", "_", "+", "~", "^", "~rc#", "^git#", "a", "Z", "z"),
            *("-#", "-", "-#.el8", ".el8_#", ":", "é", "~~", "^~"),
        ),
    ),
    Scheme.MAVEN: Shape(
        ("#", "#.#", "#.#.#", "#.#.0", "rc#", "#-#"),
        (
            *(".#", "-#", ".0", "-0", ".", "-", "#", "-alpha", "-beta-#", ".RC#", "-rc#", ".CR#", "-SNAPSHOT"),
            *(".Final", ".ga", "-ga", "-release", ".SP#", "-sp", "-jre", ".jre8", "-m#", "a#", "b#", "m"),
            *(".xyz", "_x", "+b#"),
        ),
    ),
    Scheme.PACKAGIST: Shape(
        ("#", "#.#", "#.#.#", "#.#.#.#", "v#.#", "V#.#.#", "#.x", "2024.#.#"),
        (
            *(".#", "-#", "-alpha#", "-BETA#", "b#", ".RC#", "-rc.#", "-p#", "pl#", "-patch", "-stable", "-STABLE"),
            *("a", "-dev", ".x-dev", "dev", "_beta-#", "+meta#", "@dev", "-A#", "#", ".*-dev"),
        ),
    ),
}


def pairs(scheme: Scheme, seed: int) -> Iterator[Pair]:
    """Yield pairs for ever, the same for the same seed: half of them far apart, half neighbours."""
    rng = random.Random(f"{scheme} {seed}")
    shape = SHAPES[scheme]
    while True:
        one = _draw(shape, rng)
        yield one, _draw(shape, rng) if rng.random() < 0.4 else _neighbour(one, shape, rng)


def _draw(shape: Shape, rng: random.Random) -> str:
    parts = [
        rng.choice(shape.starts),
        *rng.choices(shape.pieces, k=rng.choice((0, 0, 1, 1, 2, 3, 6))),
        rng.choice(shape.ends),
    ]
    return _numbered("".join(parts), shape, rng)


def _numbered(text: str, shape: Shape, rng: random.Random) -> str:
    return "".join(rng.choice(shape.numbers) if char == "#" else char for char in text)


def _neighbour(text: str, shape: Shape, rng: random.Random) -> str:
    """Return the text with a piece put in, a character taken out, doubled or in the other case, or the same."""
    at = rng.randrange(len(text) + 1)
    piece = _numbered(rng.choice(shape.pieces), shape, rng)
    return rng.choice(
        (
            text[:at] + piece + text[at:],
            text[:at] + piece,
            text[:at] + text[at + 1 :],
            text[:at] + text[at : at + 1] * 2 + text[at + 1 :],
            text.swapcase(),
            text + ".0",
        )
    )


EXPLAINED = {
    Scheme.PACKAGIST: (
        re.compile(r"[0-9]{19}"),
        "PHP stops counting at 2**63 and calls all higher numbers equal; we go on",
    ),
}
"""Where a tool differs for a reason: what one of the two versions then holds, and the reason."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a comparison came to; `differences` are (one, theirs, other, ours), without the `explained`."""

    compared: int
    ambiguous: int
    refused: int
    explained: int
    differences: list[tuple[str, str, str, str]]


def compare(oracle: Oracle, *, wanted: int, seed: int) -> Tally:
    """Ask about pairs until `wanted` were answered, and return where we say something else.

    Keys must agree where neither version is ambiguous, `compare_exactly` always.
    """
    source = pairs(oracle.scheme, seed)
    compared = ambiguous = refused = explained = 0
    differences: list[tuple[str, str, str, str]] = []
    while compared < wanted:
        batch = readable(oracle.scheme, source, min(oracle.batch, wanted - compared))
        answers = oracle.ask(batch)
        assert len(answers) == len(batch), f"{oracle.name} answered {len(answers)} of {len(batch)} pairs"
        for (one, other), theirs in zip(batch, answers, strict=True):
            if theirs == "-":
                refused += 1
                continue
            compared += 1
            ours, is_ambiguous = answer(oracle.scheme, one, other)
            ambiguous += is_ambiguous
            if ours != theirs and _is_explained(oracle.scheme, one, other):
                explained += 1
            elif ours != theirs:
                differences.append((one, theirs, other, ours))
    return Tally(compared, ambiguous, refused, explained, differences)


def _is_explained(scheme: Scheme, one: str, other: str) -> bool:
    held, _ = EXPLAINED.get(scheme, (None, ""))
    return held is not None and bool(held.search(one) or held.search(other))


def answer(scheme: Scheme, one: str, other: str) -> tuple[str, bool]:
    """Return what we say of this pair, and whether it was for `compare_exactly` to say."""
    left, right = key(scheme, one), key(scheme, other)
    by_key = "<" if left < right else ">" if left > right else "="
    if scheme not in NOT_ALWAYS_ORDERED:
        return by_key, False
    exactly = {-1: "<", 0: "=", 1: ">", None: "?"}[compare_exactly(scheme, one, other)]
    if Standing.AMBIGUOUS in (place(scheme, one).standing, place(scheme, other).standing):
        return exactly, True
    return (by_key if by_key == exactly else f"{by_key}, but exactly {exactly}"), False


def readable(scheme: Scheme, source: Iterator[Pair], wanted: int) -> list[Pair]:
    """Return the next pairs of which both are versions to us."""
    found: list[Pair] = []
    while len(found) < wanted:
        pair = next(source)
        if all(_is_version(scheme, text) for text in pair):
            found.append(pair)
    return found


def _is_version(scheme: Scheme, text: str) -> bool:
    try:
        return place(scheme, text).standing is not Standing.UNPARSABLE and bool(key(scheme, text))
    except Unparsable:
        return False
