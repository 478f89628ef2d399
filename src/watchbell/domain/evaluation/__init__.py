"""What is measured, how, and what came of it? Protocols, benchmarks, outcomes of samples: values and rules."""

from watchbell.domain.evaluation.benchmarks import BenchmarkVersion, Control, KnownAnswers, Needs, Visibility
from watchbell.domain.evaluation.containment import PROMISES, containment, containment_from, what_containment_says
from watchbell.domain.evaluation.flaws import Flaw, SentAs
from watchbell.domain.evaluation.outcomes import Cell, Completeness, Outcome, Told, completeness, outcome_of
from watchbell.domain.evaluation.protocol import (
    Indicator,
    Listed,
    Measured,
    Protocol,
    Rule,
    Scaffold,
    Suite,
    problems,
)

__all__ = [
    "PROMISES",
    "BenchmarkVersion",
    "Cell",
    "Completeness",
    "Control",
    "Flaw",
    "Indicator",
    "KnownAnswers",
    "Listed",
    "Measured",
    "Needs",
    "Outcome",
    "Protocol",
    "Rule",
    "Scaffold",
    "SentAs",
    "Suite",
    "Told",
    "Visibility",
    "completeness",
    "containment",
    "containment_from",
    "outcome_of",
    "problems",
    "what_containment_says",
]
