"""The console's addresses, as its application knows them."""

import sqlalchemy as sa
from starlette.routing import Route

from central import webapp
from central.blobs import BlobStore
from central.config import CentralConfig
from central.telemetry import Telemetry


def routes(
    config: CentralConfig, engine: sa.Engine, blobs: BlobStore, events: Telemetry
) -> list[Route]:
    """Every route that is ours."""
    made = webapp.create(config, engine, blobs, events)
    return [one for one in made.app.routes if isinstance(one, Route)]


def get_routes(
    config: CentralConfig, engine: sa.Engine, blobs: BlobStore, events: Telemetry
) -> list[str]:
    """The paths of pages that are opened by their address."""
    return sorted(
        {one.path for one in routes(config, engine, blobs, events) if "GET" in (one.methods or ())}
    )
