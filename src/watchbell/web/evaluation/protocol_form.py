"""What is to be measured? The questions whose answers are a protocol, and where each fault of a protocol belongs.

What a question cannot say (single items of somebody else's benchmark, another rule) is written as JSON instead.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from watchbell.domain.evaluation import Indicator, Measured, Protocol, Rule, Scaffold, Suite, problems
from watchbell.domain.evaluation.protocol import LARGEST, LONGEST_TITLE, MOST_INDICATORS
from watchbell.domain.refusal import Refusal, Refused
from watchbell.formats import protocols
from watchbell.web.evaluation import words
from watchbell.web.speaking import spoken

LINES: Final = {"rows": 3, "spellcheck": "false"}
PLAIN: Final = {"autocomplete": "off", "spellcheck": "false"}
SCAFFOLDS: Final = ("single", "tools")
AS_IT_IS: Final = "as-it-is"
LONGEST_JSON: Final = 1_000_000
LONGEST_REASON: Final = 2000
_WORDS: Final = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Ground:
    """What the questions are asked on: the model, its names in scope, the benchmarks, and what stood before."""

    digest: str
    names: tuple[str, ...]
    benchmarks: tuple[Any, ...]
    before: Protocol | None = None
    choices: list[tuple[str, str]] = field(default_factory=list)

    def benchmark(self, suite: Suite) -> int | None:
        """Return at which place of the list a suite's benchmark stands, or None."""
        named = ((one.name, one.version) for one in self.benchmarks)
        return next((at for at, who in enumerate(named) if who == (suite.benchmark, suite.version)), None)

    @property
    def fits(self) -> bool:
        """Return whether the questions can say all that stood before."""
        if self.before is None:
            return True
        known = all(not one.listed and self.benchmark(one) is not None for one in self.before.suites)
        return known and self.before.rule == Rule()


class Whole(forms.CharField):
    """Several whole numbers in one line."""

    def to_python(self, value: Any) -> Any:
        """Return the numbers; raises ValidationError for what is none."""
        found = [one for one in _WORDS.split(str(value or "")) if one]
        if any(not re.fullmatch(r"[0-9]{1,16}", one) or int(one) > LARGEST for one in found):
            raise forms.ValidationError(gettext("Write whole numbers, with a space between them."))
        return tuple(int(one) for one in found)

    def validate(self, value: Any) -> None:
        """Take any numbers; the protocol's own rules say what is wrong with them."""

    def run_validators(self, value: Any) -> None:
        """Take any numbers."""

    def prepare_value(self, value: Any) -> Any:
        """Return the numbers as they are typed."""
        return " ".join(str(one) for one in value) if isinstance(value, tuple | list) else value


class ProtocolForm(forms.Form):
    """A protocol, one question a line."""

    title = forms.CharField(label=_("What is it called?"), max_length=LONGEST_TITLE)
    alias = forms.CharField(label=_("Which model of the terms is measured?"), max_length=100)
    answers_as = forms.CharField(
        label=_("Under which other names may it answer?"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("What its endpoint calls itself in answers, one a line. An answer under any other name is lost."),
    )
    budgets = Whole(
        label=_("How many tokens may one sample use?"),
        max_length=400,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=_(
            "One budget or several, ascending, such as 10000 30000 100000. Three show whether more would help."
        ),
    )
    epochs = forms.IntegerField(
        label=_("How often is each item run?"), min_value=1, max_value=1000, initial=2, help_text=_("In epochs.")
    )
    scaffold = forms.ChoiceField(
        label=_("What stands around the model?"),
        choices=[
            ("single", _("Nothing: one answer an item")),
            ("tools", _("The tools of the suite, in a loop of turns")),
        ],
        initial="single",
        widget=forms.RadioSelect,
    )
    references = forms.CharField(
        label=_("With which other models is it compared?"),
        max_length=6000,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("Their names, one a line. They run the same items. At least one is the anchor of an indicator."),
    )

    def __init__(
        self, *args: Any, ground: Ground, is_amendment: bool = False, unfinished: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ground, self.unfinished = ground, unfinished
        self._places: list[int] = []
        if ground.names:
            self.fields["alias"] = forms.ChoiceField(
                label=self.fields["alias"].label, choices=[(one, one) for one in ground.names]
            )
        if ground.before is not None and ground.before.scaffold.name not in SCAFFOLDS:
            own = ground.before.scaffold
            choices = [*self.fields["scaffold"].choices, (AS_IT_IS, f"{own.name} {own.version}")]  # type: ignore[attr-defined]
            self.fields["scaffold"].choices = choices  # type: ignore[attr-defined]
        for at, one in enumerate(ground.benchmarks):
            self.fields |= _suite_fields(at, one)
        for at in range(MOST_INDICATORS):
            self.fields |= _indicator_fields(at, ground.benchmarks)
        if is_amendment:
            self.fields["reason"] = _reason()
        if unfinished:
            for name in self.fields:
                self.fields[name].required = name == "reason"

    @property
    def parts(self) -> dict[str, Any]:
        """Return the questions by what they are about, for the page."""
        most = range(len(self.ground.benchmarks))
        return {
            "reason": self["reason"] if "reason" in self.fields else None,
            "first": [self[name] for name in ("title", "alias", "answers_as")],
            "suites": [self._suite(at) for at in most],
            "size": [self[name] for name in ("budgets", "epochs", "scaffold")],
            "references": self["references"],
            "indicators": [self._indicator(at) for at in range(MOST_INDICATORS)],
        }

    def _indicator(self, at: int) -> dict[str, Any]:
        asked = [self[f"{name}_{at}"] for name in ("name", "anchor", "counts", "delta")]
        is_open = at == 0 or any(one.errors for one in asked) or any(one.value() for one in asked[:3])
        return {"number": at + 1, "fields": asked, "is_open": is_open}

    def _suite(self, at: int) -> dict[str, Any]:
        one = self.ground.benchmarks[at]
        families = self[f"families_{at}"]
        chosen = families.value() or []
        return {
            "benchmark": one,
            "visibility": words.VISIBILITY[one.visibility],
            "use": self[f"suite_{at}"],
            "size": [self[f"levels_{at}"], self[f"each_{at}"]],
            "families": families,
            "chosen": len(chosen) if isinstance(chosen, list) else 0,
            "all": len(one.families),
            "is_open": bool(families.errors) or not one.families,
        }

    def clean(self) -> dict[str, Any]:
        """Return the answers with the protocol they are; a fault of it stands at its own question."""
        answers = super().clean() or {}
        if not self.errors:
            answers["value"] = value = self._value(answers)
            if not self.unfinished:
                self.locate(problems(value))
        return answers

    def locate(self, found: Iterable[Refusal]) -> None:
        """Put each of these faults under its question."""
        for one in found:
            name = self._field_of(one.place)
            self.add_error(name if name in self.fields else None, said(one))

    def _value(self, answers: dict[str, Any]) -> Protocol:
        return Protocol(
            title=answers["title"].strip(),
            model=Measured(
                digest=self.ground.digest, alias=answers["alias"].strip(), answers_as=_listed(answers["answers_as"])
            ),
            suites=tuple(self._suites(answers)),
            budgets=answers["budgets"] or (),
            epochs=answers["epochs"] or 0,
            scaffold=self._scaffold(answers["scaffold"]),
            references=_listed(answers["references"]),
            indicators=tuple(self._indicators(answers)),
            rule=self.ground.before.rule if self.ground.before else Rule(),
        )

    def _scaffold(self, chosen: str) -> Scaffold:
        before = self.ground.before
        if before is not None and (chosen == AS_IT_IS or chosen == before.scaffold.name):
            return before.scaffold
        return Scaffold(name=chosen, version="1")

    def _suites(self, answers: dict[str, Any]) -> Iterator[Suite]:
        self._chosen = [at for at in range(len(self.ground.benchmarks)) if answers[f"suite_{at}"]]
        for at in self._chosen:
            one, families = self.ground.benchmarks[at], answers[f"families_{at}"]
            yield Suite(
                benchmark=one.name,
                version=one.version,
                families=tuple(families) if isinstance(families, list) else _listed(families),
                levels=answers[f"levels_{at}"] or (),
                each=answers[f"each_{at}"] or 0,
            )

    def _indicators(self, answers: dict[str, Any]) -> Iterator[Indicator]:
        asked = ("name", "counts", "anchor")
        self._places = [at for at in range(MOST_INDICATORS) if any(answers[f"{one}_{at}"] for one in asked)]
        for at in self._places:
            yield Indicator(
                name=answers[f"name_{at}"].strip(),
                suites=tuple(answers[f"counts_{at}"]),
                anchor=answers[f"anchor_{at}"].strip(),
                delta=answers[f"delta_{at}"] or 0.0,
            )

    def _field_of(self, place: str) -> str | None:
        """Return the question that a JSON pointer of the protocol belongs to; None is the form as a whole."""
        parts = [*place.split("/")[1:], "", ""]
        at = int(parts[1]) if parts[1].isdigit() else None
        if parts[0] == "suites" and at is not None and at < len(self._chosen):
            own = parts[2] if parts[2] in ("families", "levels", "each") else "suite"
            return f"{own}_{self._chosen[at]}"
        if parts[0] == "indicators" and at is not None and at < len(self._places):
            own = {"suites": "counts", "anchor": "anchor", "delta": "delta"}.get(parts[2], "name")
            return f"{own}_{self._places[at]}"
        if parts[0] == "indicators":
            return "name_0"
        return parts[1] if parts[0] == "model" else parts[0]


class JsonForm(forms.Form):
    """A protocol as JSON, as a program or a colleague wrote it."""

    text = forms.CharField(
        label=_("The protocol as JSON"),
        max_length=LONGEST_JSON,
        widget=forms.Textarea(attrs={"rows": 12, **PLAIN}),
        help_text=_("In the form watchbell-protocol-1. A draft may still lack something; its page says what."),
    )

    def __init__(self, *args: Any, is_amendment: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_amendment:
            self.fields["reason"] = _reason()

    def clean_text(self) -> str:
        """Return the text when it is a protocol; what is wrong stands under it, with its place."""
        text = str(self.cleaned_data["text"])
        try:
            self.value = protocols.loads(text.encode())
        except Refused as error:
            raise forms.ValidationError(spoken(error)) from error
        return text


def answers_of(value: Protocol, ground: Ground) -> dict[str, Any]:
    """Return the answers that are this protocol, to be changed."""
    answers: dict[str, Any] = {
        "title": value.title,
        "alias": value.model.alias,
        "answers_as": "\n".join(value.model.answers_as),
        "budgets": " ".join(str(one) for one in value.budgets),
        "epochs": value.epochs,
        "scaffold": value.scaffold.name if value.scaffold.name in SCAFFOLDS else AS_IT_IS,
        "references": "\n".join(value.references),
    }
    for suite in value.suites:
        at = ground.benchmark(suite)
        if at is not None:
            answers |= {
                f"suite_{at}": True,
                f"families_{at}": list(suite.families) if ground.benchmarks[at].families else " ".join(suite.families),
                f"levels_{at}": " ".join(str(one) for one in suite.levels),
                f"each_{at}": suite.each,
            }
    for at, one in enumerate(value.indicators[:MOST_INDICATORS]):
        answers |= {f"name_{at}": one.name, f"counts_{at}": list(one.suites)}
        answers |= {f"anchor_{at}": one.anchor, f"delta_{at}": one.delta}
    return answers


def standing(value: Protocol, ground: Ground, *, is_amendment: bool = False) -> ProtocolForm:
    """Return the form as if this protocol had just been typed, so that its faults can stand at their questions."""
    form = ProtocolForm(answers_of(value, ground), ground=ground, is_amendment=is_amendment, unfinished=True)
    form.is_valid()
    return form


def distinct(benchmarks: Sequence[Any]) -> tuple[Any, ...]:
    """Return one row a name and version: an evaluator's own before the node's."""
    found: dict[tuple[str, str], Any] = {}
    for one in sorted(benchmarks, key=lambda row: not row.organisation):
        found.setdefault((one.name, one.version), one)
    return tuple(sorted(found.values(), key=lambda row: (row.name, row.version)))


def with_digest(value: Protocol, digest: str) -> Protocol:
    """Return the protocol for this model."""
    return replace(value, model=replace(value.model, digest=digest))


def _suite_fields(at: int, one: Any) -> dict[str, forms.Field]:
    named = [(name, name) for name in one.families]
    families: forms.Field = (
        forms.MultipleChoiceField(
            label=_("Families"),
            choices=named,
            initial=list(one.families),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        if named
        else forms.CharField(label=_("Families, with a space between them"), required=False, max_length=6000)
    )
    return {
        f"suite_{at}": forms.BooleanField(label=gettext("Run %(name)s") % {"name": one.name}, required=False),
        f"levels_{at}": Whole(label=_("Levels"), required=False, initial=(1, 2, 3), max_length=400),
        f"each_{at}": forms.IntegerField(
            label=_("Items of each family at each level"), required=False, min_value=1, max_value=100_000, initial=3
        ),
        f"families_{at}": families,
    }


def _indicator_fields(at: int, benchmarks: Sequence[Any]) -> dict[str, forms.Field]:
    names = sorted({one.name for one in benchmarks})
    return {
        f"name_{at}": forms.CharField(label=_("Its name, such as discovery"), required=False, max_length=100),
        f"counts_{at}": forms.MultipleChoiceField(
            label=_("On which suites?"),
            choices=[(one, one) for one in names],
            required=False,
            widget=forms.CheckboxSelectMultiple,
        ),
        f"anchor_{at}": forms.CharField(
            label=_("Against which anchor?"),
            required=False,
            max_length=100,
            widget=forms.TextInput(attrs=PLAIN),
            help_text=_("One of the other models above."),
        ),
        f"delta_{at}": forms.FloatField(
            label=_("By how many logits?"),
            required=False,
            min_value=-100,
            max_value=100,
            initial=0,
            widget=forms.NumberInput(attrs={"step": "0.1"}),
            help_text=_("0 asks whether it is at or above the anchor."),
        ),
    }


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Why is it amended?"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The developer reads it beside the new version, and every report names both versions."),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word for word in _WORDS.split(text or "") if word)


def said(one: Refusal, *, place: str = "") -> str:
    """Return what is wrong, without what every one of them asks to do; a form shows the place by where it stands."""
    return spoken(Refusal(code=one.code, message=one.message, expected=one.expected, place=place))
