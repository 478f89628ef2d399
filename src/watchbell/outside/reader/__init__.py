"""The bounded door in front of every parser: bytes in, bytes or lines out, and never more than we agreed to hold."""

from watchbell.outside.reader.archives import Archive
from watchbell.outside.reader.documents import Member, Source, open_document
from watchbell.outside.reader.limits import EVAL_LOG, IMPORT, UPLOAD, Limits
from watchbell.outside.reader.lines import Line, Position, RefusedLine, ndjson_lines
from watchbell.outside.reader.oddities import Oddity, OddPlace, oddities, text_is_clean, visible_controls

__all__ = [
    "EVAL_LOG",
    "IMPORT",
    "UPLOAD",
    "Archive",
    "Limits",
    "Line",
    "Member",
    "OddPlace",
    "Oddity",
    "Position",
    "RefusedLine",
    "Source",
    "ndjson_lines",
    "oddities",
    "open_document",
    "text_is_clean",
    "visible_controls",
]
