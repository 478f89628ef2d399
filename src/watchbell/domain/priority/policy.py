"""Which choices has this node made where the directive is silent? One file, which the pages cite."""

import json
from collections.abc import Mapping
from os import path
from types import MappingProxyType
from typing import Any, Final, Self

from watchbell.domain.priority.bod import Outcome
from watchbell.domain.records import record

Metrics = Mapping[str, str]


@record(frozen=True, slots=True)
class Policy:
    """`data/policy.json`, read once; every rule of `assess`, `cvss`, `due` and `rank` that is a choice stands there."""

    id: str
    table: str
    dated: str
    terms: Mapping[Outcome, int | None]
    unknown_counts_as_exposed: bool
    missing_in_kev_exposed: Outcome
    missing_in_kev_not_exposed: Outcome
    missing_not_in_kev: Outcome
    automatable_when: Mapping[str, Metrics]
    total_when: Mapping[str, Metrics]
    guessed: Mapping[Outcome, Outcome]
    backlog_a_week: int
    unknown_epss: float
    unknown_cvss: float
    clock: Mapping[str, str]
    sentences: Mapping[str, str]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Return the policy this document states; raises KeyError or ValueError where it is not whole."""
        missing, derived, backlog = data["missing_inputs"], data["derived_from_cvss"], data["backlog"]
        guessed = {Outcome(table): Outcome(ours) for table, ours in derived["forensics_from_a_guess"].items()}
        return cls(
            id=data["id"],
            table=data["table"],
            dated=data["dated"],
            terms=MappingProxyType({outcome: data["terms_in_days"][outcome] for outcome in Outcome}),
            unknown_counts_as_exposed=data["unknown_exposure_counts_as_exposed"],
            missing_in_kev_exposed=Outcome(missing["in_kev_and_exposed"]),
            missing_in_kev_not_exposed=Outcome(missing["in_kev_and_not_exposed"]),
            missing_not_in_kev=Outcome(missing["not_in_kev"]),
            automatable_when=MappingProxyType(derived["automatable"]),
            total_when=MappingProxyType(derived["total"]),
            guessed=MappingProxyType(guessed),
            backlog_a_week=backlog["a_week"],
            unknown_epss=backlog["unknown_epss_sorts_as"],
            unknown_cvss=backlog["unknown_cvss_sorts_as"],
            clock=MappingProxyType(data["clock"]),
            sentences=MappingProxyType(data["sentences"]),
        )

    def default(self, *, in_kev: bool, exposed: bool) -> Outcome:
        """Return what stands when nothing has been published to decide with."""
        if not in_kev:
            return self.missing_not_in_kev
        return self.missing_in_kev_exposed if exposed else self.missing_in_kev_not_exposed


def _read() -> Policy:
    """Return the policy we ship."""
    with open(path.join(path.dirname(__file__), "data", "policy.json"), encoding="utf-8") as file:
        return Policy.of(json.load(file))


POLICY: Final = _read()
