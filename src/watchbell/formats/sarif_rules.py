"""What does a run's tool say of the rule behind a result? Found by index, guid or id, in the driver or an extension.

SARIF 2.1.0, 3.52: a reference names a component and a rule of it; without a component the driver is meant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from watchbell.formats.fields import Json

DEEPEST_ID = 10


@dataclass(frozen=True, slots=True)
class Component:
    """The driver or one extension: its rules in their order, and by id."""

    name: str
    guid: str
    rules: list[Json]
    by_id: dict[str, Json]
    messages: Json


@dataclass(frozen=True, slots=True)
class Tool:
    """A run's tool: its driver first, then its extensions; every rule that has a guid by it."""

    components: tuple[Component, ...]
    by_guid: dict[str, Json]

    @property
    def name(self) -> str:
        """Return what the driver is called."""
        return self.components[0].name


def tool_of(run: Json) -> Tool:
    """Return the tool of a run; what is not as the standard has it is as good as absent."""
    tool = run.get("tool")
    tool = tool if isinstance(tool, dict) else {}
    driver = tool.get("driver")
    components = (_component(driver if isinstance(driver, dict) else {}), *map(_component, _dicts(tool, "extensions")))
    by_guid = {_text(rule, "guid"): rule for one in components for rule in one.rules if _text(rule, "guid")}
    return Tool(components, by_guid)


def rule_of(result: Json, tool: Tool) -> tuple[Json, Component]:
    """Return the rule a result points at, and whose it is; an empty rule of the driver's when there is none."""
    reference = result.get("rule")
    reference = reference if isinstance(reference, dict) else {}
    component = _component_of(reference, tool)
    for index in (result.get("ruleIndex"), reference.get("index")):
        if type(index) is int and 0 <= index < len(component.rules):
            return component.rules[index], component
    if found := tool.by_guid.get(_text(reference, "guid")):
        return found, component
    for own_id in _ids(_text(result, "ruleId") or _text(reference, "id")):
        for one in (component, *tool.components):
            if found := one.by_id.get(own_id):
                return found, one
    return {}, component


def _component_of(reference: Json, tool: Tool) -> Component:
    named = reference.get("toolComponent")
    named = named if isinstance(named, dict) else {}
    index, guid, name = named.get("index"), _text(named, "guid"), _text(named, "name")
    extensions = tool.components[1:]
    if type(index) is int and 0 <= index < len(extensions):
        return extensions[index]
    alike = (one for one in tool.components if (guid and one.guid == guid) or (not guid and name and one.name == name))
    return next(alike, tool.components[0])


def _ids(own_id: str) -> Iterator[str]:
    """Yield a rule id and what it refines: "CA1000/1" is a case of "CA1000" (3.27.5)."""
    for _ in range(DEEPEST_ID):
        if own_id:
            yield own_id
            own_id = own_id.rpartition("/")[0]


def _component(one: Json) -> Component:
    rules = one.get("rules")
    listed = [rule if isinstance(rule, dict) else {} for rule in rules] if isinstance(rules, list) else []
    messages = one.get("globalMessageStrings")
    by_id = {_text(rule, "id"): rule for rule in listed if _text(rule, "id")}
    own = messages if isinstance(messages, dict) else {}
    return Component(_text(one, "name"), _text(one, "guid"), listed, by_id, own)


def _dicts(holder: Json, key: str) -> list[Json]:
    value = holder.get(key)
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []


def _text(holder: Any, key: str) -> str:
    value = holder.get(key) if isinstance(holder, dict) else None
    return value.strip() if isinstance(value, str) else ""
