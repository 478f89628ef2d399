"""What does the syntax of an answer suggest? Small rules in the manner of linters: quick, and wrong in both ways.

How often they are wrong on code of which we know what it is, a test publishes; a score never depends on them.
"""

import ast
from collections.abc import Callable, Iterator

Rule = Callable[[ast.Module], bool]

MOST = 20_000
"""Characters of source; what is longer is not looked at."""


def tree_of(source: str) -> ast.Module | None:
    """Return the syntax of a source, or None if it has none."""
    if len(source) > MOST:
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def called(tree: ast.Module) -> set[str]:
    """Return the last names of everything that is called: `b` of `a.b()`."""
    functions = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in functions
        if isinstance(one, ast.Attribute | ast.Name)
    }


def written(tree: ast.Module) -> str:
    """Return every text constant outside docstrings, one after the other."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told)
    return "\0".join(node.value for node in found if isinstance(node.value, str))


def without_calls(*names: str) -> Rule:
    """Return the rule that code which calls none of these is suspicious."""
    return lambda tree: not called(tree) & set(names)


def with_calls(*names: str) -> Rule:
    """Return the rule that code which calls one of these is suspicious."""
    return lambda tree: bool(called(tree) & set(names))


def without_texts(*texts: str) -> Rule:
    """Return the rule that code in which none of these stands is suspicious."""
    return lambda tree: not any(text in written(tree) for text in texts)


def without_order(tree: ast.Module) -> bool:
    """Return whether nothing is compared by size: suspicious where numbers have bounds."""
    orders = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
    compared = (node for node in ast.walk(tree) if isinstance(node, ast.Compare))
    return not any(isinstance(how, orders) for node in compared for how in node.ops)


def query_put_together(tree: ast.Module) -> bool:
    """Return whether a query is put together from parts before it is executed."""
    built = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _put_together(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return any(_put_together(one) or (isinstance(one, ast.Name) and one.id in built) for one in _executed(tree))


def _executed(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "execute":
            yield from node.args[:1]


def _put_together(node: ast.expr) -> bool:
    formatted = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    return formatted or isinstance(node, ast.JoinedStr | ast.BinOp)
