"""`submit FILE --to URL`: send findings to a node; the same file sent again changes nothing."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from watchbell.cli import boot

LONGEST = 64 << 20
SOMETHING_REFUSED = 3


@click.command("submit")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--to", "node", required=True, help="Base address of the node, such as https://bell.example.org.")
@click.option("--key", default="", help="Idempotency key; default: the digest of the file.")
@click.option("--json", "as_json", is_flag=True, help="Print the node's answer as JSON.")
def submit_verb(file: str, node: str, key: str, as_json: bool) -> None:
    """Send SARIF, NDJSON or a CSAF report with the token in WATCHBELL_TOKEN. Exit 3 when an item was refused."""
    from watchbell.domain.refusal import Refused

    token = boot.settings().token
    if not token:
        raise click.UsageError("Put a token with the scope `submit` into WATCHBELL_TOKEN.")
    if Path(file).stat().st_size > LONGEST:
        raise click.UsageError(f"{file} is larger than {LONGEST >> 20} MiB; split it.")
    content = Path(file).read_bytes()
    try:
        answer = send(content, node.rstrip("/"), token, key or f"sha256:{hashlib.sha256(content).hexdigest()}")
    except Refused as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(answer))
    else:
        show(answer)
    sys.exit(SOMETHING_REFUSED if answer["counts"].get("refused") else 0)


def send(content: bytes, node: str, token: str, key: str) -> dict[str, Any]:
    """Return the node's answer. Raises Refused, and ClickException with the node's own words when it took nothing."""
    from watchbell.formats import strictjson
    from watchbell.outside.egress import Policy, Request, fetch

    parts = urlsplit(node)
    place = f"{parts.scheme}://{parts.netloc}" if parts.scheme == "http" else parts.netloc
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    policy = Policy(allowed_hosts=frozenset({place}), allow_loopback=is_here)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/octet-stream",
        "Idempotency-Key": key,
        "Accept": "application/json",
    }
    request = Request(url=f"{node}/api/v1/submissions", method="POST", headers=headers, body=content)
    response = fetch(request, policy)
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        raise click.ClickException(_in_its_words(response.status, strictjson.loads(response.body)))
    response.require_data()
    answer: dict[str, Any] = strictjson.loads(response.body)
    return answer


def _in_its_words(status: int, problem: Any) -> str:
    from watchbell.outside.reader import visible_controls

    told = [problem.get(word, "") for word in ("title", "place", "expected", "todo")]
    sentences = " ".join(str(word).rstrip(".") + "." for word in told if word)
    return visible_controls(f"The node answered {status}: {sentences}"[:1000])


def show(answer: dict[str, Any]) -> None:
    """Print each item's state, then the counts; control characters from anywhere are made visible."""
    from watchbell.outside.reader import visible_controls

    for item in answer["items"]:
        line = f"{item['outcome']:8} {item['item_id'] or item['place']}"
        if item.get("refusal"):
            line += f": {item['refusal'].get('message', '')} {item['refusal'].get('place', '')}"
        click.echo(visible_controls(line))
    click.echo(", ".join(f"{count} {outcome}" for outcome, count in sorted(answer["counts"].items())))
