"""What may one call of a model use, and what did it use? Asked before the call, settled after it."""

from watchbell.domain.metering.budget import Amount, Budget, Prices, bound, cost_of
from watchbell.domain.metering.calls import (
    Admission,
    Ask,
    Dialect,
    Ending,
    Scheme,
    Settlement,
    TurnedAway,
    Upstream,
    Usage,
    digest_of_name,
)

__all__ = [
    "Admission",
    "Amount",
    "Ask",
    "Budget",
    "Dialect",
    "Ending",
    "Prices",
    "Scheme",
    "Settlement",
    "TurnedAway",
    "Upstream",
    "Usage",
    "bound",
    "cost_of",
    "digest_of_name",
]
