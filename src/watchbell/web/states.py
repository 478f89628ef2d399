"""In which words does a page say how urgent something is, or that it is over?"""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class State(StrEnum):
    """How urgent, or that nobody can tell; each has a word, a shape and a colour, but what is over has no colour.

    Done says that something is as it should be. Over says only that it is no more, and does not judge it.
    """

    NOW = "now"
    SOON = "soon"
    LATER = "later"
    DONE = "done"
    OVER = "over"
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
    State.OVER: _("Over"),
    State.UNKNOWN: _("Unknown"),
}
