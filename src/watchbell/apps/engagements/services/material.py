"""This will seal what belongs to an engagement under one of its two keys, and open it while the key is there.

Nothing of an engagement lies in the database but under one of them. Whatever is sealed is listed
by its digest, so that the receipt for the key can say what went with it.
"""

import hashlib
from datetime import datetime

from watchbell.apps.engagements.models import Engagement, ModelVersion, SealedItem
from watchbell.apps.engagements.words import Material
from watchbell.domain.terms import Terms
from watchbell.domain.terms.reading import terms_from
from watchbell.formats import strictjson
from watchbell.outside.keystore import Keystore, aad

MODEL_NAMES = "model-names"


def key_of(engagement: Engagement, key: Material) -> str:
    """Return the name of one of the engagement's keys."""
    return engagement.access_key if key is Material.ACCESS else engagement.evidence_key


def seal(
    engagement: Engagement, what: str, data: bytes, *, key: Material, place: str = "", now: datetime, keys: Keystore
) -> bytes:
    """Return the data sealed under one of the engagement's keys and bound to its place; its digest is listed.

    `what` says what kind of thing it is, `place` which of them. Raises KeystoreError.
    """
    sealed = keys.seal(key_of(engagement, key), _place(engagement, what, place), data)
    list_sealed(engagement, what, hashlib.sha256(sealed).hexdigest(), key=key, now=now)
    return sealed


def list_sealed(engagement: Engagement, what: str, digest: str, *, key: Material, now: datetime) -> None:
    """List something that another room sealed under one of the engagement's keys, by the digest of what it is."""
    SealedItem.objects.create(engagement=engagement, key=key, what=what, digest=digest, at=now)


def open_sealed(
    engagement: Engagement, what: str, sealed: bytes, *, key: Material, place: str = "", keys: Keystore
) -> bytes:
    """Return what was sealed; raises KeyMissing when its key is gone, and other KeystoreErrors."""
    return keys.open(key_of(engagement, key), _place(engagement, what, place), sealed)


def terms_of(engagement: Engagement, *, keys: Keystore, number: int | None = None) -> Terms:
    """Return the latest version of the terms, or the one asked for; raises KeyMissing once the evidence is gone."""
    rows = engagement.versions.order_by("-number")
    row = rows[0] if number is None else rows.get(number=number)
    sealed, place = bytes(row.sealed), str(row.number)
    opened = open_sealed(engagement, "terms", sealed, key=Material.EVIDENCE, place=place, keys=keys)
    return terms_from(strictjson.loads(opened))


def seal_name(model_id: str, name: str, *, keys: Keystore) -> bytes:
    """Return a model's name sealed under the node's key for names."""
    return keys.seal(MODEL_NAMES, aad("engagements", "model", "name", model_id), name.encode())


def name_of(model: ModelVersion, *, keys: Keystore) -> str:
    """Return what the developer calls this model."""
    place = aad("engagements", "model", "name", model.public_id)
    return keys.open(MODEL_NAMES, place, bytes(model.sealed_name)).decode()


def _place(engagement: Engagement, what: str, place: str) -> bytes:
    return aad("engagements", what, place, engagement.public_id)
