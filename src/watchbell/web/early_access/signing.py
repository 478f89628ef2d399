"""What would I sign, and how? The statement in plain words, its bytes as a file, and a place to hand the signature in.

Each party signs with its own tool and its own key; this node sees only the public half.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.words import Signed
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.terms import PAYLOAD_TYPE, Purpose, Statement, differences, in_plain_words, signed_bytes
from watchbell.doors import keys, strength
from watchbell.doors.headers import as_download
from watchbell.doors.policy import EARLY_ACCESS, EARLY_ACCESS_SIGNS, open_to
from watchbell.formats import dsse
from watchbell.outside.keystore.interface import verify_signature
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import (
    REFUSALS,
    Said,
    among,
    offered_by_us,
    offered_to_us,
    told,
    with_dice,
    with_keys,
)
from watchbell.web.early_access.carried import carried, carry, drop
from watchbell.web.early_access.forms import SignatureForm
from watchbell.web.early_access.names import Names
from watchbell.web.speaking import spoken

SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Step:
    """One statement to be signed: what it is about, in words, and the service that takes the signature.

    `signing` holds a signature against it; `opened` shows it, after writing that down where it holds the terms.
    """

    find: Callable[[Asking, str], Any]
    signing: Callable[[Asking, Any], services.Signing]
    opened: Callable[[Asking, Any], services.Signing]
    do: Callable[[Asking, Any, bytes], object]
    title: Said
    leads_to: Said
    said: Said


def keep_signature(request: Asking, public_id: str, kind: str) -> None:
    """This will keep a signature that came too late after its sender's second factor, or say why it did not."""
    step = _step(kind)
    engagement = step.find(request, public_id)
    form = SignatureForm(request.POST, request.FILES)
    if not form.is_valid():
        return
    try:
        statement = step.signing(request, engagement).statement
        carry(request, signature_in(form.given, statement, request))
    except Refused as error:
        messages.error(request, spoken(error))
    except REFUSALS as error:
        messages.error(request, told(error))


@open_to(EARLY_ACCESS_SIGNS, keep=keep_signature)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: Asking, public_id: str, kind: str) -> HttpResponse:
    """Show what is signed, and take the signature."""
    step = _step(kind)
    engagement = step.find(request, public_id)
    kept = carried(request)
    form = SignatureForm(request.POST or None, request.FILES or None, initial={"text": kept})
    try:
        if request.method == "POST" and form.is_valid() and _taken(request, engagement, step, form):
            drop(request)
            messages.success(request, str(step.said))
            return redirect("engagement", public_id=public_id)
        return _show(request, engagement, kind, step.opened(request, engagement).statement, form)
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("engagement", public_id=public_id)


def _taken(request: Asking, engagement: Any, step: Step, form: SignatureForm) -> bool:
    """Return whether the signature was taken; why not stands in the form. Raises for what cannot be signed at all."""
    statement = step.signing(request, engagement).statement
    try:
        step.do(request, engagement, signature_in(form.given, statement, request))
    except Refused as error:
        form.add_error(None, spoken(error))
    except REFUSALS as error:
        form.add_error(None, told(error))
    return not form.errors


@open_to(EARLY_ACCESS)
@require_safe
def statement_file(request: Asking, public_id: str, kind: str) -> HttpResponse:
    """Send the bytes to be signed, as a file."""
    step = _step(kind)
    engagement = step.find(request, public_id)
    try:
        statement = step.opened(request, engagement).statement
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("engagement", public_id=public_id)
    answer = HttpResponse(statement.payload, content_type="application/json")
    return as_download(answer, file_name(kind, statement))


def file_name(kind: str, statement: Statement) -> str:
    """Return the name of the file to sign: what it is, and the beginning of its digest."""
    return f"{kind}-{statement.digest[:8]}.json"


def signature_in(given: bytes, statement: Statement, request: Asking) -> bytes:
    """Return the signature that was handed in, alone in base64 or in an envelope over this very statement.

    Raises Refused for anything else, and for an envelope over other bytes.
    """
    bare = _bare(given)
    if bare:
        return bare
    envelope = dsse.loads(given)
    if envelope.payload_type != PAYLOAD_TYPE or envelope.payload != statement.payload:
        raise refuse(
            "another-statement",
            "This is a signature under something else than what stands here.",
            todo="Download the file from this page, sign it, and hand in what your tool writes",
        )
    own = [bytes(one.public_key) for one in queries.signing_keys_of(request.actor).filter(retired_at__isnull=True)]
    message = signed_bytes(statement.payload)
    ours = (one.value for one in envelope.signatures if any(verify_signature(key, one.value, message) for key in own))
    return next(ours, envelope.signatures[0].value)


def _bare(given: bytes) -> bytes:
    try:
        found = base64.b64decode(b"".join(given.split()), validate=True)
    except binascii.Error:
        return b""
    return found if len(found) == SIGNATURE_BYTES else b""


def _show(request: Asking, engagement: Any, kind: str, statement: Statement, form: SignatureForm) -> HttpResponse:
    names = Names()
    points, changes = _points(statement, engagement, names)
    own = queries.signing_keys_of(request.actor).filter(retired_at__isnull=True)
    context = {
        "engagement": engagement,
        "kind": kind,
        "step": STEPS[kind],
        "statement": statement,
        "file_name": file_name(kind, statement),
        "says": _says(statement, engagement, names),
        "points": points,
        "changes": changes,
        "people": [names.person(one) for one in _people_in(statement)],
        "form": form,
        "is_carried": bool(form.initial.get("text")) and not form.is_bound,
        "query": request.GET.urlencode(),
        "has_keys": own.exists(),
        "is_confirmed": strength.is_confirmed(request, request.now),
        "confirm_url": strength.way_to_confirm_anew(request),
    }
    return render(request, "early_access/sign.html", context)


def _says(statement: Statement, engagement: Any, names: Names) -> str:
    """Return in one sentence what a party says by signing."""
    who = {"developer": names.of(engagement.developer), "evaluator": names.of(engagement.evaluator)}
    kind = Signed(_kind_of(statement))
    if kind is Signed.OFFER:
        number = statement.content["number"]
        return _("%(developer)s offers %(evaluator)s early access on these terms, version %(number)s.") % {
            **who,
            "number": number,
        }
    if kind is Signed.AGREEMENT:
        return _("%(evaluator)s agrees to what %(developer)s offered, and names these people.") % who
    if kind is Signed.START:
        return _("%(developer)s opens the window to the people %(evaluator)s named when it agreed.") % who
    person = names.person(str(statement.content["person"]))
    return _("%(developer)s lets %(person)s of %(evaluator)s in, on the terms agreed.") % {**who, "person": person}


def _kind_of(statement: Statement) -> str:
    return statement.kind.value.removeprefix("watchbell-").rpartition("-")[0]


def _people_in(statement: Statement) -> list[str]:
    people = statement.content.get("personnel", [])
    return [str(one) for one in people] if isinstance(people, list) else []


def _points(statement: Statement, engagement: Any, names: Names) -> tuple[Any, Any]:
    """Return an offer's terms in plain words, and what they change of those that were offered before."""
    if Signed(_kind_of(statement)) is not Signed.OFFER:
        return (), ()
    terms = services.terms_of(engagement, keys=keys.keystore())
    if not queries.signatures_of(engagement).filter(kind=Signed.OFFER).exists():
        return in_plain_words(terms), ()
    before = services.offered_terms(engagement, keys=keys.keystore())
    return in_plain_words(terms), differences(before, terms)


def _step(kind: str) -> Step:
    if kind not in STEPS:
        raise Http404
    return STEPS[kind]


def chosen_people(request: Asking) -> list[str]:
    """Return the people named in the address of an agreement's page, each once."""
    return sorted({one for one in request.GET.getlist("person") if len(one) == 32})[:500]


def _agreement(request: Asking, engagement: Any) -> services.Signing:
    people = chosen_people(request)
    services.require_own_people(engagement, people, services.offered_terms(engagement, keys=keys.keystore()))
    return services.agreement_to_sign(engagement, people)


def _seat(request: Asking, engagement: Any) -> Any:
    return among(queries.seats_of(engagement).filter(ended_at__isnull=True), request.GET.get("seat", ""))


def _offer_opened(request: Asking, engagement: Any) -> services.Signing:
    return services.open_offer(engagement, Purpose.HOUSEKEEPING, **with_dice(request))


def _start_to_sign(_request: Asking, engagement: Any) -> services.Signing:
    return services.start_to_sign(engagement)


def _admission(request: Asking, engagement: Any) -> services.Signing:
    return services.admission_to_sign(_seat(request, engagement))


def _offer(request: Asking, engagement: Any, signature: bytes) -> object:
    return services.offer(engagement, signature, **with_keys(request))


def _agree(request: Asking, engagement: Any, signature: bytes) -> object:
    return services.agree(engagement, chosen_people(request), signature, **with_dice(request))


def _start(request: Asking, engagement: Any, signature: bytes) -> object:
    return services.start(engagement, signature, **with_dice(request))


def _admit(request: Asking, engagement: Any, signature: bytes) -> object:
    return services.admit_person(_seat(request, engagement), signature, **with_keys(request))


STEPS: dict[str, Step] = {
    "offer": Step(
        offered_by_us,
        lambda request, engagement: services.offer_to_sign(engagement, keys=keys.keystore()),
        _offer_opened,
        _offer,
        gettext_lazy("Sign the offer"),
        gettext_lazy("The evaluator learns of it and has 14 days to answer. No access begins by it."),
        gettext_lazy("The offer is made. The evaluator has 14 days; without an answer it lapses."),
    ),
    "agreement": Step(
        offered_to_us,
        _agreement,
        _agreement,
        _agree,
        gettext_lazy("Sign the agreement"),
        gettext_lazy("The developer may start then, within 14 days, or not. You may leave at any moment."),
        gettext_lazy("You agreed. Access begins when the developer starts it, or never."),
    ),
    "start": Step(
        offered_by_us,
        _start_to_sign,
        _start_to_sign,
        _start,
        gettext_lazy("Sign the start"),
        gettext_lazy("The window opens at once and ends by itself. You may pause, shorten, release or withdraw."),
        gettext_lazy("The window is open. Point it at your endpoint next: until then no call goes through."),
    ),
    "admission": Step(
        offered_by_us,
        _admission,
        _admission,
        _admit,
        gettext_lazy("Sign the admission"),
        gettext_lazy("They may take a token at once. You may take their access away at any moment."),
        gettext_lazy("They are let in, from now on."),
    ),
}
