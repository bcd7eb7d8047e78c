"""Ship a network: copy it to ``models/onnx`` and write its entry in the manifest."""

import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path

ONNX = Path(__file__).parents[1] / "onnx"
_HEAD = "# The product's own networks; edge/inference/session.py holds each file to its entry.\n"


def release(
    data: bytes, name: str, input_shape: Sequence[int], labels: Sequence[str], trained_on: str
) -> Path:
    """Write ``name.onnx`` and its entry; other networks' entries stay as they are.

    Args:
        data: The ONNX file.
        name: By which the station asks for it.
        input_shape: Of one element of a batch, 0 for a free side.
        labels: Names of the outputs, in order.
        trained_on: One sentence.
    """
    ONNX.mkdir(exist_ok=True)
    file = ONNX / f"{name}.onnx"
    file.write_bytes(data)
    manifest = ONNX / "manifest.toml"
    known = tomllib.loads(manifest.read_text("utf-8"))["networks"] if manifest.exists() else []
    entry = {
        "name": name,
        "file": file.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "input_shape": list(input_shape),
        "labels": list(labels),
        "trained_on": trained_on,
    }
    entries = sorted(
        [one for one in known if one["name"] != name] + [entry], key=lambda e: e["name"]
    )
    manifest.write_text(_HEAD + "\n".join(map(_table, entries)), "utf-8")
    return file


def _table(entry: dict[str, object]) -> str:
    lines = (f"{key} = {_toml(value)}" for key, value in entry.items())
    return "[[networks]]\n" + "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
