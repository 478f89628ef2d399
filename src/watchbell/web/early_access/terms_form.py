"""What does a developer offer? The questions whose answers are terms, and where each fault of the terms belongs."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from watchbell.domain.metering import Dialect, Prices
from watchbell.domain.terms import (
    Bargain,
    EvidenceOnWithdrawal,
    Kept,
    Limits,
    Routing,
    Safeguards,
    Terms,
    Unacceptable,
)
from watchbell.web.early_access.acting import told
from watchbell.web.early_access.words import DIALECTS

MILLIONTHS: Final = 1_000_000
MOST_MONEY: Final = 9_000_000_000
LINES = {"rows": 3, "spellcheck": "false"}
FIELD_OF: Final = {
    "/model_digest": None,
    "/scope/models": "models",
    "/scope/interfaces": "dialects",
    "/limits/input_per_million": "input_price",
    "/limits/output_per_million": "output_price",
}
"""Fields whose name is not the last part of the place in the terms; None is the whole form."""
PARTS: Final[tuple[tuple[str | Promise, tuple[str, ...]], ...]] = (
    (_("Who, and what"), ("evaluator", "personnel_at_most", "models", "dialects", "safeguards", "egress")),
    (_("How long"), ("hours",)),
    (
        _("How much"),
        (
            *("requests", "tokens", "cost", "currency", "input_price", "output_price"),
            *("per_minute", "at_once", "opened_a_day"),
        ),
    ),
    (_("Your side"), ("trains_on_prompts", "retains_prompts", "staff_read_prompts")),
    (
        _("Afterwards"),
        ("evidence_days", "evidence_on_withdrawal", "kept_after_end", "routing", "paper_agreement"),
    ),
)
NO_BOUND = _("Leave it empty to set no bound.")


def _count(label: Any, help_text: Any = NO_BOUND) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=2**53 - 1, help_text=help_text)


def _money(label: Any, help_text: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_value=MOST_MONEY, decimal_places=6, help_text=help_text
    )


class TermsForm(forms.Form):
    """The terms, one question at a time; what is left as it stands suits most offers."""

    evaluator = forms.ChoiceField(
        label=_("To which evaluator?"), help_text=_("They learn of it once you have signed the offer, not before.")
    )
    personnel_at_most = forms.IntegerField(
        label=_("How many people at most?"),
        initial=3,
        help_text=_("The evaluator names them. Nobody is let in without your signature."),
    )
    models = forms.CharField(
        label=_("Which models are in scope?"),
        max_length=6000,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("The names evaluators ask for, one a line. What is not named is out of scope."),
    )
    dialects = forms.MultipleChoiceField(
        label=_("Through which interfaces?"),
        choices=[(one.value, DIALECTS[one]) for one in Dialect if one is not Dialect.MODELS],
        initial=[Dialect.CHAT, Dialect.RESPONSES, Dialect.MESSAGES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    safeguards = forms.ChoiceField(
        label=_("With which safeguards?"),
        choices=[
            (Safeguards.AS_RELEASED, _("Those it is to be released with")),
            (Safeguards.REDUCED, _("Fewer than it is to be released with")),
            (Safeguards.REMOVED, _("None: its safeguards are removed")),
        ],
        initial=Safeguards.AS_RELEASED,
        widget=forms.RadioSelect,
    )
    egress = forms.CharField(
        label=_("Which other hosts may the evaluators' tools reach?"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("Host names, one a line. Empty: nothing but the gateway to your model."),
    )
    hours = forms.IntegerField(
        label=_("For how many hours at most?"),
        initial=720,
        help_text=_("Counted from your start. 720 hours are thirty days, the longest there is for one model."),
    )
    requests = _count(_("How many calls in the whole window?"))
    tokens = _count(_("How many tokens in the whole window?"))
    cost = _money(_("How much may it cost, at your own prices?"), NO_BOUND)
    currency = forms.CharField(
        label=_("In which currency?"),
        max_length=3,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Three letters, such as USD. Needed where you name a cost or a price."),
    )
    input_price = _money(_("Price of a million tokens read"), _("Empty: nothing."))
    output_price = _money(_("Price of a million tokens written"), _("Empty: nothing."))
    per_minute = _count(_("How many calls in a minute?"))
    at_once = _count(_("How many calls at one time?"))
    opened_a_day = forms.IntegerField(
        label=_("How many openings of material by one person in a day are usual?"),
        initial=200,
        help_text=_("More of them alert you."),
    )
    trains_on_prompts = forms.BooleanField(label=_("You may train on what evaluators send"), required=False)
    retains_prompts = forms.BooleanField(label=_("You may keep what evaluators send"), required=False)
    staff_read_prompts = forms.BooleanField(
        label=_("Your staff may read what evaluators send"),
        required=False,
        help_text=_("Left empty, each of the three is a promise of yours that you do not."),
    )
    evidence_days = forms.IntegerField(
        label=_("For how many days after the window is evidence kept?"),
        initial=14,
        help_text=_("Then its key is destroyed, and no backup opens it."),
    )
    evidence_on_withdrawal = forms.ChoiceField(
        label=_("And when you withdraw?"),
        choices=[
            (EvidenceOnWithdrawal.DESTROY_AT_ONCE, _("Evidence is destroyed at once")),
            (EvidenceOnWithdrawal.KEEP_TO_ITS_DATE, _("It is kept to its date, as if the window had ended then")),
        ],
        initial=EvidenceOnWithdrawal.DESTROY_AT_ONCE,
        widget=forms.RadioSelect,
    )
    kept_after_end = forms.MultipleChoiceField(
        label=_("What may stay after that?"),
        choices=[
            (Kept.SCORES, _("The scores")),
            (Kept.SAMPLE_TABLE, _("The table of samples without their text")),
            (Kept.REPORT, _("The report")),
        ],
        initial=list(Kept),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    routing = forms.ChoiceField(
        label=_("Where do flaws go that are found in other people's software?"),
        choices=[
            (Routing.ROUTE_ANONYMISED, _("To coordinated disclosure, naming neither you nor this engagement")),
            (Routing.RETURN_TO_LAB, _("Back to you alone")),
            (Routing.ROUTE_TO_CVD, _("To coordinated disclosure, which may name your model as what found them")),
        ],
        initial=Routing.ROUTE_ANONYMISED,
        widget=forms.RadioSelect,
    )
    paper_agreement = forms.CharField(
        label=_("SHA-256 of an agreement on paper"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("64 hex digits. Where there is one, it governs. Empty: these terms are all there is."),
    )

    def __init__(
        self, *args: Any, model_digest: str, evaluators: Iterable[tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.model_digest = model_digest
        if evaluators is None:
            del self.fields["evaluator"]
        else:
            self.fields["evaluator"].choices = list(evaluators)  # type: ignore[attr-defined]

    @property
    def parts(self) -> list[tuple[str | Promise, list[forms.BoundField]]]:
        """Return the questions by what they are about."""
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in PARTS]

    def clean(self) -> dict[str, Any]:
        """Return the answers with the terms they are; a fault of the terms stands at its own question."""
        answers = super().clean() or {}
        if not self.errors:
            try:
                answers["terms"] = terms_from(answers, self.model_digest)
            except Unacceptable as error:
                self.add_error(_field_of(error.place), told(error))
        return answers


def terms_from(answers: dict[str, Any], model_digest: str) -> Terms:
    """Return the terms that these answers are; raises Unacceptable."""
    return Terms(
        model_digest=model_digest,
        models=_listed(answers["models"]),
        dialects=tuple(Dialect(one) for one in answers["dialects"]),
        safeguards=Safeguards(answers["safeguards"]),
        hours=answers["hours"],
        personnel_at_most=answers["personnel_at_most"],
        egress=_listed(answers["egress"].lower()),
        limits=_limits(answers),
        bargain=Bargain(**{name: answers[name] for name in PARTS[3][1]}),
        evidence_days=answers["evidence_days"],
        evidence_on_withdrawal=EvidenceOnWithdrawal(answers["evidence_on_withdrawal"]),
        kept_after_end=tuple(Kept(one) for one in answers["kept_after_end"]),
        routing=Routing(answers["routing"]),
        paper_agreement=answers["paper_agreement"].strip().lower(),
    )


def answers_of(terms: Terms) -> dict[str, Any]:
    """Return the answers that are these terms, to be changed."""
    limits = terms.limits
    return {
        "models": "\n".join(terms.models),
        "dialects": list(terms.dialects),
        "egress": "\n".join(terms.egress),
        **{name: getattr(limits, name) for name in ("requests", "tokens", "currency", "per_minute", "at_once")},
        "opened_a_day": limits.opened_a_day,
        "cost": _shown(limits.cost),
        "input_price": _shown(limits.prices.input_per_million or None),
        "output_price": _shown(limits.prices.output_per_million or None),
        **{name: getattr(terms.bargain, name) for name in PARTS[3][1]},
        **{name: getattr(terms, name) for name in ("safeguards", "hours", "personnel_at_most", "evidence_days")},
        "evidence_on_withdrawal": terms.evidence_on_withdrawal,
        "kept_after_end": list(terms.kept_after_end),
        "routing": terms.routing,
        "paper_agreement": terms.paper_agreement,
    }


def _limits(answers: dict[str, Any]) -> Limits:
    prices = Prices(_millionths(answers["input_price"]) or 0, _millionths(answers["output_price"]) or 0)
    return Limits(
        **{name: answers[name] for name in ("requests", "tokens", "per_minute", "at_once", "opened_a_day")},
        cost=_millionths(answers["cost"]),
        currency=answers["currency"].strip().upper(),
        prices=prices,
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word for line in text.splitlines() if (word := line.strip()))


def _millionths(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * MILLIONTHS)


def _shown(millionths: int | None) -> Decimal | None:
    return None if millionths is None else (Decimal(millionths) / MILLIONTHS).normalize() + 0


def _field_of(place: str) -> str | None:
    return FIELD_OF.get(place, place.rpartition("/")[2])
