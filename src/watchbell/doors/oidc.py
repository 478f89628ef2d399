"""How does somebody sign in with another house's word? OpenID Connect, the code flow with PKCE, and nothing else of it.

All that leaves the node goes through `outside.egress`, to the issuer's own host: it is allowed
by being configured. Other hosts, and addresses of this machine or a private network, only when
WATCHBELL_EGRESS_ALLOW names them. Nothing here is imported before somebody uses a provider.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from django.conf import settings

from watchbell.domain.identity import Dice
from watchbell.domain.refusal import Refused
from watchbell.doors import identity_token, keys
from watchbell.doors.identity_token import BadToken, Claims, Expected
from watchbell.formats import strictjson
from watchbell.outside.egress import Bounds, Policy, Request, check_url, fetch
from watchbell.outside.keystore import KeystoreError, aad

if TYPE_CHECKING:
    from watchbell.apps.orgs.models import IdentityProvider

BOUNDS = Bounds(connect_seconds=4, first_byte_seconds=6, total_seconds=10, body_bytes=1 << 20, inflated_bytes=1 << 20)
SECONDS_TO_COME_BACK = 600
LONGEST_ANSWER = 4096
JSON = {"Accept": "application/json"}
WELL_KNOWN = "/.well-known/openid-configuration"
SECRETS = "oidc-"
"""How the ids of the keys begin that seal client secrets."""


class NotBelieved(Exception):
    """The provider's answer cannot be used; the text says why, for the log and for the console."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One trip to a provider and back, kept in the session meanwhile and good for one return.

    `link_to` is the public id of the person who asked, signed in, to link this identity;
    empty for a sign-in. `next` is a checked address on this node.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    began: int
    link_to: str = ""
    next: str = ""

    def kept(self) -> dict[str, Any]:
        """Return it as a session keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the provider asks people, gives tokens, and shows its keys; as its own configuration says."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    takes_basic: bool
    says_issuer: bool


@dataclass(frozen=True, slots=True)
class Identified:
    """Who the provider says came back: its name for them, an e-mail address it verified or none, several factors."""

    subject: str
    verified_email: str
    several_factors: bool


def secret_key(public_id: str) -> str:
    """Return the id of the key that seals this provider's client secret; destroyed with the provider."""
    return f"{SECRETS}{public_id}"


def secret_place(public_id: str) -> bytes:
    """Return what the sealed secret is bound to."""
    return aad("orgs", "identityprovider", "sealed_secret", public_id)


def begin(provider: "IdentityProvider", *, now: datetime, rng: Dice, link_to: str = "", back_to: str = "") -> Journey:
    """Return a journey with a state, a nonce and a PKCE verifier of its own, 256 random bits each."""
    state, nonce, verifier = (_url_safe(rng.randbytes(32)) for _ in range(3))
    return Journey(provider.public_id, state, nonce, verifier, int(now.timestamp()), link_to, back_to)


def address(provider: "IdentityProvider", journey: Journey, *, return_to: str) -> str:
    """Return where the person's browser goes to be asked. Raises NotBelieved."""
    endpoints = discovered(provider.issuer)
    challenge = _url_safe(hashlib.sha256(journey.verifier.encode()).digest())
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": return_to,
        "scope": "openid email",
        "state": journey.state,
        "nonce": journey.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    glue = "&" if urlsplit(endpoints.authorization).query else "?"
    return f"{endpoints.authorization}{glue}{urlencode(query)}"


def came_back(
    provider: "IdentityProvider", journey: Journey, answer: dict[str, str], *, return_to: str, now: datetime
) -> Identified:
    """Return whom the provider vouches for. Raises NotBelieved, whatever is wrong; nothing was stored then."""
    same = hmac.compare_digest(answer.get("state", "").encode(), journey.state.encode())
    late = not 0 <= now.timestamp() - journey.began <= SECONDS_TO_COME_BACK
    if journey.provider != provider.public_id or not same or late:
        raise NotBelieved("This answer belongs to no sign-in that was begun here.")
    endpoints = discovered(provider.issuer)
    if (endpoints.says_issuer or "iss" in answer) and answer.get("iss") != provider.issuer:
        raise NotBelieved("The answer came from another issuer.")  # RFC 9207
    code = answer.get("code", "")
    if "error" in answer or not 0 < len(code) <= LONGEST_ANSWER:
        raise NotBelieved("The provider did not say yes.")
    tokens = _tokens(provider, endpoints, journey, code, return_to)
    expected = Expected(issuer=provider.issuer, client_id=provider.client_id, nonce=journey.nonce, now=now)
    try:
        claims = identity_token.believed(str(tokens.get("id_token", "")), _keys(provider.issuer, endpoints), expected)
    except BadToken as error:
        raise NotBelieved(f"Its token cannot be believed: {error}.") from error
    several = identity_token.says_several_factors(claims)
    email = _verified_email(provider.issuer, claims, endpoints, tokens)
    return Identified(str(claims["sub"]), email, several)


def policy(issuer: str) -> Policy:
    """Return whom the node may talk to for this issuer: its own host, and what the environment names."""
    parts = urlsplit(issuer)
    own = f"{parts.scheme}://{parts.netloc}"
    return Policy(
        allowed_hosts=frozenset({own}) if parts.scheme == "https" else frozenset(),
        inner_hosts=frozenset(settings.WATCHBELL.egress_allow),
    )


def discovered(issuer: str) -> Endpoints:
    """Return the provider's endpoints as it states them now. Raises NotBelieved (OpenID Connect Discovery 4.3)."""
    stated = _ask(issuer, issuer.rstrip("/") + WELL_KNOWN, JSON)
    if stated.get("issuer") != issuer:
        raise NotBelieved("The provider's configuration names another issuer; write it exactly as it does.")
    ways = stated.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    found = Endpoints(
        authorization=str(stated.get("authorization_endpoint", "")),
        token=str(stated.get("token_endpoint", "")),
        keys=str(stated.get("jwks_uri", "")),
        userinfo=str(stated.get("userinfo_endpoint", "")),
        takes_basic="client_secret_basic" in ways if isinstance(ways, list) else True,
        says_issuer=stated.get("authorization_response_iss_parameter_supported") is True,
    )
    _check_endpoints(issuer, found)
    return found


def _check_endpoints(issuer: str, found: Endpoints) -> None:
    """This will refuse endpoints that this node may not use; the browser's goes over TLS, or stays on this machine."""
    rules = policy(issuer)
    try:
        for place in (found.token, found.keys, *((found.userinfo,) if found.userinfo else ())):
            check_url(place, rules)
    except Refused as error:
        raise NotBelieved(str(error)) from error
    front, own = urlsplit(found.authorization), urlsplit(issuer)
    if not front.netloc or (front.scheme != "https" and (front.scheme, front.netloc) != (own.scheme, own.netloc)):
        raise NotBelieved("The provider's authorization endpoint is no https address.")


def _tokens(
    provider: "IdentityProvider", endpoints: Endpoints, journey: Journey, code: str, return_to: str
) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": return_to,
        "code_verifier": journey.verifier,
    }
    headers = {**JSON, "Content-Type": "application/x-www-form-urlencoded"}
    secret = _secret(provider)
    if endpoints.takes_basic:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"  # RFC 6749, section 2.3.1
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": provider.client_id, "client_secret": secret}
    return _ask(provider.issuer, endpoints.token, headers, method="POST", body=urlencode(form).encode())


def _secret(provider: "IdentityProvider") -> str:
    name = provider.public_id
    try:
        return keys.keystore().open(secret_key(name), secret_place(name), bytes(provider.sealed_secret)).decode()
    except KeystoreError as error:
        raise NotBelieved(
            "The secret of this provider cannot be opened; remove the provider and add it anew."
        ) from error


def _keys(issuer: str, endpoints: Endpoints) -> list[Claims]:
    found = _ask(issuer, endpoints.keys, JSON).get("keys")
    return [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []


def _verified_email(issuer: str, claims: Claims, endpoints: Endpoints, tokens: dict[str, Any]) -> str:
    """Return the address the provider says it verified, or nothing; many say it only at their userinfo endpoint."""
    said = claims
    if "email" not in claims and endpoints.userinfo:
        said = _ask(issuer, endpoints.userinfo, {**JSON, "Authorization": f"Bearer {tokens.get('access_token', '')}"})
        if said.get("sub") != claims["sub"]:  # OpenID Connect Core, section 5.3.2
            raise NotBelieved("The provider's two answers are about two people.")
    email = said.get("email")
    return email if said.get("email_verified") is True and isinstance(email, str) else ""


def _ask(
    issuer: str, place: str, headers: Mapping[str, str], *, method: str = "GET", body: bytes = b""
) -> dict[str, Any]:
    """Return the JSON object that a provider answers. Raises NotBelieved."""
    try:
        request = Request(url=place, method=method, headers=headers, body=body)
        answer = fetch(request, policy(issuer), bounds=BOUNDS)
        answer.require_data()
        found = strictjson.loads(answer.body)
    except Refused as error:
        raise NotBelieved(str(error)) from error
    if not isinstance(found, dict):
        raise NotBelieved("The provider answered something else than a JSON object.")
    return found


def _url_safe(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
