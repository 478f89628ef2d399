"""What is known about one vulnerability on one asset, and what was made of it? The words of an assessment."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from watchbell.domain.priority.bod import Impact, Outcome
from watchbell.domain.priority.policy import POLICY
from watchbell.domain.records import record


class Exposure(StrEnum):
    """Can someone we do not trust reach the asset over a public network? Unknown counts as yes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Drawn(StrEnum):
    """How sure the picture is: published, guessed from CVSS, or a default where nothing is known."""

    KNOWN = "known"
    DERIVED = "derived"
    UNKNOWN = "unknown"


class Band(StrEnum):
    """Where a row stands on the worklist."""

    NOW = "now"
    SOON = "soon"
    LATER = "later"
    AT_UPGRADE = "at upgrade"
    BACKLOG = "backlog"


@record(frozen=True, slots=True)
class Facts:
    """Everything the assessment looks at; None means that nobody has published it.

    `was_published_at_first_import`: the record was already public when this node first read its
    source. `listed_in_kev_since`: its KEV listing became known to this node only after that.
    """

    in_kev: bool
    exposed: Exposure = Exposure.UNKNOWN
    automatable: bool | None = None
    impact: Impact | None = None
    cvss_vector: str | None = None
    was_published_at_first_import: bool = False
    listed_in_kev_since: bool = False


@record(frozen=True, slots=True)
class Because:
    """A reason in the policy's words: `english` has named places such as `%(outcome)s`; translators see it."""

    key: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def english(self) -> str:
        """Return the sentence as the policy writes it, places still open."""
        return POLICY.sentences[self.key]

    def __str__(self) -> str:
        return self.english % dict(self.values)


@record(frozen=True, slots=True)
class Input:
    """One answer that went into the table: its value (None when left open) and how sure it is."""

    value: bool | Impact | None
    drawn: Drawn

    @property
    def published(self) -> bool | Impact | None:
        """Return the value where somebody published it; None where it is guessed or open."""
        return self.value if self.drawn is Drawn.KNOWN else None


@record(frozen=True, slots=True)
class Inputs:
    """The table's four answers as they were used; `exposure` keeps what was said about the asset."""

    in_kev: bool
    exposed: bool
    exposure: Exposure
    automatable: Input
    impact: Input
    cvss_was_unreadable: bool = False

    @classmethod
    def restored(cls, record: Mapping[str, Any]) -> Self:
        """Return the answers that `record` wrote down; raises KeyError or ValueError where they are not whole."""
        exposure = Exposure(record["exposed"])
        unknown_counts = POLICY.unknown_counts_as_exposed
        impact = None if record["impact"] is None else Impact(record["impact"])
        return cls(
            in_kev=record["in_kev"],
            exposed=unknown_counts if exposure is Exposure.UNKNOWN else exposure is Exposure.YES,
            exposure=exposure,
            automatable=Input(record["automatable"], Drawn(record["automatable_drawn"])),
            impact=Input(impact, Drawn(record["impact_drawn"])),
            cvss_was_unreadable=record["cvss_was_unreadable"],
        )

    def record(self) -> dict[str, Any]:
        """Return the answers as JSON values, each guess marked as one."""
        return {
            "in_kev": self.in_kev,
            "exposed": self.exposure.value,
            "automatable": self.automatable.value,
            "automatable_drawn": self.automatable.drawn.value,
            "impact": None if self.impact.value is None else str(self.impact.value),
            "impact_drawn": self.impact.drawn.value,
            "cvss_was_unreadable": self.cvss_was_unreadable,
        }


@record(frozen=True, slots=True)
class Priority:
    """How urgent this is, how sure that is, and why.

    `low` and `high` are the least and the most urgent outcome that the known answers leave open.
    `due_days` counts from the clock's start; None where no date may be invented (Backlog, FSU).
    Forensic triage is *required* only where it is known (or an organisation chose to be strict), else *offered*.
    """

    outcome: Outcome
    low: Outcome
    high: Outcome
    drawn: Drawn
    band: Band
    due_days: int | None
    forensics_required: bool
    forensics_offered: bool
    would_be: Because | None
    reason: Because
    inputs: Inputs
    policy: str = POLICY.id
    table: str = POLICY.table

    @property
    def backlog(self) -> bool:
        """Return whether this was here before the node was: ordered, but without a date."""
        return self.band is Band.BACKLOG

    @property
    def range(self) -> str:
        """Return the range as people read it: `14D to 3DF`, or one outcome when nothing is open."""
        return self.low.value if self.low is self.high else f"{self.low.value} to {self.high.value}"

    def record(self) -> dict[str, Any]:
        """Return the assessment as JSON values, for results, exports and pages of other programs."""
        return {
            "outcome": self.outcome.value,
            "range": [self.low.value, self.high.value],
            "drawn": self.drawn.value,
            "band": self.band.value,
            "due_days": self.due_days,
            "backlog": self.backlog,
            "forensics": "required" if self.forensics_required else "offered" if self.forensics_offered else "no",
            "would_be": None if self.would_be is None else str(self.would_be),
            "reason": str(self.reason),
            "policy": self.policy,
            "table": self.table,
            "inputs": self.inputs.record(),
        }
