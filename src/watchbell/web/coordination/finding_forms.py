"""What is asked about findings? How a claim is settled, how well it is shown, what its case is called, and uploads."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.handling import Tlp
from watchbell.web.coordination import words

SHORT = {"rows": 4}
FILE_KINDS = ".json,.sarif,.ndjson,.jsonl,.csv,.eml,.gz,.zip,.zst"
RAISED_TO = (
    EvidenceLevel.E1_STATICALLY_CONFIRMED,
    EvidenceLevel.E2_REPRODUCED,
    EvidenceLevel.E3_REPRODUCED_BY_TWO,
)


class RejectForm(forms.Form):
    """Why a finding is rejected."""

    reason = forms.ChoiceField(label=_("Why?"), choices=list(words.REJECTIONS.items()))
    note = forms.CharField(
        label=_("In words, for the finder"),
        max_length=4000,
        widget=forms.Textarea(attrs=SHORT),
        help_text=_("They read this."),
    )
    others_note = forms.CharField(
        label=_("In words, for the others who reported it"),
        max_length=4000,
        widget=forms.Textarea(attrs=SHORT),
        help_text=_("They read this instead, and know nothing of the first report or its finder."),
    )

    def __init__(self, *args: Any, others: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not others:
            del self.fields["others_note"]


class DuplicateForm(forms.Form):
    """Of which finding this is another report."""

    original = forms.CharField(
        label=_("Number of the first report"), max_length=32, help_text=_("Or choose one of those that look alike.")
    )
    note = forms.CharField(
        label=_("If the first report was rejected: in words, for this finder"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs=SHORT),
        help_text=_("They read this, and know nothing of the first report or its finder."),
    )


class EvidenceForm(forms.Form):
    """How well a finding has been shown, and through which entry."""

    level = forms.ChoiceField(
        label=_("How was it shown?"), choices=[(str(int(one)), f"{one.label}") for one in RAISED_TO]
    )
    entry_point = forms.CharField(
        label=_("Entry point"),
        max_length=1000,
        required=False,
        help_text=_("Where the flaw was reached. Needed from E2 on."),
    )
    controlled_by = forms.CharField(
        label=_("Who controls what goes in there?"), max_length=1000, required=False, help_text=_("Needed from E2 on.")
    )
    note = forms.CharField(label=_("Note"), max_length=4000, required=False, widget=forms.Textarea(attrs=SHORT))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(int(one)), words.level(one)) for one in RAISED_TO]
        self.fields["level"].choices = choices  # type: ignore[attr-defined]


class OpenCaseForm(forms.Form):
    """What a new case is called."""

    title = forms.CharField(label=_("What is the case about?"), max_length=300)


class UploadForm(forms.Form):
    """A file of findings, and how far it may travel."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": FILE_KINDS}),
        help_text=_(
            "SARIF, a CSAF 2.1 report, VINCE's form, OSV, CVE, CSV, an e-mail or NDJSON findings; "
            "gzip, zip or zstd around it is fine."
        ),
    )
    marking = forms.ChoiceField(
        label=_("How far may it travel?"),
        required=False,
        choices=[
            ("", _("As the file says, else TLP:AMBER+STRICT")),
            ("AMBER", Tlp.AMBER.label),
            ("GREEN", Tlp.GREEN.label),
        ],
    )
