"""What is asked in a case? One question a line, and nothing the page knows already."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from watchbell.apps.cases.words import Standing
from watchbell.domain.advisory import VexJustification
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.web.coordination import words

LONGEST_MESSAGE = 20_000
SHORT = {"rows": 4}
INVITED_AS = (CaseRole.VENDOR, CaseRole.DEPLOYER, CaseRole.OBSERVER, CaseRole.FINDER, CaseRole.REPORTER, CaseRole.CNA)


class InviteForm(forms.Form):
    """Whom to bring into a case, and as what."""

    organisation = forms.ChoiceField(label=_("Organisation"), required=False)
    contact = forms.EmailField(
        label=_("Or a contact without an account"), required=False, max_length=254, help_text=_("Their mail address.")
    )
    role = forms.ChoiceField(label=_("As"), choices=[(role, words.ROLES[role]) for role in INVITED_AS])

    def __init__(self, *args: Any, organisations: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = [("", _("Nobody on this node")), *organisations]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Return the answers when exactly one party is named."""
        answers = super().clean() or {}
        if bool(answers.get("organisation")) == bool(answers.get("contact")) and not self.errors:
            self.add_error("organisation", _("Name one: an organisation of this node, or a contact."))
        return answers


class AssignForm(forms.Form):
    """Whom to name in a case."""

    person = forms.ChoiceField(label=_("Colleague"))

    def __init__(self, *args: Any, colleagues: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = list(colleagues)  # type: ignore[attr-defined]


class MarkingForm(forms.Form):
    """A stricter label, each with who would lose sight of the case under it."""

    marking = forms.ChoiceField(label=_("The new label"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, labels: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["marking"].choices = list(labels)  # type: ignore[attr-defined]


class _Instant(forms.DateTimeField):
    """A moment as its form's zone says it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ProposeForm(forms.Form):
    """Until when to keep quiet, and by when an answer is asked for."""

    ends_at = _Instant(label=_("The embargo ends"))
    reply_by = _Instant(label=_("Please answer by"))

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        for name in ("ends_at", "reply_by"):
            self.fields[name].help_text = _("In the time zone %(zone)s.") % {"zone": zone.key}

    def clean(self) -> dict[str, Any]:
        """Return both moments as instants: what was typed, in this page's zone."""
        answers = super().clean() or {}
        for name in ("ends_at", "reply_by"):
            if isinstance(said := answers.get(name), datetime):
                answers[name] = said.replace(tzinfo=self.zone)
        return answers


class SendForm(forms.Form):
    """To which vendor the report goes."""

    participant = forms.ChoiceField(label=_("To"))
    despite_evidence = forms.BooleanField(
        label=_("Send it although not everything is reproduced (E2)"),
        required=False,
        help_text=_("The vendor sees the level of each finding, and the record says that it was sent below E2."),
    )

    def __init__(self, *args: Any, vendors: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["participant"].choices = list(vendors)  # type: ignore[attr-defined]


class PostForm(forms.Form):
    """What to say, and to whom."""

    lane = forms.ChoiceField(label=_("Who reads it?"))
    text = forms.CharField(label=_("Message"), max_length=LONGEST_MESSAGE, widget=forms.Textarea(attrs=SHORT))

    def __init__(self, *args: Any, lanes: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lane"].choices = list(lanes)  # type: ignore[attr-defined]


class WordsForm(forms.Form):
    """A few words to the coordinator."""

    text = forms.CharField(
        label=_("In words, for the coordinator"), max_length=LONGEST_MESSAGE, widget=forms.Textarea(attrs=SHORT)
    )


class OptionalWordsForm(forms.Form):
    """A few words to the coordinator, or none."""

    text = forms.CharField(
        label=_("In words, for the coordinator (optional)"),
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea(attrs=SHORT),
        required=False,
    )


class StatusForm(forms.Form):
    """How one product stands to one flaw."""

    vulnerability = forms.ChoiceField(label=_("Which flaw?"))
    product = forms.CharField(label=_("Which product?"), max_length=300)
    status = forms.ChoiceField(
        label=_("How does it stand?"),
        choices=[(one, words.STANDINGS[one]) for one in Standing if one is not Standing.NO_ANSWER],
    )
    justification = forms.ChoiceField(
        label=_("If not affected: why?"),
        required=False,
        choices=[("", "–"), *((one, words.JUSTIFICATIONS[one]) for one in VexJustification)],
    )
    statement = forms.CharField(
        label=_("In your own words"), max_length=4000, widget=forms.Textarea(attrs=SHORT), required=False
    )
    affected_from = forms.CharField(label=_("First affected version"), max_length=100, required=False)
    fixed_in = forms.CharField(
        label=_("Fixed in version"), max_length=100, required=False, help_text=_("The first version without the flaw.")
    )

    def __init__(self, *args: Any, flaws: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vulnerability"].choices = list(flaws)  # type: ignore[attr-defined]


class SeverityForm(forms.Form):
    """How severe a flaw is in one's own products."""

    vulnerability = forms.ChoiceField(label=_("Which flaw?"))
    vector = forms.CharField(
        label=_("CVSS vector"), max_length=200, help_text=_("Yours to set. The finder's stays beside it.")
    )

    def __init__(self, *args: Any, flaws: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vulnerability"].choices = list(flaws)  # type: ignore[attr-defined]


class CveForm(SeverityForm):
    """Which CVE id a flaw was given."""

    vector = None  # type: ignore[assignment]
    cve = forms.RegexField(label=_("CVE id"), regex=r"^CVE-\d{4}-\d{4,}$", max_length=32, help_text="CVE-2026-12345")
