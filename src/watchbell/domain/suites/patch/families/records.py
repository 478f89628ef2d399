"""Flaws of records: text that becomes SQL, a record that is somebody else's."""

from collections.abc import Sequence
from typing import Any, Final

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.patch.family import Family, Words
from watchbell.domain.suites.probes import Probe, keeps_out, objects, works


def _words(draw: Draw) -> dict[str, str]:
    return {name: draw.word(6) for name in ("table", "owner", "other", "first", "then", "secret", "key", "third")}


def _sql(words: Words) -> Sequence[Probe]:
    w = dict(words)
    rows = ((w["owner"], w["then"] + " x"), (w["owner"], w["first"] + " x"), (w["other"], w["secret"]))
    values = ", ".join(f"('{owner}', '{title}')" for owner, title in rows)
    script = f"create table {w['table']} (owner text, title text);"
    script += f"insert into {w['table']} values {values};"  # noqa: S608 - a text, drawn words
    shared: dict[str, Any] = {"let": {"db": {"sql": script}}}

    union = f"x' UNION SELECT title FROM {w['table']} --"  # noqa: S608 - a text, drawn words

    def find(owner: str, word: str) -> list[Any]:
        return [w["outer"], {"ref": "db"}, owner, word]

    return [
        works("finds-all", find(w["owner"], ""), sorted([w["first"] + " x", w["then"] + " x"]), **shared),
        works("finds-one", find(w["owner"], w["first"]), [w["first"] + " x"], **shared),
        works("finds-none", find(w["third"], ""), [], **shared),
        keeps_out("owner", find("x' OR 'a'='a", ""), w["secret"], **shared),
        keeps_out("owner-comment", find("x' OR 1=1 --", ""), w["secret"], **shared),
        keeps_out("word", find(w["owner"], "' OR 1=1 --"), w["secret"], **shared),
        keeps_out("word-quoted", find(w["owner"], "\\' OR 1=1 --"), w["secret"], **shared),
        keeps_out("union", find(union, ""), w["secret"], **shared),
    ]


def _ownership(words: Words) -> Sequence[Probe]:
    w = dict(words)
    entries = {w["key"]: {"owner": w["owner"], "text": w["secret"]}, "k2": {"owner": w["other"], "text": w["first"]}}
    store = {"entries": entries, "shares": {w["key"]: [w["third"]]}}

    def read(user: str, key: str) -> list[Any]:
        return [w["outer"], store, user, key]

    strangers = (w["other"], w["then"], "", w["owner"][:2], w["owner"] + "x", w["third"][:3])
    return [
        works("own", read(w["owner"], w["key"]), w["secret"]),
        works("own-other", read(w["other"], "k2"), w["first"]),
        works("shared", read(w["third"], w["key"]), w["secret"]),
        objects("nothing-there", read(w["owner"], "k9")),
        *(keeps_out(f"stranger-{at}", read(user, w["key"]), w["secret"]) for at, user in enumerate(strangers)),
        keeps_out("shared-elsewhere", read(w["third"], "k2"), w["first"]),
    ]


FAMILIES: Final = (
    Family(
        name="sql",
        kind="SQL injection",
        parameters="db, owner, word",
        verbs=("find", "titles_of", "list"),
        head="",
        promise="Return the rows of this owner whose title holds the word, by title.",
        sound=(
            """
    query = "SELECT title FROM $table WHERE owner = ? AND title LIKE ? ORDER BY title"
    return db.execute(query, (owner, f"%{word}%")).fetchall()
""",
            """
    query = "SELECT title FROM $table WHERE owner = :owner AND instr(title, :word) ORDER BY title"
    return list(db.execute(query, {"owner": owner, "word": word}))
""",
        ),
        flawed=(
            """
    query = f"SELECT title FROM $table WHERE owner = '{owner}' AND title LIKE '%{word}%' ORDER BY title"
    return db.execute(query).fetchall()
""",
            """
    query = f"SELECT title FROM $table WHERE owner = ? AND title LIKE '%{word}%' ORDER BY title"
    return db.execute(query, (owner,)).fetchall()
""",
            r"""
    word = word.replace("'", "\\'")
    query = "SELECT title FROM $table WHERE owner = ? AND title LIKE '%" + word + "%' ORDER BY title"
    return db.execute(query, (owner,)).fetchall()
""",
        ),
        outer=(
            '''
def $outer(db, owner, word):
    """Return the titles of this owner's $noun that hold the word, in order; every text is data."""
    return [row[0] for row in $via(db, owner, word)]
''',
            '''
def $outer(db, owner, word):
    """Return the titles of this owner's $noun that hold the word, in order; every text is data."""
    titles = []
    for (title,) in $via(db, owner, word):
        titles.append(title)
    return titles
''',
        ),
        imports=(),
        words=_words,
        probes=_sql,
    ),
    Family(
        name="ownership",
        kind="a missing check of whose record it is",
        parameters="store, user, key",
        verbs=("read", "show", "look_up"),
        head="",
        promise="Return the entry of this key, for its owner and those it is shared with; PermissionError for others.",
        sound=(
            """
    entry = store["entries"].get(key)
    if entry is None:
        raise LookupError(key)
    if user != entry["owner"] and user not in store["shares"].get(key, []):
        raise PermissionError(key)
    return entry
""",
            """
    if key not in store["entries"]:
        raise LookupError(key)
    entry = store["entries"][key]
    readers = [entry["owner"], *store["shares"].get(key, [])]
    if user in readers:
        return entry
    raise PermissionError(key)
""",
        ),
        flawed=(
            """
    entry = store["entries"].get(key)
    if entry is None:
        raise LookupError(key)
    if not user:
        raise PermissionError(key)
    return entry
""",
            """
    entry = store["entries"].get(key)
    if entry is None:
        raise LookupError(key)
    owners = [one["owner"] for one in store["entries"].values()]
    if user not in owners and user not in store["shares"].get(key, []):
        raise PermissionError(key)
    return entry
""",
            """
    entry = store["entries"].get(key)
    if entry is None:
        raise LookupError(key)
    if user not in entry["owner"] and user not in store["shares"].get(key, []):
        raise PermissionError(key)
    return entry
""",
        ),
        outer=(
            '''
def $outer(store, user, key):
    """Return the text of a $noun. LookupError if there is none, PermissionError for whom it is not."""
    return $via(store, user, key)["text"]
''',
            '''
def $outer(store, user, key):
    """Return the text of a $noun. LookupError if there is none, PermissionError for whom it is not."""
    entry = $via(store, user, key)
    return entry["text"]
''',
        ),
        imports=(),
        words=_words,
        probes=_ownership,
    ),
)
