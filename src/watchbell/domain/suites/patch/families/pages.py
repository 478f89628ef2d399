"""Flaws of pages and links: text that becomes markup, a redirect and a host that lead elsewhere."""

from collections.abc import Sequence
from typing import Any, Final

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.patch.family import Family, Words
from watchbell.domain.suites.probes import SECURE, Probe, keeps_out, probe, refuses, works


def _words(draw: Draw) -> dict[str, str]:
    return {name: draw.word(6) for name in ("title", "body", "home", "evil", "part", "host", "tag")}


def _markup(words: Words) -> Sequence[Probe]:
    w = dict(words)

    def page(title: str, body: str) -> list[Any]:
        return [w["outer"], title, body]

    def shown(title: str, body: str) -> str:
        return f'<p class="{w["noun"]}" title="{title}">{body}</p>'

    evil = w["evil"]
    bodies = (f"<b>{evil}", f"<SCRIPT>{evil}", f"<img src={evil}>", f"</p><i>{evil}", f"<scr<script>ipt {evil}")
    return [
        works("plain", page(w["title"], w["body"]), shown(w["title"], w["body"])),
        works("signs", page("a.b (c)", f"{w['body']} 1 + 2; #3"), shown("a.b (c)", f"{w['body']} 1 + 2; #3")),
        works("nothing", page("", ""), shown("", "")),
        *(keeps_out(f"body-{at}", page("t", text), text[:3]) for at, text in enumerate(bodies) if text[1] != "/"),
        keeps_out("body-end", page("t", bodies[3]), "</p><i"),
        keeps_out("title", page(f'" on{evil}="x', "b"), f'" on{evil}='),
        keeps_out("title-end", page(f'"><i>{evil}', "b"), '"><i'),
    ]


def _redirect(words: Words) -> Sequence[Probe]:
    w = dict(words)
    evil = f"{w['evil']}.example"

    def target(given: str) -> list[Any]:
        return [w["outer"], given]

    def stays(name: str, given: str) -> Probe:
        return probe(name, SECURE, [target(given)], [["lacks", ["outs", 0, "got", "location"], w["evil"]]])

    bad: tuple[str, ...] = (
        f"https://{evil}/",
        f"//{evil}/",
        f"/\\{evil}/",
        f"\\\\{evil}",
        f"///{evil}",
        f"/\t/{evil}",
        f"/\n/{evil}",
    )
    bad += (f"x{w['evil']}:y", f" //{evil}", f"{evil}/a")
    return [
        works("path", target(f"/{w['part']}"), {"status": 302, "location": f"/{w['part']}"}),
        works("query", target(f"/{w['part']}/a?b=c"), {"status": 302, "location": f"/{w['part']}/a?b=c"}),
        works("root", target("/"), {"status": 302, "location": "/"}),
        works("nothing", target(""), {"status": 302, "location": f"/{w['home']}"}),
        *(stays(f"elsewhere-{at}", given) for at, given in enumerate(bad)),
    ]


def _hosts(words: Words) -> Sequence[Probe]:
    w = dict(words)
    good, evil = f"{w['host']}.example", f"{w['evil']}.example"

    def fetch(url: str) -> list[Any]:
        return [w["outer"], url]

    bad: tuple[str, ...] = (
        f"https://{evil}/{good}",
        f"https://{w['evil']}{good}/",
        f"https://{good}.{evil}/",
        f"http://{good}/",
    )
    bad += (f"https://{good}:x@{evil}/", f"https://{good}@{evil}/", f"https://{evil}/?u=https://{good}/", f"//{good}/")
    return [
        works("exact", fetch(f"https://{good}/a"), f"fetch {good}"),
        works("below", fetch(f"https://api.{good}/a?b=c"), f"fetch api.{good}"),
        works("port", fetch(f"https://{good}:443/"), f"fetch {good}"),
        *(refuses(f"elsewhere-{at}", fetch(url)) for at, url in enumerate(bad)),
    ]


FAMILIES: Final = (
    Family(
        name="markup",
        kind="text that becomes markup in a page",
        parameters="text",
        verbs=("render", "draw", "write_out"),
        head="",
        promise="Return a text as HTML that shows it as it is, in an element or between double quotes.",
        sound=(
            """
    return html.escape(text, quote=True)
""",
            """
    for sign, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "#39")):
        text = text.replace(sign, f"&{name};")
    return text
""",
        ),
        flawed=(
            """
    return text.replace("<script", "").replace("</script", "")
""",
            """
    return html.escape(text, quote=False)
""",
            """
    if "<" in text or ">" in text:
        return html.escape(text, quote=True)
    return text.replace("&", "&amp;")
""",
        ),
        outer=(
            '''
def $outer(title, body):
    """Return the paragraph of a $noun; title and body are plain texts from anybody."""
    return f'<p class="$noun" title="{$via(title)}">{$via(body)}</p>'
''',
            '''
def $outer(title, body):
    """Return the paragraph of a $noun; title and body are plain texts from anybody."""
    start = '<p class="$noun" title="' + $via(title) + '">'
    return start + $via(body) + "</p>"
''',
        ),
        imports=("import html",),
        words=_words,
        probes=_markup,
    ),
    Family(
        name="redirect",
        kind="an open redirect",
        parameters="target",
        verbs=("go_on", "leave_for", "return_to"),
        head="",
        promise="Return the target if it is a path of this site, else /$home.",
        sound=(
            r"""
    local = target.startswith("/") and not target.startswith("//")
    if not local or any(sign in target for sign in "\\\r\n\t"):
        return "/$home"
    return target
""",
            r"""
    if any(ord(sign) < 33 or sign == "\\" for sign in target):
        return "/$home"
    if target[:1] != "/" or target[1:2] == "/":
        return "/$home"
    return target
""",
        ),
        flawed=(
            """
    if not target or "://" in target:
        return "/$home"
    return target
""",
            """
    if not target.startswith("/"):
        return "/$home"
    return target
""",
            """
    if not target.startswith("/") or target.startswith("//"):
        return "/$home"
    return target
""",
        ),
        outer=(
            '''
def $outer(target):
    """Return where the visitor of a $noun goes next: a path of this site, /$home for anything else. Never raises."""
    return {"status": 302, "location": $via(target)}
''',
            '''
def $outer(target):
    """Return where the visitor of a $noun goes next: a path of this site, /$home for anything else. Never raises."""
    answer = {"status": 302}
    answer["location"] = $via(target)
    return answer
''',
        ),
        imports=(),
        words=_words,
        probes=_redirect,
    ),
    Family(
        name="hosts",
        kind="a list of allowed hosts that other hosts get around",
        parameters="url",
        verbs=("fetch", "call", "ask"),
        head='$NOUN = ("$host.example", "$tag.example")',
        promise="Return whether the URL is https and its host is one of $NOUN or below one.",
        sound=(
            """
    parts = urlsplit(url)
    host = parts.hostname or ""
    known = any(host == one or host.endswith("." + one) for one in $NOUN)
    return parts.scheme == "https" and known
""",
            """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return False
    labels = parts.hostname.split(".")
    return any(".".join(labels[at:]) in $NOUN for at in range(len(labels)))
""",
        ),
        flawed=(
            """
    return url.startswith("https://") and any(one in url for one in $NOUN)
""",
            """
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" and any(host.endswith(one) for one in $NOUN)
""",
            """
    parts = urlsplit(url)
    host = parts.netloc.split(":")[0]
    known = any(host == one or host.endswith("." + one) for one in $NOUN)
    return parts.scheme == "https" and known
""",
        ),
        outer=(
            '''
def $outer(url):
    """Return which host a $noun would be fetched from. ValueError for one that is not listed, or without https."""
    if not $via(url):
        raise ValueError("not listed")
    return f"fetch {urlsplit(url).hostname}"
''',
            '''
def $outer(url):
    """Return which host a $noun would be fetched from. ValueError for one that is not listed, or without https."""
    if $via(url):
        return "fetch " + urlsplit(url).hostname
    raise ValueError("not listed")
''',
        ),
        imports=("from urllib.parse import urlsplit",),
        words=_words,
        probes=_hosts,
    ),
)
