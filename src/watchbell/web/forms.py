"""Which questions do the account pages ask? One a line, in plain words."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from watchbell.domain.handling import OrganisationKind, Role, Scope

KIND_CHOICES = [
    (OrganisationKind.LAB, _("Lab: develops AI models and files what they find")),
    (OrganisationKind.EVALUATOR, _("Evaluator: tests models that a lab offers")),
    (OrganisationKind.COORDINATOR, _("Coordinator: judges findings and brings people together")),
    (OrganisationKind.VENDOR, _("Vendor or maintainer: makes products and mends them")),
    (OrganisationKind.OPERATOR, _("Operator: runs products, such as a hospital or a utility")),
]
ROLE_CHOICES = [
    (Role.MEMBER, _("Member: reads and changes")),
    (Role.READER, _("Reader: reads only")),
    (Role.OWNER, _("Owner: also manages members")),
]
SCOPE_CHOICES = [
    (Scope.READ, _("Read what you may read")),
    (Scope.SUBMIT, _("Submit findings")),
    (Scope.INVENTORY, _("Change the inventory")),
    (Scope.COORDINATE, _("Work on cases")),
    (Scope.REMEDIATE, _("Tick off the worklist")),
    (Scope.ENGAGE, _("Manage early access")),
]
# The sixteen critical-infrastructure sectors by the names CISA gives them, those most in need first.
SECTORS = [
    ("Healthcare and Public Health", _("Healthcare and Public Health")),
    ("Financial Services", _("Financial Services")),
    ("Transportation Systems", _("Transportation Systems")),
    ("Energy", _("Energy")),
    ("Water and Wastewater Systems", _("Water and Wastewater Systems")),
    ("Emergency Services", _("Emergency Services")),
    ("Government Services and Facilities", _("Government Services and Facilities")),
    ("Communications", _("Communications")),
    ("Information Technology", _("Information Technology")),
    ("Chemical", _("Chemical")),
    ("Commercial Facilities", _("Commercial Facilities")),
    ("Critical Manufacturing", _("Critical Manufacturing")),
    ("Dams", _("Dams")),
    ("Defense Industrial Base", _("Defense Industrial Base")),
    ("Food and Agriculture", _("Food and Agriculture")),
    ("Nuclear Reactors, Materials, and Waste", _("Nuclear Reactors, Materials, and Waste")),
]


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=ROLE_CHOICES)


class InviteOwnerForm(forms.Form):
    """Whom to invite as an organisation's owner."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("They become an owner and can invite everyone else."),
    )


class RoleForm(forms.Form):
    """Which role a member has from now on."""

    role = forms.ChoiceField(label=_("Role"), choices=ROLE_CHOICES)


class OrganisationForm(forms.Form):
    """What is needed to set up an organisation."""

    name = forms.CharField(label=_("Name"), max_length=200)
    kinds = forms.MultipleChoiceField(
        label=_("What does it do here?"), choices=KIND_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    sector = forms.ChoiceField(label=_("Sector"), required=False, choices=[("", _("None of these")), *SECTORS])
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        initial="UTC",
        help_text=_("As in America/Denver. Due dates end with the day there."),
    )
    is_government = forms.BooleanField(label=_("It is part of a government"), required=False)

    def clean_time_zone(self) -> str:
        """Return the zone when it is one."""
        name = str(self.cleaned_data["time_zone"]).strip()
        if name not in available_timezones():
            raise ValidationError(_("No time zone has this name. Write it as in America/Denver, or UTC."))
        return name


class TokenForm(forms.Form):
    """What a new token is for and how long it lasts."""

    label = forms.CharField(
        label=_("What is it for?"), max_length=100, help_text=_("Such as: nightly SBOM upload from the CI server.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"), choices=SCOPE_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(
        label=_("For how many days?"), min_value=1, max_value=90, initial=30, help_text=_("At most 90.")
    )


class JoinForm(forms.Form):
    """How a new person wants to be called and sign in."""

    display_name = forms.CharField(
        label=_("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("As colleagues should see it."),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A sentence works well."),
    )
    again = forms.CharField(
        label=_("Password, once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        """Return the password when it is long and uncommon enough."""
        password = str(self.cleaned_data["password"])
        password_validation.validate_password(password)
        return password

    def clean(self) -> dict[str, Any]:
        """Return the answers when both passwords are the same."""
        answers = super().clean() or {}
        if "password" in answers and answers.get("again") != answers["password"]:
            self.add_error("again", _("The two passwords differ."))
        return answers
