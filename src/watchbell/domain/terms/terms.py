"""What does a developer offer, and on which terms? Written by the developer alone, signed by both, changed by neither.

The model stays on the developer's own endpoint, so there is no choice of custody. Everything an evaluator may do
stands here; what does not stand here is not in scope. Sources: EO 14409, section 3(b)(ii); requirements R5 to R12.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from watchbell.domain.canonical import canonical, digest
from watchbell.domain.lifecycle.window import LONGEST
from watchbell.domain.metering import Dialect, Prices
from watchbell.domain.sentence import Sentence

LONGEST_EVIDENCE: Final = timedelta(days=365)
"""How long evidence may be kept after the window, if the developer signs that; what is usual is two weeks."""
MOST_PEOPLE: Final = 500
CUSTODY: Final = "developer_endpoint"
"""Where the model stays: the only choice there is."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+"
)
_LARGEST: Final = 2**53 - 1


class Safeguards(StrEnum):
    """Which variant of the model is offered."""

    AS_RELEASED = "as_released"
    REDUCED = "reduced"
    REMOVED = "removed"


class Routing(StrEnum):
    """Where flaws in other people's software go that an evaluation finds."""

    ROUTE_TO_CVD = "route_to_cvd"
    ROUTE_ANONYMISED = "route_anonymised"
    RETURN_TO_LAB = "return_to_lab"


class EvidenceOnWithdrawal(StrEnum):
    """What becomes of the evidence when the developer withdraws."""

    DESTROY_AT_ONCE = "destroy_at_once"
    KEEP_TO_ITS_DATE = "keep_to_its_date"


class Kept(StrEnum):
    """What may outlive the evidence, under no key of this node."""

    SCORES = "scores"
    SAMPLE_TABLE = "sample_table"
    REPORT = "report"


class Purpose(StrEnum):
    """What someone opens engagement material for; said at every opening, and shown to the developer."""

    RUN = "run"
    READ_RESULTS = "read_results"
    INCIDENT = "incident"
    AUDIT = "audit"
    HOUSEKEEPING = "housekeeping"


class Unacceptable(ValueError):
    """Terms that make no sense; `place` is a JSON pointer into them, and the text says what to do."""

    def __init__(self, place: str, why: Sentence) -> None:
        super().__init__(Sentence("{place}: {why}", place=place or Sentence("the top"), why=why))
        self.place = place
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be used over the whole window, and how fast; None where the developer sets no bound.

    `cost` is in millionths of `currency` (ISO 4217), at the developer's own prices.
    """

    requests: int | None = None
    tokens: int | None = None
    cost: int | None = None
    currency: str = ""
    prices: Prices = field(default_factory=Prices)
    per_minute: int | None = None
    at_once: int | None = None
    opened_a_day: int = 200
    """How many openings of material by one person in a day are usual; more of them alarm the developer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bargain:
    """The developer's side: what it does not do with what evaluators send."""

    trains_on_prompts: bool = False
    retains_prompts: bool = False
    staff_read_prompts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything the two agree on. `hours` is how long the developer means the window to last, 720 at most.

    `models` are the names evaluators ask for; `egress` the hosts that tools of an evaluation may reach beside the
    gateway; `evidence_days` is counted from the window's end. `paper_agreement` is the SHA-256, in hex, of an
    agreement on paper; where there is one, it governs. Raises Unacceptable, which says where.
    """

    model_digest: str
    models: tuple[str, ...]
    dialects: tuple[Dialect, ...] = (Dialect.CHAT, Dialect.RESPONSES, Dialect.MESSAGES)
    safeguards: Safeguards = Safeguards.AS_RELEASED
    hours: int = 720
    personnel_at_most: int = 3
    egress: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    bargain: Bargain = field(default_factory=Bargain)
    evidence_days: int = 14
    evidence_on_withdrawal: EvidenceOnWithdrawal = EvidenceOnWithdrawal.DESTROY_AT_ONCE
    kept_after_end: tuple[Kept, ...] = tuple(Kept)
    routing: Routing = Routing.ROUTE_ANONYMISED
    paper_agreement: str = ""

    def __post_init__(self) -> None:
        """Put what has no order into one, and refuse what makes no sense."""
        for name in ("models", "dialects", "egress", "kept_after_end"):
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        for place, holds, why in self._rules():
            if not holds:
                raise Unacceptable(place, why)

    def as_mapping(self) -> dict[str, object]:
        """Return the terms as JSON values: what is shown, stored and signed."""
        limits, prices, bargain = self.limits, self.limits.prices, self.bargain
        return {
            "model_digest": self.model_digest,
            "custody": CUSTODY,
            "scope": {"models": list(self.models), "interfaces": [one.value for one in self.dialects]},
            "safeguards": self.safeguards.value,
            "hours": self.hours,
            "personnel_at_most": self.personnel_at_most,
            "egress": list(self.egress),
            "limits": {
                "requests": limits.requests,
                "tokens": limits.tokens,
                "cost": limits.cost,
                "currency": limits.currency,
                "input_per_million": prices.input_per_million,
                "output_per_million": prices.output_per_million,
                "per_minute": limits.per_minute,
                "at_once": limits.at_once,
                "opened_a_day": limits.opened_a_day,
            },
            "developer_does_not": {
                "train_on_prompts": not bargain.trains_on_prompts,
                "retain_prompts": not bargain.retains_prompts,
                "let_staff_read_prompts": not bargain.staff_read_prompts,
            },
            "evidence_days": self.evidence_days,
            "evidence_on_withdrawal": self.evidence_on_withdrawal.value,
            "kept_after_end": [one.value for one in self.kept_after_end],
            "third_party_flaws": self.routing.value,
            "paper_agreement": self.paper_agreement,
        }

    @property
    def content(self) -> bytes:
        """Return the canonical bytes (RFC 8785)."""
        return canonical(self.as_mapping())

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the canonical bytes, in hex: by it the terms are pinned."""
        return digest(self.as_mapping()).hex()

    def _rules(self) -> list[tuple[str, bool, Sentence]]:
        limits = self.limits
        most_hours = int(LONGEST / timedelta(hours=1))
        prices = {
            "input_per_million": limits.prices.input_per_million,
            "output_per_million": limits.prices.output_per_million,
        }
        bounds = {
            "requests": limits.requests,
            "tokens": limits.tokens,
            "cost": limits.cost,
            "per_minute": limits.per_minute,
            "at_once": limits.at_once,
        }
        return [
            (
                "/model_digest",
                _is_digest(self.model_digest),
                Sentence("Give the model's SHA-256: 64 small hex digits."),
            ),
            ("/scope/models", 0 < len(self.models) <= 50, Sentence("Name the models in scope: one to fifty.")),
            (
                "/scope/models",
                all(_NAME.fullmatch(one) for one in self.models),
                Sentence("Use letters, digits and ._:/@+- in a model's name, at most a hundred."),
            ),
            ("/scope/interfaces", bool(self.dialects), Sentence("Name at least one interface.")),
            (
                "/hours",
                1 <= self.hours <= most_hours,
                Sentence("Use 1 to {most} hours; no window is longer.", most=most_hours),
            ),
            (
                "/personnel_at_most",
                1 <= self.personnel_at_most <= MOST_PEOPLE,
                Sentence("Name how many people at most, 1 to {most}.", most=MOST_PEOPLE),
            ),
            (
                "/egress",
                len(self.egress) <= 50 and all(_HOST.fullmatch(one) for one in self.egress),
                Sentence("Use host names in small letters, at most fifty."),
            ),
            *(
                (f"/limits/{name}", value is None or 1 <= value <= _LARGEST, Sentence("Use a whole number from 1 on."))
                for name, value in bounds.items()
            ),
            *(
                (f"/limits/{name}", 0 <= value <= _LARGEST, Sentence("Use a whole number of millionths, from 0 on."))
                for name, value in prices.items()
            ),
            (
                "/limits/currency",
                bool(re.fullmatch(r"[A-Z]{3}", limits.currency)) or (limits.currency == "" and limits.cost is None),
                Sentence("Name the currency by its three letters, such as USD."),
            ),
            (
                "/limits/opened_a_day",
                1 <= limits.opened_a_day <= 1_000_000,
                Sentence("Use a whole number from 1 to a million."),
            ),
            (
                "/evidence_days",
                0 <= self.evidence_days <= LONGEST_EVIDENCE.days,
                Sentence("Use 0 to {most} days.", most=LONGEST_EVIDENCE.days),
            ),
            (
                "/paper_agreement",
                self.paper_agreement == "" or _is_digest(self.paper_agreement),
                Sentence("Give the agreement's SHA-256, 64 small hex digits, or leave it empty."),
            ),
        ]


def _is_digest(text: str) -> bool:
    return bool(_DIGEST.fullmatch(text))
