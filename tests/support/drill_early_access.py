"""This will let access run on a throwaway node, end it, and say what a restored node still opens.

Run as a program: `python -m tests.support.drill_early_access begin FILE`, `... end FILE` and `... look FILE` (on the
restored node), where FILE keeps what the three must know of each other. Each prints one line of JSON.
"""

import json
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    pass

WAYS = ("withdrawn", "ended", "forgotten")
CANARY_HOST = "egress-canary.example"


def main() -> None:
    """Do what the arguments say."""
    django.setup()
    what, file = sys.argv[1], Path(sys.argv[2])
    told = {"begin": begin, "end": end, "look": look}[what](file)
    sys.stdout.write(json.dumps(told) + "\n")


def begin(file: Path) -> dict[str, Any]:
    """Start an engagement for each way to end, use it, and return the words that may be found nowhere."""
    from django.conf import settings
    from tests.apps import scene_engagements as scenes
    from tests.conftest import NOON
    from tests.support.cast import make_cast

    from watchbell.apps.engagements import services
    from watchbell.domain.terms import EvidenceOnWithdrawal, Purpose
    from watchbell.doors.keys import keystore

    cast, kept = make_cast(NOON), EvidenceOnWithdrawal.KEEP_TO_ITS_DATE
    terms = replace(scenes.TERMS, egress=(CANARY_HOST,), evidence_on_withdrawal=kept)
    started = {way: scenes.started(cast, terms, digest=f"{at:064x}") for at, way in enumerate(WAYS, 1)}
    texts = {way: scenes.token(scene) for way, scene in started.items()}
    scenes.admit(*map(scenes.ask, texts.values()))
    for scene in started.values():
        services.open_terms(scene.engagement, Purpose.RUN, **scene.by("evaluator"))
    exported = b"".join(services.export(started["ended"].engagement, by=cast.lab.actor, now=NOON, keys=keystore()))
    file.with_suffix(".log").write_bytes(exported)
    file.write_text(json.dumps([{way: scene.engagement.pk for way, scene in started.items()}, texts]))
    home, secret = settings.WATCHBELL.home, shutil.ignore_patterns("keys")
    shutil.copytree(home, file.with_name("running"), ignore=secret)  # with what the database has not written back yet
    endpoint = scenes.ENDPOINT
    secrets = [text.rpartition("_")[2] for text in texts.values()]
    names = [endpoint.credential, "models.lab.example", *endpoint.models.values()]
    said = ["Northlight 1", "northlight-1", CANARY_HOST, "watchbell-offer-1", "watchbell-agreement-1"]
    return {"canaries": [*names, *said, *secrets], "lab": cast.lab.organisation.public_id}


def end(file: Path) -> dict[str, Any]:
    """End each engagement in its way, and return what is left of their keys."""
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.apps.engagements.models import Engagement
    from watchbell.doors.keys import keystore

    rows, dice = known(file), random.SystemRandom()
    lab = lab_of(rows["withdrawn"])
    deed = {"by": lab, "keys": keystore(), "rng": dice}
    services.withdraw(rows["forgotten"], now=NOON, **deed)
    services.make_round(now=NOON + timedelta(days=15), keys=keystore(), rng=dice)
    services.withdraw(rows["withdrawn"], now=NOON + timedelta(days=29), **deed)
    services.make_round(now=NOON + timedelta(days=30), keys=keystore(), rng=dice)
    left = {way: key_names(one) & set(keystore().names()) for way, one in rows.items()}
    states = {way: Engagement.objects.get(pk=one.pk).state for way, one in rows.items()}
    return {"states": states, "left": {way: sorted(name.partition("-")[0] for name in left[way]) for way in left}}


def look(file: Path) -> dict[str, Any]:
    """Return what opens on this node, how a call is answered, and what is written down then."""
    from tests.apps import scene_engagements as scenes
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.apps.engagements.models import Engagement
    from watchbell.doors.keys import keystore

    rows, texts = known(file), read(file)[1]
    before = {way: one.state for way, one in rows.items()}
    opened = {way: sorted(opens(one)) for way, one in rows.items()}
    later = NOON + timedelta(hours=1)
    answers = {way: getattr(scenes.admit(scenes.ask(texts[way]), now=later)[0], "status", 200) for way in rows}
    at_once = {way: Engagement.objects.get(pk=one.pk) for way, one in rows.items()}
    receipts = {way: sorted(one.receipts.values_list("key", flat=True)) for way, one in at_once.items()}
    services.make_round(now=later, keys=keystore(), rng=random.SystemRandom())
    return {
        "before": before,
        "opened": opened,
        "answers": answers,
        "after": {way: one.state for way, one in at_once.items()},
        "receipts": receipts,
        "in the end": {way: sorted(one.receipts.values_list("key", flat=True)) for way, one in at_once.items()},
    }


def known(file: Path) -> dict[str, Any]:
    """Return the engagements by the way they end."""
    from watchbell.apps.engagements.models import Engagement

    return {way: Engagement.objects.get(pk=pk) for way, pk in read(file)[0].items()}


def read(file: Path) -> Any:
    """Return what `begin` kept: the engagements and the texts of their tokens."""
    return json.loads(file.read_text())  # noqa: TID251 (what we wrote ourselves)


def lab_of(engagement: Any) -> Any:
    """Return the developer's owner."""
    from tests.conftest import NOON
    from tests.support.cast import actor

    from watchbell.apps.orgs.models import Person

    return actor(Person.objects.get(memberships__organisation__public_id=engagement.developer), NOON)


def key_names(engagement: Any) -> set[str]:
    """Return the names of an engagement's two keys."""
    return {engagement.access_key, engagement.evidence_key}


def opens(engagement: Any) -> Iterator[str]:
    """Yield what of an engagement can still be opened."""
    from watchbell.apps.engagements import services
    from watchbell.apps.engagements.words import Material
    from watchbell.doors.keys import keystore
    from watchbell.outside.keystore import KeystoreError

    sealed = [("endpoint", engagement.grant.sealed_endpoint, Material.ACCESS, "")]
    sealed += [("terms", one.sealed, Material.EVIDENCE, str(one.number)) for one in engagement.versions.all()]
    sealed += [
        (one.kind, one.sealed_payload, Material.EVIDENCE, one.statement_digest) for one in engagement.signatures.all()
    ]
    assert len(sealed) == 5
    for what, content, key, place in sealed:
        try:
            services.open_sealed(engagement, what, bytes(content), key=key, place=place, keys=keystore())
        except KeystoreError:
            continue
        yield what


if __name__ == "__main__":
    main()
