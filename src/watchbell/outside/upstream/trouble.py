"""What is wrong with an endpoint, in words that tell its developer what to look at?"""

from enum import StrEnum

from watchbell.domain.sentence import Sentence


class Cause(StrEnum):
    """The kinds of trouble, as stable words for programs."""

    NOT_ALLOWED = "endpoint-not-allowed"
    UNREACHABLE = "endpoint-unreachable"
    TLS = "endpoint-tls"
    PIN = "endpoint-pin"
    FRAMING = "endpoint-framing"
    CODING = "endpoint-coding"
    LOST = "endpoint-lost"
    TOO_LARGE = "endpoint-too-large"
    SILENT = "endpoint-silent"
    TOO_SLOW = "endpoint-too-slow"


class EndpointTrouble(Exception):
    """The endpoint could not be asked, or its answer cannot be used.

    `was_sent` is False as long as nothing of the call can have reached it.
    """

    def __init__(self, cause: Cause, why: str, *, was_sent: bool = True) -> None:
        super().__init__(why)
        self.cause = cause
        self.why = Sentence(why)
        self.was_sent = was_sent


def framing(what: str) -> EndpointTrouble:
    """Return the trouble with an answer that is not HTTP as it should be."""
    return EndpointTrouble(
        Cause.FRAMING, Sentence("The endpoint does not speak HTTP properly: {why}.", why=Sentence(what))
    )


def too_large(what: str) -> EndpointTrouble:
    """Return the trouble with an answer that has no measure."""
    return EndpointTrouble(Cause.TOO_LARGE, Sentence("The endpoint sends too much: {why}.", why=Sentence(what)))
