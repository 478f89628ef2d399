"""Where is the gateway, and what does a client need to speak to it? Settings to copy, for the clients people use."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from watchbell.domain.metering import Dialect

PORT = 8010
OPENAI = (Dialect.CHAT, Dialect.RESPONSES)


@dataclass(frozen=True, slots=True)
class Client:
    """A client's name, and what to paste into a shell for it."""

    name: str
    lines: str


def gateway_address() -> str:
    """Return where the gateway listens, as its clients reach it."""
    if told := settings.WATCHBELL.gateway_url:
        return str(told)
    parts = urlsplit(settings.WATCHBELL.base_url)
    return f"{parts.scheme}://{parts.hostname}:{PORT}"


def clients(address: str, token: str, models: Sequence[str], dialects: Sequence[str]) -> list[Client]:
    """Return the settings for each client that can speak an interface in scope."""
    model = models[0] if models else "MODEL"
    found = []
    if any(one in dialects for one in OPENAI):
        openai = f"export OPENAI_BASE_URL={address}/v1\nexport OPENAI_API_KEY={token}"
        found += [Client("OpenAI", openai), Client("Inspect", f"{openai}\ninspect eval TASK --model openai/{model}")]
    if Dialect.MESSAGES in dialects:
        anthropic = f"export ANTHROPIC_BASE_URL={address}\nexport ANTHROPIC_API_KEY={token}"
        found.append(Client("Anthropic", anthropic))
        if len(found) == 1:
            found.append(Client("Inspect", f"{anthropic}\ninspect eval TASK --model anthropic/{model}"))
    return found
