"""Flaws of what is run: a name that becomes an option, a tag that names any function."""

from collections.abc import Sequence
from typing import Any, Final

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.patch.family import Family, Words
from watchbell.domain.suites.probes import SECURE, Probe, objects, probe, refuses, works


def _words(draw: Draw) -> dict[str, str]:
    return {name: draw.word(6) for name in ("tool", "option", "file", "evil", "hidden", "secret", "tag")}


def _command(words: Words) -> Sequence[Probe]:
    w = dict(words)
    evil, option = f"--{w['evil']}", f"--{w['option']}"

    def would(options: list[str], name: str) -> list[Any]:
        return [w["outer"], w["tool"], options, name]

    def only(name: str, given: str) -> Probe:
        return probe(name, SECURE, [would([option], given)], [["lacks", ["outs", 0, "got", "options"], w["evil"]]])

    return [
        works("names", would([], w["file"]), {"options": [], "names": [w["file"]]}),
        works("options", would([option, "-q"], w["file"]), {"options": [option, "-q"], "names": [w["file"]]}),
        works("dotted", would([option], "a.b-c"), {"options": [option], "names": ["a.b-c"]}),
        *(only(f"option-{at}", given) for at, given in enumerate((evil, "-" + evil, f"-{w['evil']}"))),
        *(only(f"spaced-{at}", given) for at, given in enumerate((f"a {evil}", f"a\t{evil}", f"a\n{evil}"))),
    ]


def _loader(words: Words) -> Sequence[Probe]:
    w = dict(words)

    def load(*lines: str) -> list[Any]:
        return [w["outer"], "\n".join(lines)]

    hidden = f"_make_{w['hidden']}"
    tags = (hidden, w["hidden"], f"x-{hidden}", f"x-{w['hidden']}", "__class__", "__name__")
    return [
        works("number", load("!num 12"), [12]),
        works("two", load("!up ab", "!num -4"), ["AB", -4]),
        works("own", load(f"!{w['tag']} a,b"), [["a", "b"]]),
        works("nothing", load(""), []),
        objects("unknown", load("!unknown 1")),
        *(refuses(f"tag-{at}", load("!num 1", f"!{tag} 1")) for at, tag in enumerate(tags)),
    ]


FAMILIES: Final = (
    Family(
        name="command",
        kind="a file name that is taken for an option of a program",
        parameters="tool, options, name",
        verbs=("prepare", "call_for", "arguments_of"),
        head='''
def _read_$noun(arguments):
    """Return what the tool makes of its arguments: options before "--" begin with "-", all else are names."""
    options, names, ended = [], [], False
    for argument in arguments[1:]:
        if argument == "--" and not ended:
            ended = True
        elif argument.startswith("-") and not ended:
            options.append(argument)
        else:
            names.append(argument)
    return {"options": options, "names": names}
''',
        promise="Return the arguments that run the tool with these options on one file of this very name.",
        sound=(
            """
    return [tool, *options, "--", name]
""",
            """
    arguments = [tool]
    arguments.extend(options)
    arguments.append("--")
    arguments.append(name)
    return arguments
""",
        ),
        flawed=(
            """
    line = f"{tool} {' '.join(options)} {name}"
    return line.split()
""",
            """
    arguments = [tool]
    arguments.extend(options)
    arguments.append(name)
    return arguments
""",
            """
    arguments = [tool]
    arguments.extend(options)
    arguments.append(name.strip().removeprefix("-"))
    return arguments
""",
        ),
        outer=(
            '''
def $outer(tool, options, name):
    """Return which options and names the tool would see for a $noun; nothing is run, and a name is never an option."""
    return _read_$noun($via(tool, options, name))
''',
        ),
        imports=(),
        words=_words,
        probes=_command,
    ),
    Family(
        name="loader",
        kind="a loader that lets the text name what is called",
        parameters="tag, value",
        verbs=("load", "parse", "take_in"),
        head='''
def _make_$tag(value):
    """Return the parts of a value between commas."""
    return value.split(",")


def _make_$hidden(value):
    """Return the inner key of $noun; never for texts from outside."""
    return "$secret" + value


$NOUN = {"num": int, "up": str.upper, "$tag": _make_$tag}
''',
        promise="Return what the tag makes of the value; ValueError for a tag that is not in $NOUN.",
        sound=(
            """
    if tag not in $NOUN:
        raise ValueError("unknown tag")
    return $NOUN[tag](value)
""",
            """
    make = $NOUN.get(tag)
    if make is None:
        raise ValueError("unknown tag")
    return make(value)
""",
        ),
        flawed=(
            """
    make = $NOUN.get(tag) or globals().get(tag)
    if make is None:
        raise ValueError("unknown tag")
    return make(value)
""",
            """
    make = $NOUN.get(tag) or globals().get("_make_" + tag)
    if make is None:
        raise ValueError("unknown tag")
    return make(value)
""",
            """
    if tag not in $NOUN and not tag.startswith("x-"):
        raise ValueError("unknown tag")
    make = $NOUN.get(tag) or globals()["_make_" + tag.removeprefix("x-")]
    return make(value)
""",
        ),
        outer=(
            '''
def $outer(text):
    """Return the values of a $noun, one a line, each "!tag value". ValueError for a tag that is not known."""
    values = []
    for line in text.splitlines():
        tag, _, value = line.partition(" ")
        if not tag.startswith("!"):
            raise ValueError("no tag")
        values.append($via(tag[1:], value))
    return values
''',
            '''
def $outer(text):
    """Return the values of a $noun, one a line, each "!tag value". ValueError for a tag that is not known."""
    pairs = [line.partition(" ") for line in text.splitlines()]
    if not all(tag.startswith("!") for tag, _, _ in pairs):
        raise ValueError("no tag")
    return [$via(tag[1:], value) for tag, _, value in pairs]
''',
        ),
        imports=(),
        words=_words,
        probes=_loader,
    ),
)
