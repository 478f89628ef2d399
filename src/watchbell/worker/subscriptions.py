"""Which news starts which work? One line a handler; a handler does nothing but put a job on the list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler: its own name, the kind of job it starts, and the starts of the actions it listens for.

    The job's arguments are the entry's own opaque words: entry, action, subject_kind, subject. `one_is_enough` where
    the job looks at how things stand and not at the entry: then one that still waits does it for the next entry too.
    """

    handler: str
    kind: str
    prefixes: tuple[str, ...]
    one_is_enough: bool = False

    def wants(self, action: str) -> bool:
        """Return whether an entry with this action starts the handler's job."""
        return action.startswith(self.prefixes)


EARLY_ACCESS = (
    *("engagement.offered", "engagement.agreed", "engagement.declined", "engagement.rescinded", "engagement.lapsed"),
    *("engagement.started", "engagement.shortened", "engagement.ended", "engagement.withdrawn", "engagement.released"),
    *("engagement.person_", "engagement.unusual_volume", "engagement.key_destroyed", "partner."),
    *("evaluation.incident", "evaluation.protocol_locked", "evaluation.log_imported", "evaluation.result_imported"),
    "evaluation.flaw_",
)
"""What the other party hears of. The many entries about tokens, anchors and settings start no work."""

SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription(
        "notices",
        "notices.announce",
        ("case.", "embargo.", "report.", "vendor.", "message.", "finding.", "submission.", "advisory.shared"),
    ),
    Subscription("notices.early_access", "notices.announce_apart", EARLY_ACCESS),
    Subscription("advisories", "advisories.follow_case", ("case.marked",)),
    Subscription("inventory.asset", "inventory.match_asset", ("inventory.loaded", "inventory.described")),
    Subscription("inventory.vex", "inventory.overlay", ("inventory.vex_",)),
    Subscription(
        "inventory.published",
        "inventory.match_changed",
        ("records.", "record.", "kev.", "epss.", "ssvc."),
        one_is_enough=True,
    ),
    Subscription(
        "remediation",
        "remediation.refresh",
        ("inventory.matched", "inventory.answered", "inventory.picked", "inventory.overlaid", "remediation.strict_"),
        one_is_enough=True,
    ),
)
