"""The station's settings: one TOML file, frozen, unknown keys refused, units in names.

Nothing else on the edge reads a settings file or the environment. Also where a command without
settings keeps networks that were cut at their first use.
"""

import contextlib
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic import Field

from edge.errors import ConfigInvalid
from vaguemestre.model.document import Channel


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"{path} must be an absolute path")
    return path


AbsolutePath = Annotated[Path, pydantic.AfterValidator(_absolute)]


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Station(_Frozen):
    """Who this station is; the certificate must name the same site."""

    site: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="as the certificate names it")
    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="of this station in its site")
    fund: str = Field(
        pattern=r"^[0-9AB]{2,3}$",
        description="department of the fund, for lots whose header sheet names none",
    )
    work_dir: AbsolutePath = Field(
        description="the station's own folder: lots wait here for the centre, so on a local disk; "
        "files are copied into it, and share their blocks with the scanner's where the file system "
        "can"
    )
    rated_pages_per_minute: float = Field(
        default=0.0,
        ge=0,
        description="what its scanners can do, shown beside the pace; 0: not told",
    )


class Source(_Frozen):
    """One watched folder; names differ, and no folder lies in another or in ``work_dir``."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="in logs and status, unique")
    folder: AbsolutePath = Field(description="where the scanner writes")
    channel: Channel = Field(default=Channel.SCANNER, description="how these documents came")
    process: str = Field(default="", description="process of lots without a header sheet")
    layout: Literal["auto", "kodak"] = Field(
        default="auto",
        description="kodak: every directory waits for its index; auto: those that look like "
        "Kodak Capture's do",
    )
    duplex: bool = Field(
        default=False,
        description="the scanner takes both sides of every sheet, one after the other",
    )
    marker: str = Field(default=".vaguemestre", description="file that proves the share is mounted")
    mode: Literal["events", "polling"] = Field(
        default="events", description="polling for SMB and NFS, which deliver no events"
    )
    quiet_for_s: float = Field(
        default=20.0,
        gt=0,
        description="a lot unchanged for so long, and whole, has settled; longer than it takes to "
        "free a jam or fill the feeder",
    )
    broken_after_s: float = Field(
        default=60.0,
        gt=0,
        description="a file unchanged for so long and still not whole, empty or of no known kind "
        "is taken and reported",
    )
    let_go_after_s: float = Field(
        default=30.0,
        ge=0,
        description="a copied file that nobody has open for writing, unchanged for so long, is "
        "removed from the folder",
    )
    let_go_unseen_after_s: float = Field(
        default=600.0,
        ge=0,
        description="the same where nobody can tell who has it open: on shares, and without the "
        "right to look",
    )
    same_lot_within_s: float = Field(
        default=600.0,
        ge=0,
        description="a lot that follows another of the same name so soon is told as probably one "
        "with it, and a person looks at it; 0: never",
    )
    complete_within_s: float = Field(
        default=12 * 3_600.0,
        gt=0,
        description="for so long files of the same name complete an incomplete lot",
    )
    rescan_every_s: float = Field(
        default=10.0, gt=0, description="full look at the folder, more or less a fifth by chance"
    )
    separator_barcodes: tuple[str, ...] = Field(
        default=(),
        description="texts of other makers' separator barcodes, * and ? as in file names; "
        "those of all sources hold for all",
    )


class Spool(_Frozen):
    """Limits of the station's own disk space."""

    max_bytes: int = Field(
        default=20_000_000_000, gt=0, description="held at most; beyond it claiming stops"
    )
    min_free_bytes: int = Field(
        default=1_000_000_000, ge=0, description="left free on the disk; below it claiming stops"
    )
    keep_for_s: float = Field(default=7 * 86_400, ge=0, description="kept after acknowledgement")
    keep_aside_for_s: float = Field(
        default=90 * 86_400,
        ge=0,
        description="kept in aside of what the centre holds; anything else there stays",
    )
    ballast_bytes: int = Field(
        default=64_000_000,
        ge=0,
        description="held on the disk and given up when it is full, so that what the centre has "
        "can be recorded and leave; 0: none",
    )


class Reading(_Frozen):
    """How pages are read, and the limits that hold before anything is decoded."""

    pack_dir: AbsolutePath | None = Field(
        default=None,
        description="forms, plan and networks; unset: those that came with the program",
    )
    cache_dir: AbsolutePath | None = Field(
        default=None, description="the model cut at the first start; unset: work_dir/cache"
    )
    workers: int = Field(default=2, ge=1, le=32, description="reading processes, a core each")
    page_timeout_s: float = Field(
        default=120.0, gt=0, description="after which a page is set aside as page_timeout"
    )
    worker_memory_bytes: int = Field(
        default=3_000_000_000, gt=0, description="private memory of one reading process"
    )
    max_page_pixels: int = Field(default=150_000_000, gt=0, description="of one page, decoded")
    max_file_bytes: int = Field(default=4_000_000_000, gt=0, description="of one source file")
    max_pages_per_file: int = Field(default=5_000, gt=0, description="of one source file")
    max_pages_per_lot: int = Field(
        default=20_000, gt=0, description="of one lot; files beyond are set aside as lot_too_long"
    )
    max_seconds_per_file: float = Field(
        default=7_200.0,
        gt=0,
        description="of one reading process, all pages together; the rest is set aside as "
        "reading_too_long",
    )
    max_seconds_per_lot: float = Field(
        default=14_400.0, gt=0, description="the same for all files of a lot"
    )
    max_lost_pages_per_file: int = Field(
        default=10,
        gt=0,
        description="that took too long or ended their process, after which the rest of the file "
        "is set aside as reading_too_long",
    )
    check_timeout_s: float = Field(
        default=20.0,
        gt=0,
        description="to judge whether a file in a watched folder is whole; then it counts as such",
    )
    confinement: Literal["required", "best"] = Field(
        default="required",
        description="required: nothing is read where the kernel cannot confine the reading "
        "processes; best: it is read all the same, and doctor says what lacks",
    )
    accept_error_rate: float = Field(
        default=0.001,
        gt=0,
        le=0.001,
        description="wanted of values accepted without a person; thresholds were set for 0.001",
    )


class Uplink(_Frozen):
    """The centre, and the certificate that names this site."""

    centres: tuple[str, ...] = Field(min_length=1, description="host:port, tried in turn")
    ca_file: AbsolutePath = Field(description="authority of the centre's certificate, PEM")
    certificate_file: AbsolutePath = Field(description="of this site, PEM")
    key_file: AbsolutePath = Field(description="of certificate_file, PEM, without passphrase")
    heartbeat_every_s: float = Field(
        default=15.0, gt=0, description="the centre shows a station as silent after 2 minutes"
    )
    first_delay_s: float = Field(
        default=0.5, gt=0, description="longest pause after a first failed attempt"
    )
    longest_delay_s: float = Field(
        default=60.0, gt=0, description="longest pause between attempts, however many failed"
    )


class Metrics(_Frozen):
    """Where Prometheus reads this station."""

    listen: str = Field(
        default="127.0.0.1:9464", pattern=r"^[^:]+:\d+$", description="host:port; 0 = any port"
    )


def _loopback(listen: str) -> str:
    """What has no sign-in is shown on this machine only; a proxy in front may let others in."""
    host = listen.rpartition(":")[0]
    if listen and host not in {"127.0.0.1", "localhost"}:
        raise ValueError(f"{listen} must be 127.0.0.1:port, or empty for no page")
    return listen


class Page(_Frozen):
    """The operators' page; it has no sign-in and is served on this machine only."""

    listen: Annotated[str, pydantic.AfterValidator(_loopback)] = Field(
        default="",
        pattern=r"^$|^[^:]+:\d{1,5}$",
        description="127.0.0.1:8070, for example; 0 = any port; empty: no page",
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="names, with their port if any, under which a proxy in front shows the page",
    )


class EdgeConfig(_Frozen):
    """The whole settings file."""

    station: Station
    sources: tuple[Source, ...] = Field(min_length=1)
    spool: Spool = Spool()
    reading: Reading = Reading()
    uplink: Uplink
    metrics: Metrics = Metrics()
    page: Page = Page()

    @pydantic.model_validator(mode="after")
    def _folders_do_not_overlap(self) -> "EdgeConfig":
        folders = [self.station.work_dir, *(source.folder for source in self.sources)]
        for i, one in enumerate(folders):
            for other in folders[i + 1 :]:
                if one == other or one in other.parents or other in one.parents:
                    raise ValueError(f"{one} and {other} overlap")
        names = [source.name for source in self.sources]
        if len(set(names)) != len(names):
            raise ValueError("two sources have the same name")
        return self


def user_cache_dir() -> Path:
    """Where a command without a settings file keeps what it can make again."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "vaguemestre"


def load(path: Path) -> EdgeConfig:
    """Read and check a settings file.

    Raises:
        ConfigInvalid: with every problem, one a line.
    """
    try:
        return EdgeConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigInvalid(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path}: {error}") from error
    except pydantic.ValidationError as error:
        lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigInvalid("\n".join(lines)) from error


def cache_dir(stack: contextlib.ExitStack) -> Path:
    """The user's cache, else a folder that goes when the stack is left."""
    cache = user_cache_dir()
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        if os.access(cache, os.W_OK):
            return cache
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vaguemestre-")))
