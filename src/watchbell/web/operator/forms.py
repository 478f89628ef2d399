"""What is an operator asked? Few questions, one a line, in plain words."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from watchbell.domain.priority import Exposure

LONGEST_NAME = 200
LONGEST_NOTE = 2000
LARGEST_PROOF = 16 * 1024 * 1024
EXPOSURE_CHOICES = [
    (Exposure.YES.value, _("Yes")),
    (Exposure.NO.value, _("No")),
    (Exposure.UNKNOWN.value, _("I do not know")),
]
THE_QUESTION = _("Can someone on the internet reach it?")
COUNTS_AS_YES = _("If nobody knows, it counts as yes.")
ONE_YEAR = timedelta(days=366)


def exposure_field() -> forms.ChoiceField:
    """Return the one question about each asset."""
    return forms.ChoiceField(
        label=THE_QUESTION,
        help_text=COUNTS_AS_YES,
        choices=EXPOSURE_CHOICES,
        widget=forms.RadioSelect,
        initial=Exposure.UNKNOWN.value,
    )


class AssetForm(forms.Form):
    """What is asked about something new."""

    name = forms.CharField(
        label=_("What do you call it?"),
        max_length=LONGEST_NAME,
        help_text=_("Such as: firewall, patient records server, infusion pumps (12)."),
    )
    exposed = exposure_field()
    patched_by = forms.CharField(
        label=_("Who installs its updates?"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=_("A person, a team or the supplier. Optional."),
    )


class ExposedForm(forms.Form):
    """The one question about an asset that is there."""

    exposed = exposure_field()


class OwnerForm(forms.Form):
    """Who looks after its updates."""

    patched_by = forms.CharField(label=_("Who installs its updates?"), max_length=LONGEST_NAME, required=False)


class DocumentForm(forms.Form):
    """A list of what one asset contains."""

    document = forms.FileField(
        label=_("A list of what is in it"),
        help_text=_(
            "A bill of materials (CycloneDX or SPDX), a lock file such as package-lock.json or poetry.lock, or the "
            "list of a package manager (dpkg, rpm, apk). It replaces the list before it."
        ),
    )


class VexForm(forms.Form):
    """A document of statements."""

    document = forms.FileField(
        label=_("A document of statements (VEX)"),
        help_text=_("OpenVEX, CSAF or CycloneDX, in JSON. It may be compressed."),
    )


class LoadForm(forms.Form):
    """A list of many assets, or of one."""

    document = forms.FileField(
        label=_("Your list"),
        help_text=_(
            "A table (CSV) with a column product or name, and if you have them vendor, model, version or firmware, "
            "exposed, owner. "
            "Or the list of one machine: a bill of materials (CycloneDX or SPDX), a lock file, "
            "or a package manager's list."
        ),
    )
    name = forms.CharField(
        label=_("What does it describe?"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=_("Needed for a bill of materials only: the name of the machine or service it is about."),
    )


class PickForm(forms.Form):
    """Which product is in an asset, by the id the picker shows, and in which version."""

    product = forms.CharField(max_length=64, widget=forms.HiddenInput)
    label = forms.CharField(max_length=200, widget=forms.HiddenInput)
    version = forms.CharField(label=_("Version, if you know it"), max_length=LONGEST_NAME, required=False)


class MachineForm(forms.Form):
    """What stands on a machine's plate: enough that records can be held against it."""

    vendor = forms.CharField(label=_("Maker"), max_length=LONGEST_NAME, required=False)
    product = forms.CharField(
        label=_("Product"), max_length=LONGEST_NAME, required=False, help_text=_("As the maker calls it.")
    )
    model = forms.CharField(
        label=_("Model or order number"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=_("It stands on the plate, and says most: it tells one variant from another."),
    )
    version = forms.CharField(
        label=_("Firmware or version"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=_("Without it nobody can tell whether it is affected, only that a record names it."),
    )


class NoteForm(forms.Form):
    """What was done, seen or decided; whatever lowers the shown risk needs it."""

    note = forms.CharField(
        label=_("What was done, seen or decided?"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Such as: updated to 7.4.9 on Tuesday, version checked on the status page. It stays on record."),
    )

    proof = forms.FileField(
        label=_("A file that shows it"),
        required=False,
        help_text=_("Such as a screenshot or a report. Optional; kept encrypted, at most 16 MB."),
    )

    def __init__(self, *args: Any, needs_note: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["note"].required = needs_note


class AcceptForm(NoteForm):
    """Until when a risk is accepted, and why."""

    until = forms.DateField(
        label=_("Until which day?"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Never for good: at the end of that day it opens again by itself."),
    )

    field_order = ("until", "note", "proof")

    def __init__(self, *args: Any, today: date, zone: ZoneInfo, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today
        self.zone = zone

    def clean_until(self) -> date:
        """Return the day when it lies ahead, and not further than a year."""
        day: date = self.cleaned_data["until"]
        if day < self.today:
            raise ValidationError(_("This day is over. Choose one that lies ahead."))
        if day - self.today > ONE_YEAR:
            raise ValidationError(_("Choose a day within a year, so that somebody looks at it again."))
        return day

    @property
    def until_at(self) -> datetime:
        """Return the last second of the day, where the organisation lives."""
        return datetime.combine(self.cleaned_data["until"], time(23, 59, 59), tzinfo=self.zone)
