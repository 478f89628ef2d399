"""One class of flaw: the function that holds it, sound and flawed in several ways, and what is asked of it.

Sources are templates with `$names`; `inner` decides, `outer` is what the module offers and calls `$via`, which is
`inner` itself at the first levels and a longer way to it further up.
"""

from collections.abc import Callable, Mapping, Sequence

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.probes import Probe

Words = Mapping[str, str]


@record(frozen=True, slots=True, kw_only=True)
class Family:
    """A template of the generator; `flawed` goes from plain to subtle, all of `sound` are right."""

    name: str
    kind: str
    parameters: str
    """Of `inner`, as a call writes them."""
    verbs: tuple[str, ...]
    """What the outer function may be called, with a drawn word behind."""
    head: str
    """Constants and helpers that come before; "" where there are none."""
    promise: str
    """The docstring of `inner`."""
    sound: tuple[str, ...]
    """Bodies of `inner`."""
    flawed: tuple[str, ...]
    outer: tuple[str, ...]
    imports: tuple[str, ...]
    words: Callable[[Draw], dict[str, str]]
    """Draw what the templates name besides the names of functions."""
    probes: Callable[[Words], Sequence[Probe]]
