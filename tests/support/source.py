"""What the product's own code says, as Python reads it: for tests of words that stand in code."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def modules(path: str) -> Iterator[ast.Module]:
    """The syntax of a module, or of all modules of a package, by its path below the root."""
    start = _ROOT / path
    for file in [start] if start.is_file() else sorted(start.rglob("*.py")):
        yield ast.parse(file.read_text("utf-8"))


def texts(path: str) -> Iterator[str]:
    """Every text that stands in the code; of one that is put together only its fixed parts."""
    for module in modules(path):
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def texts_handed_to(path: str, functions: Collection[str], place: int) -> set[str]:
    """The texts that calls of these functions may give as their argument number ``place``.

    A name stands for what its function assigns to it; ``{name}`` stays in a text put together.
    """
    found: set[str] = set()
    for scope, call in _calls(path):
        if ast.unparse(call.func) in functions and len(call.args) > place:
            found.update(_may_be(call.args[place], scope))
    return found


def _calls(path: str) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """Each call with the function in which it stands."""
    for module in modules(path):
        for scope in ast.walk(module):
            if isinstance(scope, ast.FunctionDef):
                for node in ast.walk(scope):
                    if isinstance(node, ast.Call):
                        yield scope, node


def pairs(path: str) -> Iterator[tuple[str, str]]:
    """Every constant of a module that is two texts."""
    for module in modules(path):
        for statement in module.body:
            match statement:
                case ast.Assign(
                    value=ast.Tuple(
                        elts=[ast.Constant(value=str(one)), ast.Constant(value=str(other))]
                    )
                ):
                    yield one, other


def _may_be(value: ast.expr, scope: ast.FunctionDef) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(
                f"{{{ast.unparse(part.value)}}}"
                if isinstance(part, ast.FormattedValue)
                else ast.literal_eval(part)
                for part in parts
            )
        case ast.IfExp(body=one, orelse=other):
            yield from (*_may_be(one, scope), *_may_be(other, scope))
        case ast.Name(id=name):
            for step in ast.walk(scope):
                if isinstance(step, ast.Assign) and any(
                    isinstance(target, ast.Name) and target.id == name for target in step.targets
                ):
                    yield from _may_be(step.value, scope)
