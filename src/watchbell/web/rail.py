"""Where can this person go? The left rail for the work, at most seven entries; the person's menu for the account.

Each entry is shown only to those its policy admits. A room adds its own with `add`; the name is
the url's, and entries whose url is not there yet are not shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from watchbell.domain.handling import Actor
from watchbell.doors.policy import NODE_ADMIN, OWNER, PUBLIC, SIGNED_IN, STRONG, Policy

AT_MOST = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the rail; `concerns`, where given, says whether there is anything there for this actor."""

    url_name: str
    label: str | Promise
    policy: Policy
    concerns: Callable[[Actor, datetime], bool] | None = None


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


def for_actor(actor: Actor, path: str, *, now: datetime) -> list[Place]:
    """Return the rail's entries that this actor may follow, at most seven."""
    return _places(ENTRIES, actor, path, now=now)[:AT_MOST]


def account_of(actor: Actor, path: str, *, now: datetime) -> list[Place]:
    """Return the entries of the person's menu."""
    return _places(ACCOUNT, actor, path, now=now)


def _places(entries: list[Entry], actor: Actor, path: str, *, now: datetime) -> list[Place]:
    """Return the entries this actor may follow; the longest address that fits the path is "here"."""
    open_ones = [one for one in entries if one.policy.admits(actor)]
    mine = [one for one in open_ones if one.concerns is None or one.concerns(actor, now)]
    found = [(address, entry) for entry in mine if (address := _url(entry))]
    fitting = [address for address, _ in found if path.startswith(address) and (address != "/" or path == "/")]
    here = max(fitting, key=len, default="")
    return [Place(address, entry.label, address == here) for address, entry in found]


def _url(entry: Entry) -> str:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""
