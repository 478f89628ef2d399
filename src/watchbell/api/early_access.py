"""What the operations of early access share: whose engagement, which signature, and what its room answers in problems.

What is not the caller's is not there, whatever it is: never offered, running and over look the same to others.
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja.params import functions as sent
from pydantic import Field

from watchbell.api import conditions, schemas
from watchbell.api.door import actor
from watchbell.apps.engagements import queries, services
from watchbell.apps.journal import services as journal
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor
from watchbell.domain.lifecycle import NotPossible
from watchbell.domain.terms import PAYLOAD_TYPE, Statement, Unacceptable
from watchbell.doors import keys, moment, problems
from watchbell.formats import dsse
from watchbell.outside.keystore import KeyDestroyed, KeyMissing, KeystoreError
from watchbell.outside.keystore.interface import verify_signature

TAGS = ["early access"]
ERRORS = {**schemas.ERRORS, 412: schemas.Problem, 428: schemas.Problem}
AGAIN_AFTER_SECONDS = 30
LONGEST_PAYLOAD = 200_000
A_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
A_STATEMENT: dict[str, Any] = {"schema": {"type": "object"}}
"""How the description says that an answer is a file, and one that is JSON."""

Cursor = Annotated[str, sent.Query(max_length=2000)]
Most = Annotated[int, sent.Query(ge=1, le=200)]


class Mark(schemas.Body):
    """One signature in base64; `keyid` is a hint that nobody relies on."""

    sig: str = Field(max_length=1000)
    keyid: str = Field("", max_length=200)


class Envelope(schemas.Body):
    """A signed statement as `watchbell key sign` prints it (DSSE v1): the downloaded bytes and who signed them."""

    payload: str = Field(max_length=LONGEST_PAYLOAD)
    payload_type: str = Field(alias="payloadType", max_length=200)
    signatures: list[Mark] = Field(min_length=1, max_length=dsse.MOST_SIGNATURES)


class AnotherStatement(Exception):
    """What was signed is not what waits to be signed here."""


def deed(request: HttpRequest) -> dict[str, Any]:
    """Return what most deeds of the room ask for: by whom, when, and with what."""
    return {"by": actor(request), "now": moment.now(), "keys": keys.keystore(), "rng": moment.dice()}


def mine(request: HttpRequest, engagement: str) -> Any:
    """Return one engagement of the caller's; anything else is not there."""
    row = queries.visible_to(actor(request), now=moment.now()).filter(public_id=engagement).first()
    if row is None:
        raise Http404
    return row


def my_model(request: HttpRequest, model: str) -> Any:
    """Return one model of the caller's."""
    row = queries.models_of(actor(request), now=moment.now()).filter(public_id=model).first()
    if row is None:
        raise Http404
    return row


def opened(envelope: Envelope) -> dsse.Envelope:
    """Return an envelope's bytes and signatures; raises Refused with their place."""
    return dsse.read(envelope.model_dump(by_alias=True))


def signature_in(envelope: dsse.Envelope, statement: Statement, by: Actor) -> bytes:
    """Return the signature to try: the one that a key of the caller's organisation made, else the first.

    Raises AnotherStatement. Whether it holds is the room's to say.
    """
    if envelope.payload_type != PAYLOAD_TYPE or envelope.payload != statement.payload:
        raise AnotherStatement
    own = [bytes(key.public_key) for key in queries.signing_keys_of(by) if key.retired_at is None]
    for one in envelope.signatures:
        if any(verify_signature(key, one.value, envelope.message) for key in own):
            return one.value
    return envelope.signatures[0].value


def once(request: HttpRequest, route: str, key: str, said: dict[str, Any], create: Callable[[], str]) -> str:
    """Return the id of what `create` makes, the same one again for a key that came before."""
    if not key:
        return create()
    asked = journal.Request(route=route, key=key, digest=hashlib.sha256(canonical(said)).hexdigest())
    reply = journal.once(
        by=actor(request), request=asked, now=moment.now(), deed=lambda: journal.Reply(200, create().encode())
    )
    return reply.body.decode()


def download(content: bytes, name: str, media_type: str) -> HttpResponse:
    """Return bytes as a file, exactly as they are signed."""
    return HttpResponse(
        content, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def told(_request: HttpRequest, error: Any) -> HttpResponse:
    """Return the problem for what the room does not do, with what to do instead."""
    match error:
        case services.NotAllowed():
            return problems.problem(403, "not-allowed", "This token may not do that.", expected=str(error))
        case services.IsOver():
            return problems.problem(409, "is-over", str(error))
        case KeyDestroyed():
            return problems.problem(409, "is-over", "What this would open has been destroyed, as its terms say.")
        case KeyMissing():
            return problems.problem(
                409,
                "key-lost",
                "The key of these terms and statements is missing on this node, and nobody can open or sign them.",
                todo="As its developer, withdraw: that works without the key. Then draft a new engagement.",
            )
        case services.NotYet():
            return problems.problem(409, "not-yet", str(error))
        case services.ChangedMeanwhile():
            return conditions.changed("terms")
        case NotPossible():
            return problems.problem(409, "not-possible", str(error))
        case services.NotSigned():
            return problems.problem(422, "not-signed", str(error), place="/signatures", todo="Sign what you download.")
        case AnotherStatement():
            return problems.problem(
                422,
                "another-statement",
                str(error.__doc__),
                place="/payload",
                todo="Download the statement again, sign the file as it comes, and send what that prints.",
            )
        case Unacceptable():
            return problems.problem(422, "unacceptable", str(error.why), place=error.place)
    answer = problems.problem(
        503, "keys-away", "This node cannot reach its keys now.", todo=f"Try again in {AGAIN_AFTER_SECONDS} seconds."
    )
    answer.headers["Retry-After"] = str(AGAIN_AFTER_SECONDS)
    return answer


TOLD = (
    *(services.NotAllowed, services.NotYet, services.IsOver, services.NotSigned, services.ChangedMeanwhile),
    *(AnotherStatement, NotPossible, Unacceptable, KeystoreError),
)
"""The errors that `told` says."""
