"""What do the lower floors say to people? Every template they speak in, and every place where one cannot be found.

The floors below the pages say English: a literal text, or a `Sentence` of a literal template and values. Here the
code is read, not run: what is handed to one of the SPEAKING calls, or raised in a room that people deal with, is
followed back to its literals; an f-string on the way is found, since no catalogue can hold it.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from tests.support import machine

SOURCE = machine.ROOT / "src" / "watchbell"
SPOKEN = ("message", "expected", "todo")
SPEAKING = {
    "refuse": 1,
    "denied": 1,
    "failed": 1,
    "Refusal": None,
    "Problem": 1,
    "Doubt": 1,
    "NotPossible": 0,
    "Unacceptable": 1,
}
"""Calls whose texts reach people: where the text stands, besides the arguments named in SPOKEN."""

TO_PROGRAMS = (
    *("api/", "cli/", "demo/", "edge/", "gateway/", "formats/model_api/", "outside/upstream/"),
    *("domain/matching/evaluate.py", "domain/matching/packages.py"),
)
"""What only speaks to programs and to whoever typed a command: in English."""

CARRIERS = (
    *("domain/refusal.py", "domain/lifecycle/machine.py", "outside/egress/refusals.py"),
    *("domain/priority/", "domain/terms/terms.py", "apps/findings/items.py"),
)
"""What only carries texts, or holds them in tables; and the policy, which the worklist's own words translate."""

RAISING = (
    *(f"apps/{room}" for room in ("orgs", "vulnerabilities", "engagements", "evaluation", "findings", "cases")),
    *(f"apps/{room}" for room in ("advisories", "inventory", "remediation")),
    *("domain/lifecycle", "domain/canonical.py", "domain/handling/tlp.py"),
    *("domain/matching/ranges.py", "domain/matching/gem_requirements.py"),
)
"""Where the text of an exception reaches people."""

CARRYING = ("Refused", "Unparsable", "NotReady")
"""Exceptions that carry refusals, whose texts are followed where they are made."""

PASSED_ON = {"message", "expected", "todo", "value", "why", "because", "why_not", "args"}
"""Parts of something that was said, and counted, elsewhere; and the words of enumerations, which are listed below."""


@dataclass(slots=True)
class Found:
    """What one module says, and where it says what cannot be followed."""

    path: Path
    tree: ast.Module
    texts: set[str] = field(default_factory=set)
    unclear: list[str] = field(default_factory=list)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    seen: set[ast.AST] = field(default_factory=set)

    def follow(self, node: ast.AST) -> None:
        """Add the literals a text is made of; note it as unclear where they cannot be found."""
        if node in self.seen:
            return
        self.seen.add(node)
        match node:
            case ast.Constant(value=str(text)):
                self.texts.add(text)
            case ast.Constant(value=None):
                pass
            case ast.IfExp(body=one, orelse=other):
                self.follow_all((one, other))
            case ast.BoolOp(values=values):
                self.follow_all(values)
            case ast.Call(func=ast.Name(id="Sentence"), args=[first, *_]):
                self.follow(first)
            case ast.Call(func=ast.Attribute(value=inner, attr="packed")):
                self.follow(inner)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="Sentence"), attr="unpacked")):
                pass  # what was packed is followed where it was packed
            case ast.Call(func=ast.Attribute(value=ast.Dict() as table, attr="get"), args=[_, *rest]):
                self.follow_all([*(value for value in table.values), *rest])
            case ast.Call(func=ast.Name(id="str"), args=[ast.Attribute(value=ast.Name(id=name), attr="__doc__")]):
                self.texts.add(self.docstring(name))
            case ast.Call(func=ast.Name(id="str")):
                pass
            case ast.Call(func=ast.Name(id="Refusal")):
                pass  # its texts are followed where it is made
            case ast.Call(func=ast.Name(id=name)) if answers := list(self.answers(name)):
                self.follow_all(answers)
            case ast.Attribute(attr=attr) if attr in PASSED_ON:
                pass
            case ast.Name(id=name) if origins := list(self.origins(node, name)):
                self.follow_all(origins)
            case _:
                where = f"{self.path.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)}"
                self.unclear.append(f"{where}: {ast.unparse(node)}")

    def follow_all(self, nodes: Iterable[ast.AST]) -> None:
        """Follow each."""
        for node in nodes:
            self.follow(node)

    def docstring(self, name: str) -> str:
        """Return what a class of this module, or of another one beside it, says of itself."""
        trees = (self.tree, *(ast.parse(one.read_text(encoding="utf-8")) for one in self.path.parent.glob("*.py")))
        classes = (one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.ClassDef))
        return next((ast.get_docstring(one, clean=False) or "" for one in classes if one.name == name), "")

    def origins(self, node: ast.AST, name: str) -> Iterator[ast.AST]:
        """Yield what a name stands for: what is assigned to it, or what the callers of this function hand in."""
        scope: ast.AST = node
        while not isinstance(scope, ast.FunctionDef | ast.Module):
            scope = self.parents[scope]
        yield from _assigned(scope, name)
        if isinstance(scope, ast.FunctionDef):
            named = [one.arg for one in scope.args.args if one.arg not in ("self", "cls")]
            if name in named:
                yield from self.handed_in(scope.name, named.index(name), name)
            yield from _assigned(self.tree, name)

    def answers(self, function: str) -> Iterator[ast.AST]:
        """Yield what a function of this module returns."""
        for one in ast.walk(self.tree):
            if isinstance(one, ast.FunctionDef) and one.name == function:
                yield from (each.value for each in ast.walk(one) if isinstance(each, ast.Return) and each.value)

    def handed_in(self, function: str, at: int, name: str) -> Iterator[ast.AST]:
        """Yield what every caller in this module gives for one argument."""
        for call in (one for one in ast.walk(self.tree) if isinstance(one, ast.Call)):
            if getattr(call.func, "id", getattr(call.func, "attr", "")) == function:
                yield from call.args[at : at + 1]
                yield from (one.value for one in call.keywords if one.arg == name)


def _assigned(scope: ast.AST, name: str) -> Iterator[ast.AST]:
    """Yield what is assigned to a name within a function, or at the top of a module."""
    inside = ast.walk(scope) if isinstance(scope, ast.FunctionDef) else iter(getattr(scope, "body", ()))
    for one in inside:
        if isinstance(one, ast.AnnAssign) and one.value and getattr(one.target, "id", "") == name:
            yield one.value
        if isinstance(one, ast.NamedExpr) and one.target.id == name:
            yield one.value
        if not isinstance(one, ast.Assign):
            continue
        for target in one.targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield one.value
            if isinstance(target, ast.Tuple) and isinstance(one.value, ast.Tuple):
                pairs = zip(target.elts, one.value.elts, strict=False)
                yield from (value for part, value in pairs if getattr(part, "id", "") == name)


def modules() -> Iterator[Found]:
    """Yield every module below the pages with what it says, each read once."""
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        if not place.startswith(("web/", *TO_PROGRAMS)):
            yield read(path, path.read_text(encoding="utf-8"))


def read(path: Path, text: str) -> Found:
    """Return what one module's text says."""
    found = Found(path, ast.parse(text))
    place = path.relative_to(SOURCE).as_posix()
    if place.startswith(CARRIERS):
        found.texts = set(_sentences_of(found.tree))
        return found
    for parent in ast.walk(found.tree):
        found.parents |= dict.fromkeys(ast.iter_child_nodes(parent), parent)
    raises = place.startswith(RAISING)
    for node in ast.walk(found.tree):
        if isinstance(node, ast.Call):
            found.follow_all(_texts_of(node))
        if raises and isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            name = getattr(node.exc.func, "id", "")
            if name[:1].isupper() and name not in (*SPEAKING, *CARRYING):
                found.follow(node.exc.args[0])
    return found


def _sentences_of(tree: ast.Module) -> Iterator[str]:
    """Yield the templates that stand in a module as they are."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Sentence"), args=[ast.Constant(value=str(text)), *_]):
                yield text


def _texts_of(call: ast.Call) -> Iterator[ast.AST]:
    """Yield the texts for people that are handed to a call."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "Sentence":
        yield call
    if name in SPEAKING:
        at = SPEAKING[name]
        yield from call.args[at : at + 1] if at is not None else ()
        yield from (one.value for one in call.keywords if one.arg in SPOKEN)


def listed() -> dict[str, set[str]]:
    """Return the words that stand in tables rather than in calls, by where they stand."""
    from watchbell.apps.cases.words import ProposalState
    from watchbell.apps.engagements.services import ending
    from watchbell.apps.evaluation.services import reporting
    from watchbell.domain import lifecycle
    from watchbell.domain.evaluation import report
    from watchbell.domain.lifecycle.machine import Machine
    from watchbell.domain.lifecycle.rules import CaseRole
    from watchbell.outside.reader.magic import Kind
    from watchbell.web.node import kept

    words = {
        "outside/reader/magic.py": {one.value for one in Kind if one is not Kind.TEXT},
        "domain/lifecycle/rules.py": {one.value for one in CaseRole},
        "apps/cases/words.py": {one.value for one in ProposalState},
        "apps/engagements/services/ending.py": set(ending.LIMITS),
        "apps/evaluation/services/reporting.py": {reporting.STATEMENT},
        "domain/evaluation/report.py": set(report.NOT_CHECKED),
    }
    for name in ("case", "embargo", "engagement", "finding", "remediation", "report"):
        held = vars(import_module(f"{lifecycle.__name__}.{name}")).values()
        tables = (one for one in held if isinstance(one, Machine))
        words[f"domain/lifecycle/{name}.py"] = {word for table in tables for word in _words_of(table)}
    for room in kept.rooms():
        each = {text for row in room.rows for text in (row.holds, row.until, row.on_export, row.on_deletion)}
        words[f"apps/{room.label}/kept.py"] = each
    return words


def _words_of(machine: object) -> Iterator[str]:
    yield machine.name  # type: ignore[attr-defined]
    yield from machine.explanations.values()  # type: ignore[attr-defined]
    yield from (one.value for one in (*machine.states, *machine.events))  # type: ignore[attr-defined]
