"""What happens when others send every form of early access, and does a page read without a line? V12, V15."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from watchbell.apps.engagements import queries
from watchbell.voluntary.checked import require
from watchbell.voluntary.keystore import MemoryKeystore
from watchbell.voluntary.projection import came_to_be, facts, widened
from watchbell.voluntary.routes import in_area, operations
from watchbell.voluntary.run import Run
from watchbell.voluntary.site import Site, address, open_or_tried, opened
from watchbell.voluntary.stage import DIGEST, Stage
from watchbell.voluntary.swapping import swapped
from watchbell.voluntary.tables import rows
from watchbell.voluntary.walk import aside, writes

SENDERS = ("evaluator", "other evaluator", "rival lab", "coordinator", "hospital", "admin", "stranger", "public")
READERS = ("lab", "evaluator", "evaluator colleague", "evaluator reader", "lab that evaluates", "coordinator")
ONLY_COUNTS = frozenset({"sign_statement", "statement_file"})
"""Pages that hold a number of people to the terms, or give a statement of ids and digests, and show no material."""


def forms_begin_nothing(run: Run) -> int:
    """Return how many forms and operations were sent; raises Broken where one begins something or reaches further."""
    sent = 0
    with run.stage() as stage, opened(run, stage) as site:
        stage.reach("offered")
        before = facts(stage)
        for who in SENDERS:
            site.sign_in(who)
            for what, send in _forms(site, who):
                with aside(stage), writes() as written:
                    send()
                    sent += 1
                    if any("engagements_" in sql for sql in written):
                        after = facts(stage)
                        require(not came_to_be(before, after), f"{who} sends {what}: an engagement came to be")
                        require(not (wider := widened(before, after)), f"{who} sends {what}: {wider}")
    return sent


def _forms(site: Site, who: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every form of the area as this visitor could send it, each with answers that name what there is."""
    stage = site.stage
    ids = {"public_id": stage.engagement_id}
    answers = {
        "evaluator": stage.cast.organisation("evaluator"),
        "organisation": stage.cast.organisation("evaluator"),
        "name": "Northlight 1",
        "digest": DIGEST,
        "model_digest": DIGEST,
        "models": "northlight-1",
        "purpose": "run",
        "hours": "720",
    }
    for page in open_or_tried(site, who):
        if in_area(page):
            for chosen in (ids, {**ids, "public_id": stage.model_id}) if page.varies else ({},):
                path = address(page, chosen)
                yield f"POST {path}", partial(site.ask, who, path, method="post", data=answers)
    for one in operations():
        if in_area(one) and one.method != "GET":
            path = re.sub(r"\{\w+\}", stage.engagement_id, one.path)
            yield one.name, partial(site.call, who, path, method=one.method, body=b"{}")


def material_is_read_with_a_line(run: Run) -> int:
    """Return how many pages opened something; raises Broken where others' reading left no line before the answer."""
    openings = 0
    with run.stage() as stage, opened(run, stage) as site:
        stage.reach("active")
        for who in READERS:
            site.sign_in(who)
            for page in open_or_tried(site, who):
                if in_area(page) and page.name not in ONLY_COUNTS:
                    path = address(page, {"public_id": stage.engagement_id})
                    openings += _opens(site, who, path, method="get")
                    openings += _opens(site, who, path, method="post", data={"purpose": "run"})
    require(openings, "no page opened anything")
    return openings


def _opens(site: Site, who: str, path: str, *, method: str, **options: Any) -> bool:
    stage = site.stage
    with aside(stage), _keys_opened(stage) as opened_keys:
        before = len(rows("accessline"))
        answer = site.ask(who, path, method=method, **options)
        if not opened_keys or answer.status >= 400:
            return False
        require(len(rows("accessline")) > before, f"{who} reads material at {method} {path}, and no line says so")
        lines = queries.lines_of(stage.engagement)
        person = stage.cast.actors[who].person
        require(any(line.person == person for line in lines), f"no line names who read at {method} {path}")
    return True


@contextmanager
def _keys_opened(stage: Stage) -> Iterator[list[str]]:
    """Collect the engagement's keys that are used inside to open something."""
    found: list[str] = []
    own, keys = (f"access-{stage.engagement_id}", f"evidence-{stage.engagement_id}"), stage.keys
    assert isinstance(keys, MemoryKeystore)

    def note(deed: str, key: str) -> None:
        if deed == "open" and key in own:
            found.append(key)

    with swapped(keys, "saw", note):
        yield found
