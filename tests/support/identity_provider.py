"""An honest OpenID Connect provider on loopback: keys, codes and tokens of its own, PKCE checked, one use a code."""

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT_ID = "watchbell-node"
SECRET = "the secret: between us & nobody else"  # with letters that must be escaped on the way


def url_safe(octets: bytes) -> str:
    """Return base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@dataclass
class SigningKey:
    """A P-256 key that signs tokens, under a name."""

    kid: str = "first"
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> dict[str, str]:
        """Return the key as its set shows it."""
        numbers = self.private.public_key().public_numbers()
        x, y = (url_safe(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "alg": "ES256", "x": x, "y": y}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """Return a compact token with these claims."""
        head = {"alg": "ES256", "kid": self.kid, **header}
        text = ".".join(url_safe(json.dumps(part).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{url_safe(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@dataclass
class Visitor:
    """Who is signed in at the provider, and what it says of them."""

    subject: str = "subject-1"
    email: str = ""
    email_verified: Any = True
    more: dict[str, Any] = field(default_factory=dict)


class IdentityProvider:
    """Serves discovery, keys, tokens and userinfo; `consent` plays the browser's part at the authorization endpoint.

    `tells` changes what a token claims, and `configures` what the configuration says, for tests of
    providers that are not honest.
    """

    def __init__(self, now: float | None = None) -> None:
        self.key = SigningKey()
        self.visitor = Visitor()
        self.now = now or time.time()
        self.email_in_token = True
        self.tells: dict[str, Any] = {}
        self.configures: dict[str, Any] = {}
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def issuer(self) -> str:
        """Return its issuer address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "IdentityProvider":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def consent(self, address: str) -> dict[str, str]:
        """Return what the browser brings back after the visitor said yes at this authorization address."""
        parts = urlsplit(address)
        query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        return {"code": code, "state": query["state"], "iss": self.issuer}

    def claims(self, nonce: str) -> dict[str, Any]:
        """Return what it says of its visitor."""
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.visitor.subject,
            "nonce": nonce,
            "iat": int(self.now),
            "exp": int(self.now) + 300,
            **self.visitor.more,
        }
        if self.email_in_token:
            claims |= {"email": self.visitor.email, "email_verified": self.visitor.email_verified}
        return {name: value for name, value in {**claims, **self.tells}.items() if value is not None}

    def configuration(self) -> dict[str, Any]:
        """Return what its discovery document says."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "authorization_response_iss_parameter_supported": True,
            **self.configures,
        }

    def tokens(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Return tokens for a code, or None when anything about the request is wrong."""
        asked = self._codes.pop(form.get("code", ""), None)
        pair = f"{CLIENT_ID}:the+secret%3A+between+us+%26+nobody+else"
        if asked is None or authorization != "Basic " + base64.b64encode(pair.encode()).decode():
            return None
        challenge = url_safe(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        token = self.key.signed(self.claims(asked["nonce"]))
        return {"access_token": "access-1", "token_type": "Bearer", "id_token": token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                if self.path == "/.well-known/openid-configuration":
                    self._answer(200, provider.configuration())
                elif self.path == "/keys":
                    self._answer(200, {"keys": [provider.key.public]})
                elif self.path == "/userinfo" and self.headers["Authorization"] == "Bearer access-1":
                    who = provider.visitor
                    said = {"sub": who.subject, "email": who.email, "email_verified": who.email_verified}
                    self._answer(200, said)
                else:
                    self._answer(404, {})

            def do_POST(self) -> None:
                provider.asked.append(self.path)
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(text).items()}
                tokens = provider.tokens(form, self.headers.get("Authorization", ""))
                self._answer(*((200, tokens) if tokens else (400, {"error": "invalid_grant"})))

            def _answer(self, status: int, body: Any) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        return Handler
