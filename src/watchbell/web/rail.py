"""Where can this person go? The left rail: at most seven entries, each shown only to those its policy admits.

A room adds its line to ENTRIES; the name is the url's. Entries whose url is not there yet are not shown.
"""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from watchbell.domain.handling import Actor
from watchbell.doors.policy import NODE_ADMIN, OWNER, PUBLIC, SIGNED_IN, STRONG, Policy

AT_MOST = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the rail."""

    url_name: str
    label: str | Promise
    policy: Policy


@dataclass(frozen=True, slots=True)
class Place:
    """One line as shown: where it leads and whether the reader is there now."""

    url: str
    label: str | Promise
    is_here: bool


ENTRIES: list[Entry] = [
    Entry("home", _("Home"), PUBLIC),
    Entry("members", _("Members"), OWNER),
    Entry("tokens", _("Access tokens"), STRONG),
    Entry("organisations", _("Organisations"), NODE_ADMIN),
    Entry("mfa_index", _("Sign-in security"), SIGNED_IN),
]


def add(entry: Entry, *, before: str = "tokens") -> None:
    """This will put a room's entry into the rail, ahead of the one with the url name `before`."""
    known = [one.url_name for one in ENTRIES]
    if entry.url_name not in known:
        ENTRIES.insert(known.index(before) if before in known else len(ENTRIES), entry)


def for_actor(actor: Actor, path: str) -> list[Place]:
    """Return the entries this actor may follow, at most seven; the longest address that fits is "here"."""
    found = [(address, entry) for entry in ENTRIES if entry.policy.admits(actor) and (address := _url(entry))]
    fitting = [address for address, _ in found if path.startswith(address) and (address != "/" or path == "/")]
    here = max(fitting, key=len, default="")
    return [Place(address, entry.label, address == here) for address, entry in found[:AT_MOST]]


def _url(entry: Entry) -> str:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""
