"""Read one e-mail as a finding: subject, text, who wrote, and a list of what was attached (RFC 5322, RFC 2045).

Headers are text to us: nothing is looked up, answered or believed of them. Attachments are named with
size and digest; their bytes stay sealed in the upload. How deep parts may nest is known before
anything is parsed.
"""

import hashlib
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from html import unescape
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from watchbell.domain.advisory import AiUsage, Claim, ClaimedEvidence
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import ai_usage
from watchbell.formats.claimed import too_many

MOST_LINES: Final = 500_000
MOST_HOLDERS: Final = 20
MOST_PARTS: Final = 100
DEEPEST: Final = 10
LONGEST_HEADER: Final = 1000
_DESCRIBING = re.compile(rb"^content-[a-z-]{1,40}:.*+(?:\n[ \t].*+)*+", re.IGNORECASE | re.MULTILINE)
_HOLDS_OTHERS = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE)
_HEADER = re.compile(rb"^[!-9;-~]{1,60}:", re.MULTILINE)
_TELLING = re.compile(rb"^(?:from|subject|message-id):", re.IGNORECASE | re.MULTILINE)
_CHARSETS = re.compile(
    r"(?:utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|gbk?|gb2312|gb18030|big5|shift_jis|euc-(?:jp|kr))$"
)
_TAG = re.compile(r"<[^<>]*>")
_AI = re.compile(r"^[ \t#*]*AI[ -]usage[ \t:*]*\r?\n?(?P<said>(?:.*\S.*(?:\n|\Z))*)", re.IGNORECASE | re.MULTILINE)


def is_one(content: bytes) -> bool:
    """Return whether this begins like a message: header lines, who wrote or what about among them."""
    head = content[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return bool(_HEADER.match(head)) and len(set(map(bytes.lower, _TELLING.findall(head)))) > 1


def loads(content: bytes) -> Claim:
    """Return what the message claims; raises Refused when it nests too deeply or says nothing."""
    _refuse_wild(content)
    message = BytesParser(policy=compat32).parsebytes(content)
    parts = list(_leaves(message))
    text = _text([one for one in parts if not _is_attached(one)])
    title = _header(message, "Subject") or next((line.strip() for line in text.splitlines() if line.strip()), "")
    if not title:
        todo = "Give it a subject, or write what the flaw is"
        raise refuse("missing-field", "The message says nothing: no subject and no text.", todo=todo)
    said = {name.lower().replace("-", "_"): _header(message, name) for name in ("From", "Date", "Message-ID")}
    attached = [_listed(one) for one in parts if _is_attached(one)]
    return Claim(
        submitter_item_id=said["message_id"].strip("<> ")[:200],
        title=title[:300],
        description=text,
        evidence=ClaimedEvidence(text="\n".join(f"{one['name']}: {one['bytes']} bytes" for one in attached)),
        ai_usage=_ai_usage(text),
        extra={"mail": {**{name: value for name, value in said.items() if value}, "attachments": attached}},
    )


def _refuse_wild(content: bytes) -> None:
    """Raise Refused for a message that the parser would spend long on: its time grows with lines times parts."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if lines.count(b"\n") > MOST_LINES:
        raise too_many(Sentence("At most {limit} lines", limit=MOST_LINES))
    holders = 0
    for header in _DESCRIBING.finditer(lines):
        if header.end() - header.start() > 4 * LONGEST_HEADER:
            line = lines.count(b"\n", 0, header.start()) + 1
            limit = Sentence("At most {limit} characters", limit=4 * LONGEST_HEADER)
            raise refuse("too-large", "A header is too long.", place=f"line {line}", expected=limit)
        holders += _HOLDS_OTHERS.match(header[0]) is not None
    if holders > MOST_HOLDERS:
        raise _too_deep()


def _leaves(message: "Message[str, str]") -> Iterator["Message[str, str]"]:
    """Yield every part that holds no other, in order; raises Refused for too many or too deep."""
    waiting = [(message, 0)]
    count = 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if depth > DEEPEST or count > MOST_PARTS:
            raise _too_deep()
        inner = part.get_payload()
        if isinstance(inner, list):
            waiting.extend((one, depth + 1) for one in reversed(inner) if isinstance(one, Message))
        else:
            yield part


def _too_deep() -> Refused:
    expected = Sentence("At most {limit} parts", limit=MOST_PARTS)
    return refuse("too-deep", "The message has too many parts inside parts.", expected=expected)


def _is_text(part: "Message[str, str]") -> bool:
    return part.get_content_type() in ("text/plain", "text/html")


def _is_attached(part: "Message[str, str]") -> bool:
    return part.get_content_disposition() == "attachment" or not _is_text(part)


def _text(bodies: list["Message[str, str]"]) -> str:
    """Return the plain text; where there is none, the HTML's words without their tags."""
    plain = [_decoded(one) for one in bodies if one.get_content_type() == "text/plain"]
    words = plain or [unescape(_TAG.sub(" ", _decoded(one))) for one in bodies]
    return "\n\n".join(text for one in words if (text := one.replace("\r\n", "\n").replace("\x00", "").strip()))


def _decoded(part: "Message[str, str]") -> str:
    charset = _clean(str(part.get_param("charset") or "")).strip().casefold()
    return _octets(part).decode(charset if _CHARSETS.match(charset) else "utf-8", "replace")


def _octets(part: "Message[str, str]") -> bytes:
    """Return the bytes of one part, without its transfer encoding where that can be undone."""
    octets = part.get_payload(decode=True)
    return octets if isinstance(octets, bytes) else b""


def _listed(part: "Message[str, str]") -> dict[str, Any]:
    octets = _octets(part)
    name = _clean(str(part.get_filename() or "")).strip()[:LONGEST_HEADER]
    return {
        "name": name or _clean(part.get_content_type()),
        "type": _clean(part.get_content_type())[:LONGEST_HEADER],
        "bytes": len(octets),
        "sha256": hashlib.sha256(octets).hexdigest(),
    }


def _header(message: "Message[str, str]", name: str) -> str:
    """Return a header on one line, its encoded words read; one that cannot be decoded as it stands."""
    raw = str(message.get(name) or "")[: 4 * LONGEST_HEADER]
    try:
        words = [(_word(one, charset), charset is None) for one, charset in decode_header(raw)]
    except (HeaderParseError, ValueError):
        words = [(raw, True)]
    runs = ("".join(word for word, _ in run) for _, run in groupby(words, key=itemgetter(1)))
    return " ".join(_clean(" ".join(runs)).split())[:LONGEST_HEADER]


def _word(one: bytes | str, charset: str | None) -> str:
    if isinstance(one, str):
        return one
    known = charset is not None and _CHARSETS.match(charset.casefold())
    return one.decode(charset if known and charset else "utf-8", "replace")


def _clean(text: str) -> str:
    """Return the text with the bytes the parser could not read, and NUL, made visible or taken out."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "")


def _ai_usage(text: str) -> AiUsage:
    """Return what a paragraph headed "AI usage" says; without one nothing was said."""
    found = _AI.search(text)
    return ai_usage.told(found["said"].strip()) if found else AiUsage()
