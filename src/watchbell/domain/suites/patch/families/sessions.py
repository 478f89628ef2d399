"""Flaws of sessions: a code compared in part, a session the visitor chose, a token anybody can work out."""

from collections.abc import Sequence
from typing import Any, Final

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.patch.family import Family, Words
from watchbell.domain.suites.probes import FUNCTIONAL, SECURE, Probe, objects, probe, refuses, works


def _words(draw: Draw) -> dict[str, str]:
    names = {name: draw.word(6) for name in ("user", "other", "kept", "evil")}
    return {**names, "code": draw.word(12), "size": str(draw.between(4, 6)), "salt": draw.word(8)}


def _compare(words: Words) -> Sequence[Probe]:
    w = dict(words)
    code, size = w["code"], int(w["size"])
    codes = {w["user"]: code, w["other"]: w["kept"] * 2}

    def enter(user: str, given: str) -> list[Any]:
        return [w["outer"], codes, user, given]

    wrong = ("", code[:1], code[:size], code[:size] + "x" * (12 - size), code[:-1], code + "x", code[:size] + "zz")
    return [
        works("right", enter(w["user"], code), f"welcome {w['user']}"),
        works("right-other", enter(w["other"], w["kept"] * 2), f"welcome {w['other']}"),
        objects("wrong", enter(w["user"], "q" * 12)),
        objects("nobody", enter(w["evil"], code)),
        *(refuses(f"part-{at}", enter(w["user"], given)) for at, given in enumerate(wrong)),
    ]


def _session(words: Words) -> Sequence[Probe]:
    w = dict(words)
    who, ref = w["second"], {"ref": "sessions"}
    user_after, given_after = ["outs", 1, "got"], ["outs", 2, "got"]

    def entered(sessions: dict[str, str], given: str) -> dict[str, Any]:
        calls = [[w["outer"], ref, given, w["user"]], [who, ref, {"out": 0}], [who, ref, given]]
        return {"calls": calls, "let": {"sessions": {"value": sessions}}}

    old = {w["kept"]: w["other"]}
    guest = {w["evil"]: "guest"}
    return [
        probe("enters", FUNCTIONAL, want=[["is", user_after, w["user"]]], **entered({}, "")),
        probe("enters-again", FUNCTIONAL, want=[["is", user_after, w["user"]]], **entered(old, "none")),
        works("others-stay", [who, old, w["kept"]], w["other"]),
        works("nobody", [who, {}, w["kept"]], None),
        probe("chosen", SECURE, want=[["never", given_after, w["user"]]], **entered({}, w["evil"])),
        probe("taken", SECURE, want=[["never", given_after, w["user"]]], **entered(guest, w["evil"])),
        probe("same-id", SECURE, want=[["never", ["outs", 0, "got"], w["evil"]]], **entered(guest, w["evil"])),
        probe("same-new", SECURE, want=[["never", ["outs", 0, "got"], w["evil"]]], **entered({}, w["evil"])),
    ]


def _token(words: Words) -> Sequence[Probe]:
    w = dict(words)
    give, who, ref = w["outer"], w["second"], {"ref": "store"}
    shared: dict[str, Any] = {"let": {"store": {"value": {}}}}
    twice = [[give, ref, w["user"]], [give, ref, w["user"]]]
    start: list[list[Any]] = [["!fresh"], [give, ref, w["user"]], ["!fresh"], [give, ref, w["user"]]]
    moved: list[list[Any]] = [
        ["!fresh"],
        [give, ref, w["user"]],
        [give, ref, w["user"]],
        ["!fresh"],
        [give, ref, w["user"]],
    ]
    return [
        probe("form", FUNCTIONAL, twice[:1], [["like", ["outs", 0, "got"], "[0-9a-f]{32}"]], **shared),
        probe(
            "opens",
            FUNCTIONAL,
            [[give, ref, w["user"]], [who, ref, {"out": 0}]],
            [["is", ["outs", 1, "got"], w["user"]]],
            **shared,
        ),
        works("nobody", [who, {}, "0" * 32], None),
        probe("twice", SECURE, twice, [["differ", ["outs", 0, "got"], ["outs", 1, "got"]]], **shared),
        probe("restarted", SECURE, start, [["differ", ["outs", 1, "got"], ["outs", 3, "got"]]], **shared),
        probe("restarted-later", SECURE, moved, [["differ", ["outs", 1, "got"], ["outs", 4, "got"]]], **shared),
    ]


FAMILIES: Final = (
    Family(
        name="compare",
        kind="a secret that is compared only in part",
        parameters="given, known",
        verbs=("enter", "let_in", "greet"),
        head="",
        promise="Return whether what was given is the whole known code, in a time that tells nothing.",
        sound=(
            """
    return hmac.compare_digest(given.encode(), known.encode())
""",
            """
    if len(given) != len(known):
        return False
    different = 0
    for one, other in zip(given, known):
        different |= ord(one) ^ ord(other)
    return different == 0
""",
        ),
        flawed=(
            """
    return known.startswith(given)
""",
            """
    different = 0
    for one, other in zip(given, known):
        different |= ord(one) ^ ord(other)
    return different == 0
""",
            """
    if len(given) != len(known):
        return False
    return hmac.compare_digest(given[:$size].encode(), known[:$size].encode())
""",
        ),
        outer=(
            '''
def $outer(codes, user, given):
    """Return a welcome to the $noun. LookupError for an unknown user, PermissionError for any code but the user's."""
    if not $via(given, codes[user]):
        raise PermissionError(user)
    return f"welcome {user}"
''',
            '''
def $outer(codes, user, given):
    """Return a welcome to the $noun. LookupError for an unknown user, PermissionError for any code but the user's."""
    known = codes[user]
    if $via(given, known):
        return "welcome " + user
    raise PermissionError(user)
''',
        ),
        imports=("import hmac",),
        words=_words,
        probes=_compare,
    ),
    Family(
        name="session",
        kind="session fixation",
        parameters="sessions, given, user",
        verbs=("sign_in", "enter", "begin"),
        head='''
def $second(sessions, session):
    """Return who a session belongs to, or None."""
    return sessions.get(session)
''',
        promise="Begin a session for the user; the one given by the visitor ends. Return its new, unpredictable id.",
        sound=(
            """
    sessions.pop(given, None)
    session = secrets.token_hex(16)
    sessions[session] = user
    return session
""",
            """
    if given in sessions:
        del sessions[given]
    session = "$salt-" + secrets.token_urlsafe(24)
    sessions[session] = user
    return session
""",
        ),
        flawed=(
            """
    session = given or secrets.token_hex(16)
    sessions[session] = user
    return session
""",
            """
    session = given if given in sessions and sessions[given] == "guest" else secrets.token_hex(16)
    sessions[session] = user
    return session
""",
            """
    session = secrets.token_hex(16)
    if given in sessions:
        sessions[given] = user
    sessions[session] = user
    return session
""",
        ),
        outer=(
            '''
def $outer(sessions, given, user):
    """Sign a user of $noun in and return the id of the session; ids are ours alone to choose."""
    if not user:
        raise ValueError("nobody")
    return $via(sessions, given, user)
''',
        ),
        imports=("import secrets",),
        words=_words,
        probes=_session,
    ),
    Family(
        name="token",
        kind="a predictable token",
        parameters="user",
        verbs=("issue", "give_out", "mint"),
        head='''
$NOUN = {"count": len("$salt")}


def $second(store, token):
    """Return whose token of $noun this is, or None."""
    return store.get(token)
''',
        promise="Return a token of 32 hexadecimal digits for the user that nobody can work out.",
        sound=(
            """
    $NOUN["count"] += 1
    return secrets.token_hex(16)
""",
            """
    $NOUN["count"] += 1
    return hashlib.sha256(user.encode() + secrets.token_bytes(32)).hexdigest()[:32]
""",
        ),
        flawed=(
            """
    $NOUN["count"] += 1
    return hashlib.sha256(user.encode()).hexdigest()[:32]
""",
            """
    $NOUN["count"] += 1
    dice = random.Random($NOUN["count"])
    return f"{dice.getrandbits(128):032x}"
""",
            """
    $NOUN["count"] += 1
    seed = f"$salt-{user}-{$NOUN['count']}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32]
""",
        ),
        outer=(
            '''
def $outer(store, user):
    """Return a new token of $noun and keep whose it is in the store; no token follows from anything known."""
    token = $via(user)
    store[token] = user
    return token
''',
        ),
        imports=("import hashlib", "import random", "import secrets"),
        words=_words,
        probes=_token,
    ),
)
