"""What stands when several indicators are judged at once? Holm's step-down adjustment (Scand. J. Stat. 6, 1979)."""

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """Return each p-value adjusted so that the chance of any false word among them stays what it was for one."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    adjusted, so_far = [0.0] * len(values), 0.0
    for rank, at in enumerate(order):
        so_far = max(so_far, min(1.0, (len(values) - rank) * values[at]))
        adjusted[at] = so_far
    return adjusted
