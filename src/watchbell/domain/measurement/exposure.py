"""Does a model do better on what it may have seen before? Public items beside held-out ones, beyond its references.

Where families have items of both kinds, the same template is compared with itself, seen and unseen. Where whole
suites are public and others held out, they ask different things: a difference may then be a matter of what they ask,
and whoever reads it is told so.
"""

import numpy as np

from watchbell.domain.measurement.clustered import clusters_of, solved_rate
from watchbell.domain.measurement.paired import edge_of, logit
from watchbell.domain.measurement.proportions import Interval
from watchbell.domain.measurement.resampling import draws, of_means
from watchbell.domain.measurement.samples import Bools, Floats, Grid, Items
from watchbell.domain.measurement.words import FEWEST_FAMILIES
from watchbell.domain.records import record


@record(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much better a model does on public than on held-out items, beyond what its references do (logits).

    An interval wholly above zero suggests that public items, or their solutions, were seen before. `is_paired` says
    that families with items of both kinds were compared, and nothing else.
    """

    model: str
    references: tuple[str, ...]
    difference: Interval
    suites: tuple[str, ...]
    is_paired: bool


def public_against_held_out(grid: Grid, model: str, references: tuple[str, ...], *, seed: int) -> Exposure | None:
    """Return how much more public items suit this model than its references; None where that cannot be told.

    It needs a reference, items of both kinds that all of them have a judged attempt at, and in each suite that counts
    enough families (FEWEST_FAMILIES) to know how much they differ.
    """
    if not references:
        return None
    found = [solved_rate(grid, one) for one in (model, *references)]
    seen = np.logical_and.reduce([judged for _, judged in found])
    kept, scales, is_paired = _both_kinds(grid.items, seen)
    families = np.unique(grid.items.family_of[kept])
    number = np.bincount(grid.items.suite_of[families], minlength=len(grid.items.suites))
    if not kept.any() or number[number > 0].min() < FEWEST_FAMILIES:
        return None
    values = np.stack([rate * scale for scale in scales for rate, _ in found])
    clusters, others = clusters_of(grid.items, values, kept), len(references)
    kinds = (kept & ~grid.items.held_out, kept & grid.items.held_out)
    edge = edge_of(min(len(np.unique(grid.items.family_of[kind])) for kind in kinds))

    def beyond(means: Floats) -> tuple[Floats, Floats]:
        inside = np.clip(means, edge, 1 - edge)
        share = np.concatenate([[1.0], np.full(others, -1 / others)])
        signs = np.concatenate([share, -share])
        return logit(inside, edge) @ signs, signs / (inside * (1 - inside))

    suites = {grid.items.suites[at] for at in grid.items.suite_of[families]}
    return Exposure(
        model=model,
        references=references,
        difference=of_means(clusters, beyond, draws(clusters.sizes, seed)).interval(),
        suites=tuple(sorted(suites)),
        is_paired=is_paired,
    )


def _both_kinds(items: Items, seen: Bools) -> tuple[Bools, tuple[Floats, Floats], bool]:
    """Return which items count, and by what their rates are scaled so that means become those of one kind.

    First the scales for public items, then those for held-out ones; with them whether families have both kinds.
    """
    kinds = (~items.held_out, items.held_out)
    number = len(items.families)
    counts = [np.bincount(items.family_of[seen & kind], minlength=number) for kind in kinds]
    both = (counts[0] > 0) & (counts[1] > 0)
    if both.any():
        whole = counts[0] + counts[1]
        of_family = [whole / np.maximum(count, 1) for count in counts]
        public, held_out = (kind * scale[items.family_of] for kind, scale in zip(kinds, of_family, strict=True))
        return seen & both[items.family_of], (public, held_out), True
    suites = [set(items.suite_of[count > 0].tolist()) for count in counts]
    if not all(suites) or suites[0] & suites[1]:
        return np.zeros_like(seen), (np.zeros(len(seen)), np.zeros(len(seen))), False
    every = len(suites[0] | suites[1])
    # The mean over all suites of rates that are nought in the others, scaled so that it is the mean over one kind's.
    scales = [np.where(kind, every / len(own), 0.0) for kind, own in zip(kinds, suites, strict=True)]
    return seen, (scales[0], scales[1]), False
