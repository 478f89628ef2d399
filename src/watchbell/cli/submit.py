"""`submit FILE --to URL`: send findings to a node and wait for them; the same file sent again changes nothing.

A file of more than a piece goes in pieces, so that the same command goes on where it was cut off.
"""

import hashlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import click

from watchbell.cli import boot

LONGEST = 64 << 20
PIECE = 4 << 20
SOMETHING_REFUSED = 3
INTERRUPTED = 130
ASK_AGAIN_SECONDS = 2.0
ENDED_EARLY = ("stopped", "gave-up")


@click.command("submit")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--to", "node", required=True, help="Base address of the node, such as https://bell.example.org.")
@click.option("--key", default="", help="Idempotency key; default: the digest of the file.")
@click.option("--format", "said", default="", help="sarif, vrf, ndjson, osv, cve, csv or mail; default: its bytes say.")
@click.option("--json", "as_json", is_flag=True, help="Print the node's answer as JSON.")
def submit_verb(file: str, node: str, key: str, said: str, as_json: bool) -> None:
    """Send a file of findings with the token in WATCHBELL_TOKEN. Exit 3 when an item was refused."""
    from watchbell.domain.refusal import Refused

    token = boot.settings().token
    if not token:
        raise click.UsageError("Put a token with the scope `submit` into WATCHBELL_TOKEN.")
    if Path(file).stat().st_size > LONGEST:
        raise click.UsageError(f"{file} is larger than {LONGEST >> 20} MiB; split it.")
    content = Path(file).read_bytes()
    desk = Desk(node.rstrip("/"), token)
    try:
        answer = desk.hand_in(content, key or f"sha256:{hashlib.sha256(content).hexdigest()}", said)
        if "stage" in answer:
            answer = Following(desk, answer, is_quiet=as_json).to_its_end()
        elif not as_json:
            show(answer["items"])
    except Refused as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("\nStopped waiting. What was received stays; the same command goes on.", err=True)
        sys.exit(INTERRUPTED)
    if as_json:
        click.echo(json.dumps(answer))
    else:
        show_counts(answer["counts"])
    sys.exit(SOMETHING_REFUSED if answer["counts"].get("refused") else 0)


@dataclass(frozen=True, slots=True)
class Desk:
    """The node that findings are handed in at. Every call raises Refused, or ClickException with the node's words."""

    node: str
    token: str

    def hand_in(self, content: bytes, key: str, said: str = "") -> dict[str, Any]:
        """Return the node's answer: of every item, or how far a large upload is."""
        headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": key}
        told = f"?format={quote(said)}" if said else ""
        if len(content) <= PIECE:
            return self._answer(f"/api/v1/submissions{told}", "POST", headers, content)
        known = self._answer(f"/api/v1/submissions?key={quote(key, safe='')}")
        taking: dict[str, Any] | None = known["submission"]
        if taking and taking["stage"] not in ENDED_EARLY:
            return taking
        whole = f"size={len(content)}&sha256={hashlib.sha256(content).hexdigest()}"
        here = known["received"]
        while here < len(content):
            piece = content[here : here + PIECE]
            here = self._answer(f"/api/v1/arrivals?at={here}&{whole}", "POST", headers, piece)["received"]
        return self._answer(f"/api/v1/arrivals/end{told}", "POST", headers)

    def stage(self, submission: str) -> dict[str, Any]:
        """Return how far an upload is."""
        return self._answer(f"/api/v1/submissions/{quote(submission)}")

    def items(self, submission: str, after: int) -> dict[str, Any]:
        """Return what became of some items behind the first `after`."""
        return self._answer(f"/api/v1/submissions/{quote(submission)}/items?after={after}")

    def _answer(
        self, path: str, method: str = "GET", more: dict[str, str] | None = None, body: bytes = b""
    ) -> dict[str, Any]:
        from watchbell.formats import strictjson
        from watchbell.outside.egress import Policy, Request, fetch

        parts = urlsplit(self.node)
        place = f"{parts.scheme}://{parts.netloc}" if parts.scheme == "http" else parts.netloc
        is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        policy = Policy(allowed_hosts=frozenset({place}), allow_loopback=is_here)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **(more or {})}
        response = fetch(Request(url=f"{self.node}{path}", method=method, headers=headers, body=body), policy)
        if response.headers.get("content-type", "").startswith("application/problem+json"):
            raise click.ClickException(_in_its_words(response.status, strictjson.loads(response.body)))
        response.require_data()
        answer: dict[str, Any] = strictjson.loads(response.body)
        return answer


@dataclass(slots=True)
class Following:
    """A large upload on its way: its items are printed as they come, in their order, and said how far it is."""

    desk: Desk
    taking: dict[str, Any]
    is_quiet: bool
    items: list[dict[str, Any]] = field(default_factory=list)
    seen: int = 0

    def to_its_end(self) -> dict[str, Any]:
        """Return what a small upload is answered, once all is done; raises ClickException when the node stopped."""
        name = self.taking["submission"]
        while True:
            self._catch_up(name)
            if self.taking["stage"] == "over":
                return {"submission": name, "counts": _said(self.taking["counts"]), "items": self.items}
            if self.taking["stage"] in ENDED_EARLY:
                how_far = f"{self.taking['done']} of {self.taking['total']}"
                raise click.ClickException(f"The node stopped at {how_far}. The same command goes on.")
            self._say_how_far()
            time.sleep(ASK_AGAIN_SECONDS)
            self.taking = self.desk.stage(name)

    def _catch_up(self, name: str) -> None:
        """Read the items that are done by now, each of them once."""
        while self.seen < self.taking["done"]:
            fresh = self.desk.items(name, self.seen)["items"]
            if not fresh:
                return
            self.seen += len(fresh)
            if self.is_quiet:
                self.items += fresh
            else:
                show(fresh)

    def _say_how_far(self) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{self.taking['done']:,} of {self.taking['total']:,}\r", err=True, nl=False)


def _said(counts: dict[str, int]) -> dict[str, int]:
    return {outcome: count for outcome, count in counts.items() if count}


def _in_its_words(status: int, problem: Any) -> str:
    from watchbell.outside.reader import visible_controls

    told = [problem.get(word, "") for word in ("title", "place", "expected", "todo")]
    sentences = " ".join(str(word).rstrip(".") + "." for word in told if word)
    return visible_controls(f"The node answered {status}: {sentences}"[:1000])


def show(items: list[dict[str, Any]]) -> None:
    """Print each item's state; control characters from anywhere are made visible."""
    from watchbell.outside.reader import visible_controls

    for item in items:
        line = f"{item['outcome']:8} {item['item_id'] or item['place']}"
        if item.get("refusal"):
            line += f": {item['refusal'].get('message', '')} {item['refusal'].get('place', '')}"
        click.echo(visible_controls(line))


def show_counts(counts: dict[str, int]) -> None:
    """Print how many came to what."""
    click.echo(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
