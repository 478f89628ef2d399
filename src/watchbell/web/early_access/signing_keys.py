"""With which keys does this organisation sign? The public halves of keys it holds; owners give and retire them."""

import base64
import binascii
import hashlib
import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.engagements import queries, services
from watchbell.domain.handling import Role
from watchbell.doors import moment, strength
from watchbell.doors.policy import EARLY_ACCESS, EARLY_ACCESS_OWNS, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import REFUSALS, among, attempt, by, told
from watchbell.web.early_access.forms import KeyForm
from watchbell.web.early_access.names import Names

ARMOUR = re.compile(rb"-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----")
ED25519 = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in a .pub file (RFC 8410, SubjectPublicKeyInfo)."""


@open_to(EARLY_ACCESS)
@require_safe
def signing_keys(request: Asking) -> HttpResponse:
    """List the organisation's public keys."""
    rows, names = list(queries.signing_keys_of(request.actor)), Names()
    names.learn(row.person for row in rows)
    shown = [{"one": row, "id": fingerprint(row.public_key), "by": names.person(row.person)} for row in rows]
    context = {
        "rows": shown,
        "owns": request.actor.role is Role.OWNER,
        "is_confirmed": strength.is_confirmed(request, request.now),
        "confirm_url": strength.way_to_confirm_anew(request),
    }
    return render(request, "early_access/keys.html", context)


@open_to(EARLY_ACCESS_OWNS)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: Asking) -> HttpResponse:
    """Take the public half of a key."""
    form = KeyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_signing_key(public_half(form.given), rng=moment.dice(), **by(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The key counts from now on. Compare its fingerprint with the one you hold."))
            return redirect("signing_keys")
    context = {
        "form": form,
        "is_confirmed": strength.is_confirmed(request, request.now),
        "confirm_url": strength.way_to_confirm_anew(request),
    }
    return render(request, "early_access/key_new.html", context)


@open_to(EARLY_ACCESS_OWNS)
@require_POST
def retire(request: Asking, public_id: str) -> HttpResponse:
    """Take signatures by a key no longer."""
    one = among(queries.signing_keys_of(request.actor), public_id)
    said = _("The key is retired. What it signed stays signed.")
    attempt(request, lambda: services.retire_signing_key(one, **by(request)), said)
    return redirect("signing_keys")


def public_half(given: bytes) -> bytes:
    """Return the 32 bytes of the key in a .pub file, in hex or in base64; bytes that are no key otherwise."""
    found = ARMOUR.search(given)
    text = b"".join((found.group(1) if found else given).split())
    if not found and re.fullmatch(rb"[0-9a-fA-F]{64}", text):
        return bytes.fromhex(text.decode())
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return raw.removeprefix(ED25519)


def fingerprint(public_key: Any) -> str:
    """Return what a key is called, here and by `watchbell key show`: the SHA-256 of its 32 bytes."""
    return hashlib.sha256(bytes(public_key)).hexdigest()
