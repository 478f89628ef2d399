"""What stands behind the compressed bytes of a snapshot, so that it is known for whole without being unpacked."""

import struct
from typing import NamedTuple, Self

from watchbell.edge.layout import FOOTER_BYTES, FOOTER_MAGIC, FORMAT

_FIXED = struct.Struct("<9sHQQI32s")
_NAME = b"watchbell"


class Footer(NamedTuple):
    """`digest` and `size` of the database as it is unpacked; `packed` and `check` (CRC-32) of the compressed bytes."""

    digest: str
    size: int
    packed: int
    check: int

    def written(self) -> bytes:
        """Return the footer as a frame that zstd's tools pass over."""
        content = _FIXED.pack(_NAME, FORMAT, self.size, self.packed, self.check, bytes.fromhex(self.digest))
        length = FOOTER_BYTES - 8
        return FOOTER_MAGIC + struct.pack("<I", length) + content.ljust(length, b"\0")

    @classmethod
    def read(cls, data: bytes) -> Self | None:
        """Return the footer these last bytes of a file are, or None when they are none of this format."""
        if len(data) != FOOTER_BYTES or data[:8] != FOOTER_MAGIC + struct.pack("<I", FOOTER_BYTES - 8):
            return None
        name, number, size, packed, check, digest = _FIXED.unpack_from(data, 8)
        return cls(digest.hex(), size, packed, check) if (name, number) == (_NAME, FORMAT) else None
