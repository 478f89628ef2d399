"""The way to a developer's endpoint: one vetted address, one credential, one call at a time, within bounds.

As strict as `outside.egress` and for many calls at once: an answer is read as it comes, its head and framing
must be those of RFC 9112, and a connection that was in any doubt is never used again.
"""

from watchbell.outside.upstream.bounds import Bounds
from watchbell.outside.upstream.endpoints import Endpoints, Exchange, Sending
from watchbell.outside.upstream.places import endpoint
from watchbell.outside.upstream.redaction import Redactor, Spelling
from watchbell.outside.upstream.trouble import Cause, EndpointTrouble

__all__ = [
    "Bounds",
    "Cause",
    "EndpointTrouble",
    "Endpoints",
    "Exchange",
    "Redactor",
    "Sending",
    "Spelling",
    "endpoint",
]
