"""This will take in what a model found in other people's software, as the terms of its engagement send it.

Evaluation decides where it goes and in which words; here it comes in like any finding: under an organisation's name,
or as a report from the public does, and then nothing in it or beside it names anybody.
"""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from watchbell.apps.engagements import services as access
from watchbell.apps.evaluation import services as evaluation
from watchbell.apps.evaluation.services import Sent
from watchbell.apps.findings import claims, reading
from watchbell.apps.findings.items import ItemResult, Upload
from watchbell.apps.findings.services.intake import NotAllowed, check, report, submit
from watchbell.domain.advisory import Claim
from watchbell.domain.advisory.written import plain
from watchbell.domain.canonical import canonical
from watchbell.domain.evaluation import Flaw, SentAs
from watchbell.domain.handling import ANONYMOUS, Actor, Tlp
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import Refused
from watchbell.outside.blobs import BlobStore
from watchbell.outside.keystore import Keystore

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement
    from watchbell.apps.evaluation.models import Flaw as FlawRow


def report_flaw(
    engagement: "Engagement",
    value: Flaw,
    *,
    key: str,
    store: BlobStore,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> "FlawRow":
    """Report a flaw found during an engagement; it is where the signed terms send it when this returns.

    Raises what `evaluation.report_flaw` raises, and Refused for what could not be taken in, now or later.
    """
    _require_takeable(value)
    send = partial(_send, store=store, by=by, now=now, rng=rng)
    return evaluation.report_flaw(engagement, value, key=key, send=send, by=by, now=now, keys=keys, rng=rng)


def send_flaw_on(
    row: "FlawRow", how: SentAs, *, store: BlobStore, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> "FlawRow":
    """Send on what the terms gave back to the developer. Raises what `evaluation.send_flaw_on` raises."""
    send = partial(_send, store=store, by=by, now=now, rng=rng)
    return evaluation.send_flaw_on(row, how, send=send, by=by, now=now, keys=keys, rng=rng)


def _require_takeable(value: Flaw) -> None:
    """Raise Refused for a claim that intake would not take, whichever way it goes: nothing of it is kept then."""
    for how in SentAs:
        claim = value.claim(how)
        check(_upload(claim))
        claims.written(claim, "")


def _send(claim: Claim, how: SentAs, key: str, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> Sent:
    if how is SentAs.NAMELESS:
        received, code = report(_upload(claim), store=store, by=ANONYMOUS, now=now, rng=rng)
        _require_taken(received.results)
        return Sent(code=code)
    upload = _upload(claim, key=key, marking=Tlp.AMBER_STRICT)
    try:
        received = submit(upload, store=store, by=by, now=now, rng=rng)
    except NotAllowed as error:
        raise access.NotAllowed("It goes under a name, and for that a token must submit findings.") from error
    _require_taken(received.results)
    return Sent(submission=received.submission.public_id)


def _upload(claim: Claim, *, key: str = "", marking: Tlp | None = None) -> Upload:
    return reading.form(claim, canonical(plain(claim)), key=key, marking=marking)


def _require_taken(results: tuple[ItemResult, ...]) -> None:
    for one in results:
        if one.refusal is not None:
            raise Refused(one.refusal)
