"""Who works on this case, whom could one name, and who would lose sight of it under a stricter label?"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from watchbell.apps.cases import queries
from watchbell.apps.cases.queries import CasePage
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Tlp
from watchbell.web.asking import Asking
from watchbell.web.coordination.names import Names


@dataclass(frozen=True, slots=True)
class Working:
    """The persons of one organisation that the case names: by name to their colleagues, as a number to others."""

    organisation: str
    number: int
    names: tuple[str, ...] = ()


def working_on(page: CasePage, request: Asking, names: Names) -> list[Working]:
    """Return who is named, one's own organisation first; others only for those who may read the report."""
    named = queries.named_persons(page.case, now=request.now)
    colleagues, own = dict(_colleagues(request)), request.actor.organisation or ""
    mine = tuple(colleagues[person] for person in named.get(own, []) if person in colleagues)
    rest = [Working(names.of(key), len(people)) for key, people in named.items() if key != own]
    return [Working(names.of(own), len(mine), mine), *(rest if page.reads_report else [])]


def assignable(page: CasePage, request: Asking) -> list[tuple[str, str]]:
    """Return the colleagues whom the case does not name yet, by name."""
    there = set(queries.named_persons(page.case, now=request.now).get(request.actor.organisation or "", []))
    return [(key, name) for key, name in _colleagues(request) if key not in there]


def unassignable(page: CasePage, request: Asking) -> list[tuple[str, str]]:
    """Return the colleagues whom the case names, by name, oneself among them."""
    there = set(queries.named_persons(page.case, now=request.now).get(request.actor.organisation or "", []))
    return [(key, name) for key, name in _colleagues(request) if key in there]


def stricter_labels(page: CasePage, request: Asking, names: Names) -> list[tuple[str, str]]:
    """Return the labels a case can still be given, each in one sentence with who would lose sight of it."""
    labels = [one for one in Tlp if one > page.case.marking]
    return [(one.name, f"{one.label} – {_after(one, page, request, names)}") for one in labels]


def _after(label: Tlp, page: CasePage, request: Asking, names: Names) -> str:
    if label is not Tlp.RED:
        return _("nobody in the case loses sight of it; it may travel less far.")
    named = queries.named_persons(page.case, now=request.now)
    kept = [(names.of(key), len(people)) for key, people in named.items() if people]
    keep = [_("%(number)s of %(name)s") % {"number": number, "name": name} for name, number in kept]
    lose = [names.of(key) for key, people in named.items() if not people]
    stays = _("only the persons named keep sight of it: %(who)s.") % {"who": _listed(keep) or "–"}
    if not lose:
        return stays
    return stays + " " + _("%(who)s names nobody and loses sight of it altogether.") % {"who": _listed(lose)}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _colleagues(request: Asking) -> list[tuple[str, str]]:
    actor = request.actor
    rows = orgs.members_of(actor, now=request.now).filter(
        organisation__public_id=actor.organisation, person__is_active=True
    )
    return [(row.person.public_id, row.person.get_full_name()) for row in rows]
