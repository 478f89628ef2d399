"""In which five words does a page say how urgent something is?"""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class State(StrEnum):
    """How urgent, or that nobody can tell; each has a word, a shape and a colour."""

    NOW = "now"
    SOON = "soon"
    LATER = "later"
    DONE = "done"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str | Promise:
        """Return the word shown."""
        return WORDS[self]


WORDS: dict[State, str | Promise] = {
    State.NOW: _("Now"),
    State.SOON: _("Soon"),
    State.LATER: _("Later"),
    State.DONE: _("Done"),
    State.UNKNOWN: _("Unknown"),
}
