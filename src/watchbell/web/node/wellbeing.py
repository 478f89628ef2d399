"""Is this node well? A few cheap looks for its administrators; `watchbell doctor` looks deeper."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from watchbell.apps.jobs import queries as jobs
from watchbell.apps.journal import queries as journal
from watchbell.domain.handling import Actor
from watchbell.web.states import State

LITTLE_SPACE = 2 << 30
MANY_UNSEALED = 10_000
HEAD_IS_LATE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do when it is not well."""

    name: str | Promise
    found: str
    state: State = State.DONE
    todo: str | Promise = ""

    @property
    def word(self) -> str | Promise:
        """Return the state in one word."""
        return _("Well") if self.state is State.DONE else _("Look at this")


def checks(viewer: Actor, *, now: datetime) -> list[Check]:
    """Return what was looked at, in the order it matters."""
    return [_space(), _dead_letters(viewer), _due(now), _record(), _heads(now), _mail()]


def _space() -> Check:
    free = shutil.disk_usage(settings.WATCHBELL.home).free
    found = say("%(space)s free") % {"space": filesizeformat(free)}
    if free < LITTLE_SPACE:
        return Check(_("Disk"), found, State.NOW, _("Free some space; writes are refused when the disk is full."))
    return Check(_("Disk"), found)


def _dead_letters(viewer: Actor) -> Check:
    number = len(jobs.dead_letters(viewer))
    found = ngettext("%d job gave up", "%d jobs gave up", number) % number
    if number:
        return Check(_("Work that gave up"), found, State.SOON, _("Look at Work, then try again or cancel."))
    return Check(_("Work that gave up"), say("none"))


def _due(now: datetime) -> Check:
    number = jobs.due_count(now=now)
    oldest = jobs.next_run_at()
    found = ngettext("%d job could start", "%d jobs could start", number) % number
    if number and oldest and now - oldest > timedelta(minutes=10):
        return Check(_("Work waiting"), found, State.SOON, _("Nobody has taken it for ten minutes. Does a worker run?"))
    return Check(_("Work waiting"), found)


def _record() -> Check:
    number = journal.waiting_for_a_seal()
    found = ngettext("%d entry waits for its seal", "%d entries wait for their seal", number) % number
    if number > MANY_UNSEALED:
        return Check(_("Record"), found, State.SOON, _("The sealer is behind. Does a worker run?"))
    return Check(_("Record"), found)


def _heads(now: datetime) -> Check:
    heads = journal.published_heads(limit=1)
    if not heads:
        todo = _("The worker publishes the first one. Does it run?")
        return Check(_("Signed heads"), say("none published yet"), State.SOON, todo)
    found = say("latest of %(day)s") % {"day": f"{heads[-1].at:%Y-%m-%d %H:%M} UTC"}
    if now - heads[-1].at > HEAD_IS_LATE:
        return Check(_("Signed heads"), found, State.SOON, _("One is due every day. Does a worker run?"))
    return Check(_("Signed heads"), found)


def _mail() -> Check:
    if settings.WATCHBELL.email_url:
        return Check(_("Mail"), say("configured"))
    return Check(_("Mail"), say("not configured: mails become files, invitations show a link to copy"))
