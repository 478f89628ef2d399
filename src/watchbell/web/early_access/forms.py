"""What do the pages of early access ask? One question a line, help under the label, few words."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from watchbell.apps.engagements.services.registering import LONGEST_NAME
from watchbell.apps.engagements.words import Outcome
from watchbell.domain.metering import Scheme
from watchbell.domain.terms import Purpose
from watchbell.web.early_access import words

LONGEST_KEY = 4096
SECRET = b"PRIVATE KEY"
LONGEST_SIGNED = 256 * 1024
PURPOSES = [("", _("Choose one")), *((one.value, words.PURPOSES[one]) for one in Purpose)]
"""Nothing is chosen beforehand: a purpose that stands in a log is one that somebody gave."""


class ModelForm(forms.Form):
    """Which model: a name for one's own pages, and the digest by which everybody means the same."""

    name = forms.CharField(
        label=_("What do you call it?"),
        max_length=LONGEST_NAME,
        help_text=_("Only your own people read this name. It is stored encrypted."),
    )
    digest = forms.CharField(
        label=_("SHA-256 of its weights"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("64 hex digits. The weights stay where they are; this node never asks for them."),
    )


class Instant(forms.DateTimeField):
    """A moment as its form's zone says it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class MomentForm(forms.Form):
    """One moment, in the zone of the page."""

    at = Instant(label=_("When?"))

    def __init__(self, *args: Any, zone: ZoneInfo, label: Any = "", required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        field = self.fields["at"]
        field.required = required
        field.label = label or field.label
        field.help_text = _("In the time zone %(zone)s.") % {"zone": zone.key}

    def clean_at(self) -> datetime | None:
        """Return the instant: what was typed, in this page's zone."""
        said: datetime | None = self.cleaned_data["at"]
        return said.replace(tzinfo=self.zone) if said is not None else None


class PartnerForm(forms.Form):
    """Which organisation to choose; this node shows nobody a list of those who take part."""

    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=200,
        help_text=_("As it stands on this node. They see that you chose them, and nothing else."),
    )


class KeyForm(forms.Form):
    """A public key, as a file or as text."""

    file = forms.FileField(label=_("The file that ends in .pub"), required=False, max_length=200)
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        max_length=LONGEST_KEY,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("It begins with -----BEGIN PUBLIC KEY-----. Never hand in the other file: it is yours alone."),
    )

    def clean(self) -> dict[str, Any]:
        """Return the answers when there is one key in them."""
        answers = super().clean() or {}
        if bool(answers.get("file")) == bool(answers.get("text")) and not self.errors:
            self.add_error("file", _("Give the file or its text, one of them."))
        elif not self.errors and SECRET in self.given:
            self.data = {}  # so that nothing of it goes back to the page
            self.add_error(None, _("That is a secret key. Nothing of it was kept; hand in the file that ends in .pub."))
        return answers

    @cached_property
    def given(self) -> bytes:
        """Return what was handed in."""
        return _given(self.cleaned_data, LONGEST_KEY)


class SignatureForm(forms.Form):
    """What the signing tool wrote: an envelope, or a bare signature."""

    file = forms.FileField(label=_("The file that it wrote"), required=False, max_length=200)
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        max_length=LONGEST_SIGNED,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("The envelope (DSSE, JSON), or the bare signature in base64 from a tool of your own."),
    )

    def clean(self) -> dict[str, Any]:
        """Return the answers when there is one signature in them."""
        answers = super().clean() or {}
        if bool(answers.get("file")) == bool(answers.get("text")) and not self.errors:
            self.add_error("file", _("Give the file or its text, one of them."))
        return answers

    @cached_property
    def given(self) -> bytes:
        """Return what was handed in."""
        return _given(self.cleaned_data, LONGEST_SIGNED)


def _given(answers: dict[str, Any], most: int) -> bytes:
    file = answers.get("file")
    return bytes(file.read(most)) if file else str(answers.get("text", "")).encode()


class EndpointForm(forms.Form):
    """Where the developer's model answers; the credential goes in and never comes out again."""

    base_url = forms.URLField(
        label=_("Address of your endpoint"),
        max_length=500,
        assume_scheme="https",
        help_text=_("What stands before /v1, such as https://models.example.org"),
    )
    scheme = forms.ChoiceField(
        label=_("How does it take a credential?"),
        choices=[(Scheme.BEARER, "Authorization: Bearer"), (Scheme.X_API_KEY, "x-api-key")],
    )
    credential = forms.CharField(
        label=_("Credential"),
        max_length=4000,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Make one for this engagement alone. It is sealed at once and never shown to anybody again."),
    )
    pin = forms.RegexField(
        label=_("SHA-256 of the certificate's public key"),
        regex=r"^[0-9a-f]{64}$",
        required=False,
        max_length=64,
        help_text=_("64 hex digits. With it, nobody else's certificate is taken. Leave it empty to do without."),
    )

    def __init__(self, *args: Any, models: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names: dict[str, str] = {}
        for at, name in enumerate(models):
            self.names[f"model_{at}"] = name
            self.fields[f"model_{at}"] = forms.CharField(
                label=_("Your endpoint's own name for %(name)s") % {"name": name}, max_length=200, initial=name
            )

    @property
    def models(self) -> dict[str, str]:
        """Return the endpoint's own name for each model in scope."""
        return {name: self.cleaned_data[field] for field, name in self.names.items()}


class PurposeForm(forms.Form):
    """What somebody opens material for; the developer reads the answer."""

    purpose = forms.ChoiceField(
        label=_("What do you open them for?"),
        choices=PURPOSES,
        error_messages={"required": _("Say what for; the developer reads it.")},
        help_text=_("Your answer, your name and the time stand in the access log, which the developer reads."),
    )


class TokenForm(forms.Form):
    """What a token is for and how long it is to last."""

    purpose = forms.ChoiceField(
        label=_("What is it for?"),
        choices=PURPOSES,
        error_messages={"required": _("Say what for; the developer reads it.")},
    )
    hours = forms.IntegerField(
        label=_("For how many hours?"),
        min_value=1,
        max_value=12,
        initial=8,
        help_text=_("At most 12, and never beyond the window."),
    )


class PersonForm(forms.Form):
    """Whom of one's own people to name."""

    person = forms.ChoiceField(label=_("Colleague"))

    def __init__(self, *args: Any, colleagues: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = list(colleagues)  # type: ignore[attr-defined]


class OutcomeForm(forms.Form):
    """What a notice about a determination says: its outcome, its date, who signed it, and nothing else."""

    outcome = forms.ChoiceField(
        label=_("What does the notice say?"),
        choices=[(one.value, words.OUTCOMES[one]) for one in Outcome],
        widget=forms.RadioSelect,
    )
    on = forms.DateField(label=_("Date on the notice"), widget=forms.DateInput(attrs={"type": "date"}))
    signer = forms.CharField(label=_("Who signed it?"), max_length=200)
