"""What does the ledger cost a call of a model, admitted and settled, against an empty transaction of the same database?

`python -m benchmarks ledger`; SQLite always, and PostgreSQL too when WATCHBELL_DATABASE_URL names
a server (a database of its own is made there and dropped). One engagement with every limit set, one
gateway, batches of 1, 8 and 64 calls. CPU time of this process (the database server's own is not in
it), the median over the batches; an empty transaction takes the lock of one row and commits.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks.worklist import own_database

BATCHES = {1: 200, 8: 100, 64: 40}
NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)
MOST_MS_ALONE, MOST_MS_A_CALL = 2.0, 0.4


def main(arguments: list[str]) -> None:
    """Print the figures for each database."""
    if arguments[:1] == ["--once"]:
        once()
        return
    measured("SQLite", "")
    server = os.environ.get("WATCHBELL_DATABASE_URL", "")
    if server.startswith("postgresql://"):
        with own_database(server) as url:
            measured("PostgreSQL", url)
    else:
        print("PostgreSQL skipped: set WATCHBELL_DATABASE_URL=postgresql://... to a server that may make databases")
    print(f"aim: at most {MOST_MS_ALONE} ms CPU to admit one call alone, {MOST_MS_A_CALL} ms a call in batches of 64")


def measured(name: str, url: str) -> None:
    """Measure on a node of its own, in a process of its own."""
    print(f"-- {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as home:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WATCHBELL_")}
        environment |= {"WATCHBELL_HOME": home, "DJANGO_SETTINGS_MODULE": "watchbell.config.settings"}
        environment |= {"WATCHBELL_DATABASE_URL": url, "WATCHBELL_KEYS_SHARED": "yes"} if url else {}
        subprocess.run([sys.executable, "-m", "benchmarks", "ledger", "--once"], env=environment, check=True)


def once() -> None:
    """Start an engagement on this node and print what its calls cost."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    text, keys, empty = begun()
    from watchbell.apps.engagements.services import metering
    from watchbell.domain.metering import Ask, Dialect, Ending, Settlement, Usage

    dice = random.SystemRandom()
    ask = Ask(token=text, dialect=Dialect.CHAT, model="m", most=Usage(10, 10), request_digest="ab" * 32)
    nothing = timed(empty, 200)
    print(f"{'an empty transaction':24} {nothing:8.3f} ms", flush=True)
    for size, times in BATCHES.items():
        admitted: list[Any] = []
        asks = [ask] * size

        def admit(asks: list[Ask] = asks, admitted: list[Any] = admitted) -> None:
            admitted.append(metering.admit(asks, chain="gateway-bench", now=NOW, keys=keys, rng=dice))

        def settle(admitted: list[Any] = admitted) -> None:
            ends = [
                Settlement(
                    call=one.call,
                    ending=Ending.ANSWERED,
                    status=200,
                    usage=Usage(5, 5),
                    response_digest="cd" * 32,
                    response_bytes=100,
                )
                for one in admitted.pop()
            ]
            metering.settle(ends, now=NOW)

        told(f"admit, batches of {size}", timed(admit, times), size, nothing)
        told(f"settle, batches of {size}", timed(settle, times), size, nothing)


def told(what: str, batch: float, size: int, nothing: float) -> None:
    """Print what a batch costs, and a call in it."""
    print(f"{what:24} {batch:8.3f} ms, {batch / size:6.3f} ms a call, {batch / nothing:6.1f}x an empty transaction")


def timed(deed: Callable[[], None], times: int) -> float:
    """Return the median of a deed's CPU time, in milliseconds, after a few that do not count."""
    spans = []
    for at in range(times):
        started = time.process_time()
        deed()
        if at >= times // 10:
            spans.append((time.process_time() - started) * 1000)
    return statistics.median(spans)


def begun(
    now: datetime = NOW, base_url: str = "https://m.lab.example", allow: tuple[str, ...] = ()
) -> tuple[str, Any, Callable[[], None]]:
    """Return a gateway token of running access, the keystore, and an empty transaction of its engagement."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from django.db import transaction

    from watchbell.apps.engagements import services
    from watchbell.apps.engagements.models import Engagement
    from watchbell.apps.engagements.services.standing import held
    from watchbell.apps.orgs import queries as orgs_queries
    from watchbell.apps.orgs import services as orgs
    from watchbell.domain.handling import OrganisationKind, Role, system
    from watchbell.domain.terms import Limits, Purpose, Terms, signed_bytes
    from watchbell.doors.keys import keystore, make_node_keys

    make_node_keys()
    dice, console, by, pens = random.Random(1), system("bench"), dict[str, Any](), dict[str, Ed25519PrivateKey]()
    for kind in (OrganisationKind.LAB, OrganisationKind.EVALUATOR):
        details = orgs.NewOrganisation(name=f"Some {kind}", kinds=frozenset({kind}))
        organisation = orgs.create_organisation(details, by=console, now=now, rng=dice)
        person = orgs.create_person(f"owner@{kind}.example", by=console, now=now, rng=dice)
        orgs.add_member(person, organisation, Role.OWNER, by=console, now=now)
        by[kind] = orgs_queries.actor_for_person(person, None, strong=True, authenticated_at=now)
        pens[kind] = Ed25519PrivateKey.from_private_bytes(dice.randbytes(32))
        services.add_signing_key(pens[kind].public_key().public_bytes_raw(), by=by[kind], now=now, rng=dice)
    lab = {"by": by["lab"], "now": now, "keys": keystore(), "rng": dice}
    evaluator = {**lab, "by": by["evaluator"]}

    def signed(who: str, signing: services.Signing) -> bytes:
        return pens[who].sign(signed_bytes(signing.statement.payload))

    many = 10**9
    limits = Limits(requests=many, tokens=many, cost=many, currency="EUR", per_minute=many, at_once=many)
    model = services.register_model("A model", "5e" * 32, **lab)
    terms = Terms(model_digest=model.digest, models=("m",), limits=limits)
    row = services.draft(model, by["evaluator"].organisation, terms, **lab)
    offer = signed("lab", services.offer_to_sign(row, keys=keystore()))
    row = services.offer(row, offer, by=by["lab"], now=now, keys=keystore())
    people = [by["evaluator"].person]
    agreed = signed("evaluator", services.agreement_to_sign(row, people))
    row = services.agree(row, people, agreed, **evaluator)
    row = services.start(row, signed("lab", services.start_to_sign(row)), **lab)
    endpoint = services.Endpoint(base_url=base_url, credential="x" * 40, models={"m": "m-1"})
    services.set_endpoint(row, endpoint, allow=allow, **lab)
    text = services.mint(row, Purpose.RUN, **evaluator).text

    def empty() -> None:
        with transaction.atomic():
            held(Engagement(pk=row.pk))

    return text, keystore(), empty
