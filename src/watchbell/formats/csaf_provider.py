"""Where does a CSAF provider say that its documents lie? Its metadata (CSAF 2.0 and 2.1, 7.1.7) and security.txt."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json

SUPPORTED = ("2.0", "2.1")
METADATA = "/provider-metadata.json"
WELL_KNOWN = "/.well-known/csaf/provider-metadata.json"
SECURITY_TXT = "/.well-known/security.txt"
MOST_DISTRIBUTIONS = 200

_TRUSTED = "csaf_trusted_provider"
_CSAF_LINE = "csaf:"
_UNLABELED = "UNLABELED"


@dataclass(frozen=True, slots=True)
class Distribution:
    """One list of documents: a ROLIE feed, or a folder with changes.csv or index.txt.

    `label` is the marking of all its documents as the provider writes it, "" when it does not say.
    """

    url: str
    is_feed: bool
    label: str = ""
    place: str = ""

    @property
    def is_for_everyone(self) -> bool:
        """Return whether what it lists may be for everyone; a folder that says nothing is judged document by document.

        An unlabelled feed lists documents without a label, which count as AMBER+STRICT.
        """
        if not self.label:
            return not self.is_feed
        try:
            return Tlp.from_label(self.label) is Tlp.CLEAR
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Provider:
    """Who publishes, and where; a trusted provider must offer a hash and a signature for every document (7.2.3)."""

    publisher: str
    is_trusted: bool
    distributions: tuple[Distribution, ...]

    @property
    def preferred(self) -> tuple[Distribution, ...]:
        """Return what to read: the feeds, which the standard prefers, or the folders where no feed is for everyone."""
        feeds = tuple(one for one in self.distributions if one.is_feed)
        folders = tuple(one for one in self.distributions if not one.is_feed)
        return feeds if any(one.is_for_everyone for one in feeds) else (*feeds, *folders)


def is_provider(url: str) -> bool:
    """Return whether this address leads to a provider: its metadata, a security.txt, or nothing but its host."""
    if not url.startswith(("http://", "https://")):
        return False
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return path in ("", "/") or path.endswith((METADATA, "/security.txt"))


def joined(base: str, reference: str, place: str) -> str:
    """Return where a reference leads that stands in the file at `base`; raises Refused for one that leads nowhere."""
    try:
        return urljoin(base, reference)
    except ValueError:
        message = Sentence("{found} is not an address", found=repr(reference[:60]))
        raise refuse("wrong-value", message, place=place, expected="https://host/path") from None


def loads(data: bytes, url: str) -> Provider:
    """Return what the provider's metadata says, fetched from `url`; raises Refused with a JSON pointer."""
    document = fields.root(strictjson.loads(data))
    version = fields.text(document, "metadata_version")
    if version not in SUPPORTED:
        raise fields.unsupported("CSAF provider metadata", version, "2.0 and 2.1", place="/metadata_version")
    found = tuple(_distributions(document, url))
    if not found:
        message = "The provider lists no feed and no folder of documents"
        raise refuse("no-distribution", message, place="/distributions", todo="Ask the provider where they are")
    publisher = fields.mapping(document, "publisher")
    return Provider(
        publisher=fields.required_text(publisher, "name", "/publisher"),
        is_trusted=fields.text(document, "role") == _TRUSTED,
        distributions=found,
    )


def _distributions(document: Json, url: str) -> list[Distribution]:
    found: list[Distribution] = []
    for one, place in fields.objects(document, "distributions"):
        folder = fields.text(one, "directory_url", place)
        if folder:
            found.append(_folder(folder, "", fields.pointer(place, "directory_url"), url))
        inner = fields.mapping(one, "directory", place)
        if inner:
            at = fields.pointer(place, "directory")
            label = fields.text(inner, "tlp_label", at)
            found.append(_folder(fields.required_text(inner, "url", at), label, at, url))
        at = fields.pointer(place, "rolie")
        for feed, where in fields.objects(fields.mapping(one, "rolie", place), "feeds", at):
            address = joined(url, fields.required_text(feed, "url", where), where)
            label = fields.text(feed, "tlp_label", where) or _UNLABELED
            found.append(Distribution(address, is_feed=True, label=label, place=where))
        if len(found) > MOST_DISTRIBUTIONS:
            expected = Sentence("at most {limit}", limit=MOST_DISTRIBUTIONS)
            raise refuse("too-many-items", "The provider lists too many feeds", place=place, expected=expected)
    return list({one.url: one for one in found}.values())


def _folder(address: str, label: str, place: str, url: str) -> Distribution:
    whole = joined(url, address, place)
    return Distribution(whole if whole.endswith("/") else f"{whole}/", is_feed=False, label=label, place=place)


def metadata_in(security_txt: bytes) -> tuple[str, ...]:
    """Return the addresses of provider metadata that a security.txt names (RFC 9116, field CSAF), in its order."""
    lines = security_txt.decode("utf-8", errors="replace").splitlines()[:1000]
    found = (line[len(_CSAF_LINE) :].strip() for line in lines if line.casefold().startswith(_CSAF_LINE))
    return tuple(dict.fromkeys(one for one in found if one.endswith(METADATA)))
