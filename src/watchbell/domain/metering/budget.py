"""Is there enough left for this call? Budgets are reserved before it and settled after it, never overspent.

Money is counted in whole millionths of the currency the developer named, so that nothing is lost to rounding.
"""

from dataclasses import dataclass

from watchbell.domain.metering.calls import Usage


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, read and written, in millionths of a unit of money."""

    input_per_million: int = 0
    output_per_million: int = 0


@dataclass(frozen=True, slots=True)
class Amount:
    """Requests, tokens and cost together: what is reserved, charged, or left."""

    requests: int = 0
    tokens: int = 0
    cost: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.requests + other.requests, self.tokens + other.tokens, self.cost + other.cost)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.requests - other.requests, self.tokens - other.tokens, self.cost - other.cost)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much there is at most (None: the developer set no bound), and how much of it is reserved or charged."""

    requests: int | None
    tokens: int | None
    cost: int | None
    used: Amount = Amount()

    def short_of(self, more: Amount) -> str:
        """Return what there is too little of for this much more: requests, tokens or cost; empty when it fits."""
        after = self.used + more
        for name in ("requests", "tokens", "cost"):
            most = getattr(self, name)
            if most is not None and getattr(after, name) > most:
                return name
        return ""


def cost_of(usage: Usage, prices: Prices) -> int:
    """Return what this many tokens cost, in millionths, rounded up so that a budget is never overspent."""
    parts = usage.input_tokens * prices.input_per_million + usage.output_tokens * prices.output_per_million
    return -(-parts // 1_000_000)


def bound(usage: Usage, prices: Prices) -> Amount:
    """Return what one call with this usage amounts to."""
    return Amount(1, usage.input_tokens + usage.output_tokens, cost_of(usage, prices))
