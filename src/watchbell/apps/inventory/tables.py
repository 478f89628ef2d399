"""How far is a large table of many assets, and which of its lines were not taken? Asked of its job and its bytes."""

from datetime import datetime

from watchbell.apps.files import queries as files
from watchbell.apps.inventory import contents
from watchbell.apps.inventory.models import Document
from watchbell.apps.inventory.queries import Loading
from watchbell.apps.jobs import queries as work
from watchbell.domain.handling import system
from watchbell.domain.refusal import Refusal
from watchbell.outside.blobs import BlobStore

TABLE = "inventory.load_table"
LOADER = system(TABLE)


def key_of(organisation: str, document: str = "") -> str:
    """Return how the keys begin of the jobs that load an operator's tables, or this one."""
    return f"{TABLE}:{organisation}:{document}:" if document else f"{TABLE}:{organisation}:"


def loading_of(document: Document) -> Loading:
    """Return how far a table is, counted in assets, for whoever may know of it."""
    line = work.latest_of(key_of(document.organisation_id, document.public_id))
    if line is None:
        return Loading("loaded", 0, 0)
    stage = {"waiting": "waiting", "running": "running", "done": "loaded"}.get(line.state, "gave-up")
    return Loading(stage, line.done, line.total or 0, line)


def lines_refused(document: Document, *, store: BlobStore, now: datetime) -> list[Refusal]:
    """Return the lines of a table that were not taken, read anew from its sealed bytes; none when those are gone."""
    file = files.open_for(LOADER, document.blob_id, now=now, store=store) if document.refused else None
    if file is None:
        return []
    text = b"".join(file.pieces).decode("utf-8-sig")
    return [one.refusal for one in contents.read_table(text.splitlines(keepends=True))[1]]
