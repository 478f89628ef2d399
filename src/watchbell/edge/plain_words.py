"""What was typed, read without `argparse` where it is plain: that costs a tenth of a match to start."""

from collections.abc import Sequence
from types import SimpleNamespace

FORMATS = ("table", "json", "vex", "csv", "sarif")
EXPOSED = ("yes", "no")
FAIL_ON = ("any", "affected")

_OPTIONS: dict[str, tuple[str, ...]] = {
    "--snapshot": (),
    "--format": FORMATS,
    "--exposed": EXPOSED,
    "--fail-on": FAIL_ON,
    "--distro": (),
}


def of_match(arguments: Sequence[str]) -> SimpleNamespace | None:
    """Return what `arguments.match_parser` would, or None for it to look: at help, faults and whatever is rare."""
    given = SimpleNamespace(sboms=[], snapshot="", format="table", vex=[], exposed=None, fail_on="any", distro="")
    words, has_ended = iter(arguments), False
    for word in words:
        if not word.startswith("-"):
            if has_ended:
                return None
            given.sboms.append(word)
            continue
        value, choices = next(words, "-"), _OPTIONS.get(word)
        if choices is None or value.startswith("-") or (choices and value not in choices):
            return None
        setattr(given, word[2:].replace("-", "_"), value)
        has_ended = bool(given.sboms)
    return given if given.sboms and given.snapshot else None
