"""How far may this travel? The Traffic Light Protocol 2.0 as a lattice.

Membership or assignment *grants*; TLP only *caps*: no role overrides the cap, and
a marking alone never gives anyone access. Source: FIRST TLP 2.0.
"""

from dataclasses import dataclass
from enum import IntEnum

from watchbell.domain.sentence import Sentence


class Tlp(IntEnum):
    """The five labels, from widest to narrowest; larger is stricter."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """Return the label as written, such as `TLP:AMBER+STRICT`."""
        return "TLP:" + self.name.replace("_", "+")

    @classmethod
    def from_label(cls, text: str) -> "Tlp":
        """Return the label these words name, in TLP 2.0 or the older WHITE; raises ValueError."""
        name = text.strip().upper().removeprefix("TLP:").replace("+", "_").replace("-", "_").replace(" ", "_")
        if name == "WHITE":
            return cls.CLEAR
        try:
            return cls[name]
        except KeyError:
            labels = tuple(each.label for each in cls)
            raise ValueError(
                Sentence("{found} is not a TLP label; use one of {labels}", found=repr(text[:40]), labels=labels)
            ) from None


UNMARKED = Tlp.AMBER_STRICT
PUBLIC_INTAKE = Tlp.AMBER


@dataclass(frozen=True, slots=True)
class Viewer:
    """How one viewer stands to one object: the only facts the cap depends on."""

    is_named: bool = False
    in_recipient_organisation: bool = False
    is_client_of_recipient: bool = False
    in_shared_community: bool = False


def may_see(marking: Tlp, viewer: Viewer) -> bool:
    """Return whether the label's cap lets this viewer look, given that something granted it."""
    reaches = {
        Tlp.RED: viewer.is_named,
        Tlp.AMBER_STRICT: viewer.is_named or viewer.in_recipient_organisation,
        Tlp.AMBER: viewer.is_named or viewer.in_recipient_organisation or viewer.is_client_of_recipient,
        Tlp.GREEN: viewer != Viewer(),
        Tlp.CLEAR: True,
    }
    return reaches[marking]


def lowest_marking_kept(parts: list[Tlp]) -> Tlp:
    """Return the label of something made of these parts: the strictest of them, never lower."""
    return max(parts, default=UNMARKED)
