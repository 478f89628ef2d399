"""What can this program not promise? The text of docs/what-watchbell-cannot-promise.md, as its page says it.

A test holds the two together. A wheel has no docs folder, and a page is read in the reader's language.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Bound:
    """One thing that early access rests on: what is true of it, and what is not in our hands."""

    about: str | Promise
    is_true: str | Promise
    not_ours: str | Promise


BOUNDS = (
    Bound(
        _("The disk"),
        _(
            "A destroyed key is overwritten, removed and the removal written through to the disk before the deed "
            "is acknowledged."
        ),
        _(
            "A copy-on-write file system, a snapshot of the disk or of the virtual machine, or a worn flash cell "
            "may still hold the old bytes. Put the keystore on a plain, encrypted disk that nobody takes "
            "snapshots of."
        ),
    ),
    Bound(
        _("The machine"),
        _(
            "Each call reads the key anew, uses it, and forgets it; no process holds one longer than one request "
            "or one stream."
        ),
        _(
            "Whoever had root on the machine, or read its memory, while the key was there may have kept it. So "
            "may a swap file: turn swap off or encrypt it."
        ),
    ),
    Bound(
        _("The evaluators"),
        _(
            "Named people only, each opening with a purpose, each touch in a log the developer reads. The gateway "
            "keeps digests, never what was said."
        ),
        _(
            "What people saw, wrote down or kept in their own tools is theirs to delete. The terms say what they "
            "may keep; a signature is not a lock."
        ),
    ),
    Bound(
        _("The law"),
        _(
            "Withdrawing asks no reason and needs nobody; nothing in this program can hold engagement material "
            "back from its destruction."
        ),
        _("A law on records, an order by a court or a subpoena may oblige a party to keep what it holds itself."),
    ),
    Bound(
        _("The endpoint"),
        _("Only the gateway holds the developer's credential. It is cut within a second of the end."),
        _(
            "What the developer's own endpoint logs, keeps or answers is the developer's. We cannot see whether "
            "it serves the model whose digest was registered."
        ),
    ),
    Bound(
        _("Other levers"),
        _(
            "Nothing here refuses, delays or conditions a release; no role but the developer's can end, lengthen "
            "or widen anything."
        ),
        _(
            "Procurement, export control and contracts exist outside this program. It can only promise that it "
            "holds nothing back."
        ),
    ),
    Bound(
        _("Backups"),
        _("No backup this program makes holds an engagement's keys, with or without --keys-out."),
        _(
            "A copy of the keystore's folder that somebody makes by other means while access runs opens what it "
            "opened then."
        ),
    ),
    Bound(
        _("The clock"),
        _(
            "The end is checked at each use against the machine's clock and the latest moment the engagement has "
            "seen; a clock set back opens nothing again."
        ),
        _(
            "A clock that runs slow, or is set back, makes the window longer by as much. One that jumps ahead "
            "past the end ends what runs at its next use or round, for good: key and endpoint are gone, and the "
            "developer signs anew for what is left of the same thirty days; evidence whose date it goes beyond is "
            "gone. Use a time service, and look at doctor."
        ),
    ),
)
LASTING = _(
    "Evidence has a key of its own and a date that the developer signs. What the terms list under kept "
    "after end (as a rule scores, the table of samples without their text, and the report) lies under no "
    "key of ours: it is meant to last."
)
INSTEAD = _(
    "If this is not enough, host node and gateway yourself and let the evaluators be guests: then disk, "
    "machine and backups are yours."
)
