"""How does a plain form become an advisory? What it asks is replaced; everything else of the working copy stays."""

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from watchbell.domain.advisory import (
    Advisory,
    Affected,
    Credit,
    RangeEvent,
    Reference,
    Remediation,
    RemediationKind,
    VersionRange,
    VersionScheme,
    VexStatus,
    Vulnerability,
)

TEXT = 20_000
SHORT = {"rows": 4}
LINES = {
    "updates": RemediationKind.VENDOR_FIX,
    "mitigations": RemediationKind.MITIGATION,
    "workarounds": RemediationKind.WORKAROUND,
}
WITHOUT_A_FIX = [
    ("", _("There is a fix, or none is needed")),
    (RemediationKind.NONE_AVAILABLE, _("No fix is available yet")),
    (RemediationKind.NO_FIX_PLANNED, _("No fix is planned")),
]
SENTENCES = {
    RemediationKind.NONE_AVAILABLE: "No fix is available yet.",
    RemediationKind.NO_FIX_PLANNED: "No fix is planned.",
}
STATUSES = [
    (VexStatus.AFFECTED, _("Affected")),
    (VexStatus.NOT_AFFECTED, _("Not affected")),
    (VexStatus.FIXED, _("Fixed")),
    (VexStatus.UNDER_INVESTIGATION, _("Under investigation")),
]


class HeadForm(forms.Form):
    """What the whole advisory says."""

    etag = forms.CharField(widget=forms.HiddenInput, max_length=64)
    title = forms.CharField(
        label=_("Title"), max_length=300, help_text=_("The product and what can happen, in one line.")
    )
    summary = forms.CharField(
        label=_("Summary"),
        max_length=TEXT,
        required=False,
        widget=forms.Textarea(attrs=SHORT),
        help_text=_("What happened, so what, do this: for somebody who runs the product."),
    )
    credits = forms.CharField(
        label=_("With thanks to"),
        max_length=TEXT,
        required=False,
        widget=forms.Textarea(attrs=SHORT),
        help_text=_("One name a line."),
    )
    references = forms.CharField(
        label=_("References"),
        max_length=TEXT,
        required=False,
        widget=forms.Textarea(attrs=SHORT),
        help_text=_("One address a line."),
    )


class FlawForm(forms.Form):
    """What is said of one vulnerability."""

    title = forms.CharField(label=_("What is the flaw, in one line?"), max_length=300)
    description = forms.CharField(label=_("What it is"), max_length=TEXT, widget=forms.Textarea(attrs=SHORT))
    updates = forms.CharField(
        label=_("Do this: updates"),
        max_length=TEXT,
        required=False,
        widget=forms.Textarea(attrs=SHORT),
        help_text=_("One a line, the deed first."),
    )
    mitigations = forms.CharField(
        label=_("Do this: what lessens the risk"), max_length=TEXT, required=False, widget=forms.Textarea(attrs=SHORT)
    )
    workarounds = forms.CharField(
        label=_("Do this: workarounds"), max_length=TEXT, required=False, widget=forms.Textarea(attrs=SHORT)
    )
    without = forms.ChoiceField(label=_("If there is no fix"), required=False, choices=WITHOUT_A_FIX)
    exploitation = forms.CharField(label=_("Is it being used?"), max_length=500, required=False)


class ProductForm(forms.Form):
    """How one product stands."""

    product = forms.CharField(label=_("Product"), max_length=300, required=False)
    status = forms.ChoiceField(label=_("How does it stand?"), choices=STATUSES)
    affected_from = forms.CharField(label=_("First affected version"), max_length=100, required=False)
    fixed_in = forms.CharField(label=_("Fixed in version"), max_length=100, required=False)


class Editor:
    """Every form of one advisory: its head, its flaws, their products and one spare row for each flaw."""

    def __init__(self, advisory: Advisory, etag: str, data: Any = None) -> None:
        self.advisory = advisory
        self.head = HeadForm(data, prefix="head", initial=_head(advisory, etag))
        self.flaws = [self._flaw(one, index, data) for index, one in enumerate(advisory.vulnerabilities)]

    @staticmethod
    def _flaw(flaw: Vulnerability, index: int, data: Any) -> tuple[FlawForm, list[ProductForm]]:
        rows = [*flaw.affected, Affected(status=VexStatus.UNDER_INVESTIGATION)]
        products = [
            ProductForm(data, prefix=f"flaw{index}-product{number}", initial=_product(row))
            for number, row in enumerate(rows)
        ]
        return FlawForm(data, prefix=f"flaw{index}", initial=_flaw(flaw)), products

    def is_valid(self) -> bool:
        """Return whether every answer can be taken."""
        inner = [form.is_valid() for flaw, products in self.flaws for form in (flaw, *products)]
        return self.head.is_valid() and all(inner)

    def edited(self) -> Advisory:
        """Return the advisory as answered."""
        said = self.head.cleaned_data
        pairs = zip(self.advisory.vulnerabilities, self.flaws, strict=True)
        return replace(
            self.advisory,
            title=said["title"],
            summary=said["summary"],
            credits=_credits(self.advisory, said["credits"]),
            references=_references(self.advisory, said["references"]),
            vulnerabilities=tuple(_edited_flaw(flaw, form, products) for flaw, (form, products) in pairs),
        )


def _head(advisory: Advisory, etag: str) -> dict[str, str]:
    return {
        "etag": etag,
        "title": advisory.title,
        "summary": advisory.summary,
        "credits": "\n".join(one.name for one in advisory.credits),
        "references": "\n".join(one.url for one in advisory.references),
    }


def _flaw(flaw: Vulnerability) -> dict[str, str]:
    of_kind = {
        name: "\n".join(one.details for one in flaw.remediations if one.kind is kind) for name, kind in LINES.items()
    }
    without = next((one.kind for one in flaw.remediations if one.kind in SENTENCES), "")
    said = {"title": flaw.title, "description": flaw.description, "exploitation": flaw.exploitation}
    return {**said, **of_kind, "without": str(without)}


def _product(row: Affected) -> dict[str, str]:
    span = row.ranges[0] if row.ranges else None
    first = next((event.introduced for event in span.events if event.introduced), "") if span else ""
    fixed = next((event.fixed for event in span.events if event.fixed), "") if span else ""
    return {
        "product": row.name,
        "status": row.status,
        "affected_from": "" if first == "0" else first,
        "fixed_in": fixed,
    }


def _edited_flaw(flaw: Vulnerability, form: FlawForm, products: list[ProductForm]) -> Vulnerability:
    said = form.cleaned_data
    rows = [*flaw.affected, Affected()]
    affected = [_edited_product(row, one) for row, one in zip(rows, products, strict=True)]
    return replace(
        flaw,
        title=said["title"],
        description=said["description"],
        exploitation=said["exploitation"],
        affected=tuple(one for one in affected if one is not None),
        remediations=tuple(_remediations(flaw, said)),
    )


def _edited_product(row: Affected, form: ProductForm) -> Affected | None:
    """Return the product as answered, or None when its name was taken out; ranges of many parts stay as they are."""
    said = form.cleaned_data
    if not said["product"]:
        return None
    status = VexStatus(said["status"])
    is_simple = len(row.ranges) <= 1 and all(len(span.events) <= 2 for span in row.ranges)
    name = {"product": said["product"]} if said["product"] != row.name else {}
    if not is_simple or not form.has_changed():
        return replace(row, **name)
    spans = () if status is VexStatus.NOT_AFFECTED else (_span(row, said["affected_from"], said["fixed_in"]),)
    kept = row.justification if status is VexStatus.NOT_AFFECTED else None
    return replace(row, status=status, ranges=spans, justification=kept, **name)


def _span(row: Affected, first: str, fixed: str) -> VersionRange:
    scheme = row.ranges[0].scheme if row.ranges else VersionScheme.ECOSYSTEM
    events = (RangeEvent(introduced=first or "0"), *((RangeEvent(fixed=fixed),) if fixed else ()))
    return VersionRange(scheme=scheme, events=events)


def _remediations(flaw: Vulnerability, said: dict[str, Any]) -> list[Remediation]:
    known = {(one.kind, one.details): one for one in flaw.remediations}
    wanted = [(kind, line) for name, kind in LINES.items() for line in _lines(said[name])]
    if said["without"]:
        kind = RemediationKind(said["without"])
        old = next((one.details for one in flaw.remediations if one.kind is kind), SENTENCES[kind])
        wanted.append((kind, old))
    return [known.get((kind, line), Remediation(kind=kind, details=line)) for kind, line in wanted]


def _credits(advisory: Advisory, text: str) -> tuple[Credit, ...]:
    known = {one.name: one for one in advisory.credits}
    return tuple(known.get(line, Credit(name=line)) for line in _lines(text))


def _references(advisory: Advisory, text: str) -> tuple[Reference, ...]:
    known = {one.url: one for one in advisory.references}
    return tuple(known.get(line, Reference(line)) for line in _lines(text))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
