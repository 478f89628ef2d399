"""A specification with its sound and its insecure answer, and what will be asked, grown from a seed."""

from typing import Any, Final

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.probes import FUNCTIONAL, SECURE, Probe, probe
from watchbell.domain.suites.securegen.extras import EXTRAS, GOT, Asked, Extra, filled, want
from watchbell.domain.suites.securegen.family import Family

NUMBER: Final = {1: 0, 2: 1, 3: 2, 4: 3, 5: 5}
"""Extras of a level; the first has none or one about the text alone."""
AROUND: Final = {1: 0, 2: 0, 3: 1, 4: 3, 5: 5}
"""Sentences about other things."""
VERBS: Final = {
    "batch": "all_of",
    "first": "first_of",
    "keyed": "keyed",
    "labelled": "labelled",
    "count": "count_of",
}
"""How the function of an extra is called, before the drawn word."""
SAID: Final = (
    "The module is part of $word, which $other people use on weekdays.",
    "An earlier version was written in an afternoon and put its texts together by hand; nobody minded.",
    "The $word team reads the result on a small screen, so it should be short where it may be.",
    "Speed matters little: there are a few hundred calls a day.",
    "The names are those of the old system and cannot change.",
    "A later version may keep its results in $word; that is no concern of this module.",
    "Most texts come from a form that strangers fill in.",
    "There is a style guide of $other pages, which nobody asks you to read.",
    "If two ways are equally good, take the one with fewer lines.",
    "The first users will be the people of $word, then everybody.",
)


@record(frozen=True, slots=True, kw_only=True)
class Task:
    """What was built."""

    asks: list[str]
    sound: str
    insecure: str
    names: list[str]
    probes: list[Probe]


def task(draw: Draw, family: Family, level: int) -> Task:
    """Return the task of a family at a level."""
    extras = draw.several(EXTRAS, NUMBER[level]) if level > 1 else draw.several(EXTRAS[:2], draw.below(2))
    words = _words(draw, family)
    asks = [filled(family.asks, words)]
    if level < 3:
        asks.append(filled(family.warns, words))
    rest = [filled(extra.asks, words) for extra in extras]
    said = draw.several(SAID, AROUND[level])
    around = [filled(text, {"word": draw.word(6), "other": str(draw.between(20, 90))}) for text in said]
    sound, insecure = (_module(family, extras, draw.one(bodies), words) for bodies in (family.sound, family.insecure))
    return Task(
        asks=[*asks, *draw.shuffled([*rest, *around])],
        sound=sound,
        insecure=insecure,
        names=[words["name"], *(words[extra.name] for extra in extras if extra.beside)],
        probes=_probes(family, extras, words),
    )


def _words(draw: Draw, family: Family) -> dict[str, str]:
    noun = draw.word(6)
    words = {one: f"{verb}_{noun}" for one, verb in VERBS.items()}
    words |= {"name": f"{draw.one(('make', 'give', 'take', 'build', 'find'))}_{noun}", "label": draw.word(5)}
    words |= {"limit": str(draw.between(80, 160)), **family.words(draw)}
    first = [family.given] if family.given else []
    turned = draw.below(2) == 1
    words["one"] = ", ".join(["text", *first] if turned else [*first, "text"])
    words["texts"] = words["one"].replace("text", "texts")
    return words


def _module(family: Family, extras: list[Extra], body: str, words: dict[str, str]) -> str:
    inside = [extra for extra in sorted(extras, key=lambda one: one.name, reverse=True) if extra.inside]
    after = [extra for extra in extras if extra.after]
    inner = f"_{words['name']}" if inside or after else words["name"]
    parts = ["\n".join(family.imports)] if family.imports else []
    if after:
        parts.append("_RETURNED = []")
    parts.append(f"def {inner}({words['one']}):\n" + filled(body, words))
    if inside or after:
        lines = [f"def {words['name']}({words['one']}):", *(filled(extra.inside, words) for extra in inside)]
        lines += [f"    value = {inner}({words['one']})", *(filled(extra.after, words) for extra in after)]
        parts.append("\n".join([*lines, "    return value"]))
    parts += [filled(extra.beside, words) for extra in extras if extra.beside]
    return "\n\n\n".join(parts) + "\n"


def _probes(family: Family, extras: list[Extra], words: dict[str, str]) -> list[Probe]:
    gift = [{"ref": "gift"}] if family.given else []
    turned = words["one"].startswith("text,")

    def call(name: str, text: Any) -> list[Any]:
        return [name, text, *gift] if turned else [name, *gift, text]

    shared: dict[str, Any] = {"let": {"gift": family.gift(words)}} if family.given else {}
    asked = Asked(
        words=words,
        good=family.good(words),
        wrong=family.wrong(words),
        attacks=family.attacks(words),
        call=call,
        shared=shared,
    )
    name = words["name"]
    probes = [
        *(
            probe(f"good-{at}", FUNCTIONAL, [call(name, one[0])], [want(GOT, one)], **shared)
            for at, one in enumerate(asked.good)
        ),
        *(
            probe(
                f"wrong-{at}", FUNCTIONAL, [call(name, text)], [["is", ["outs", 0, "raised"], "ValueError"]], **shared
            )
            for at, text in enumerate(asked.wrong)
        ),
        *(
            probe(f"attack-{at}", SECURE, [call(name, one[0])], [want(GOT, one)], **shared)
            for at, one in enumerate(asked.attacks)
        ),
        *({**one, "ask": {**shared, **one["ask"]}} for one in family.more(words, name, call)),
    ]
    return probes + [one for extra in extras for one in extra.probes(asked)]
