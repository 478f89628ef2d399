"""Which news starts which work? One line a handler; a handler does nothing but put a job on the list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler: its own name, the start of the actions it listens for, and the kind of job they start.

    The job's arguments are the entry's own opaque words: entry, action, subject_kind, subject.
    """

    handler: str
    prefix: str
    kind: str

    def wants(self, action: str) -> bool:
        """Return whether an entry with this action starts the handler's job."""
        return action.startswith(self.prefix)


SUBSCRIPTIONS: tuple[Subscription, ...] = (
    *(
        Subscription(f"notices.{family}", f"{family}.", "notices.announce")
        for family in ("case", "embargo", "report", "vendor", "message", "finding", "submission")
    ),
    Subscription("inventory.match_asset", "inventory.loaded", "inventory.match_asset"),
    *(
        Subscription(f"inventory.match_changed.{family}", f"{family}.", "inventory.match_changed")
        for family in ("records", "record", "kev", "epss", "ssvc")
    ),
    *(
        Subscription(f"remediation.refresh.{news}", f"inventory.{news}", "remediation.refresh")
        for news in ("matched", "answered", "picked")
    ),
)
