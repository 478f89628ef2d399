"""Did an endpoint answer the same questions otherwise at other moments? A permutation test over all moments.

Two answers are as alike as the share of places at which they have the same letter (the Hamming kernel of Gao, Liang
and Guestrin, "Model Equality Testing", arXiv 2410.20247). If answers within a moment are more alike than answers to the
same question would be had their moments been dealt out by chance, the moments differ. Dealing them out anew, question
by question, is exact: an endpoint that did not change is said to differ in at most LEVEL of all cases, whatever its
answers look like. What a quiet result is worth depends on how differently two models answer: docs/decisions/0017.
"""

from collections.abc import Sequence

import numpy as np

from watchbell.domain.evaluation.fingerprints import LONGEST, PROMPTS, Fingerprint, Seen
from watchbell.domain.measurement.samples import Floats, Ints
from watchbell.domain.records import record

LEVEL = 0.01
DEALS = 1999
MOST_MOMENTS = 100
"""More than these are thinned out evenly: a kernel of all pairs grows with their square."""


@record(frozen=True, slots=True, kw_only=True)
class Sameness:
    """What was seen over how many moments and answers; `probability` is that of chance alone, None if not taken."""

    seen: Seen
    moments: int
    answers: int
    probability: float | None


def compared(fingerprints: Sequence[Fingerprint], *, seed: int) -> Sameness:
    """Return what the answers of one model at all its moments say; the same for the same answers and seed."""
    taken = [one for one in fingerprints if one.is_taken]
    if len(taken) > MOST_MOMENTS:
        chosen = np.unique(np.linspace(0, len(taken) - 1, MOST_MOMENTS).astype(np.int64))
        taken = [taken[at] for at in chosen]
    number = sum(one.number for one in taken)
    if len(taken) < 2:
        return Sameness(seen=Seen.NOT_TAKEN, moments=len(taken), answers=number, probability=None)
    dice = np.random.default_rng(seed)
    found = np.zeros(DEALS + 1)
    for at in range(len(PROMPTS)):
        found += _alike_within([one.answers[at] for one in taken], dice)
    chance = float((found[1:] >= found[0] - 1e-9).sum() + 1) / (DEALS + 1)
    seen = Seen.DIFFER if chance <= LEVEL else Seen.NO_DIFFERENCE
    return Sameness(seen=seen, moments=len(taken), answers=number, probability=chance)


def _alike_within(moments: list[tuple[str, ...]], dice: np.random.Generator) -> Floats:
    """Return how alike answers of the same moment are, summed over pairs: as they were, then dealt out at random."""
    texts = [text for answers in moments for text in answers]
    sizes = [len(answers) for answers in moments]
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    each = zip(starts, sizes, strict=True)
    pairs = [(start + i, start + j) for start, size in each for j in range(size) for i in range(j)]
    if not pairs:
        return np.zeros(DEALS + 1)
    first, second = np.array(pairs, dtype=np.int64).T
    order = np.vstack([np.arange(len(texts)), dice.permuted(np.tile(np.arange(len(texts)), (DEALS, 1)), axis=1)])
    return np.asarray(alike(texts)[order[:, first], order[:, second]].sum(axis=1), dtype=np.float64)


def alike(texts: Sequence[str]) -> Floats:
    """Return how alike each two texts are, 0 to 1: the share of places of the longer one with the same letter."""
    letters: Ints = np.zeros((len(texts), LONGEST), dtype=np.int64)
    for at, text in enumerate(texts):
        codes = [ord(one) for one in text[:LONGEST]]
        letters[at, : len(codes)] = codes
    length = np.maximum((letters > 0).sum(axis=1), 1)
    same = ((letters[:, None, :] == letters[None, :, :]) & (letters[:, None, :] > 0)).sum(axis=2)
    whole = np.asarray(same / np.maximum(length[:, None], length[None, :]), dtype=np.float64)
    both_empty = (letters[:, 0] == 0)[:, None] & (letters[:, 0] == 0)[None, :]
    return np.where(both_empty, 1.0, whole)
