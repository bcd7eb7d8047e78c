"""HTTP as uvicorn speaks it, with bounded patience (central/connections.py)."""

from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from central.connections import Connections, Phase


def bounded(connections: Connections) -> type[H11Protocol]:
    """The protocol of a server whose connections are counted."""

    class Bounded(H11Protocol):
        _number = -1

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            taken = transport.get_extra_info("socket")
            self._number = taken.fileno() if taken is not None else -1
            self._tell()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._tell()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._tell()

        def pause_writing(self) -> None:
            super().pause_writing()
            connections.is_at(self._number, Phase.TAKING)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._tell()

        def connection_lost(self, exc: Exception | None) -> None:
            self._number = -1  # it may be given to another connection
            super().connection_lost(exc)

        def _tell(self) -> None:
            connections.is_at(self._number, self._phase())

        def _phase(self) -> Phase:
            if self.flow.write_paused:
                return Phase.TAKING
            if self.cycle is None or self.cycle.response_complete:
                return Phase.HEAD
            return Phase.BODY if self.cycle.more_body else Phase.ANSWER

    return Bounded
