"""What reading processes are given: by a station's settings, or by a command that has none."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from edge.config import EdgeConfig, Reading
from edge.imaging.source_file import Limits
from edge.pipeline.workers.messages import Confinement, WorkerSettings
from vaguemestre import pack


def station_settings(config: EdgeConfig) -> WorkerSettings:
    """What the settings file of a station says."""
    barcodes = {text for source in config.sources for text in source.separator_barcodes}
    cache_dir = config.reading.cache_dir or config.station.work_dir / "cache"
    return _settings(config.reading, cache_dir, sorted(barcodes))


def default_settings(cache_dir: Path, separator_barcodes: Iterable[str] = ()) -> WorkerSettings:
    """What holds where no settings file says otherwise, with the pack that came along.

    Args:
        cache_dir: Where networks that are cut at their first use are kept.
        separator_barcodes: Texts of barcodes that separate documents.
    """
    return _settings(Reading(), cache_dir, separator_barcodes)


def without_networks(settings: WorkerSettings) -> WorkerSettings:
    """The same for a process that only looks at files and decodes pages."""
    return replace(settings, networks=False)


def _settings(
    reading: Reading, cache_dir: Path, separator_barcodes: Iterable[str]
) -> WorkerSettings:
    return WorkerSettings(
        pack_dir=reading.pack_dir or pack.default_dir(),
        cache_dir=cache_dir,
        limits=Limits(
            max_page_pixels=reading.max_page_pixels,
            max_pages=reading.max_pages_per_file,
            max_file_bytes=reading.max_file_bytes,
        ),
        memory_bytes=reading.worker_memory_bytes,
        page_timeout_s=reading.page_timeout_s,
        accept_error_rate=reading.accept_error_rate,
        separator_barcodes=tuple(separator_barcodes),
        confinement=Confinement(reading.confinement),
        max_seconds_per_file=reading.max_seconds_per_file,
        max_seconds_per_lot=reading.max_seconds_per_lot,
        max_lost_pages_per_file=reading.max_lost_pages_per_file,
        max_pages_per_lot=reading.max_pages_per_lot,
    )
