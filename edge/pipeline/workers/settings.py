"""What reading processes are told, from a station's settings or from none."""

from dataclasses import replace
from pathlib import Path

from edge.config import EdgeConfig, Reading
from edge.imaging.source_file import Limits
from edge.pipeline.workers.messages import Confinement, WorkerSettings
from vaguemestre import pack


def of_station(config: EdgeConfig) -> WorkerSettings:
    """What the settings file of a station says."""
    reading = config.reading
    barcodes = {text for source in config.sources for text in source.separator_barcodes}
    told = standard(
        reading.pack_dir or pack.default_dir(),
        reading.cache_dir or config.station.work_dir / "cache",
        reading,
    )
    return replace(told, separator_barcodes=tuple(sorted(barcodes)))


def standard(pack_dir: Path, cache_dir: Path, reading: Reading | None = None) -> WorkerSettings:
    """The same without a station: some settings, or those that hold unless others are given."""
    told = reading or Reading()
    return WorkerSettings(
        pack_dir=pack_dir,
        cache_dir=cache_dir,
        limits=Limits(
            max_page_pixels=told.max_page_pixels,
            max_pages=told.max_pages_per_file,
            max_file_bytes=told.max_file_bytes,
        ),
        memory_bytes=told.worker_memory_bytes,
        page_timeout_s=told.page_timeout_s,
        accept_error_rate=told.accept_error_rate,
        separator_barcodes=(),
        confinement=Confinement(told.confinement),
        max_seconds_per_file=told.max_seconds_per_file,
        max_seconds_per_lot=told.max_seconds_per_lot,
        max_lost_pages_per_file=told.max_lost_pages_per_file,
        max_pages_per_lot=told.max_pages_per_lot,
    )


def for_looking(settings: WorkerSettings) -> WorkerSettings:
    """For a process that only looks at files and decodes pages."""
    return replace(settings, networks=False)
