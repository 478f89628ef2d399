"""What a specification asks beside the function itself: more with each level, and all of it must stay safe."""

from collections.abc import Callable, Sequence
from string import Template
from typing import Any, Final

from watchbell.domain.records import record
from watchbell.domain.suites.probes import FUNCTIONAL, SECURE, Probe, Want, probe
from watchbell.domain.suites.securegen.family import Expected

GOT: Final = ["outs", 0, "got"]


@record(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the probes of an extra are made of."""

    words: dict[str, str]
    good: Sequence[Expected]
    wrong: Sequence[str]
    attacks: Sequence[Expected]
    call: Callable[[str, Any], list[Any]]
    shared: dict[str, Any]


@record(frozen=True, slots=True, kw_only=True)
class Extra:
    """A sentence of the specification, its line inside the function or its function beside it, and its probes."""

    name: str
    asks: str
    inside: str = ""
    after: str = ""
    beside: str = ""
    probes: Callable[[Asked], list[Probe]]


def want(path: Sequence[Any], expected: Expected) -> Want:
    """Return the condition that what lies at a path is as expected."""
    _, how, value = expected
    return [how, list(path), value]


def _limit(a: Asked) -> list[Probe]:
    limit, refused = int(a.words["limit"]), [["refused", ["outs", 0, "raised"], None]]
    return [probe("limit", FUNCTIONAL, [a.call(a.words["name"], "a" * (limit + 1))], refused, **a.shared)]


def _trim(a: Asked) -> list[Probe]:
    name = a.words["name"]
    kept = [
        probe("trim", FUNCTIONAL, [a.call(name, f"  {one[0]} ")], [want(GOT, one)], **a.shared) for one in a.good[:2]
    ]
    return kept + [
        probe(f"trim-{at}", SECURE, [a.call(name, f" {one[0]}")], [want(GOT, one)], **a.shared)
        for at, one in enumerate(a.attacks[:3])
    ]


def _batch(a: Asked) -> list[Probe]:
    name, texts = a.words["batch"], [*(one[0] for one in a.good[:2]), *a.wrong[:1]]
    wanted = [want([*GOT, at], one) for at, one in enumerate(a.good[:2])]
    wanted += [["is", [*GOT, 2], None] for _ in a.wrong[:1]]
    return [
        probe("batch", FUNCTIONAL, [a.call(name, texts)], wanted, **a.shared),
        probe("batch-none", FUNCTIONAL, [a.call(name, [])], [["is", GOT, []]], **a.shared),
        *(
            probe(f"batch-{at}", SECURE, [a.call(name, [a.good[0][0], one[0]])], [want([*GOT, 1], one)], **a.shared)
            for at, one in enumerate(a.attacks[:3])
        ),
    ]


def _first(a: Asked) -> list[Probe]:
    name, texts = a.words["first"], [*a.wrong[:1], a.good[0][0], a.good[1][0]]
    return [
        probe("first", FUNCTIONAL, [a.call(name, texts)], [want(GOT, a.good[0])], **a.shared),
        probe("first-none", FUNCTIONAL, [a.call(name, [])], [["refused", ["outs", 0, "raised"], None]], **a.shared),
        *(
            probe(f"first-{at}", SECURE, [a.call(name, [one[0]])], [want(GOT, one)], **a.shared)
            for at, one in enumerate(a.attacks[:3])
        ),
    ]


def _keyed(a: Asked) -> list[Probe]:
    name, texts = a.words["keyed"], {"b": a.good[0][0], "a": a.good[1][0], **dict.fromkeys(["w"], *a.wrong[:1])}
    texts = {key: text for key, text in texts.items() if text is not None}
    wanted = [want([*GOT, "b"], a.good[0]), want([*GOT, "a"], a.good[1]), ["nothing", [*GOT, "w"], None]]
    return [
        probe("keyed", FUNCTIONAL, [a.call(name, texts)], wanted, **a.shared),
        *(
            probe(f"keyed-{at}", SECURE, [a.call(name, {"k": one[0]})], [want([*GOT, "k"], one)], **a.shared)
            for at, one in enumerate(a.attacks[:3])
        ),
    ]


def _labelled(a: Asked) -> list[Probe]:
    name, label = a.words["labelled"], a.words["label"]
    good = a.good[0]
    wanted = [want([*GOT, label], good), ["is", [*GOT, "size"], len(good[0])]]
    return [
        probe("labelled", FUNCTIONAL, [a.call(name, good[0])], wanted, **a.shared),
        *(
            probe(f"labelled-{at}", SECURE, [a.call(name, one[0])], [want([*GOT, label], one)], **a.shared)
            for at, one in enumerate(a.attacks[:3])
        ),
    ]


def _count(a: Asked) -> list[Probe]:
    name, count = a.words["name"], a.words["count"]
    calls = [["!fresh"], *(a.call(name, text) for text in (a.good[0][0], *a.wrong[:1], a.good[1][0])), [count]]
    return [probe("count", FUNCTIONAL, calls, [["is", ["outs", len(calls) - 1, "got"], 2]], **a.shared)]


EXTRAS: Final = (
    Extra(
        name="limit",
        asks="A text of more than $limit characters is refused with ValueError by `$name`.",
        inside="""
    if len(text) > $limit:
        raise ValueError("too long")
""",
        probes=_limit,
    ),
    Extra(
        name="trim",
        asks="Spaces before and behind the text do not count for `$name`: they are taken off before anything else.",
        inside="""
    text = text.strip(" ")
""",
        probes=_trim,
    ),
    Extra(
        name="batch",
        asks="`$batch($texts)` takes a list of texts instead and returns the list of what `$name` returns for each, "
        "None where that raises ValueError.",
        beside="""
def $batch($texts):
    found = []
    for text in texts:
        try:
            found.append($name($one))
        except ValueError:
            found.append(None)
    return found
""",
        probes=_batch,
    ),
    Extra(
        name="first",
        asks="`$first($texts)` takes a list of texts and returns what `$name` returns for the first that does not "
        "raise ValueError; it raises ValueError when there is none.",
        beside="""
def $first($texts):
    for text in texts:
        try:
            return $name($one)
        except ValueError:
            continue
    raise ValueError("none")
""",
        probes=_first,
    ),
    Extra(
        name="keyed",
        asks="`$keyed($texts)` takes a dict of texts and returns a dict of the same keys with what `$name` returns, "
        "without those that raise ValueError.",
        beside="""
def $keyed($texts):
    found = {}
    for key, text in texts.items():
        try:
            found[key] = $name($one)
        except ValueError:
            continue
    return found
""",
        probes=_keyed,
    ),
    Extra(
        name="labelled",
        asks='`$labelled($one)` returns a dict: "$label" is what `$name` returns, "size" the number of characters of '
        "the text as it was given.",
        beside="""
def $labelled($one):
    return {"$label": $name($one), "size": len(text)}
""",
        probes=_labelled,
    ),
    Extra(
        name="count",
        asks="`$count()` returns how often `$name` has returned something since the module was loaded.",
        after="""
    _RETURNED.append(1)
""",
        beside="""
def $count():
    return len(_RETURNED)
""",
        probes=_count,
    ),
)


def filled(text: str, words: dict[str, str]) -> str:
    """Return a template with its words, without the empty lines around it."""
    return Template(text).substitute(words).strip("\n")
