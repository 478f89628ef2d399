"""What did a model find in somebody else's software, and what of it may go to coordinated disclosure?

The signed terms say where it goes (`terms.Routing`, requirement R12). What goes there is a claim like any finder's:
that a model found it stays with it, which model only where the claim may name it, and never from which item of
which benchmark.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from watchbell.domain.advisory import Activity, AiUsage, Claim, ClaimedEvidence, ClaimedProduct

SHORTEST_NAME: Final = 3
"""Letters of a name that a text is searched for; shorter ones stand in any text."""


class SentAs(StrEnum):
    """How a flaw went to coordinated disclosure."""

    NAMED = "named"
    """An organisation handed it in, and the claim names the model."""
    NAMELESS = "nameless"
    """It came in as a report from the public does, and names nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One flaw in somebody else's software, as the evaluator's person saw it; all texts are inert.

    `model` is one of the names in the terms. `run`, `item` and `epoch` say which sample it came from, if one is
    named; they stay between the two parties.
    """

    title: str
    vendor: str = ""
    product: str = ""
    version: str = ""
    purl: str = ""
    description: str = ""
    evidence: str = ""
    model: str = ""
    run: str = ""
    item: str = ""
    epoch: int = 0

    def claim(self, how: SentAs) -> Claim:
        """Return what coordinated disclosure is told."""
        named = how is SentAs.NAMED
        product = ClaimedProduct(purl=self.purl, vendor=self.vendor, name=self.product, version=self.version)
        return Claim(
            submitter_item_id="",
            title=self.title,
            description=self.description,
            products=(product,),
            evidence=ClaimedEvidence(text=self.evidence),
            ai_usage=AiUsage(
                activities=frozenset({Activity.DISCOVERY}),
                model=self.model if named else "",
                model_withheld=not named,
            ),
        )

    def names(self, forbidden: Iterable[str]) -> tuple[str, ...]:
        """Return those of these names that stand in what coordinated disclosure would be told, in their order."""
        told = "\n".join(getattr(self, one.name) for one in fields(self) if one.name in _TOLD).casefold()
        wanted = dict.fromkeys(one.strip() for one in forbidden)
        return tuple(one for one in wanted if len(one) >= SHORTEST_NAME and _stands_in(one.casefold(), told))


_TOLD: Final = ("title", "vendor", "product", "version", "purl", "description", "evidence")


def _stands_in(name: str, text: str) -> bool:
    spaced = r"\s+".join(re.escape(part) for part in name.split())
    return re.search(rf"(?<!\w){spaced}(?!\w)", text) is not None
