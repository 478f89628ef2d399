"""How do programs speak to a model? Three interfaces, read strictly from the caller and tolerantly from the endpoint.

OpenAI's chat completions and responses and Anthropic's messages, as their public references describe them.
What a caller sends is understood or refused with its place; what an endpoint sends is taken for what it is,
since it may be anything.
"""

from watchbell.formats.model_api.asked import Asked, dumps, loads
from watchbell.formats.model_api.events import Events, mended, words_of
from watchbell.formats.model_api.told import (
    error,
    error_event,
    model_list,
    said,
)
from watchbell.formats.model_api.usage import Reading, Told, read_whole

__all__ = [
    "Asked",
    "Events",
    "Reading",
    "Told",
    "dumps",
    "error",
    "error_event",
    "loads",
    "mended",
    "model_list",
    "read_whole",
    "said",
    "words_of",
]
