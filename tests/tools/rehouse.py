"""Move the code to its new modules: the mechanical part of decision 15.

Usage, from the root of a clean checkout::

    python -m tests.tools.rehouse STEP [STEP...] [--dry]

STEP is ``model`` (the contract package), ``edge``, ``central``, ``training`` or ``tests``; several
may be done at once. ``--dry`` only says what stands in the way. The tables lie in
``tests/tools/house``:

=================  =====================================================================
``mapping.tsv``    old file, new file; several old files with one new file are merged
``moves.tsv``      old module:name, new file: what leaves its file
``renames.tsv``    old module:name, new name
``docstrings.toml``  first lines of merged modules; their old docstrings follow them
``same.tsv``       old module:name, old module:name that is kept in its place
``words.tsv``      step, old text, new text: paths of folders in comments and documents
``edits/*.toml``   what no rule covers: file (new path), old text or start and end, new text;
                   whole small files
``assets.tsv``     old file, new file of what is not Python
=================  =====================================================================

What it does: every name at the top of a module gets its new module and name. Merged modules follow
each other in the order of dependence. Names are resolved as Python resolves them (functions,
classes, comprehensions), so that a local variable is never taken for a global one. Uses keep their
form: ``module.name`` stays an attribute, an imported name stays bare; inside the merged module both
are bare. ``setattr(module, "name", ...)``, ``__all__``, dotted paths and file paths in strings,
comments and documents follow. Private names that collide get their old module as a prefix, equal
ones are kept once.

It stops before it writes anything when a public name would be defined twice, when a local variable
or a builtin would hide or be hidden, or when an import would mean two things.
"""

import argparse
import ast
import builtins
import io
import json
import re
import subprocess
import sys
import textwrap
import tokenize
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TABLES = Path(__file__).parent / "house"
_SIDES = ("edge", "central", "models", "vaguemestre", "tests")
_GENERIC = {"rules", "store", "views"}  # as module names they say nothing without their package
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_WIDE = 100
_BUILTINS = frozenset(dir(builtins))
_LATER = {"central/domain/document.py", "central/domain/incoming.py"}  # go with their users
_OWN = ("tests/tools/rehouse.py", "tests/tools/house/", "CHANGELOG.md", "requirements/")


def module_of(path: str) -> str:
    """The dotted name of a file: ``proto/vaguemestre/model/plan.py`` is vaguemestre.model.plan."""
    name = path.removeprefix("proto/").removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


@dataclass(frozen=True)
class Symbol:
    """A name at the top of a module."""

    module: str
    name: str


@dataclass(frozen=True)
class Imported:
    """What an import statement binds: a module, or a name of one."""

    module: str
    name: str | None
    local: str
    plain: bool  # ``import a.b``, not ``from``
    statement: int

    @property
    def is_internal(self) -> bool:
        return self.module.split(".")[0] in _SIDES


@dataclass(frozen=True)
class Use:
    """A place that names something global; ``hidden`` are the local names around it."""

    start: int
    end: int
    statement: int
    target: Symbol | str | Imported  # a name, an internal module, or something from outside
    is_attribute: bool
    hidden: frozenset[str]
    quoted: bool = False
    at_import: bool = False


@dataclass
class Source:
    """One file as it is."""

    path: str
    name: str
    data: bytes
    tree: ast.Module
    starts: list[int]
    imports: dict[str, Imported] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)  # name -> statement that defines it first
    uses: list[Use] = field(default_factory=list)
    locals: set[str] = field(default_factory=set)
    builtin: list[tuple[str, int, int]] = field(default_factory=list)  # name, statement, line

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column


# --- Reading ----------------------------------------------------------------------------------


def _bound(body: Iterable[ast.AST]) -> set[str]:
    """Names that a scope binds itself, not those of scopes inside it."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        elif isinstance(node, ast.Lambda):
            continue
        elif isinstance(node, _COMPREHENSIONS):
            found.update(n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
            continue
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((a.asname or a.name).split(".")[0] for a in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        waiting.extend(ast.iter_child_nodes(node))
    return found


def _arguments(node: ast.arguments) -> list[ast.arg]:
    more = [one for one in (node.vararg, node.kwarg) if one]
    return [*node.posonlyargs, *node.args, *node.kwonlyargs, *more]


class _Reader:
    """Finds what a file's names mean."""

    def __init__(self, source: Source, modules: set[str]) -> None:
        self.source, self.modules = source, modules
        self.statement, self.depth = 0, 0
        self.scopes: list[tuple[bool, set[str]]] = []  # is it a class, its names

    def read(self) -> None:
        for number, node in enumerate(self.source.tree.body):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node, number)
            else:
                for name in _bound([node]):
                    self.source.own.setdefault(name, number)
        for number, node in enumerate(self.source.tree.body):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                self.statement = number
                self._visit(node)

    def _import(self, node: ast.Import | ast.ImportFrom, number: int) -> None:
        for one in node.names:
            if isinstance(node, ast.Import):
                local = one.asname or one.name.split(".")[0]
                made = Imported(one.name, None, local, True, number)
            else:
                assert not node.level, self.source.path
                assert node.module
                local = one.asname or one.name
                whole = f"{node.module}.{one.name}"
                if whole in self.modules:
                    made = Imported(whole, None, local, False, number)
                else:
                    made = Imported(node.module, one.name, local, False, number)
            self.source.imports[local] = made

    def _hidden(self) -> frozenset[str]:
        last = len(self.scopes) - 1
        names = [
            names for i, (is_class, names) in enumerate(self.scopes) if not is_class or i == last
        ]
        return frozenset().union(*names) if names else frozenset()

    def _visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Attribute) and self._attribute(node):
            return
        special = {
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._lambda,
            ast.ClassDef: self._class,
            ast.AnnAssign: self._declaration,
            ast.Name: self._name,
            ast.Call: self._call,
            **dict.fromkeys(_COMPREHENSIONS, self._comprehension),
        }.get(type(node), self._children)
        special(node)  # type: ignore[operator]

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        names = {a.arg for a in _arguments(node.args)} | _bound([node.body])
        self._inside(False, names, [node.body])

    def _class(self, node: ast.ClassDef) -> None:
        self._definition(node)
        for one in [*node.decorator_list, *node.bases, *node.keywords]:
            self._visit(one)
        # What is only declared, as a dataclass's field, is not bound yet where others are declared.
        declared = [
            one.value if isinstance(one, ast.AnnAssign) and one.value is None else one
            for one in node.body
        ]
        self._inside(True, _bound([one for one in declared if one is not None]), node.body)

    def _declaration(self, node: ast.AnnAssign) -> None:
        self._annotation(node.annotation)
        is_field = bool(self.scopes) and self.scopes[-1][0] and isinstance(node.target, ast.Name)
        for part in (None if is_field else node.target, node.value):
            if part is not None:
                self._visit(part)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        if self.scopes:
            return
        start = self.source.at(node.lineno, node.col_offset)
        head = re.compile(rb"(?:async\s+)?(?:def|class)\s+").match(self.source.data, start)
        assert head
        end = head.end() + len(node.name.encode())
        self._use(head.end(), end, Symbol(self.source.name, node.name))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._definition(node)
        for one in node.decorator_list:
            self._visit(one)
        self._defaults(node.args)
        for argument in _arguments(node.args):
            if argument.annotation:
                self._annotation(argument.annotation)
        if node.returns:
            self._annotation(node.returns)
        names = {a.arg for a in _arguments(node.args)} | _bound(node.body)
        self._inside(False, names, node.body)

    def _defaults(self, arguments: ast.arguments) -> None:
        for one in [*arguments.defaults, *arguments.kw_defaults]:
            if one is not None:
                self._visit(one)

    def _inside(self, is_class: bool, names: set[str], body: Sequence[ast.AST]) -> None:
        self.source.locals |= names
        self.scopes.append((is_class, names))
        self.depth += not is_class
        for one in body:
            self._visit(one)
        self.depth -= not is_class
        self.scopes.pop()

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        first = node.generators[0]
        self._visit(first.iter)
        names = _bound([g.target for g in node.generators])
        parts: list[ast.AST] = [first.target, *first.ifs]
        for more in node.generators[1:]:
            parts += [more.iter, more.target, *more.ifs]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._inside(False, names, parts)

    def _annotation(self, node: ast.AST) -> None:
        """Visit an annotation, with the strings in it read as code."""
        for one in ast.walk(node):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                try:
                    inner = ast.parse(one.value, mode="eval")
                except SyntaxError:
                    continue
                offset = self.source.at(one.lineno, one.col_offset) + 1
                for name in ast.walk(inner):
                    if isinstance(name, ast.Name) and name.id not in self._hidden():
                        start = offset + name.col_offset
                        symbol = self._global(name.id)
                        if symbol is not None and not isinstance(symbol, str):
                            self._use(start, start + len(name.id), symbol, quoted=True)
        self._visit(node)

    def _global(self, name: str) -> Symbol | str | Imported | None:
        if name in self.source.own:
            return Symbol(self.source.name, name)
        imported = self.source.imports.get(name)
        if imported is None:
            return None
        if not imported.is_internal:
            return imported
        if imported.name is None:
            return imported.module
        return Symbol(imported.module, imported.name)

    def _name(self, node: ast.Name) -> None:
        if self.scopes and node.id in self._hidden():
            return
        target = self._global(node.id)
        start = self.source.at(node.lineno, node.col_offset)
        if target is None:
            if node.id in _BUILTINS:
                self.source.builtin.append((node.id, self.statement, node.lineno))
            return
        self._use(start, start + len(node.id.encode()), target)

    def _attribute(self, node: ast.Attribute) -> bool:
        chain = [node]
        while isinstance(chain[-1].value, ast.Attribute):
            chain.append(chain[-1].value)
        root = chain[-1].value
        if not isinstance(root, ast.Name) or root.id in self._hidden():
            return False
        module = self._global(root.id)
        if not isinstance(module, str):
            return False
        start = self.source.at(root.lineno, root.col_offset)
        for one in reversed(chain):
            deeper = f"{module}.{one.attr}"
            if deeper in self.modules:
                module = deeper
                continue
            end = self.source.at(one.end_lineno or 0, one.end_col_offset or 0)
            self._use(start, end, Symbol(module, one.attr), is_attribute=True)
            return True
        end = self.source.at(node.end_lineno or 0, node.end_col_offset or 0)
        self._use(start, end, module)
        return True

    def _call(self, node: ast.Call) -> None:
        """``setattr(module, "name")`` and the like name a symbol in a string."""
        called = node.func
        what = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if what in {"setattr", "getattr", "delattr", "hasattr", "object"} and len(node.args) > 1:
            owner, name = node.args[:2]
            if isinstance(owner, ast.Name) and isinstance(name, ast.Constant):
                module = None if owner.id in self._hidden() else self._global(owner.id)
                if isinstance(module, str) and isinstance(name.value, str):
                    start = self.source.at(name.lineno, name.col_offset) + 1
                    symbol = Symbol(module, name.value)
                    self._use(start, start + len(name.value), symbol, quoted=True)
                    owner_at = self.source.at(owner.lineno, owner.col_offset)
                    owner_use = Symbol(module, name.value + "!")  # the module where it goes
                    self._use(owner_at, owner_at + len(owner.id), owner_use, is_attribute=True)
                    for one in [node.func, *node.args[1:], *node.keywords]:
                        self._visit(one)
                    return
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _use(
        self,
        start: int,
        end: int,
        target: Symbol | str | Imported,
        *,
        is_attribute: bool = False,
        quoted: bool = False,
    ) -> None:
        hidden, at_import = self._hidden(), self.depth == 0
        self.source.uses.append(
            Use(start, end, self.statement, target, is_attribute, hidden, quoted, at_import)
        )


def read(path: str, data: bytes, modules: set[str]) -> Source:
    """Parse a file and resolve its names."""
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    source = Source(path, module_of(path), data, ast.parse(data), starts)
    _Reader(source, modules).read()
    _exported(source)
    return source


def _exported(source: Source) -> None:
    """Names in ``__all__`` are uses."""
    for number, node in enumerate(source.tree.body):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            for one in ast.walk(node.value):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    start = source.at(one.lineno, one.col_offset) + 1
                    imported = source.imports.get(one.value)
                    target: Symbol | str | Imported = Symbol(source.name, one.value)
                    if imported and imported.is_internal:
                        target = (
                            Symbol(imported.module, imported.name)
                            if imported.name
                            else imported.module
                        )
                    elif imported:
                        target = imported
                    source.uses.append(
                        Use(start, start + len(one.value), number, target, False, frozenset(), True)
                    )


# --- The plan ---------------------------------------------------------------------------------


def _rows(name: str) -> Iterator[list[str]]:
    path = _TABLES / name
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


def _step(old: str, new: str) -> str:
    if old in _LATER:
        return "central"
    if new.startswith("proto/") or new == "edge/results.py":
        return "model"
    side = old.split("/", 1)[0]
    return {"models": "training"}.get(side, side)


@dataclass
class Plan:
    """Where everything goes."""

    files: dict[str, str]  # old path -> new path
    moves: dict[Symbol, str]  # -> new path
    renames: dict[Symbol, str]
    assets: dict[str, str]
    words: list[tuple[str, str]]
    sources: dict[str, Source] = field(default_factory=dict)  # by old module
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dropped: set[tuple[str, int]] = field(default_factory=set)  # statements that stand twice
    same: dict[Symbol, Symbol] = field(default_factory=dict)  # what goes -> what stays

    def origin(self, symbol: Symbol) -> Symbol:
        """Follow a name through modules that only import it; packages keep what they offer."""
        while True:
            symbol = self.same.get(symbol, symbol)
            source = self.sources.get(symbol.module)
            if source is None or symbol.name in source.own or source.is_package:
                return symbol
            imported = source.imports.get(symbol.name)
            if imported is None or not imported.is_internal or imported.name is None:
                return symbol
            symbol = Symbol(imported.module, imported.name)

    def new_module(self, module: str) -> str:
        source = self.sources.get(module)
        if source is None:
            return module
        return module_of(self.files.get(source.path, source.path))

    def new(self, symbol: Symbol) -> Symbol:
        """Where a name lies afterwards, and what it is called."""
        if symbol.name.endswith("!"):  # the module that a string names a symbol of
            bare = Symbol(symbol.module, symbol.name[:-1])
            source = self.sources.get(symbol.module)
            if source and bare.name in source.own:
                return Symbol(self.new(bare).module, "!")
            return Symbol(self.new_module(symbol.module), "!")
        symbol = self.origin(symbol)
        name = self.renames.get(symbol, symbol.name)
        source = self.sources.get(symbol.module)
        if source and source.is_package and symbol.name not in source.own:
            imported = source.imports.get(symbol.name)
            if imported and imported.is_internal and imported.name:
                name = self.new(Symbol(imported.module, imported.name)).name
        path = self.moves.get(symbol)
        module = module_of(path) if path else self.new_module(symbol.module)
        return Symbol(module, name)


def tracked() -> list[str]:
    """Files of the checkout, as git lists them: other worktrees are not among them."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True)
    return [one for one in listed.stdout.split("\0") if one and Path(one).exists()]


def _hiding(paths: Iterable[str], modules: set[str]) -> set[str]:
    """Modules whose package has another thing of that name: ``edge.commands.read``, a function."""
    found = set()
    for path in paths:
        if path.endswith("__init__.py"):
            package = module_of(path)
            for node in ast.parse(Path(path).read_bytes()).body:
                if isinstance(node, ast.ImportFrom) and node.module != package:
                    found |= {f"{package}.{one.asname or one.name}" for one in node.names}
    return found & modules


def load(steps: set[str]) -> Plan:
    """Read the tables for these steps and all Python files."""
    paths = [p for p in tracked() if p.endswith(".py") and not p.startswith(_OWN)]
    files = {old: new for old, new in _rows("mapping.tsv") if _step(old, new) in steps}
    plan = Plan({o: n for o, n in files.items() if o in paths and o != n}, {}, {}, {}, [])
    plan.assets = {
        o: n for o, n in _rows("assets.tsv") if _step(o, n) in steps and Path(o).exists()
    }
    modules = {module_of(path) for path in paths}
    packages = {".".join(m.split(".")[:i]) for m in modules for i in range(1, m.count(".") + 1)}
    modules = (modules | packages) - _hiding(paths, modules)
    for path in paths:
        source = read(path, Path(path).read_bytes(), modules)
        plan.sources[source.name] = source
    gone = [old for old in files if old not in paths]
    plan.notes += [f"mapping: {old} is not here" for old in gone]
    wanted = {path for row in _rows("mapping.tsv") for path in row}
    wanted |= {new for _, new in _rows("moves.tsv")}
    for path in paths:
        side = _step(path, "")
        if side in steps and path not in wanted and not path.startswith(("proto/", "tests/tools/")):
            plan.problems.append(f"mapping: no row for {path}")
    _load_same(plan, steps)
    _load_names(plan, steps, files)
    plan.words = [(old, new) for step, old, new in _rows("words.tsv") if step in steps]
    plan.words.sort(key=lambda pair: -len(pair[0]))
    return plan


def _load_same(plan: Plan, steps: set[str]) -> None:
    for step, gone, kept in _rows("same.tsv"):
        old, new = (Symbol(*one.split(":")) for one in (gone, kept))
        source = plan.sources.get(old.module)
        if step not in steps or source is None or old.name not in source.own:
            continue
        plan.same[old] = new
        plan.dropped.add((old.module, source.own[old.name]))


def _load_names(plan: Plan, steps: set[str], files: dict[str, str]) -> None:
    rows = dict(_rows("mapping.tsv"))
    for old, new in _rows("moves.tsv"):
        module, names = old.split(":")
        for name in names.split(","):
            source = plan.sources.get(module)
            if source is None or name not in source.own:
                plan.notes.append(f"moves: {module}:{name} is not here")
            elif _step(source.path, rows.get(source.path, new)) in steps:
                plan.moves[Symbol(module, name)] = new
    for old, name in _rows("renames.tsv"):
        module, _, before = old.partition(":")
        source = plan.sources.get(module)
        symbol = Symbol(module, before)
        if source is None or before not in source.own:
            plan.notes.append(f"renames: {old} is not here")
        elif source.path in files or symbol in plan.moves:
            plan.renames[symbol] = name


# --- Pieces of new files ------------------------------------------------------------------------


@dataclass
class Unit:
    """The statements of one old file that go into one new file."""

    source: Source
    statements: list[int]


def units(plan: Plan) -> dict[str, list[Unit]]:
    """New path -> the parts it is made of, unsorted; only what changes place or is merged."""
    made: dict[str, dict[str, Unit]] = defaultdict(dict)
    for source in plan.sources.values():
        home = plan.files.get(source.path, source.path)
        if home == "(removed)":
            continue
        made[home].setdefault(source.name, Unit(source, []))
        for number, node in enumerate(source.tree.body):
            if _is_head(node, number):
                continue
            names = _bound([node])
            targets = {plan.moves.get(Symbol(source.name, name), home) for name in names} or {home}
            if len(targets) > 1:
                plan.problems.append(f"{source.path}:{node.lineno}: goes to {sorted(targets)}")
            place = targets.pop()
            made[place].setdefault(source.name, Unit(source, [])).statements.append(number)
    return {path: list(parts.values()) for path, parts in made.items()}


def _is_head(node: ast.stmt, number: int) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return number == 0 and docstring


def _segment(source: Source, statement: int) -> str:
    node = source.tree.body[statement]
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return source.data[source.at(first, 0) : source.starts[node.end_lineno or 0]].decode()


def _prefixed(name: str, module: str) -> str:
    leaf = module.rsplit(".", 1)[1]
    bare = name.lstrip("_")
    mark = name[: len(name) - len(bare)]
    if bare.isupper() and len(bare) > 1:
        return f"{mark}{leaf.upper()}_{bare}"
    if bare[:1].isupper():
        return mark + "".join(part.title() for part in leaf.split("_")) + bare
    return f"{mark}{leaf}_{bare}"


def collide(plan: Plan, made: dict[str, list[Unit]]) -> None:
    """Give private names that would stand twice a prefix, or keep one of equal ones."""
    for path, unsorted in made.items():
        parts = order(plan, path, unsorted)  # of equal ones the first is kept, before its users
        defined: dict[str, list[tuple[Symbol, int]]] = defaultdict(list)
        for unit in parts:
            for name, statement in unit.source.own.items():
                kept = (unit.source.name, statement) not in plan.dropped
                if statement in unit.statements and kept and name != "__all__":
                    symbol = Symbol(unit.source.name, name)
                    defined[plan.new(symbol).name].append((symbol, statement))
        for name, group in defined.items():
            if len(group) > 1:
                _part(plan, path, name, group)


def _part(plan: Plan, path: str, name: str, group: list[tuple[Symbol, int]]) -> None:
    texts = {_segment(plan.sources[s.module], statement) for s, statement in group}
    meanings = {_meaning(plan, s, statement) for s, statement in group}
    single = all(
        len(_bound([plan.sources[s.module].tree.body[statement]])) == 1 for s, statement in group
    )
    if len(texts) == 1 and len(meanings) == 1 and single:
        plan.dropped.update((s.module, statement) for s, statement in group[1:])
        return
    if not name.startswith("_"):
        where = ", ".join(f"{s.module}:{s.name}" for s, _ in group)
        plan.problems.append(f"{path}: {name} twice: {where}")
        return
    for symbol, _ in group:
        plan.renames[symbol] = _prefixed(plan.renames.get(symbol, symbol.name), symbol.module)


def _meaning(plan: Plan, symbol: Symbol, statement: int) -> tuple[str, ...]:
    source = plan.sources[symbol.module]
    found = []
    for use in source.uses:
        if use.statement == statement and use.target != symbol:
            target = use.target
            found.append(str(plan.new(target) if isinstance(target, Symbol) else target))
    return tuple(re.sub(r", statement=\d+", "", one) for one in sorted(found))


def order(plan: Plan, path: str, parts: list[Unit]) -> list[Unit]:
    """Sort so that what is needed stands before what needs it."""
    by_module = {unit.source.name: unit for unit in parts}

    def needs(unit: Unit, only_at_import: bool) -> set[str]:
        found = set()
        for use in unit.source.uses:
            if use.statement not in unit.statements or not isinstance(use.target, Symbol):
                continue
            if (unit.source.name, use.statement) in plan.dropped:
                continue
            if only_at_import and (not use.at_import or use.quoted):
                continue
            target = plan.origin(use.target)
            if plan.new(target).module == module_of(path) and target.module in by_module:
                found.add(target.module)
        return found - {unit.source.name}

    for only_at_import in (False, True):
        waiting = {m: needs(u, only_at_import) for m, u in by_module.items()}
        done: list[str] = []
        while waiting:
            ready = [m for m, deps in waiting.items() if not deps - set(done)]
            if not ready:
                break
            done.append(ready[0])
            del waiting[ready[0]]
        if not waiting:
            return [by_module[m] for m in done]
    plan.problems.append(f"{path}: modules that need each other: {sorted(waiting)}")
    return parts


# --- Writing --------------------------------------------------------------------------------------


@dataclass
class Names:
    """What a new file imports, under which names."""

    module: str
    taken: set[str]
    modules: dict[str, str] = field(default_factory=dict)  # module -> local name
    symbols: dict[Symbol, str] = field(default_factory=dict)
    outside: dict[str, tuple[str, str | None, bool]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        made = []
        for module, local in sorted(self.modules.items()):
            package, _, leaf = module.rpartition(".")
            said = leaf if local == leaf else f"{leaf} as {local}"
            whole = f"import {module}" + (f" as {local}" if local != module else "")
            made.append(f"from {package} import {said}" if package else whole)
        for symbol, local in sorted(self.symbols.items(), key=str):
            said = symbol.name if local == symbol.name else f"{symbol.name} as {local}"
            made.append(f"from {symbol.module} import {said}")
        for local, (module, name, plain) in sorted(self.outside.items()):
            if plain:
                said = f" as {local}" if local != module.split(".")[0] else ""
                made.append(f"import {module}{said}")
            else:
                leaf = name or module.rpartition(".")[2]
                package = module if name else module.rpartition(".")[0]
                said = f" as {local}" if local != leaf else ""
                made.append(f"from {package} import {leaf}{said}")
        return made


class _Writer:
    """Makes one new file of its units."""

    def __init__(self, plan: Plan, path: str, parts: list[Unit]) -> None:
        self.plan, self.path, self.parts = plan, path, parts
        self.module = module_of(path)
        self.uses: list[tuple[Unit, Use]] = [
            (unit, use)
            for unit in parts
            for use in unit.source.uses
            if use.statement in unit.statements
            and (unit.source.name, use.statement) not in plan.dropped
        ]
        own = {
            plan.new(Symbol(unit.source.name, name)).name
            for unit in parts
            for name, statement in unit.source.own.items()
            if statement in unit.statements and (unit.source.name, statement) not in plan.dropped
        }
        self.own = own
        self.names = Names(self.module, set(own))
        self.locals = set().union(*(unit.source.locals for unit in parts))

    def _problem(self, unit: Unit, use: Use, text: str) -> None:
        line = unit.source.data[: use.start].count(b"\n") + 1
        self.plan.problems.append(f"{unit.source.path}:{line} -> {self.path}: {text}")

    def settle(self) -> None:
        """Choose the names of imports: what comes from outside first, then names, then modules."""
        self._unused()
        for unit, use in self.uses:
            if isinstance(use.target, Imported):
                self._outside(unit, use, use.target)
        for unit, use in self.uses:
            if isinstance(use.target, Symbol) and not use.is_attribute:
                self._symbol(unit, use, use.target)
        for unit, use in self.uses:
            self._module(unit, use)
        for unit in self.parts:
            for name, statement, line in unit.source.builtin:
                if statement in unit.statements and name in self.names.taken:
                    self.plan.problems.append(
                        f"{unit.source.path}:{line} -> {self.path}: builtin {name} would be hidden"
                    )

    def _unused(self) -> None:
        """Imports that nothing names (fixtures, offered names) stay."""
        if len(self.parts) > 1:
            return
        source = self.parts[0].source
        used = {use.start for use in source.uses}
        del used
        named = set()
        for use in source.uses:
            named.add(self._local_of(source, use))
        for local, imported in source.imports.items():
            if local in named:
                continue
            if not imported.is_internal:
                self.names.outside[local] = (imported.module, imported.name, imported.plain)
            elif imported.name is None:
                self.names.modules[self.plan.new_module(imported.module)] = local
            else:
                symbol = self.plan.new(Symbol(imported.module, imported.name))
                self.names.symbols[symbol] = symbol.name if local == imported.name else local
            self.names.taken.add(local)

    def _local_of(self, source: Source, use: Use) -> str:
        text = source.data[use.start : use.end].decode()
        return re.split(r"\W", text)[0]

    def _outside(self, unit: Unit, use: Use, imported: Imported) -> None:
        meant = (imported.module, imported.name, imported.plain)
        local = imported.local
        if imported.plain and local == imported.module.split(".")[0]:
            known = self.names.outside.get(local)
            if known and known != meant and known[2] and known[0].split(".")[0] == local:
                self.names.outside[f"{local}\0{imported.module}"] = meant
                return
        known = self.names.outside.get(local)
        if known is None and local in self.own:
            self._problem(unit, use, f"import {local} and a definition of that name")
        elif known is not None and known != meant:
            self._problem(unit, use, f"import {local} means {known} and {meant}")
        self.names.outside[local] = meant
        self.names.taken.add(local)

    def _symbol(self, unit: Unit, use: Use, target: Symbol) -> None:
        new = self.plan.new(target)
        if new.module == self.module:
            if new.name in use.hidden and not use.quoted:
                self._problem(unit, use, f"a local variable hides {new.name}")
            return
        source = unit.source
        if use.quoted and target.name not in source.imports and target.name not in source.own:
            return  # the string of setattr
        local = self._kept_alias(unit.source, target) or new.name
        known = self.names.symbols.get(new)
        if known is not None:
            return
        if local in self.names.taken:
            if local == new.name:
                leaf = new.module.rpartition(".")[2]
                local = f"{leaf}_{local}"
                self.plan.notes.append(f"{self.path}: {new.module}:{new.name} as {local}")
            if local in self.names.taken:
                self._problem(unit, use, f"import of {new.name} under a name that is taken")
        self.names.symbols[new] = local
        self.names.taken.add(local)

    def _kept_alias(self, source: Source, target: Symbol) -> str | None:
        for imported in source.imports.values():
            if (imported.module, imported.name) == (target.module, target.name):
                return imported.local if imported.local != imported.name else None
        return None

    def _module(self, unit: Unit, use: Use) -> None:
        if isinstance(use.target, str):
            module = self.plan.new_module(use.target)
        elif isinstance(use.target, Symbol) and use.is_attribute:
            new = self.plan.new(use.target)
            module = new.module
            if module == self.module:
                if new.name in use.hidden:
                    self._problem(unit, use, f"a local variable hides {new.name}")
                return
        else:
            return
        if module in self.names.modules:
            return
        if module == self.module:
            self._problem(unit, use, "a module that names itself")
            return
        for local in self._aliases(unit.source, use, module):
            if local not in self.names.taken and local not in self.locals:
                break
        else:
            self._problem(unit, use, f"no name for {module}")
            return
        self.names.modules[module] = local
        self.names.taken.add(local)

    def _aliases(self, source: Source, use: Use, module: str) -> Iterator[str]:
        before = self._local_of(source, use)
        imported = source.imports.get(before)
        if imported and imported.module == module:
            yield before
        package, _, leaf = module.rpartition(".")
        above = package.rpartition(".")[2]
        if imported and imported.name is None and before != imported.module.rpartition(".")[2]:
            yield before
        if leaf not in _GENERIC:
            yield leaf
        yield f"{above}_{leaf}"
        yield leaf
        yield f"{leaf}_module"
        yield f"{package.replace('.', '_')}_{leaf}"

    def text_of(self, use: Use) -> str | None:
        """What stands in a use's place; None if it stays."""
        target = use.target
        if isinstance(target, Imported):
            return None
        if isinstance(target, str):
            return self.names.modules.get(self.plan.new_module(target), None)
        new = self.plan.new(target)
        if new.name == "!":
            return self.names.modules[new.module]
        if new.module == self.module or (use.quoted and not use.is_attribute):
            if use.quoted and new.module != self.module:
                return self.names.symbols.get(new, new.name)
            return new.name
        if use.is_attribute:
            return f"{self.names.modules[new.module]}.{new.name}"
        return self.names.symbols[new]

    def edits(self, unit: Unit) -> dict[tuple[int, int], str]:
        made: dict[tuple[int, int], str] = {}
        for use in unit.source.uses:
            dropped = (unit.source.name, use.statement) in self.plan.dropped
            if use.statement in unit.statements and not dropped:
                text = self.text_of(use)
                before = unit.source.data[use.start : use.end].decode()
                if text is not None and text != before:
                    made[use.start, use.end] = text
        return made


def _apply(data: bytes, edits: dict[tuple[int, int], str], start: int, end: int) -> str:
    made, at = [], start
    for (first, last), text in sorted(edits.items()):
        if start <= first and last <= end:
            assert first >= at, data[first:last]
            made += [data[at:first], text.encode()]
            at = last
    made.append(data[at:end])
    return b"".join(made).decode()


def _strings(
    plan: Plan, source: Source, taken: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], str]:
    """Edits of comments and strings."""
    made: dict[tuple[int, int], str] = {}
    busy = sorted(taken)
    lines = source.data.decode().splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source.data.decode()).readline):
        if token.type not in (tokenize.COMMENT, tokenize.STRING):
            continue
        start = source.at(token.start[0], len(lines[token.start[0] - 1][: token.start[1]].encode()))
        end = start + len(token.string.encode())
        text = rewrite(plan, token.string, source)
        if text != token.string:
            if text.startswith('"""'):
                text = filled(text, token.start[1])
            if any(start < b and a < end for a, b in busy):
                plan.notes.append(f"{source.path}:{token.start[0]}: string also holds a name")
                continue
            made[start, end] = text
    return made


_PATH = re.compile(r"\b((?:edge|central|models|tests|proto)/[\w/]+\.py)\b(?::([A-Za-z_]\w*))?")
_DOTTED = re.compile(r"(?<![\w./-])((?:edge|central|models|tests|vaguemestre)(?:\.\w+)+)")
_TICKED = re.compile(r"(?<!`)(`{1,2})([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?(?=[`(.])")


def rewrite(plan: Plan, text: str, source: Source | None) -> str:
    """Paths of files and modules, and names between backticks, in prose and strings."""
    text = _PATH.sub(lambda m: _path(plan, m), text)
    text = _DOTTED.sub(lambda m: _dotted(plan, m), text)
    text = _TICKED.sub(lambda m: _ticked(plan, m, source), text)
    for old, new in plan.words:
        text = re.sub(rf"(?<![\w/]){re.escape(old)}(?!\w)", new, text)
    return text


def filled(text: str, indent: int) -> str:
    """Fill the paragraphs of a docstring again in which a line has become too long."""
    lines = text.split("\n")
    lines[0] = " " * indent + lines[0]
    while any(len(line) > _WIDE for line in lines):
        long = next(i for i, line in enumerate(lines) if len(line) > _WIDE)
        margin = re.match(r" *", lines[long])[0]  # type: ignore[index]
        last = long
        while last + 1 < len(lines) and re.match(rf"{margin}[^\s\-*=\"]", lines[last + 1]):
            if lines[last + 1].strip().endswith(":"):
                break
            last += 1
        words = " ".join(line.strip() for line in lines[long : last + 1])
        made = textwrap.wrap(
            words, _WIDE, initial_indent=margin, subsequent_indent=margin,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        if made == lines[long : last + 1]:
            break
        lines[long : last + 1] = made
    return "\n".join(lines)[indent:]


def _path(plan: Plan, match: re.Match[str]) -> str:
    path, name = match.groups()
    source = plan.sources.get(module_of(path))
    if source is None or source.path != path:
        return match[0]
    home = plan.files.get(path, path)
    if home == "(removed)":
        return match[0]
    if name is None:
        return home
    symbol = Symbol(source.name, name)
    if name not in source.own:
        return f"{home}:{name}"
    return f"{plan.moves.get(symbol, home)}:{plan.new(symbol).name}"


def _dotted(plan: Plan, match: re.Match[str]) -> str:
    parts = match[1].split(".")
    for length in range(len(parts), 1, -1):
        source = plan.sources.get(".".join(parts[:length]))
        if source is None or plan.files.get(source.path) == "(removed)":
            continue
        if source.is_package and length < len(parts) and source.path not in plan.files:
            continue
        rest = parts[length:]
        module = plan.new_module(source.name)
        if rest and rest[0] in source.own:
            new = plan.new(Symbol(source.name, rest[0]))
            return ".".join([new.module, new.name, *rest[1:]])
        return ".".join([module, *rest])
    return match[0]


def _ticked(plan: Plan, match: re.Match[str], source: Source | None) -> str:
    ticks, first, second = match.groups()
    if second is None:
        if source is None:
            return match[0]
        symbol = _known(source, first)
        return match[0] if symbol is None else ticks + plan.new(symbol).name
    if source is not None and first in source.imports:
        imported = source.imports[first]
        module = imported.module if imported.is_internal and imported.name is None else None
    elif source is not None and first in source.own:
        return ticks + plan.new(Symbol(source.name, first)).name + "." + second
    else:
        named = [
            m for m in plan.sources if m.rpartition(".")[2] == first and not m.startswith("tests")
        ]
        named = [m for m in named if second in plan.sources[m].own]
        module = named[0] if len(named) == 1 else None
    if module is None or module not in plan.sources or second not in plan.sources[module].own:
        return match[0]
    new = plan.new(Symbol(module, second))
    return f"{ticks}{new.module.rpartition('.')[2]}.{new.name}"


def _known(source: Source, name: str) -> Symbol | None:
    if name in source.own:
        return Symbol(source.name, name)
    imported = source.imports.get(name)
    if imported and imported.is_internal and imported.name:
        return Symbol(imported.module, imported.name)
    return None


def _docstring(source: Source) -> tuple[str, int]:
    """The docstring's text, and the line where it ends."""
    node = source.tree.body[0] if source.tree.body else None
    if node is not None and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return str(node.value.value), node.end_lineno or 0
    return "", 0


def _chunks(source: Source, statements: list[int]) -> Iterator[tuple[int, int, int]]:
    """Statement, start and end in bytes: with the comments before it, to the end of its line."""
    body = source.tree.body
    for number in statements:
        before = body[number - 1].end_lineno or 0 if number else 0
        end = source.starts[body[number].end_lineno or 0]
        if number == len(body) - 1:
            end = len(source.data)
        yield number, source.starts[before], end


def compose(plan: Plan, path: str, parts: list[Unit], docstrings: dict[str, str]) -> str:
    """The text of a new file."""
    writer = _Writer(plan, path, parts)
    writer.settle()
    if plan.problems:
        return ""
    if len(parts) == 1 and _is_whole(parts[0], plan.dropped):
        return _rooted(_in_place(plan, writer, parts[0]), parts[0].source.path, path)
    made = [_head(plan, path, parts, docstrings), "\n".join(_import_lines(writer)), ""]
    last: list[str] = []
    for unit in parts:
        edits = writer.edits(unit)
        edits |= _strings(plan, unit.source, edits)
        for number, start, end in _chunks(unit.source, unit.statements):
            node = unit.source.tree.body[number]
            if (unit.source.name, number) in plan.dropped or _is_export(node):
                continue
            text = _apply(unit.source.data, edits, start, end)
            if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
                last.append(text)
                continue
            between = "" if number - 1 in unit.statements else "\n\n"
            made.append(between + text.rstrip("\n"))
    if len(last) > 1:
        plan.problems.append(f"{path}: more than one program")
    return "\n".join([*made, *last]) + "\n"


def _rooted(text: str, old: str, new: str) -> str:
    """``Path(__file__).parents[n]`` that means the root of the tree means it from the new place."""
    before, after = old.count("/"), new.count("/")
    return text.replace(f"Path(__file__).parents[{before}]", f"Path(__file__).parents[{after}]")


def _is_export(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _is_whole(unit: Unit, dropped: set[tuple[str, int]]) -> bool:
    body = unit.source.tree.body
    if any((unit.source.name, number) in dropped for number in unit.statements):
        return False
    return unit.statements == [n for n, node in enumerate(body) if not _is_head(node, n)]


def _import_lines(writer: _Writer) -> list[str]:
    return writer.names.lines()


def _head(plan: Plan, path: str, parts: list[Unit], docstrings: dict[str, str]) -> str:
    told = [
        rewrite(plan, _docstring(unit.source)[0], unit.source).strip()
        for unit in parts
        if unit.statements
    ]
    first = docstrings.get(path)
    if first is None and len(parts) > 1:
        plan.notes.append(f"docstrings: none for {path}")
    text = "\n\n".join(
        [first.strip()]
        if first and "\n" in first.strip()
        else ([first.strip()] if first else []) + told
    )
    closing = "\n" if "\n" in text else ""
    return filled(f'"""{text}{closing}"""', 0) + "\n"


def _in_place(plan: Plan, writer: _Writer, unit: Unit) -> str:
    """A file that stays in one piece keeps its shape; its imports of our own are rewritten."""
    source = unit.source
    edits = writer.edits(unit)
    edits |= _strings(plan, source, edits)
    internal = [
        node
        for number, node in enumerate(source.tree.body)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(i.statement == number and i.is_internal for i in source.imports.values())
    ]
    lines = [
        one
        for one in writer.names.lines()
        if re.match(rf"(from|import) ({'|'.join(_SIDES)})\b", one)
    ]
    wanted = {one for node in internal for one in _single(node)}
    if set(lines) != wanted:
        for node in internal:
            start, end = source.starts[node.lineno - 1], source.starts[node.end_lineno or 0]
            text = "\n".join(lines) + "\n" if node is internal[0] else ""
            for span in [span for span in edits if start <= span[0] < end]:
                plan.notes.append(f"{source.path}:{node.lineno}: comment on an import is lost")
                del edits[span]
            if b"#" in source.data[start:end]:
                plan.notes.append(f"{source.path}:{node.lineno}: comment on an import is lost")
            edits[start, end] = text
        if not internal and lines:
            plan.problems.append(f"{source.path}: needs {lines}")
    return _apply(source.data, edits, 0, len(source.data))


def _single(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [f"import {a.name}" + (f" as {a.asname}" if a.asname else "") for a in node.names]
    return [
        f"from {node.module} import {a.name}" + (f" as {a.asname}" if a.asname else "")
        for a in node.names
    ]


# --- The whole ---------------------------------------------------------------------------------


def circles(plan: Plan, made: dict[str, list[Unit]]) -> None:
    """Name new modules that need each other."""
    needs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path, parts in made.items():
        if path.startswith("tests/"):
            continue
        module = module_of(path)
        for unit in parts:
            for use in unit.source.uses:
                if use.statement in unit.statements and isinstance(use.target, Symbol):
                    new = plan.new(use.target)
                    if new.module != module:
                        said = f"{use.target.module}:{use.target.name.rstrip('!')}"
                        needs[module][new.module].add(f"{unit.source.name} uses {said}")
    for module in sorted(needs):
        for one in sorted(needs[module]):
            if _reaches(needs, one, module):
                whys = "; ".join(sorted(needs[module][one])[:4])
                plan.notes.append(f"circle: {module} -> {one}: {whys}")


def _reaches(needs: dict[str, dict[str, set[str]]], start: str, goal: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        now = waiting.pop()
        if now == goal:
            return True
        for one in list(needs[now]) if now in needs else []:
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return False


def _documents(plan: Plan, paths: Iterable[str]) -> dict[str, str]:
    made = {}
    for path in paths:
        if path.endswith(".py") or path.startswith((*_OWN, "docs/decisions/0015")):
            continue
        try:
            text = Path(path).read_text("utf-8")
        except UnicodeDecodeError:
            continue
        changed = rewrite(plan, text, None)
        if changed != text:
            made[path] = changed
    return made


def _edit(plan: Plan, steps: set[str], files: dict[str, str]) -> None:
    for step in sorted(steps):
        path = _TABLES / "edits" / f"{step}.toml"
        if not path.exists():
            continue
        table = tomllib.loads(path.read_text("utf-8"))
        for whole in table.get("file", ()):
            files[whole["file"]] = whole["text"]
        for edit in table.get("edit", ()):
            name = edit["file"]
            text = files.get(name)
            if text is None and Path(name).exists():
                text = Path(name).read_text("utf-8")
            if text is not None and edit.get("start", "\0") in text:
                first = text.index(edit["start"])
                last = text.index(edit["end"], first + len(edit["start"]))
                files[name] = text[:first] + edit["new"] + text[last:]
                continue
            if text is None or "old" not in edit or edit["old"] not in text:
                said = edit.get("old", edit.get("start", ""))
                plan.notes.append(f"edits: {name}: not found: {said[:60]!r}")
                continue
            files[name] = text.replace(edit["old"], edit["new"])


def _layers(files: dict[str, str]) -> None:
    """The table of layers of docs/architecture.md, from the contracts."""
    path = "docs/architecture.md"
    text = files.get(path, Path(path).read_text("utf-8"))
    rules = tomllib.loads(files["pyproject.toml"])["tool"]["importlinter"]["contracts"]
    named = {one["id"]: [str(row) for row in one.get("layers", ())] for one in rules}
    sides = [named["edge"], named["central"]]
    rows = ["| | Layers of the edge | Layers of the centre |", "|---|---|---|"]
    count = max(map(len, sides))
    for number in range(count):
        cells = [
            "`" + side[number].replace("|", "\\|") + "`" if number < len(side) else ""
            for side in sides
        ]
        label = {0: "top", count - 1: "bottom"}.get(number, "")
        rows.append(f"| {label} | {cells[0]} | {cells[1]} |".replace("|  |", "| |", 1))
    start = text.index(rows[0])
    files[path] = text[:start] + "\n".join(rows) + text[text.index("\n\n", start) :]


def _write(plan: Plan, files: dict[str, str], old: Iterable[str]) -> None:
    for path, text in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, "utf-8")
    for path in old:
        if path not in files:
            Path(path).unlink()
    for before, after in plan.assets.items():
        if before != after:
            Path(after).parent.mkdir(parents=True, exist_ok=True)
            Path(before).rename(after)
    packages = {
        str(p) for f in files if f.endswith(".py") for p in Path(f).parents if str(p) != "."
    }
    for package in sorted(packages):
        start = Path(package, "__init__.py")
        if (
            package.startswith(("edge", "central", "models", "proto/vaguemestre"))
            and not start.exists()
        ):
            start.write_text(f'"""{package.rpartition("/")[2]}."""\n', "utf-8")
            plan.notes.append(f"made {start}: wants a docstring")
    subprocess.run(["git", "add", "-A"], check=True)
    _ruff("check", "-q", "--select", "I,F401,RUF022", "--fix", ".")
    _ruff("format", "-q", ".")
    if _unskip(_ruff("check", "-q", "--select", "E501", "--output-format", "json", ".")):
        _ruff("format", "-q", ".")
    subprocess.run(["git", "add", "-A"], check=True)


def _ruff(*arguments: str) -> str:
    binary = Path(sys.executable).parent / "ruff"
    return subprocess.run([binary, *arguments], check=False, capture_output=True, text=True).stdout


def _unskip(found: str) -> int:
    """Let statements be formatted whose lines have become too long for ``fmt: skip``."""
    by_file: dict[str, set[int]] = defaultdict(set)
    for one in json.loads(found or "[]"):
        by_file[one["filename"]].add(one["location"]["row"])
    count = 0
    for name, rows in by_file.items():
        path = Path(name)
        lines = path.read_text("utf-8").split("\n")
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef):
                last = node.end_lineno or 0
                is_long = any(node.lineno <= row <= last for row in rows)
                if is_long and lines[last - 1].rstrip().endswith("# fmt: skip"):
                    lines[last - 1] = lines[last - 1].rstrip().removesuffix("# fmt: skip").rstrip()
                    count += 1
        path.write_text("\n".join(lines), "utf-8")
    return count


def main() -> int:
    """Do the steps; 1 if something stands in the way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "steps", nargs="+", choices=["model", "edge", "central", "training", "tests"]
    )
    parser.add_argument("--dry", action="store_true", help="only say what stands in the way")
    options = parser.parse_args()
    plan = load(set(options.steps))
    made = units(plan)
    collide(plan, made)
    circles(plan, made)
    docstrings: dict[str, str] = {}
    if (_TABLES / "docstrings.toml").exists():
        docstrings = tomllib.loads((_TABLES / "docstrings.toml").read_text("utf-8"))
    files: dict[str, str] = {}
    for path, parts in made.items():
        waiting = list(plan.problems)
        plan.problems.clear()
        text = compose(plan, path, order(plan, path, parts), docstrings)
        plan.problems[:0] = waiting
        same = Path(path).exists() and Path(path).read_text("utf-8") == text
        if not same:
            files[path] = text
    old = {s.path for s in plan.sources.values() if s.path in plan.files}
    old -= {path for path in made if path in old and path not in files}
    documents = _documents(plan, tracked())
    files |= documents
    _edit(plan, set(options.steps), files)
    files.setdefault("pyproject.toml", Path("pyproject.toml").read_text("utf-8"))
    _layers(files)
    for note in sorted(set(plan.notes)):
        sys.stdout.write(f"note: {note}\n")
    for problem in sorted(set(plan.problems)):
        sys.stdout.write(f"PROBLEM: {problem}\n")
    sys.stdout.write(f"{len(files)} files, {len(plan.problems)} problems\n")
    if plan.problems or options.dry:
        return int(bool(plan.problems))
    _write(plan, files, old)
    return 0


if __name__ == "__main__":
    sys.exit(main())
