"""Where can this person go? The left rail for the work, at most seven entries; the person's menu for the account.

Each entry is shown only to those its policy admits. A room adds its own with `add`; the name is
the url's, and entries whose url is not there yet are not shown.
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
    Entry("organisations", _("Organisations"), NODE_ADMIN),
]
ACCOUNT: list[Entry] = [
    Entry("members", _("Members"), OWNER),
    Entry("tokens", _("Access tokens"), STRONG),
    Entry("mfa_index", _("Sign-in security"), SIGNED_IN),
]


def add(entry: Entry, *, before: str = "") -> None:
    """This will put a room's entry into the rail, ahead of the one with the url name `before`, else last."""
    known = [one.url_name for one in ENTRIES]
    if entry.url_name not in known:
        ENTRIES.insert(known.index(before) if before in known else len(ENTRIES), entry)


def for_actor(actor: Actor, path: str) -> list[Place]:
    """Return the rail's entries that this actor may follow, at most seven."""
    return _places(ENTRIES, actor, path)[:AT_MOST]


def account_of(actor: Actor, path: str) -> list[Place]:
    """Return the entries of the person's menu."""
    return _places(ACCOUNT, actor, path)


def _places(entries: list[Entry], actor: Actor, path: str) -> list[Place]:
    """Return the entries this actor may follow; the longest address that fits the path is "here"."""
    found = [(address, entry) for entry in entries if entry.policy.admits(actor) and (address := _url(entry))]
    fitting = [address for address, _ in found if path.startswith(address) and (address != "/" or path == "/")]
    here = max(fitting, key=len, default="")
    return [Place(address, entry.label, address == here) for address, entry in found]


def _url(entry: Entry) -> str:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""
