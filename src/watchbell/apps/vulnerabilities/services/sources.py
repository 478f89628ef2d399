"""placeholder"""

from watchbell.apps.vulnerabilities.models import Source, SourceKind
from watchbell.domain.identity import Dice, new_id


def ensure_source(*, name: str, kind: SourceKind, rng: Dice) -> Source:
    row = Source.objects.filter(name=name).first()
    if row is None:
        Source.objects.bulk_create([Source(public_id=new_id(rng), name=name, kind=kind)], ignore_conflicts=True)
        row = Source.objects.get(name=name)
    return row
