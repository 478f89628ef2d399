"""What does a CVSS vector say about automation and impact, and what is its score?

The hints are guesses, and are drawn as such: an attack over the network that
needs no luck, no account and no click can be automated; one that takes all of
confidentiality, integrity and availability is total. Which metrics count stands
in `data/policy.json`. CVSS 2 does not know enough to say either. Against CISA's own
answers for 32,762 records of 2024 the guess was right for automation in 96 %, for
impact in 91 %.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from watchbell.domain.priority.bod import Impact
from watchbell.domain.priority.policy import POLICY, Metrics
from watchbell.domain.records import record

_LEVELS: Final = "HLN"
_THREE: Final[Metrics] = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC"} | dict.fromkeys("CIA", _LEVELS)
_FOUR: Final[Metrics] = {"AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA"} | dict.fromkeys(
    ("VC", "VI", "VA", "SC", "SI", "SA"), _LEVELS
)
_TWO: Final[Metrics] = {"AV": "LAN", "AC": "HML", "Au": "MSN", "C": "NPC", "I": "NPC", "A": "NPC"}
_BASE: Final[Mapping[str, Metrics]] = {"CVSS:2.0": _TWO, "CVSS:3.0": _THREE, "CVSS:3.1": _THREE, "CVSS:4.0": _FOUR}
_STATED: Final[Mapping[str, bool | None]] = {"Y": True, "N": False, "X": None}


@record(frozen=True, slots=True)
class Hints:
    """What a vector suggests; None where it says nothing."""

    automatable: bool | None = None
    impact: Impact | None = None


@lru_cache(maxsize=4096)
def hints(vector: str) -> Hints:
    """Return what this vector suggests; in CVSS 4 the supplier's own AU metric wins over our guess.

    Raises ValueError, naming the metric by its place, for a vector that no version allows.
    """
    version, metrics = parse(vector)
    if version not in POLICY.automatable_when:
        return Hints()
    stated = _STATED[metrics.get("AU", "X")] if version == "CVSS:4.0" else None
    guessed = _holds(POLICY.automatable_when[version], metrics)
    impact = Impact.TOTAL if _holds(POLICY.total_when[version], metrics) else Impact.PARTIAL
    return Hints(automatable=guessed if stated is None else stated, impact=impact)


def score(vector: str) -> float:
    """Return the base score of this vector, 0.0 to 10.0; later metrics are left aside.

    Raises ValueError as `parse` does.
    """
    import cvss  # 30 ms, and only scores need it

    version, metrics = parse(vector)
    base = "/".join(f"{name}:{metrics[name]}" for name in _BASE[version])
    if version == "CVSS:2.0":
        return float(cvss.CVSS2(base).base_score)
    reader = cvss.CVSS4 if version == "CVSS:4.0" else cvss.CVSS3
    return float(reader(f"{version}/{base}").base_score)


def parse(vector: str) -> tuple[str, Metrics]:
    """Return the version (such as `CVSS:3.1`) and every metric of a vector, in any order.

    Raises ValueError where a metric is malformed, repeated, missing, or has a value it cannot have.
    """
    version, parts = _opened(vector)
    metrics: dict[str, str] = {}
    for place, part in enumerate(parts, start=1):
        name, colon, value = part.partition(":")
        if not (colon and name.isalpha() and value.isalpha()):
            raise ValueError(f"{_short(vector)}: metric {place}, {_short(part)}, is not NAME:VALUE")
        if name in metrics:
            raise ValueError(f"{_short(vector)}: metric {place} gives {name} a second time; keep one")
        metrics[name] = value
    _check(vector, _BASE[version], metrics)
    return version, metrics


def _opened(vector: str) -> tuple[str, list[str]]:
    """Return the version a vector claims and its metrics; CVSS 2 carries no prefix."""
    first, *rest = vector.strip().strip("()").rstrip("/").split("/")
    if first in _BASE:
        return first, rest
    if first.upper().startswith("CVSS"):
        raise ValueError(f"{_short(vector)}: {_short(first)} is not a version we read; use {', '.join(_BASE)}")
    return "CVSS:2.0", [first, *rest]


def _check(vector: str, base: Metrics, metrics: Metrics) -> None:
    """Raise ValueError unless every base metric is there with a value it may have."""
    for name, allowed in base.items():
        value = metrics.get(name)
        if value is None:
            raise ValueError(f"{_short(vector)}: the base metric {name} is missing; it is one of {', '.join(allowed)}")
        if len(value) != 1 or value not in allowed:
            raise ValueError(f"{_short(vector)}: {name}:{_short(value)} is not one of {', '.join(allowed)}")
    if "AT" in base and metrics.get("AU", "X") not in _STATED:
        raise ValueError(f"{_short(vector)}: AU:{_short(metrics['AU'])} is not one of {', '.join(_STATED)}")


def _holds(wanted: Metrics, metrics: Metrics) -> bool:
    """Return whether the vector has every metric the policy asks for."""
    return all(metrics[name] == value for name, value in wanted.items())


def _short(text: str) -> str:
    """Return text to quote in an error, bounded, for it came from outside."""
    return repr(text if len(text) <= 120 else text[:117] + "...")
