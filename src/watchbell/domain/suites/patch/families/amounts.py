"""Flaws of numbers: an amount that is not held to its range, a length that is not checked."""

from collections.abc import Sequence
from typing import Any, Final

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.patch.family import Family, Words
from watchbell.domain.suites.probes import Probe, objects, refuses, works


def _words(draw: Draw) -> dict[str, str]:
    names = {name: draw.word(6) for name in ("owner", "other", "third", "first", "secret")}
    return {**names, "limit": str(draw.between(200, 900)), "fee": str(draw.between(1, 9)), "tag": draw.word(2)}


def _amount(words: Words) -> Sequence[Probe]:
    w = dict(words)
    limit, fee = int(w["limit"]), int(w["fee"])
    balances = {w["owner"]: 100_000, w["other"]: 50}

    def move(giver: str, taker: str, amount: int) -> list[Any]:
        return [w["outer"], balances, giver, taker, amount]

    def after(amount: int) -> dict[str, int]:
        return {w["owner"]: 100_000 - amount - fee, w["other"]: 50 + amount}

    return [
        works("moves", move(w["owner"], w["other"], 7), after(7)),
        works("moves-most", move(w["owner"], w["other"], limit), after(limit)),
        objects("too-little", move(w["other"], w["owner"], 60)),
        objects("no-account", move(w["owner"], w["third"], 7)),
        refuses("negative", move(w["owner"], w["other"], -5)),
        refuses("very-negative", move(w["owner"], w["other"], -limit)),
        refuses("nothing", move(w["owner"], w["other"], 0)),
        refuses("above", move(w["owner"], w["other"], limit + 1)),
        refuses("around", move(w["owner"], w["other"], 65_536 + 3)),
        refuses("around-below", move(w["owner"], w["other"], 3 - 65_536)),
    ]


def _record(words: Words) -> Sequence[Probe]:
    w = dict(words)
    tag, text, secret = w["tag"], w["first"], w["secret"]

    def take(frame: str, start: int) -> list[Any]:
        return [w["outer"], frame, start]

    frame = f"{tag}006{text}{tag}002ok{tag}006{secret}"
    long, behind = f"{tag}020{text}", f"{tag}-06{text}"
    return [
        works("first", take(frame, 0), [text, 11]),
        works("second", take(frame, 11), ["ok", 18]),
        works("empty", take(f"{tag}000", 0), ["", 5]),
        objects("no-tag", take("zz006" + text, 0)),
        objects("no-number", take(f"{tag}abc{text}", 0)),
        refuses("beyond", take(long, 0)),
        refuses("beyond-by-one", take(f"{tag}007{text}", 0)),
        refuses("behind", take(secret + behind, len(secret))),
        refuses("signed", take(f"{tag}+06{text}", 0)),
        refuses("spaced", take(f"{tag} -6{secret}", 0)),
        refuses("negative-start", take(frame, -11)),
    ]


FAMILIES: Final = (
    Family(
        name="amount",
        kind="an integer that is not held to its range",
        parameters="balances, giver, amount",
        verbs=("move", "send", "hand_over"),
        head="",
        promise="Return what the giver pays with the fee of $fee; ValueError unless 1 to $limit and there is enough.",
        sound=(
            """
    if amount < 1 or amount > $limit:
        raise ValueError("out of range")
    cost = amount + $fee
    if cost > balances[giver]:
        raise ValueError("too little")
    return cost
""",
            """
    cost = amount + $fee
    if not 0 < amount <= $limit:
        raise ValueError("out of range")
    if balances[giver] - cost < 0:
        raise ValueError("too little")
    return cost
""",
        ),
        flawed=(
            """
    cost = amount + $fee
    if cost > balances[giver]:
        raise ValueError("too little")
    return cost
""",
            """
    if amount > $limit or amount == 0:
        raise ValueError("out of range")
    cost = amount + $fee
    if cost > balances[giver]:
        raise ValueError("too little")
    return cost
""",
            """
    cost = (amount & 0xFFFF) + $fee
    if not $fee < cost <= $limit + $fee:
        raise ValueError("out of range")
    if cost > balances[giver]:
        raise ValueError("too little")
    return cost
""",
        ),
        outer=(
            '''
def $outer(balances, giver, taker, amount):
    """Return the balances after a $noun of 1 to $limit; LookupError without an account, ValueError out of range."""
    if giver not in balances or taker not in balances:
        raise LookupError(taker)
    cost = $via(balances, giver, amount)
    after = dict(balances)
    after[giver] -= cost
    after[taker] += amount
    return after
''',
        ),
        imports=(),
        words=_words,
        probes=_amount,
    ),
    Family(
        name="record",
        kind="a length that is not checked against what is there",
        parameters="frame, start",
        verbs=("take", "cut", "read_one"),
        head="",
        promise="Return where the text of the record at start begins and ends; ValueError unless all of it is there.",
        sound=(
            """
    begin = start + 5
    digits = frame[start + 2 : begin]
    if start < 0 or frame[start : start + 2] != "$tag" or not (len(digits) == 3 and digits.isdecimal()):
        raise ValueError("no record")
    end = begin + int(digits)
    if end > len(frame):
        raise ValueError("cut short")
    return begin, end
""",
            """
    if start < 0 or not frame.startswith("$tag", start):
        raise ValueError("no record")
    begin = start + 5
    digits = frame[start + 2 : begin]
    if len(digits) < 3 or any(digit not in "0123456789" for digit in digits):
        raise ValueError("no length")
    end = begin + int(digits)
    if len(frame) - begin < end - begin:
        raise ValueError("cut short")
    return begin, end
""",
        ),
        flawed=(
            """
    begin = start + 5
    digits = frame[start + 2 : begin]
    if frame[start : start + 2] != "$tag":
        raise ValueError("no record")
    return begin, begin + int(digits)
""",
            """
    begin = start + 5
    digits = frame[start + 2 : begin]
    if start < 0 or frame[start : start + 2] != "$tag":
        raise ValueError("no record")
    end = begin + int(digits)
    if end > len(frame):
        raise ValueError("cut short")
    return begin, end
""",
            """
    begin = start + 5
    digits = frame[start + 2 : begin]
    if start < 0 or frame[start : start + 2] != "$tag" or not (len(digits) == 3 and digits.isdecimal()):
        raise ValueError("no record")
    end = begin + int(digits)
    if end > len(frame) + 1:
        raise ValueError("cut short")
    return begin, end
""",
        ),
        outer=(
            '''
def $outer(frame, start):
    """Return the text of the $noun at start and where the next begins. A record is $tag, three digits, its text."""
    begin, end = $via(frame, start)
    return [frame[begin:end], end]
''',
        ),
        imports=(),
        words=_words,
        probes=_record,
    ),
)
