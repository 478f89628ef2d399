"""How does a template become a file? Names are drawn, other functions stand around it, and the place is kept."""

from string import Template
from typing import Final

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.locate.fillers import FILLERS
from watchbell.domain.suites.locate.flaws import FLAWS, Flaw

_AROUND: Final = {1: 0, 2: 2, 3: 4, 4: 7, 5: 10}
_OTHERS_ALIKE: Final = {1: 0, 2: 0, 3: 0, 4: 1, 5: 2}
_ALIKE_FROM: Final = 3
_FAR_FROM: Final = 4
_FARTHER_FROM: Final = 5
_ROLES: Final = ("f", "a", "v", "w", "h", "g")
_MOST_COUNTED: Final = 90


@record(frozen=True, slots=True, kw_only=True)
class Source:
    """One file: its text, and the lines (from 1) that are the place of the flaw; none in a fixed one."""

    text: str
    place: tuple[int, ...]

    @property
    def numbered(self) -> str:
        """Return the text as a model sees it, each line with its number."""
        return "\n".join(f"{at:>4}| {line}".rstrip() for at, line in enumerate(self.text.splitlines(), start=1))


def written(draw: Draw, flaw: Flaw, level: int, *, flawed: bool) -> Source:
    """Return a file of this level with the flaw in it, or its fixed twin.

    Level 2 has other functions around it, 3 a safe function that looks as risky, 4 puts the flaw into a helper,
    5 puts another function in between and has more that looks risky.
    """
    alike = _alike(draw, flaw, level)
    parts = _own_parts(draw, flaw, level)
    for template in [*(one.alike for one in alike), *draw.several(FILLERS[flaw.language], _AROUND[level])]:
        parts.insert(draw.below(len(parts) + 1), _filled(template, _drawn_names(draw)))
    apart = [(False, "")] * (2 if flaw.language == "python" else 1)
    lines = [(False, line) for line in sorted({line for one in (flaw, *alike) for line in one.needs})]
    for part in parts:
        lines += [*apart, *_chosen(part, flawed=flawed)]
    place = tuple(at for at, (marked, _) in enumerate(lines, start=1) if marked)
    return Source(text="\n".join(line for _, line in lines) + "\n", place=place)


def _alike(draw: Draw, flaw: Flaw, level: int) -> list[Flaw]:
    """Return the flaws whose safe counterparts stand in the file as well."""
    if level < _ALIKE_FROM:
        return []
    others = [one for one in FLAWS.values() if one.language == flaw.language and one.name != flaw.name]
    return [flaw, *draw.several(others, _OTHERS_ALIKE[level])]


def _own_parts(draw: Draw, flaw: Flaw, level: int) -> list[str]:
    """Return the functions of the flaw itself, in the order in which C needs them."""
    names = _drawn_names(draw)
    if level < _FAR_FROM:
        return [_filled(flaw.near, names)]
    helper, _, user = flaw.far.strip("\n").partition("\n\n")
    if level < _FARTHER_FROM:
        names["g"] = names["h"]
        return [_filled(helper, names), _filled(user, names)]
    return [_filled(template, names) for template in (helper, flaw.via, user)]


def _drawn_names(draw: Draw) -> dict[str, str]:
    """Return a made-up word for each role in a template, none twice, and a number."""
    words: list[str] = []
    while len(words) < len(_ROLES):
        words += [word for word in (draw.word(),) if word not in words]
    return dict(zip(_ROLES, words, strict=True)) | {"n": str(draw.between(12, _MOST_COUNTED))}


def _filled(template: str, names: dict[str, str]) -> str:
    return Template(template.strip("\n")).substitute(names)


def _chosen(part: str, *, flawed: bool) -> list[tuple[bool, str]]:
    """Return the lines that stand in this version, each with whether it is the place of the flaw."""
    left_out = "+" if flawed else "-"
    lines = [(line[:1], line[1:]) for line in part.splitlines() if line[:1] != left_out]
    return [(flawed and mark in ("-", "!"), line) for mark, line in lines]
