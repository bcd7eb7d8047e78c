"""The product's own networks, as ``onnx/manifest.toml`` of the pack lists them.

A network that is missing, altered, or other than the manifest says is an error, never a
fall-back.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pydantic

from edge.errors import PackInvalid
from edge.inference.session import Session
from vaguemestre import pack

MANIFEST = "manifest.toml"
FREE = 0  # a side of the input that may have any length
_STRICT = pydantic.ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Network:
    """One network of the manifest.

    ``input_shape`` is that of one element of a batch, ``FREE`` for a free side; ``labels`` name
    the outputs in order; ``trained_on`` says in a sentence what it has seen (``models/cards`` tells
    more).
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _STRICT

    name: str
    file: str
    sha256: str
    input_shape: tuple[int, ...]
    labels: tuple[str, ...]
    trained_on: str

    @property
    def version(self) -> str:
        """The first 16 digits of its digest."""
        return self.sha256[:16]


@dataclass(frozen=True, slots=True)
class _Manifest:
    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _STRICT

    networks: tuple[Network, ...]


_ADAPTER = pydantic.TypeAdapter(_Manifest)


def default_dir() -> Path:
    """The folder of the networks that came with the program: in the wheel, or the source tree."""
    return pack.default_dir() / "onnx"


def read(folder: Path) -> Mapping[str, Network]:
    """Read a folder's manifest, networks by name.

    Raises:
        PackInvalid: it is missing, or does not follow its schema.
    """
    path = folder / MANIFEST
    try:
        found = _ADAPTER.validate_python(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise PackInvalid(f"{path}: {error}") from error
    except (tomllib.TOMLDecodeError, pydantic.ValidationError) as error:
        raise PackInvalid(f"{path}: {error}") from error
    return {network.name: network for network in found.networks}


def session(folder: Path, name: str, threads: int) -> tuple[Network, Session]:
    """Load one network and hold it to its manifest.

    Raises:
        PackInvalid: it is not listed, missing, altered, does not load, or has other shapes than
            the manifest says.
    """
    network = read(folder).get(name)
    if network is None:
        raise PackInvalid(f"{folder / MANIFEST}: no network {name}")
    path = folder / network.file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PackInvalid(f"{path}: {error.strerror}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != network.sha256:
        raise PackInvalid(f"{path}: digest {found[:16]}, expected {network.version}")
    loaded = Session(data, threads)
    shape = tuple(FREE if isinstance(side, str) else side for side in loaded.input_shape[1:])
    if shape != network.input_shape:
        raise PackInvalid(f"{path}: takes {shape}, not {network.input_shape}")
    if loaded.output_shape[-1:] != (len(network.labels),):
        raise PackInvalid(
            f"{path}: answers {loaded.output_shape[-1:]}, not {len(network.labels)} labels"
        )
    return network, loaded
