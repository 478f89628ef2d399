"""How much are we willing to hold of what somebody sends us?"""

from dataclasses import dataclass

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence

MIB = 1024 * 1024

# Bytes we ask for at a time, everywhere in the reader.
CHUNK = 64 * 1024

# Below this size a document may be as compressible as it likes: a short file of zeros is no bomb.
RATIO_FREE_BYTES = 4 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most we take of one document; bytes unless a name says otherwise.

    `max_ratio` is inflated bytes per compressed byte, watched from 4 MiB on.
    `max_members` counts the files of a zip and the parts of a gzip or zstd.
    `max_items` counts the lines of an NDJSON document.
    """

    max_bytes: int = 64 * MIB
    max_inflated_bytes: int = 256 * MIB
    max_ratio: int = 200
    max_members: int = 1_000
    max_items: int = 200_000
    max_line_bytes: int = 4 * MIB


# What a person or a program may send over the network in one piece.
UPLOAD = Limits()

# What an administrator imports on the console: national databases of several gigabytes.
IMPORT = Limits(
    max_bytes=8192 * MIB,
    max_inflated_bytes=65536 * MIB,
    max_members=500_000,
    max_items=20_000_000,
    max_line_bytes=32 * MIB,
)

# One log of an evaluation; its transcripts repeat themselves more than other documents do.
EVAL_LOG = Limits(max_bytes=512 * MIB, max_inflated_bytes=16384 * MIB, max_ratio=1000, max_members=200_000)


class Budget:
    """Counts what one document has cost so far, and raises Refused when it is spent.

    One budget is shared by all members of an archive, so that a thousand
    members cannot each be as large as the whole may be.
    """

    def __init__(self, limits: Limits, name: str) -> None:
        self.limits = limits
        self.name = name
        self.raw = 0
        self.inflated = 0
        self.members = 0

    def take_raw(self, count: int) -> None:
        """Count bytes as they lie in the document, still compressed."""
        self.raw += count
        if self.raw > self.limits.max_bytes:
            raise too_large(self.name, self.limits.max_bytes)

    def take_inflated(self, count: int) -> None:
        """Count bytes after decompression."""
        self.inflated += count
        if self.inflated > self.limits.max_inflated_bytes:
            raise refuse(
                "inflates-too-large",
                "the document grows too large when it is decompressed",
                place=self.name,
                expected=Sentence("At most {limit} bytes after decompression", limit=self.limits.max_inflated_bytes),
                todo="Split it into several documents",
            )

    def take_member(self) -> None:
        """Count one file of an archive, or one part of a compressed stream."""
        self.members += 1
        if self.members > self.limits.max_members:
            raise refuse(
                "too-many-members",
                "the document has too many parts",
                place=self.name,
                expected=Sentence("At most {limit}", limit=self.limits.max_members),
                todo="Split it into several documents",
            )

    def check_ratio(self, *, inflated: int, raw: int) -> None:
        """This will refuse a part that grows suspiciously when it is decompressed."""
        if inflated > RATIO_FREE_BYTES and inflated > raw * self.limits.max_ratio:
            raise refuse(
                "ratio",
                "the document is compressed more tightly than honest documents are",
                place=self.name,
                expected=Sentence("At most {limit} bytes out of one", limit=self.limits.max_ratio),
                todo="Send it uncompressed",
            )


def too_large(place: str, max_bytes: int) -> Refused:
    """Return the refusal of a document with too many bytes."""
    return refuse(
        "too-large",
        "the document is too large",
        place=place,
        expected=Sentence("At most {limit} bytes", limit=max_bytes),
        todo="Split it into several documents",
    )
