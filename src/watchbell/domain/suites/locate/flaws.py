"""What is a flaw here? A small teaching example in two versions that differ in a few lines, near or behind a helper.

A template is written like a difference: lines that begin with "-" stand in the flawed version only, with "+" in the
fixed one only, with "!" in both but count as the place of the flaw as well, with a space in both.
"""

from typing import Final

from watchbell.domain.records import record
from watchbell.domain.suites.locate.in_c import C_FLAWS
from watchbell.domain.suites.locate.in_python import PYTHON_FLAWS


@record(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One class of flaw: `near` shows it in one function, `far` in a helper `$h` that is called as `$g`.

    `via` is a function `$g` that only hands on to `$h`; `alike` looks as risky and is safe.
    """

    name: str
    cwe: str
    accepted: tuple[str, ...]
    language: str
    needs: tuple[str, ...]
    near: str
    far: str
    via: str
    alike: str


FLAWS: Final = {
    name: Flaw(name=name, language=language, **parts)
    for language, flaws in (("python", PYTHON_FLAWS), ("c", C_FLAWS))
    for name, parts in flaws.items()
}
"""By name; `accepted` are the CWE ids that count as right: its own, near parents, and children that fit as well."""
