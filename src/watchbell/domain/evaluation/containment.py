"""What does an evaluator sign about its own machines before it gets a token to run with?

Watchbell cannot see those machines. It keeps the signed words, and every report says that they were not verified.
"""

import re
from collections.abc import Mapping
from typing import Final

from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import Point, Statement, Unacceptable

FORM: Final = "watchbell-containment-1"
PROMISES: Final[dict[str, Sentence]] = {
    "gateway_only": Sentence("What the model starts reaches nothing but the gateway."),
    "no_root": Sentence("What the model starts runs without rights on its machine, in an environment thrown away."),
    "no_real_targets": Sentence("No system of anybody else's, and none that is in use, is within its reach."),
    "watched": Sentence("Each run is watched, and whoever watches can end it."),
    "told_within_the_hour": Sentence("What leaves its scope or touches a canary ends, and the developer hears of it."),
}
"""What is promised, by the code that stands in the statement."""
_ID, _DIGEST = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")


def containment(*, engagement: str, protocol: str) -> Statement:
    """Return what an evaluator signs for the runs of one locked protocol, by its digest."""
    return Statement(
        {
            "statement": FORM,
            "engagement": engagement,
            "protocol": protocol,
            "promises": sorted(PROMISES),
            "verified": False,
        }
    )


def what_containment_says(statement: Statement) -> tuple[Point, ...]:
    """Return what somebody says by signing it, in plain words."""
    heading = Sentence("You say of your own machines, which nobody verifies")
    whose = Sentence("For the protocol {digest} only.", digest=str(statement.content["protocol"]))
    return (*(Point(heading, said) for said in PROMISES.values()), Point(Sentence("What it covers"), whose))


def containment_from(value: object) -> Statement:
    """Return the statement that these JSON values are, and no other. Raises Unacceptable with a place."""
    if not isinstance(value, Mapping):
        raise Unacceptable("", Sentence("Use an object."))
    for field, shape in (("engagement", _ID), ("protocol", _DIGEST)):
        if not (isinstance(value.get(field), str) and shape.fullmatch(value[field])):
            raise Unacceptable(f"/{field}", Sentence("Use the id or digest as the node gives it."))
    made = containment(engagement=value["engagement"], protocol=value["protocol"])
    if dict(value) != made.content:
        wrong = next(name for name in sorted({*value, *made.content}) if value.get(name) != made.content.get(name))
        raise Unacceptable(f"/{wrong}", Sentence("Sign the statement as the node gives it."))
    return made
