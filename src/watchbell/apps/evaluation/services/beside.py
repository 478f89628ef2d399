"""This will work out what is read beside a profile: public items against held-out ones, and time horizons.

Both need something that not every evaluation has. Where it is missing, the report says what, and that nothing is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchbell.apps.evaluation.services import figures
from watchbell.domain import evaluation as rules
from watchbell.domain.measurement.exposure import public_against_held_out
from watchbell.domain.measurement.horizon import time_horizon
from watchbell.domain.measurement.samples import Table

RELIABILITIES: Final = (0.5, 0.8)
ONE_KIND: Final = "All items are of one kind, so public items are not compared with held-out ones."
TOO_FEW: Final = "Too few families of each kind, or no reference: public items are not compared with held-out ones."
NO_TIMES: Final = "No human times, so no time horizon."
NO_FALL: Final = "Too few timed items, or no model solves fewer of the longer ones, so no time horizon."


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What the registry says of a suite: whether its items are held out, and people's minutes by family."""

    held_out: bool = False
    minutes: Mapping[str, float] = field(default_factory=dict)


def exposure(
    table: Table | None, value: rules.Protocol, registered: Mapping[str, Registered], *, seed: int
) -> dict[str, Any]:
    """Return how the model measured does on public items beyond its references, at the largest budget of all."""
    kinds = {suite: one.held_out for suite, one in sorted(registered.items())}
    if table is None or len(set(kinds.values())) < 2:
        return {"held_out": kinds, "found": None, "why": ONE_KIND}
    own = value.model.alias
    for grid in reversed(table.grids):
        references = tuple(one for one in value.references if one in table.models and grid.has(one))
        if own in table.models and grid.has(own) and references:
            found = public_against_held_out(grid, own, references, seed=seed)
            if found is not None:
                return {"held_out": kinds, "found": {**figures.exposed(found), "budget": grid.budget}, "why": ""}
    return {"held_out": kinds, "found": None, "why": TOO_FEW}


def horizons(
    table: Table | None, value: rules.Protocol, registered: Mapping[str, Registered], *, seed: int
) -> dict[str, Any]:
    """Return each model's time horizons at its largest budget, over the items that people were timed on."""
    times = {suite: dict(sorted(one.minutes.items())) for suite, one in sorted(registered.items()) if one.minutes}
    if not times or table is None:
        return {"minutes": times, "found": [], "why": NO_TIMES}
    found = [one for model in value.models if model in table.models for one in _of(table, model, times, seed)]
    return {"minutes": times, "found": found, "why": "" if found else NO_FALL}


def _of(table: Table, model: str, times: Mapping[str, Mapping[str, float]], seed: int) -> list[dict[str, Any]]:
    names = [name for name in table.items.names if name[1] in times.get(name[0], {})]
    minutes = {name: times[name[0]][name[1]] for name in names}
    grid = next(grid for grid in reversed(table.grids) if grid.has(model))
    found = [time_horizon(grid, model, minutes, reliability=one, seed=seed) for one in RELIABILITIES]
    return [{**figures.horizon_of(model, one), "budget": grid.budget} for one in found if one is not None]
