"""Which news starts which work? One line a handler; a handler does nothing but put a job on the list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler: its own name, the kind of job it starts, and the starts of the actions it listens for.

    The job's arguments are the entry's own opaque words: entry, action, subject_kind, subject.
    """

    handler: str
    kind: str
    prefixes: tuple[str, ...]

    def wants(self, action: str) -> bool:
        """Return whether an entry with this action starts the handler's job."""
        return action.startswith(self.prefixes)


SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription(
        "notices",
        "notices.announce",
        ("case.", "embargo.", "report.", "vendor.", "message.", "finding.", "submission.", "advisory.shared"),
    ),
    Subscription("advisories", "advisories.follow_case", ("case.marked",)),
    Subscription("inventory.asset", "inventory.match_asset", ("inventory.loaded",)),
    Subscription("inventory.vex", "inventory.overlay", ("inventory.vex_",)),
    Subscription("inventory.published", "inventory.match_changed", ("records.", "record.", "kev.", "epss.", "ssvc.")),
    Subscription(
        "remediation",
        "remediation.refresh",
        ("inventory.matched", "inventory.answered", "inventory.picked", "inventory.overlaid", "remediation.strict_"),
    ),
)
