"""The only way out over HTTP: to hosts we named, at addresses we vetted, for as long and as much as we allow."""

from watchbell.outside.egress.addresses import Policy, Target, check_url, is_public, vetted_addresses
from watchbell.outside.egress.client import fetch
from watchbell.outside.egress.exchange import Bounds, Request, Response, retry_after_seconds
from watchbell.outside.egress.refusals import EgressDenied, EgressFailed

__all__ = [
    "Bounds",
    "EgressDenied",
    "EgressFailed",
    "Policy",
    "Request",
    "Response",
    "Target",
    "check_url",
    "fetch",
    "is_public",
    "retry_after_seconds",
    "vetted_addresses",
]
