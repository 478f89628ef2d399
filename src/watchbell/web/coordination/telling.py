"""How is an advisory told to a person? The deed first, versions in a sentence, links only to plain web addresses."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from watchbell.domain.advisory import (
    Advisory,
    Affected,
    RangeEvent,
    Reference,
    Remediation,
    RemediationKind,
    VersionRange,
    VexStatus,
    Vulnerability,
)
from watchbell.web.coordination.words import JUSTIFICATIONS
from watchbell.web.states import State

Words = str | Promise
STATUSES: dict[VexStatus, Words] = {
    VexStatus.AFFECTED: gettext_lazy("Affected"),
    VexStatus.NOT_AFFECTED: gettext_lazy("Not affected"),
    VexStatus.FIXED: gettext_lazy("Fixed"),
    VexStatus.UNDER_INVESTIGATION: gettext_lazy("Under investigation"),
}
BADGES: dict[VexStatus, State] = {
    VexStatus.AFFECTED: State.NOW,
    VexStatus.NOT_AFFECTED: State.LATER,
    VexStatus.FIXED: State.DONE,
    VexStatus.UNDER_INVESTIGATION: State.UNKNOWN,
}
DEEDS: dict[RemediationKind, Words] = {
    RemediationKind.VENDOR_FIX: gettext_lazy("Fix"),
    RemediationKind.MITIGATION: gettext_lazy("Lessen the risk"),
    RemediationKind.WORKAROUND: gettext_lazy("Work around it"),
    RemediationKind.NONE_AVAILABLE: gettext_lazy("No fix yet"),
    RemediationKind.NO_FIX_PLANNED: gettext_lazy("No fix planned"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A reference as shown: `url` is "" where the address is not one a browser should follow."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Product:
    """One product and how it stands, in words."""

    name: str
    maker: str
    status: Words
    badge: State
    versions: str
    why: str


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do."""

    kind: Words
    details: str
    link: Link | None


@dataclass(frozen=True, slots=True)
class Flaw:
    """One vulnerability, told."""

    title: str
    description: str
    ids: tuple[str, ...]
    exploitation: str
    deeds: list[Deed]
    products: list[Product]
    severities: list[tuple[str, str]]


def flaws(advisory: Advisory) -> list[Flaw]:
    """Return every vulnerability of an advisory, told."""
    return [_flaw(one) for one in advisory.vulnerabilities]


def links(advisory: Advisory) -> list[Link]:
    """Return every reference, those of its vulnerabilities included, each once."""
    found = [*advisory.references, *(link for one in advisory.vulnerabilities for link in one.references)]
    return [link(one) for one in dict.fromkeys(found)]


def credits_of(advisory: Advisory) -> list[str]:
    """Return who is thanked, each once."""
    found = [*advisory.credits, *(credit for one in advisory.vulnerabilities for credit in one.credits)]
    named = (f"{one.name} ({one.organisation})" if one.organisation else one.name for one in found)
    return list(dict.fromkeys(named))


def link(reference: Reference) -> Link:
    """Return a reference as text, and as an address only when it is plain http or https."""
    return Link(reference.summary or reference.url, reference.url if is_plain(reference.url) else "")


def is_plain(url: str) -> bool:
    """Return whether this is an ordinary web address: http or https, a host, nothing hidden before it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    return is_web and "@" not in parts.netloc and url.isprintable() and not {" ", "\\"} & set(url)


def versions(affected: Affected) -> str:
    """Return which versions are meant, in words."""
    spans = [text for one in affected.ranges for text in _spans(one)]
    return "; ".join([*spans, *affected.versions]) or _("Which versions is not known")


def _flaw(one: Vulnerability) -> Flaw:
    return Flaw(
        title=one.title,
        description=one.description,
        ids=one.aliases,
        exploitation=one.exploitation,
        deeds=[_deed(deed) for deed in one.remediations],
        products=[_product(product) for product in one.affected],
        severities=[(severity.vector, severity.by) for severity in one.severities],
    )


def _deed(one: Remediation) -> Deed:
    return Deed(DEEDS[one.kind], one.details, link(Reference(one.url)) if one.url else None)


def _product(one: Affected) -> Product:
    why = str(JUSTIFICATIONS[one.justification]) if one.justification else ""
    return Product(
        name=one.name,
        maker=one.vendor,
        status=STATUSES[one.status],
        badge=BADGES[one.status],
        versions="" if one.status is VexStatus.NOT_AFFECTED else versions(one),
        why=". ".join(part.rstrip(".") for part in (why, one.impact) if part),
    )


def _spans(span: VersionRange) -> list[str]:
    """Return each stretch of a range as words; an end that nobody named stays open and says so."""
    told, begins = [], ""
    for event in span.events:
        if event.introduced:
            begins = event.introduced
        elif begins:
            told.append(_span(begins, event))
            begins = ""
    return [*told, _span(begins, RangeEvent())] if begins else told


def _span(begins: str, ends: RangeEvent) -> str:
    first = begins != "0"
    if before := ends.fixed or ends.limit:
        words = _("%(first)s and later, before %(end)s") if first else _("every version before %(end)s")
        return words % {"first": begins, "end": before}
    if ends.last_affected:
        words = _("%(first)s up to and including %(end)s") if first else _("every version up to and including %(end)s")
        return words % {"first": begins, "end": ends.last_affected}
    return _("%(first)s and every later version") % {"first": begins} if first else _("every version")
