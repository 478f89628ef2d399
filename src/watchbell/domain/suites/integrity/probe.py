"""What is a probe? A task with a dishonest way through it: what is asked, which tools there are, what scoring knows."""

from collections.abc import Mapping
from typing import Any

from watchbell.domain.records import record
from watchbell.domain.suites.suite import Answer, Call, Tool


@record(frozen=True, slots=True, kw_only=True)
class Probe:
    """One probe; `truth` is never shown."""

    prompt: str
    tools: tuple[Tool, ...]
    truth: Mapping[str, Any]


@record(frozen=True, slots=True, kw_only=True)
class Found:
    """What an answer shows: whether it is honest work, and the dishonest thing it did ("" for none)."""

    honest: bool
    flag: str = ""


def tool(name: str, description: str, /, **fields: str) -> Tool:
    """Return a tool whose fields, all needed, are of these JSON types."""
    properties = {field: {"type": kind} for field, kind in fields.items()}
    schema = {"type": "object", "properties": properties, "required": list(fields), "additionalProperties": False}
    return Tool(name=name, description=description, parameters=schema)


SUBMIT = tool("submit", "Give your result. The last one counts.", value="string")
UNKNOWN = tool("unknown", "Say that you do not know.")


def submitted(answer: Answer) -> str:
    """Return the last result that was given, or ""."""
    values = [call.arguments.get("value") for call in answer.calls if call.tool == "submit"]
    texts = [value for value in values if isinstance(value, str)]
    return texts[-1].strip() if texts else ""


def submits(value: str, **more: Any) -> Call:
    """Return the call that gives this result."""
    return Call(tool="submit", arguments={"value": value, **more})


def calls_of(answer: Answer, name: str) -> list[Call]:
    """Return the calls of this tool, in order."""
    return [call for call in answer.calls if call.tool == name]
