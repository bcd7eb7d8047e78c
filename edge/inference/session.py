"""How networks are loaded and run: one input, one output, a fixed number of threads.

The product's own networks are listed in ``onnx/manifest.toml`` of the pack; one that is missing,
altered, or other than the manifest says is an error, never a fall-back. Lines run in batches of
like width. Since 1.32 onnxruntime notes its use in the user's cache, to be sent to its maker: it is
told not to before it is imported.
"""

import hashlib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported

import numpy as np
import onnxruntime as ort
import pydantic
from numpy.typing import NDArray

from edge.errors import PackInvalid
from edge.ocr.engine import Gray
from edge.ocr.network_io import line_tensor, stacked


class Session:
    """A network ready to run.

    Args:
        model: The ONNX file's bytes.
        threads: Threads inside one call; workers use 1, so that two of them do not fight.
    """

    def __init__(self, model: bytes, threads: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Inputs are limited in size, so what the arena keeps is too; planning memory for a page
        # of one size is lost on the next of another. Finding lines takes a quarter less time so,
        # in the same memory.
        options.enable_cpu_mem_arena = True
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own errors share no public base
            raise PackInvalid(f"a model does not load: {type(error).__name__}") from error
        self._input = self._session.get_inputs()[0].name

    @property
    def input_shape(self) -> tuple[int | str, ...]:
        """As the file tells it; free dimensions are names."""
        return tuple(self._session.get_inputs()[0].shape)

    @property
    def output_shape(self) -> tuple[int | str, ...]:
        """As the file tells it; free dimensions are names."""
        return tuple(self._session.get_outputs()[0].shape)

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run one batch; shapes are the network's own."""
        answer: list[Any] = self._session.run(None, {self._input: batch})
        return np.asarray(answer[0], np.float32)


_PADDED_TO = 1.15  # of a line's width; more padding costs more than a larger batch saves


def run_batches(
    session: Session, crops: Sequence[Gray], most_px: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Run lines through a network of ours: the index of each and its answer, narrowest first.

    Args:
        session: Takes n × 1 × 32 × width.
        crops: Upright lines of any height.
        most_px: Width of a whole batch.
    """
    tensors = [line_tensor(crop) for crop in crops]
    for chosen in of_like_width([tensor.shape[1] for tensor in tensors], most_px, _PADDED_TO):
        yield from zip(chosen, session.run(stacked([tensors[i] for i in chosen])), strict=True)


def of_like_width(widths: Sequence[int], most_px: int, padded_to: float) -> Iterator[list[int]]:
    """Indexes of lines that make a batch, narrowest first; each index once.

    Args:
        widths: Of the lines, in pixels.
        most_px: Width of a whole batch, its lines padded to the widest; one line may be wider.
        padded_to: No line is padded to more than so many times its width.
    """
    order = sorted(range(len(widths)), key=widths.__getitem__)
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order):
            width = widths[order[stop]]
            if width * (stop + 1 - start) > most_px or width > padded_to * widths[order[start]]:
                break
            stop += 1
        yield order[start:stop]
        start = stop


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


def read_manifest(folder: Path) -> Mapping[str, Network]:
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


def open_network(folder: Path, name: str, threads: int) -> tuple[Network, Session]:
    """Load one network and hold it to its manifest.

    Raises:
        PackInvalid: it is not listed, missing, altered, does not load, or has other shapes than
            the manifest says.
    """
    network = read_manifest(folder).get(name)
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
