"""Which findings are there? For coordinators all, by where they stand; valid ones can be taken into a case."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from watchbell.apps.findings import queries
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import Finding
from watchbell.doors.policy import COORDINATOR, open_to
from watchbell.web.asking import Asking
from watchbell.web.coordination import words
from watchbell.web.coordination.names import Names
from watchbell.web.coordination.paging import slice_of

CHIPS: dict[str, tuple[words.Words, dict[str, Any]]] = {
    "received": (_("Waits for a decision"), {"state": Finding.RECEIVED}),
    "valid": (_("Found valid"), {"state": Finding.VALID}),
    "unshown": (
        _("Valid, waits for evidence"),
        {"state": Finding.VALID, "level__lt": EvidenceLevel.E2_REPRODUCED},
    ),
    "duplicate": (_("Duplicates"), {"state": Finding.DUPLICATE}),
    "rejected": (_("Rejected"), {"state": Finding.REJECTED}),
}


@open_to(COORDINATOR)
@require_safe
def findings(request: Asking) -> HttpResponse:
    """List the findings that stand in one place."""
    state = request.GET.get("state", "valid")
    state = state if state in CHIPS else "valid"
    chosen = queries.visible_to(request.actor, now=request.now).filter(**CHIPS[state][1])
    page = slice_of(chosen, by=("received_at", "public_id"), name=f"findings:{state}", request=request)
    context = {
        "chips": [(key, word, key == state) for key, (word, _filter) in CHIPS.items()],
        "rows": rows_of(page.rows),
        "slice": page,
        "filter": f"state={state}",
        "total": chosen.count(),
        "picks": CHIPS[state][1]["state"] is Finding.VALID and request.actor.writes,
        "marking": strictest(page.rows),
    }
    return render(request, "coordination/findings.html", context)


def rows_of(found: Iterable[Any]) -> list[dict[str, Any]]:
    """Return findings as a coordinator's list shows them."""
    names = Names()
    return [
        {
            "finding": one,
            "product": product_of(one),
            "level": EvidenceLevel(one.level).label,
            "level_words": words.LEVELS[EvidenceLevel(one.level)],
            "badge": words.level_badge(one.level),
            "source": names.submitter(one.submission),
        }
        for one in found
    ]


def product_of(finding: Any) -> str:
    """Return which product a finding names, with maker and version where they were said."""
    named = " ".join(part for part in (finding.vendor, finding.product, finding.version) if part)
    return named or str(finding.purl)


def strictest(rows: Iterable[Any]) -> Tlp:
    """Return the label of a page that shows these rows: the strictest of theirs."""
    return max((Tlp(row.marking) for row in rows), default=Tlp.CLEAR)
