"""Read and write what an evaluator needs to run a locked protocol anywhere: the protocol, and the seeds of its items.

Whoever holds a kit can draw the held-out items: it is as confidential as they are.
"""

from typing import Final

from watchbell.domain.evaluation import Protocol
from watchbell.domain.records import record
from watchbell.domain.refusal import refuse
from watchbell.formats import fields, protocols, strictjson

FORM: Final = "watchbell-run-kit-1"
SEED_DIGITS: Final = 64
_FIELDS: Final = frozenset(("kit", "digest", "protocol", "seeds"))


@record(frozen=True, slots=True, kw_only=True)
class RunKit:
    """A protocol with the digest it was locked under, and a seed for each benchmark whose items are drawn."""

    protocol: Protocol
    seeds: tuple[tuple[str, bytes], ...]

    def seed_of(self, benchmark: str) -> bytes | None:
        """Return the seed of a benchmark's items, or None where nothing is drawn."""
        return dict(self.seeds).get(benchmark)


def loads(data: bytes) -> RunKit:
    """Return the kit in these bytes. Raises Refused with a place, also when the protocol is not the one locked."""
    found = fields.root(strictjson.loads(data))
    for name in found:
        if name not in _FIELDS:
            raise refuse("unknown-field", "A run kit has no such field.", place=fields.pointer("", name))
    if fields.required_text(found, "kit") != FORM:
        raise fields.unsupported("kit", str(found["kit"]), FORM, place="/kit")
    protocol = protocols.loads(strictjson.dumps(fields.mapping(found, "protocol")))
    if protocol.digest != fields.required_text(found, "digest"):
        raise refuse(
            "other-protocol",
            "The protocol in this kit is not the one that was locked.",
            place="/protocol",
            todo="Take the kit from the node once more",
        )
    return RunKit(protocol=protocol, seeds=tuple(_seed(one, place) for one, place in fields.objects(found, "seeds")))


def dumps(kit: RunKit) -> bytes:
    """Return the canonical bytes of a kit."""
    seeds = [{"benchmark": name, "seed": seed.hex()} for name, seed in kit.seeds]
    whole = {"kit": FORM, "digest": kit.protocol.digest, "protocol": kit.protocol.as_mapping(), "seeds": seeds}
    return strictjson.dumps(whole)


def _seed(found: fields.Json, place: str) -> tuple[str, bytes]:
    seed = fields.text(found, "seed", place)
    if len(seed) != SEED_DIGITS or set(seed) - set("0123456789abcdef"):
        raise refuse("wrong-seed", "A seed is 32 bytes in hexadecimal.", place=f"{place}/seed")
    return fields.text(found, "benchmark", place), bytes.fromhex(seed)
