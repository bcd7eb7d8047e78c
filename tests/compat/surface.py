"""What people, scripts and other programs hold on to, as lists of lines."""

import argparse
import ast
import contextlib
import enum
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from google.protobuf.descriptor import FieldDescriptor
from sqlalchemy.dialects import postgresql

from tests.compat import present

_DOCS = Path(__file__).parents[2] / "docs"
_KINDS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}
_LEFT_OUT = frozenset({"title", "description", "default"})


# --- settings and command line ---


def settings(side: str) -> Iterator[str]:
    """Every key with its default, its type and its limits."""
    schema = present.SETTINGS[side].model_json_schema()
    yield from _keys("", schema, schema.get("$defs", {}))


def _keys(above: str, table: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[str]:
    for key, entry in table["properties"].items():
        kind = _resolved(entry, defs)
        below = kind.get("items", kind)
        name = f"{above}{key}{'[]' if below is not kind else ''}"
        inner = [one for one in below.get("anyOf", [below]) if "properties" in one]
        default = entry.get("default", ...)
        shown = "required" if key in table.get("required", ()) else f"= {_json(default)}"
        if inner:
            yield f"{name}: table, {shown if shown == 'required' else 'may be left out'}"
            for one in inner:
                yield from _keys(f"{name}.", one, defs)
        else:
            yield f"{name}: {shown} {_json(_bare(kind))}"


def _resolved(entry: Any, defs: Mapping[str, Any]) -> Any:
    """A schema without references: names of classes are no promise."""
    if isinstance(entry, list):
        return [_resolved(one, defs) for one in entry]
    if not isinstance(entry, dict):
        return entry
    if "$ref" in entry:
        entry = {**defs[str(entry["$ref"]).rpartition("/")[2]], **entry}
        del entry["$ref"]
    return {key: _resolved(value, defs) for key, value in entry.items()}


def _bare(kind: Any) -> Any:
    if isinstance(kind, list):
        return [_bare(one) for one in kind]
    if not isinstance(kind, dict):
        return kind
    return {key: _bare(value) for key, value in kind.items() if key not in _LEFT_OUT}


def _json(value: object) -> str:
    return "none" if value is ... else json.dumps(value, ensure_ascii=False, sort_keys=True)


def commands(side: str) -> Iterator[str]:
    """Every command with its arguments."""
    for name, parser in _commands(present.parsers()[side]):
        yield name
        for action in parser._actions:
            if not isinstance(action, argparse._HelpAction):
                yield f"{name} {_argument(action)}"


def _commands(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _argument(action: argparse.Action) -> str:
    facts = {
        "times": action.nargs,
        "choices": [str(one) for one in action.choices] if action.choices else None,
        "default": action.default,
        "required": action.required or None,
    }
    told = " ".join(f"{key}={_json(fact)}" for key, fact in facts.items() if fact is not None)
    return f"{'/'.join(action.option_strings) or action.dest} {told}".strip()


# --- what is told ---


def errors(side: str) -> Iterator[str]:
    """Every code with its exit code, its permanence and its French reason."""
    for error in _tree(present.ERRORS[side]):
        lasts = "permanent" if error.permanent else "passing"
        yield f"{error.code}: exit {error.exit_code}, {lasts}. {error.reason}"


def _tree(root: type[Any]) -> Iterator[type[Any]]:
    yield root
    for below in root.__subclasses__():
        yield from _tree(below)


def codes() -> Iterator[str]:
    """Every code of an error or a delivery; tests/docs holds the runbook to the program."""
    for line in (_DOCS / "runbook.md").read_text("utf-8").splitlines():
        if line.startswith("### "):
            yield line.removeprefix("### ")


def metrics(side: str, engine: present.Engine) -> Iterator[str]:
    """Every metric with its kind, its labels, its buckets and its help."""
    registry = present.registries(engine)[side]
    known = {}
    for collector in registry._collector_to_names:
        if hasattr(collector, "_labelnames"):
            bounds = list(getattr(collector, "_kwargs", {}).get("buckets", ()))
            known[getattr(collector, "_name")] = (collector._labelnames, bounds)  # noqa: B009
    for family in registry.collect():
        labels, bounds = known.get(family.name, (getattr(family, "_labelnames", ()), []))
        within = f" buckets {_json(bounds)}" if bounds else ""
        told = f" [{', '.join(labels)}]" if labels else ""
        yield f"{family.name} {family.type}{told}{within}: {family.documentation}"


def events(side: str) -> Iterator[str]:
    """Every event of the log with the keys that stand beside it; ``…`` stands for any."""
    found: dict[str, set[str]] = {}
    for path in sorted(Path(str(present.SIDES[side].__file__)).parent.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call):
                        for event in _events_of(call, function):
                            found.setdefault(event, set()).update(
                                keyword.arg or "…" for keyword in call.keywords
                            )
    for event, keys in found.items():
        yield " ".join((event, *sorted(keys)))


def _events_of(call: ast.Call, function: ast.FunctionDef) -> Iterator[str]:
    called = call.func
    name = getattr(called, "attr", getattr(called, "id", ""))
    place = present.EVENT_AT.get(name, -1)
    if 0 <= place < len(call.args):
        yield from _texts(call.args[place], function)


def _texts(value: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """The texts that an argument may be."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from (*_texts(one, function), *_texts(other, function))
        case ast.Attribute(attr="code"):
            yield "<code>"
        case ast.Name(id=name):
            for step in ast.walk(function):
                if isinstance(step, ast.Assign) and any(
                    isinstance(target, ast.Name) and target.id == name for target in step.targets
                ):
                    yield from _texts(step.value, function)


# --- addresses, tables, words ---


def routes_of_the_centre() -> Iterator[str]:
    """Method, path and who may, of every address of the centre; and the calls of the wire."""
    for method, path, roles in present.pages_of_the_centre():
        yield f"{path} {method} {'anybody' if roles is None else ' '.join(sorted(roles))}"
    for file in present.WIRE:
        for service in file.services_by_name.values():
            for call in service.methods:
                way = ", ".join((call.input_type.full_name, call.output_type.full_name))
                yield f"gRPC /{service.full_name}/{call.name} ({way})"


def routes_of_the_station() -> Iterator[str]:
    """Method and path of every address of a station."""
    return (f"{path} {method}" for method, path in present.pages_of_the_station())


def columns() -> Iterator[str]:
    """Every column of the centre's tables, and what their rows are held to."""
    for table in present.TABLES.tables.values():
        for column in table.columns:
            null = "" if column.nullable else " not null"
            kind = column.type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
            yield f"{table.name}.{column.name} {kind}{null}"
        for rule in table.constraints:
            match rule:
                case sa.CheckConstraint():
                    yield f"{table.name} check {rule.sqltext}"
                case sa.PrimaryKeyConstraint() | sa.UniqueConstraint():
                    kind = "key" if isinstance(rule, sa.PrimaryKeyConstraint) else "unique"
                    yield f"{table.name} {kind} {', '.join(c.name for c in rule.columns)}"
                case sa.ForeignKeyConstraint():
                    there = ", ".join(key.target_fullname for key in rule.elements)
                    yield f"{table.name} refers {', '.join(rule.column_keys)} to {there}"


def columns_of_the_journal() -> Iterator[str]:
    """Every column of a station's journal."""
    with contextlib.closing(present.journal_of_a_new_station()) as journal:
        yield f"application {journal.execute('PRAGMA application_id').fetchone()[0]:#x}"
        yield f"version {journal.execute('PRAGMA user_version').fetchone()[0]}"
        for (table,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            for row in journal.execute(f"PRAGMA table_xinfo({table})").fetchall():
                _, name, kind, not_null, default, key, _ = row
                told = (" not null" if not_null else "") + (f" = {default}" if default else "")
                yield f"{table}.{name} {kind}{told}{' key' if key else ''}"


def wire_fields() -> Iterator[str]:
    """Number, kind and name of every field, and every enumeration's numbers."""
    for file in present.WIRE:
        for message in file.message_types_by_name.values():
            for field in message.fields:
                kind = field.message_type or field.enum_type
                told = kind.full_name if kind else _KINDS[field.type]
                one = f"oneof {field.containing_oneof.name}" if field.containing_oneof else ""
                many = "repeated" if field.is_repeated else ""
                yield " ".join(
                    filter(
                        None, (f"{message.full_name} {field.number:2}", field.name, told, many, one)
                    )
                )
        for kind in file.enum_types_by_name.values():
            for value in kind.values:
                yield f"{kind.full_name} {value.number:2} {value.name}"


def words() -> Iterator[str]:
    """Stored and spoken words: states, enumerations, acts of the audit trail."""
    for about, kind in present.WORDS.items():
        assert issubclass(kind, enum.StrEnum)
        yield from (f"{about}: {value}" for value in kind)
    for action, french in present.AUDIT_ACTIONS.items():
        yield f"an act of the audit trail: {action}: {french}"


List = Callable[[present.Engine], Iterator[str]]


def _without_database(told: Callable[..., Iterator[str]], *of: str) -> List:
    return lambda _: told(*of)


def _each_side(name: str, told: Callable[[str], Iterator[str]]) -> dict[str, List]:
    return {f"{name}-{side}.txt": _without_database(told, side) for side in present.SIDES}


LISTS: Mapping[str, List] = {
    **_each_side("settings", settings),
    **_each_side("commands", commands),
    **_each_side("errors", errors),
    **_each_side("events", events),
    **{f"metrics-{side}.txt": partial(metrics, side) for side in present.SIDES},
    "codes.txt": _without_database(codes),
    "routes-central.txt": _without_database(routes_of_the_centre),
    "routes-edge.txt": _without_database(routes_of_the_station),
    "schema-central.txt": _without_database(columns),
    "schema-edge.txt": _without_database(columns_of_the_journal),
    "wire-fields.txt": _without_database(wire_fields),
    "words.txt": _without_database(words),
}
"""Each list by the name of its file; the engine is of a migrated database."""
