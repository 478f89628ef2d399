"""What is said on an asset's page of the machines in it, in words, and what can be corrected there?"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from watchbell.apps.inventory import recognised
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.matching.tiers import Tier

TAKE_BACK = "ask-again"
SAID: dict[Answer, str | Promise] = {
    Answer.YES: gettext_lazy("You said yes"),
    Answer.NO: gettext_lazy("You said no"),
    Answer.UNSURE: gettext_lazy("You were not sure"),
}
TIERS: dict[Tier, str | Promise] = {
    Tier.EXACT: gettext_lazy("This is it"),
    Tier.PROBABLE: gettext_lazy("Probably this"),
    Tier.POSSIBLE: gettext_lazy("Perhaps this"),
}


def machines_of(found: Any) -> dict[str, Any]:
    """Return what an asset's page says of the machines in it."""
    machines = [
        {"one": one, "seen": [{"one": each, "words": _words(each)} for each in one.seen]}
        for one in recognised.recognised_in(found)
    ]
    return {"machines": machines, "take_back": TAKE_BACK}


def _words(seen: recognised.Seen) -> str | Promise:
    """Return how sure it is, or what people said."""
    if seen.answer is not None:
        return SAID[seen.answer]
    return TIERS[seen.tier] if seen.tier else ""
