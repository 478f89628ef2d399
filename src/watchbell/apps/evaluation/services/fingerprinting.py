"""This will keep the fingerprints that a log brings in, and say what those of each model tell together.

Their answers lie under the engagement's evidence key. A moment that two logs of one run tell of counts once.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Fingerprint, Protocol, Run
from watchbell.apps.evaluation.services.standing import engagement_of
from watchbell.apps.journal.body import instant
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import fingerprints as prints
from watchbell.domain.evaluation.fingerprints import Seen
from watchbell.domain.identity import Dice, new_id
from watchbell.formats import fingerprints as written
from watchbell.outside.keystore import Keystore

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

FLAG = "fingerprints"
"""How an open flag of the report begins whose model answered otherwise at another moment."""


@transaction.atomic
def keep(
    run: Run,
    found: tuple[prints.Fingerprint, ...],
    engagement: "Engagement",
    *,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> tuple[prints.Fingerprint, ...]:
    """Keep these fingerprints of a run, and return those that an earlier log told already: they are not kept again."""
    Protocol.objects.select_for_update().get(pk=run.protocol_id)
    alike = Fingerprint.objects.filter(
        run__protocol=run.protocol_id, run__suite=run.suite, run__arm=run.arm, run__budget=run.budget
    )
    of_others = set(alike.exclude(run=run).values_list("moment", "at"))
    there = of_others | set(alike.filter(run=run).values_list("moment", "at"))
    for one in found:
        if (one.moment.value, one.at) in there:
            continue
        there.add((one.moment.value, one.at))
        place = new_id(rng)
        data = written.dumps((one,))
        Fingerprint.objects.create(
            public_id=place,
            run=run,
            moment=one.moment,
            at=one.at,
            number=one.number,
            sealed=access.seal(engagement, FLAG, data, key=Material.EVIDENCE, place=place, now=now, keys=keys),
        )
    return tuple(one for one in found if (one.moment.value, one.at) in of_others)


def seen(row: Protocol, value: rules.Protocol, *, keys: Keystore) -> list[dict[str, Any]]:
    """Return what the fingerprints of each model say, as it stands in a report; raises KeyMissing once they are gone.

    "No difference seen" is no proof that it was one model: docs/decisions/0017 says how much could have been seen.
    """
    from watchbell.domain.measurement.sameness import compared  # needs numpy, and nothing else here does

    engagement, said = engagement_of(row), []
    seed = int(row.digest[:12], 16)
    for arm, model in enumerate(value.models):
        rows = Fingerprint.objects.filter(run__protocol=row, run__arm=arm).order_by("at", "pk")
        taken = [_opened(one, engagement, keys) for one in rows]
        told = compared(taken, seed=seed)
        said.append(
            {
                "model": model,
                "seen": told.seen.value,
                "moments": told.moments,
                "answers": told.answers,
                "probability": told.probability,
                "first_at": instant(taken[0].at) if taken else None,
                "last_at": instant(taken[-1].at) if taken else None,
            }
        )
    return said


def flags_of(said: list[dict[str, Any]]) -> list[str]:
    """Return an open flag for each model whose answers differ."""
    return [f"{FLAG}: {one['model']}" for one in said if one["seen"] == Seen.DIFFER]


def _opened(row: Fingerprint, engagement: "Engagement", keys: Keystore) -> prints.Fingerprint:
    data = access.open_sealed(
        engagement, FLAG, bytes(row.sealed), key=Material.EVIDENCE, place=row.public_id, keys=keys
    )
    return written.loads(data)[0]
