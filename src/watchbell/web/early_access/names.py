"""By which name does a page call a party and its people? Each is looked up once a page; a name that is gone says so."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from watchbell.apps.engagements import services
from watchbell.apps.orgs import queries as orgs
from watchbell.doors import keys
from watchbell.outside.keystore import KeystoreError


class Names:
    """The names on one page of early access."""

    def __init__(self) -> None:
        self._organisations: dict[str, str] = {}
        self._people: dict[str, str] = {}

    def of(self, organisation: str) -> str:
        """Return what an organisation is called, or a dash for one that left this node."""
        if organisation not in self._organisations:
            found = orgs.find(organisation)
            self._organisations[organisation] = found.name if found else "–"
        return self._organisations[organisation]

    def person(self, person: str) -> str:
        """Return what a person is called."""
        if not person:
            return _("the node")
        if person not in self._people:
            self.learn([person])
        return self._people[person] or _("an erased person")

    def learn(self, people: Iterable[str]) -> None:
        """Look these people up in one go."""
        wanted = {one for one in people if one and one not in self._people}
        if wanted:
            found = orgs.names_of(wanted)
            self._people |= {one: found.get(one, "") for one in wanted}


def model_name(model: Any) -> str:
    """Return what the developer calls a model; while its key cannot be reached, the beginning of its digest.

    A page with Release and Withdraw must not depend on a key for names.
    """
    try:
        return services.name_of(model, keys=keys.keystore())
    except (KeystoreError, OSError):
        return f"{model.digest[:16]}…"
