"""A module with one flaw, grown from a seed: the same text but for the flawed function is the corrected one."""

from string import Template
from typing import Any, Final

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.patch.family import Family
from watchbell.domain.suites.patch.fillers import drawn
from watchbell.domain.suites.patch.layers import Layer, layers
from watchbell.domain.suites.probes import Probe

TWINS: Final = {1: 0, 2: 0, 3: 1, 4: 2, 5: 3}
"""Near misses: the same kind of function, and right."""
FILLERS: Final = {1: 3, 2: 6, 3: 9, 4: 12, 5: 16}
LAYERS: Final = {1: 0, 2: 0, 3: 1, 4: 2, 5: 3}
SUBTLE: Final = {1: (0,), 2: (0, 1), 3: (1,), 4: (1, 2), 5: (2,)}
"""Which of a family's flaws, from plain to subtle."""


@record(frozen=True, slots=True, kw_only=True)
class Module:
    """What was built: both texts, what is asked of it, and where the flaw is."""

    flawed: str
    sound: str
    probes: list[Probe]
    entry: str
    place: str


@record(frozen=True, slots=True, kw_only=True)
class _Unit:
    head: str
    sound: str
    flawed: str
    others: list[str]
    below: list[str]
    words: dict[str, str]


def module(draw: Draw, family: Family, level: int) -> Module:
    """Return the module of a family at a level."""
    fillers = drawn(draw, FILLERS[level])
    ill = _unit(draw, family, level, LAYERS[level], fillers[0][0])
    units = [ill]
    units += [_unit(draw, family, level, draw.below(LAYERS[level] + 1), fillers[0][0]) for _ in range(TWINS[level])]
    pieces = [source for _, source, _ in fillers]
    pieces += [source for unit in units for source in (unit.sound, *unit.others)]
    heads = [unit.head for unit in draw.shuffled(units) if unit.head]
    below = [text for unit in units for text in unit.below]
    subject = f'"""Looks after {", ".join(unit.words["noun"] for unit in draw.shuffled(units))} and a few sums."""'
    imports = "\n".join(family.imports)
    parts = [subject, *([imports] if imports else []), *heads, *draw.shuffled(pieces), *below]
    sound = "\n\n\n".join(parts) + "\n"
    probes = [asked for _, _, asked in fillers]
    for at, unit in enumerate(units):
        probes += [{**one, "name": f"{one['name']}-{at}"} for one in family.probes(unit.words)]
    return Module(
        flawed=sound.replace(ill.sound, ill.flawed),
        sound=sound,
        probes=probes,
        entry=ill.words["outer"],
        place=ill.words["inner"],
    )


def _unit(draw: Draw, family: Family, level: int, long: int, decoy: str) -> _Unit:
    noun = draw.word(6)
    words: dict[str, str] = {
        "noun": noun,
        "NOUN": noun.upper(),
        "outer": f"{draw.one(family.verbs)}_{noun}",
        "inner": f"_{draw.word(4)}_{noun}",
        "second": f"{draw.word(4)}_{noun}",
        **family.words(draw),
    }
    way = layers(draw, words["inner"], family.parameters, noun, decoy, long)
    words["via"] = way[-1].name if way else words["inner"]
    flawed = family.flawed[draw.one(SUBTLE[level])]
    return _Unit(
        head=_text(family.head, words),
        sound=_inner(family, draw.one(family.sound), words),
        flawed=_inner(family, flawed, words),
        others=[*_sources(way), _text(draw.one(family.outer), words)],
        below=[layer.below for layer in way if layer.below],
        words=words,
    )


def _sources(way: list[Layer]) -> list[str]:
    return [layer.source for layer in way]


def _inner(family: Family, body: str, words: dict[str, str]) -> str:
    lines = [f"def $inner({family.parameters}):", f'    """{family.promise}"""', body.strip("\n")]
    return _text("\n".join(lines), words)


def _text(template: str, words: dict[str, Any]) -> str:
    return Template(template).substitute(words).strip("\n")
