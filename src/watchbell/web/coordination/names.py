"""By which name does a page call a party? An organisation by its own, a reporter without an account by what it is."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from watchbell.apps.orgs import queries as orgs

CONSOLE, RECEIPT = "console", "receipt:"


class Names:
    """The names of organisations on one page, each looked up once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, organisation: str) -> str:
        """Return what an organisation is called, or a dash for one that left this node."""
        if organisation not in self._known:
            found = orgs.find(organisation)
            self._known[organisation] = found.name if found else "–"
        return self._known[organisation]

    def submitter(self, submission: Any) -> str:
        """Return who handed a submission in."""
        if submission.organisation:
            return self.of(submission.organisation)
        return _("this node's console") if submission.submitter == CONSOLE else _("somebody without an account")

    def participant(self, participant: Any, *, by_contact: bool = False) -> str:
        """Return what a participant of a case is called; a contact's address is for the coordinator only."""
        if participant.organisation:
            return self.of(participant.organisation)
        if participant.contact.startswith(RECEIPT):
            return _("a reporter without an account")
        return str(participant.contact) if by_contact else _("a contact of the coordinator")


def joined(words: Iterable[Any]) -> str:
    """Return words as one list, in order."""
    return ", ".join(sorted(str(word) for word in words))
