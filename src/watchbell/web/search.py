"""Where is it? One box over everything the reader may see; each room answers for itself, and nothing is counted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from watchbell.apps.advisories import queries as advisories
from watchbell.apps.cases import queries as cases
from watchbell.apps.findings import queries as findings
from watchbell.apps.inventory import queries as inventory
from watchbell.apps.remediation import queries as worklist
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import Facts
from watchbell.domain.handling import Tlp
from watchbell.doors.policy import CASE_PARTY, COORDINATOR, OPERATOR, STRONG, Policy, open_to
from watchbell.web.asking import Asking

MOST = 10
LONGEST = 200
SHORTEST = 3
CANDIDATES = 500
"""Most cases looked through for a title: whether the reader may know one is decided case by case."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: where it is, what it is called, and a few words more."""

    url: str
    title: str
    more: str = ""
    marking: Tlp = Tlp.CLEAR


@dataclass(frozen=True, slots=True)
class Group:
    """What one room found; `is_cut` when it holds more than are shown."""

    title: str | Promise
    hits: list[Hit]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One search: who asks, for which text, and the vulnerabilities that go by it."""

    request: Asking
    text: str
    known: list[Facts]

    @property
    def ids(self) -> set[str]:
        """Return every id of these vulnerabilities: what one room knows by its CVE is found by its GHSA too."""
        return {name for one in self.known for name in one.ids}


@open_to(STRONG)
@require_safe
def search(request: Asking) -> HttpResponse:
    """Show what was found, group by group; nothing is looked for under three characters."""
    text = " ".join(request.GET.get("q", "").split())[:LONGEST]
    groups = _groups(request, text) if len(text) >= SHORTEST else []
    context = {
        "q": text,
        "groups": groups,
        "is_short": len(text) < SHORTEST,
        "marking": max((hit.marking for group in groups for hit in group.hits), default=Tlp.CLEAR),
    }
    return render(request, "watchbell/search.html", context)


def _groups(request: Asking, text: str) -> list[Group]:
    named = [one.public_id for one in islice(published.search(_spelled(text)), MOST + 1)]
    facts = published.facts_for(named)
    asked = Asked(request, text, [facts[name] for name in named if name in facts])
    found = [(title, list(islice(look(asked), MOST + 1))) for title, policy, look in ROOMS if _may(policy, request)]
    return [Group(title, hits[:MOST], len(hits) > MOST) for title, hits in found if hits]


def _spelled(text: str) -> str:
    """Return an id as its publishers write it: GHSA ids are small after their first four letters."""
    return f"GHSA-{text[5:].lower()}" if text[:5].upper() == "GHSA-" else text


def _may(policy: Policy, request: Asking) -> bool:
    return policy.admits(request.actor)


def _vulnerabilities(asked: Asked) -> Iterable[Hit]:
    """Yield the published flaws; an operator comes to its own line where there is one."""
    actor, now = asked.request.actor, asked.request.now
    rows = worklist.visible_to(actor, now=now).filter(group_id__in=[one.public_id for one in asked.known])
    mine = dict(rows.values_list("group_id", "public_id"))
    for one in asked.known:
        row = mine.get(one.public_id)
        url = reverse("worklist_row", args=[row]) if row else reverse("vulnerability", args=[one.public_id])
        others = ", ".join(name for name in one.ids if name != one.display_id)
        more = " · ".join(filter(None, [one.summary, others, _("on your worklist") if row else ""]))
        yield Hit(url, one.display_id, more)


def _advisories(asked: Asked) -> Iterable[Hit]:
    found = advisories.found_by(asked.request.actor, asked.text, ids=asked.ids, now=asked.request.now)
    for one in found[: MOST + 1]:
        yield Hit(reverse("advisory", args=[one.tracking_id]), one.title, one.tracking_id, Tlp(one.marking))


def _drafts(asked: Asked) -> Iterable[Hit]:
    own = advisories.drafts(asked.request.actor, now=asked.request.now).filter(tracking_id="")
    for one in own.filter(title__icontains=asked.text)[: MOST + 1]:
        yield Hit(reverse("draft", args=[one.public_id]), one.title, marking=Tlp(one.marking))


def _cases(asked: Asked) -> Iterable[Hit]:
    """Yield the cases whose report the reader may read: before that neither title nor CVE may answer."""
    actor, now = asked.request.actor, asked.request.now
    flaws = Q(vulnerabilities__cve__iexact=asked.text) | Q(vulnerabilities__cve__in=asked.ids)
    flaws |= Q(vulnerabilities__title__icontains=asked.text)
    visible = cases.visible_to(actor, now=now).filter(Q(title__icontains=asked.text) | flaws)
    for case in visible.order_by("-opened_at", "public_id")[:CANDIDATES]:
        line = cases.line(case, actor)
        if line.title:
            more = _("closed") if line.closed_at else ""
            yield Hit(reverse("case", args=[line.public_id]), line.title, more, line.marking)


def _findings(asked: Asked) -> Iterable[Hit]:
    actor = asked.request.actor
    rows = findings.visible_to(actor, now=asked.request.now)
    rows = rows.filter(Q(title__icontains=asked.text) | Q(item_id__iexact=asked.text))
    for row in rows.order_by("-received_at", "-public_id")[: MOST + 1]:
        one = findings.shown(row, actor)
        opens = COORDINATOR.admits(actor)
        url = reverse("finding", args=[one.public_id]) if opens else _submission(row)
        yield Hit(url, one.title, one.item_id, Tlp(row.marking))


def _submission(row: Any) -> str:
    return reverse("submission", args=[row.submission.public_id])


def _assets(asked: Asked) -> Iterable[Hit]:
    mine = inventory.visible_to(asked.request.actor, now=asked.request.now)
    for one in mine.filter(name__icontains=asked.text).order_by("name")[: MOST + 1]:
        yield Hit(reverse("asset", args=[one.public_id]), one.name, one.kind)


def _components(asked: Asked) -> Iterable[Hit]:
    actor, now = asked.request.actor, asked.request.now
    for one in inventory.things_named(actor, asked.text, now=now, limit=MOST + 1):
        others = one.assets - 1
        more = _("in %(asset)s") % {"asset": one.asset_name}
        if others:
            said = ngettext("and %(count)d more asset", "and %(count)d more assets", others)
            more = f"{more} {said % {'count': others}}"
        yield Hit(reverse("asset", args=[one.asset]), f"{one.what} {one.version}".strip(), more)


Look = Callable[[Asked], Iterable[Hit]]
ROOMS: tuple[tuple[str | Promise, Policy, Look], ...] = (
    (gettext_lazy("Vulnerabilities"), STRONG, _vulnerabilities),
    (gettext_lazy("Advisories"), STRONG, _advisories),
    (gettext_lazy("Draft advisories"), COORDINATOR, _drafts),
    (gettext_lazy("Cases"), CASE_PARTY, _cases),
    (gettext_lazy("Findings"), STRONG, _findings),
    (gettext_lazy("Assets"), OPERATOR, _assets),
    (gettext_lazy("What is in them"), OPERATOR, _components),
)
