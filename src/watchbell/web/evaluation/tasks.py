"""Which tasks of other people's (inspect_evals) could run here, and why not the others? Nothing of theirs is run."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from watchbell.domain.refusal import Refused
from watchbell.doors.policy import EARLY_ACCESS, open_to
from watchbell.outside.inspect_runner import NoInspect, foreign
from watchbell.outside.inspect_runner.foreign import Foreign, Hindrance
from watchbell.outside.inspect_runner.known import KNOWN, VERSION
from watchbell.web.asking import Asking
from watchbell.web.evaluation import words

SHELF = "inspect-evals"
READ_AGAIN_AFTER = timedelta(minutes=10)
LONGEST_SOUGHT = 100
RUNS = "runs"
CHIPS = [
    ("", _("All")),
    (RUNS, _("Nothing hinders it here")),
    (Hindrance.DOCKER.value, _("Needs a container engine")),
    (Hindrance.DATA.value, _("Downloads its data")),
    (Hindrance.PACKAGE.value, _("Needs another package")),
]


@open_to(EARLY_ACCESS)
@require_safe
def tasks(request: Asking) -> HttpResponse:
    """List the tasks, those that could run here first; what hinders the others stands beside them."""
    found, is_installed = there()
    sought = " ".join(request.GET.get("named", "")[:LONGEST_SOUGHT].split())
    only = request.GET.get("only", "")
    rows = [one for one in found if _is_sought(one, sought) and _is_shown(one, only)]
    context = {
        "rows": [_line(one) for one in sorted(rows, key=lambda one: (not one.runs_here, one.task))],
        "total": len(found),
        "running": sum(one.runs_here for one in found),
        "is_installed": is_installed,
        "version": VERSION,
        "sought": sought,
        "chips": [{"value": value, "label": label, "is_here": value == only} for value, label in CHIPS],
        "only": only,
    }
    return render(request, "evaluation/tasks.html", context)


def there() -> tuple[tuple[Foreign, ...], bool]:
    """Return what is installed here, read at most every ten minutes; without it, what is known of 0.26.0."""
    kept = cache.get(SHELF)
    if kept is None:
        kept = [asdict(one) for one in _read()]
        cache.set(SHELF, kept, timeout=int(READ_AGAIN_AFTER.total_seconds()))
    installed = tuple(_restored(one) for one in kept)
    return (installed, True) if installed else (KNOWN, False)


def _read() -> tuple[Foreign, ...]:
    try:
        return foreign.listed()
    except (NoInspect, Refused, OSError):
        return ()


def _restored(kept: dict[str, Any]) -> Foreign:
    hindrances = tuple(Hindrance(one) for one in kept["hindrances"])
    return Foreign(**{**kept, "hindrances": hindrances, "about": tuple(kept["about"])})


def _is_sought(one: Foreign, sought: str) -> bool:
    text = f"{one.task} {one.title}".casefold()
    return all(word in text for word in sought.casefold().split())


def _is_shown(one: Foreign, only: str) -> bool:
    return one.runs_here if only == RUNS else only in (*one.hindrances, "")


def _line(one: Foreign) -> dict[str, Any]:
    return {"one": one, "why": list(_reasons(one))}


def _reasons(one: Foreign) -> Iterable[tuple[words.Words, str]]:
    return ((words.HINDRANCES[hindrance], about) for hindrance, about in zip(one.hindrances, one.about, strict=True))
