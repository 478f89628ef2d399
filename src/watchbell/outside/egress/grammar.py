"""What does an answer look like in HTTP/1.1? The lines of RFC 9112, read strictly: what is malformed is no answer."""

import re
from dataclasses import dataclass

STATUS = re.compile(rb"HTTP/1\.(?P<minor>[01]) (?P<status>[1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
LENGTH = re.compile("[0-9]{1,15}")
SINGLE = frozenset(
    ("content-length", "transfer-encoding", "content-type", "content-encoding", "location", "retry-after", "etag")
)
"""Fields of which a second one would let two readers understand two things."""

MOST_INTERIM = 4


@dataclass(frozen=True, slots=True)
class Head:
    """The status and the header fields, names in lower case."""

    status: int
    fields: dict[str, str]
