"""May a developer's endpoint be at this address?"""

from functools import lru_cache

from watchbell.outside.egress import Policy, Target, check_url
from watchbell.outside.egress.refusals import denied


@lru_cache(maxsize=256)
def endpoint(base_url: str, *, allow: frozenset[str] = frozenset()) -> tuple[Target, Policy]:
    """Return where calls to this endpoint go, and what its name may lead to.

    Any host of the open Internet may be an endpoint, over https. Another one, or plain http, needs to stand in
    `allow` (WATCHBELL_EGRESS_ALLOW): whoever runs the node named it on purpose. To be called when the address is
    saved and again for every call. `base_url` ends before `/v1`. Raises EgressDenied.
    """
    policy = Policy(allowed_hosts=frozenset({_place(base_url)}), inner_hosts=allow)
    target = check_url(base_url, policy)
    if "?" in target.path or "#" in base_url:
        raise denied(
            "egress-url",
            "the URL cannot be read",
            "",
            expected="https://host/path",
            todo="Write the address out plainly",
        )
    return Target(target.scheme, target.host, target.port, target.path.rstrip("/").removesuffix("/v1")), policy


def _place(base_url: str) -> str:
    """Return the https place this URL names; plain http is never open to everybody."""
    scheme, _, rest = base_url.partition("://")
    return "https://" + rest.partition("/")[0] if scheme == "https" else "https://nowhere.invalid"
