"""The one way to run a network: one input, one output, a fixed number of threads.

Since 1.32 onnxruntime notes its use in the user's cache, to be sent to its maker. It must be told
not to before it is imported.
"""

import os
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge.errors import PackInvalid


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
