"""What do VEX statements say of the matches? They are laid over them and take none away."""

from collections.abc import Iterable

from watchbell.domain.advisory import VexStatus
from watchbell.domain.matching.products import ProductName, hash_pair
from watchbell.domain.matching.vex import Overlay, Subject, overlay
from watchbell.domain.matching.vex import Statements as _ByFlaw
from watchbell.domain.matching.vex_statements import Statement
from watchbell.edge.answers import AFFECTED, NOT_AFFECTED, Match
from watchbell.formats.sbom import Component, Sbom, bom_link


class Statements:
    """Every statement that was handed in."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._statements = _ByFlaw(statements)

    def laid_over(self, match: Match, ids: frozenset[str], bill: Sbom) -> Match:
        """Return the match as it stands with the statements that hold for it."""
        about = self._statements.about(ids)
        if not about:
            return match
        subject = Subject(
            ids=ids,
            component=_product(match.component, bill),
            product=_product(bill.subject, bill) if bill.subject else None,
        )
        found = overlay(subject, about)
        if found.is_quiet:
            return match._replace(status=NOT_AFFECTED, because=f"{match.because}; {_said(found)}")
        if found.status is VexStatus.AFFECTED:
            return match._replace(status=AFFECTED, because=f"{match.because}; {_said(found)}")
        if found.flagged:
            author = found.flagged[0].author or "its author"
            return match._replace(because=f"{match.because}; {author} says not affected without saying why")
        return match


def _said(found: Overlay) -> str:
    one = next(each for each in found.applied if each.status is found.status)
    why = one.justification.value if one.justification else one.reason or one.impact or one.action
    said = f"{one.author or 'its author'} says {one.status.value.replace('_', ' ')}"
    return f"{said} ({why[:200]})" if why else said


def _product(component: Component, bill: Sbom) -> ProductName:
    link = bom_link(bill.serial, bill.version or "1")
    refs = (f"{link}#{component.ref}",) if link else ()
    if component is bill.subject and link:
        refs = (*refs, link)
    return ProductName(
        vendor=component.supplier,
        name=component.name,
        version=component.version,
        purls=(component.purl,) if component.purl else (),
        cpes=(component.cpe,) if component.cpe else (),
        hashes=tuple(hash_pair(kind, value) for kind, value in component.hashes),
        refs=refs,
    )
