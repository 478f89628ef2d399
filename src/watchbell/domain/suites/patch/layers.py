"""The way from what a module offers to where it decides: longer with each level, and drawn."""

from string import Template
from typing import Final

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw


@record(frozen=True, slots=True, kw_only=True)
class Layer:
    """A function that hands on to another one, and what must stand below every function of the module."""

    name: str
    source: str
    below: str = ""


_WAYS: Final = (
    (
        '''
def $name($parameters):
    """Hand on what concerns $noun to the place that looks after it."""
    found = $old($parameters)
    return found
''',
        "",
    ),
    (
        '''
def $name($parameters):
    """Take the way for $noun that the table names."""
    way = $TABLE["$word"]
    return way($parameters)
''',
        """
$TABLE = {
    "$other": $decoy,
    "$word": $old,
}
""",
    ),
    (
        '''
class $Class:
    """Looks after $noun and counts how often."""

    def __init__(self, most):
        self.most = most
        self.count = 0

    def $other(self, $parameters):
        """Look after one, and count it."""
        self.count = (self.count + 1) % self.most
        return $old($parameters)


def $name($parameters):
    """Ask the desk for $noun."""
    return $DESK.$other($parameters)
''',
        """
$DESK = $Class($number)
""",
    ),
    (
        '''
def $name($parameters):
    """Go through the steps for $noun and return what the last one found."""
    found = None
    for step in $TABLE:
        found = step($parameters)
    return found
''',
        """
$TABLE = ($old,)
""",
    ),
)


def layers(draw: Draw, inner: str, parameters: str, noun: str, decoy: str, number: int) -> list[Layer]:
    """Return this many layers over `inner`, the outermost last; `decoy` is a function that a table names beside."""
    made: list[Layer] = []
    for source, below in (draw.one(_WAYS) for _ in range(number)):
        word, other = draw.word(6), draw.word(6)
        words = {
            "old": made[-1].name if made else inner,
            "parameters": parameters,
            "noun": noun,
            "decoy": decoy,
            "name": f"_{draw.word(6)}_{noun}",
            "word": word,
            "other": other,
            "number": draw.between(20, 90),
            "TABLE": f"_{draw.word(6).upper()}",
            "DESK": f"_{word.upper()}",
            "Class": draw.word(8).capitalize(),
        }
        texts = (Template(text).substitute(words).strip("\n") for text in (source, below))
        made.append(Layer(name=str(words["name"]), source=next(texts), below=next(texts)))
    return made
