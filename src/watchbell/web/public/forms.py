"""What is a reporter asked? One question a line; only what, where and how are needed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from watchbell.domain.advisory import AiUsage, Claim, ClaimedEvidence, ClaimedProduct, Credit

LONGEST_TEXT = 50_000
SHORT = {"rows": 5}
YES, NO = "yes", "no"
KNOWN = [("", _("I do not know")), (NO, _("No")), (YES, _("Yes"))]
NO_SUCH_CODE = _("No report has this code. Look at it letter by letter; we answer alike when it never existed.")
USED = [("", _("I would rather not say")), (NO, _("No")), (YES, _("Yes"))]


class ReportForm(forms.Form):
    """What anyone is asked about a flaw they found."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    title = forms.CharField(
        label=_("What is the flaw, in one line?"),
        max_length=300,
        help_text=_("Such as: anyone on the network can change the pump's dose without signing in."),
    )
    vendor = forms.CharField(label=_("Who makes the product?"), max_length=200, required=False)
    product = forms.CharField(label=_("What is the product called?"), max_length=200, required=False)
    version = forms.CharField(label=_("Which version did you look at?"), max_length=100, required=False)
    purl = forms.CharField(
        label=_("Its package URL, if it has one"),
        max_length=300,
        required=False,
        help_text=_("Such as pkg:pypi/requests@2.30.0. It can stand in for maker, name and version."),
    )
    what = forms.CharField(
        label=_("What is wrong?"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs=SHORT),
        help_text=_("Plain text. Please no personal data and nothing classified."),
    )
    how = forms.CharField(
        label=_("How can somebody else see it happen?"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs=SHORT),
        required=False,
        help_text=_("Step by step, and who would have to control what. The better this is, the sooner it is mended."),
    )
    impact = forms.CharField(
        label=_("What could somebody do with it?"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs=SHORT),
        required=False,
    )
    public = forms.ChoiceField(label=_("Is it public already?"), choices=KNOWN, required=False)
    exploited = forms.ChoiceField(label=_("Is somebody using it already?"), choices=KNOWN, required=False)
    ai = forms.ChoiceField(label=_("Did you use AI for this report?"), choices=USED, required=False)
    ai_text = forms.CharField(
        label=_("If so: which, and for what?"), max_length=1000, required=False, help_text=_("As much as you like.")
    )
    contact = forms.CharField(
        label=_("How can we reach you?"),
        max_length=254,
        required=False,
        help_text=_("Optional. Without it, your receipt code is the only way to hear what became of your report."),
    )
    credit = forms.CharField(
        label=_("Under which name shall we thank you?"),
        max_length=200,
        required=False,
        help_text=_("Optional. It is printed in the advisory; leave it empty to stay unnamed."),
    )

    def clean(self) -> dict[str, Any]:
        """Return the answers when some product is named."""
        answers = super().clean() or {}
        if not answers.get("product") and not answers.get("purl") and "product" not in self.errors:
            self.add_error("product", _("Name the product, or give its package URL."))
        return answers

    def claim(self) -> Claim:
        """Return the answers as a claim in our own words."""
        answers = self.cleaned_data
        said = {name: answers[name] for name in ("impact", "public", "exploited", "contact") if answers[name]}
        product = ClaimedProduct(
            purl=answers["purl"], vendor=answers["vendor"], name=answers["product"], version=answers["version"]
        )
        return Claim(
            submitter_item_id="",
            title=answers["title"],
            description=answers["what"],
            products=(product,),
            evidence=ClaimedEvidence(text=answers["how"]),
            ai_usage=_ai_usage(answers["ai"], answers["ai_text"]),
            credits=(Credit(name=answers["credit"]),) if answers["credit"] else (),
            extra=said,
        )


def _ai_usage(used: str, text: str) -> AiUsage:
    if used == NO:
        return AiUsage(activities=frozenset(), text=text)
    return AiUsage(text=text or ("AI was used." if used == YES else ""))


class ReceiptForm(forms.Form):
    """Which report is asked about."""

    code = forms.CharField(
        label=_("Your receipt code"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It begins with WB and was shown once, when your report arrived."),
    )
