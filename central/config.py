"""The centre's settings: one TOML file, frozen, unknown keys refused, units in names.

Nothing else at the centre reads a settings file or the environment. Secrets are never in
the file: it names files that hold them, so that systemd's LoadCredential can provide them.
"""

import ipaddress
import tomllib
from os.path import normpath
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

import pydantic
from pydantic import Field

from central.errors import ConfigInvalid


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"{path} must be an absolute path")
    return path


_SHORTEST_SECRET = 16  # bytes

AbsolutePath = Annotated[Path, pydantic.AfterValidator(_absolute)]
Address = Annotated[
    str,
    Field(
        pattern=r"^([^:\[\]\s]+|\[[0-9a-f:.]+\]):\d{1,5}$", description="host:port; 0 = any port"
    ),
]

RoleCode = Literal["scanner", "keyer", "supervisor", "operations", "auditor", "admin"]
"""As central.accounts.rules.Role; settings and domain do not import each other."""


_TLS_MODES = ("require", "verify-ca", "verify-full")


def _is_here(host: str) -> bool:
    """Whether what goes to a host stays on this machine."""
    if host in ("", "localhost") or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _demand_tls(where: str, url: str, *, is_allowed: bool) -> None:
    """Refuse an address that mail or passwords would go to as anybody can read them.

    Raises:
        ValueError: it is plain HTTP to another machine, and no setting says that it may be.
    """
    parts = urlsplit(url)
    if parts.scheme == "http" and not _is_here(parts.hostname or "") and not is_allowed:
        raise ValueError(
            f"{where} is plain HTTP to another machine: use https, or set plain_http = true "
            "where something else protects the way"
        )


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Database(_Frozen):
    """PostgreSQL: either a server of yours (``url``) or the one in the wheel (``embedded_dir``)."""

    url: str | None = Field(default=None, pattern=r"^postgresql://", description="without password")
    password_file: AbsolutePath | None = Field(
        default=None, description="holds the password; goes with url"
    )
    embedded_dir: AbsolutePath | None = Field(
        default=None, description="folder of the embedded server; made at the first start"
    )
    pool_size: int = Field(
        default=8, ge=1, le=200, description="connections of one process, beside two for watching"
    )
    answer_within_s: float = Field(
        default=30.0,
        ge=1,
        le=600,
        description="of one statement; a server that says nothing for longer counts as away",
    )
    plain: bool = Field(
        default=False, description="allow a server on another machine without TLS (sslmode)"
    )

    @pydantic.model_validator(mode="after")
    def _is_safe(self) -> "Database":
        if self.url is None or self.plain:
            return self
        parts = urlsplit(self.url)
        asked = parse_qs(parts.query)
        host = asked.get("host", [parts.hostname or ""])[-1]
        if not _is_here(host) and asked.get("sslmode", [""])[-1] not in _TLS_MODES:
            raise ValueError(
                "url leads to another machine without TLS: add ?sslmode=verify-full (and "
                "sslrootcert), or set plain = true where something else protects the way"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _one_server(self) -> "Database":
        if (self.url is None) == (self.embedded_dir is None):
            raise ValueError("give exactly one of url and embedded_dir")
        if self.password_file is not None and self.url is None:
            raise ValueError("password_file goes with url")
        return self


class Blobs(_Frozen):
    """Where page images are kept, by digest."""

    url: str = Field(
        pattern=r"^(file:///.+|s3://[^/]+.*)$", description="a local folder, or bucket and prefix"
    )
    marker: str = Field(
        default="",
        max_length=100,
        pattern=r"^[^/]*$",
        description="file in a local folder that proves that its share is mounted; empty: it is a"
        " disk of this machine",
    )
    s3_endpoint: str | None = Field(
        default=None, pattern=r"^https?://", description="of a store other than Amazon's"
    )
    s3_region: str | None = Field(default=None, description="of the bucket")
    s3_credentials_file: AbsolutePath | None = Field(
        default=None, description="two lines: access key id, secret access key"
    )
    plain_http: bool = Field(
        default=False, description="allow an ``s3_endpoint`` on another machine without TLS"
    )

    @pydantic.model_validator(mode="after")
    def _is_safe(self) -> "Blobs":
        _demand_tls("s3_endpoint", self.s3_endpoint or "", is_allowed=self.plain_http)
        return self


class Intake(_Frozen):
    """The door of the stations: gRPC over mTLS."""

    listen: Address
    ca_file: AbsolutePath = Field(description="authority of the stations' certificates, PEM")
    certificate_file: AbsolutePath = Field(description="names the host that stations call, PEM")
    key_file: AbsolutePath = Field(description="of certificate_file, PEM, without passphrase")
    window: int = Field(
        default=32, ge=1, le=1_000, description="files, documents and reports unanswered"
    )
    max_blob_bytes: int = Field(
        default=4_000_000_000, gt=0, description="of one source file; more is refused for good"
    )
    max_chunk_bytes: int = Field(
        default=262_144, ge=4_096, le=2_097_152, description="of a source file in one message"
    )
    max_document_bytes: int = Field(
        default=16_000_000,
        ge=65_536,
        le=256_000_000,
        description="of one document message; a longer one comes without its pages' text",
    )
    max_streams: int = Field(default=200, ge=1, le=5_000, description="stations at a time")
    max_streams_per_site: int = Field(
        default=32, ge=1, le=5_000, description="stations of one site at a time"
    )
    drain_s: float = Field(default=10.0, ge=0, description="for streams to end at shutdown")


class Dispatch(_Frozen):
    """How documents are handed to the destinations, and how patiently."""

    workers: int = Field(
        default=4,
        ge=1,
        le=64,
        description="deliveries at a time to each destination",
    )
    poll_every_s: float = Field(
        default=5.0, gt=0, description="look for due ones, beside LISTEN/NOTIFY"
    )
    lease_s: float = Field(
        default=120.0,
        gt=0,
        description="a claim that its worker no longer renews is taken back",
    )
    longest_hand_over_s: float = Field(
        default=1_800.0,
        gt=0,
        description="a hand-over that takes longer hangs: its claim is renewed no more; not below"
        " ``lease_s`` nor a destination's ``timeout_s``",
    )
    sweep_every_s: float = Field(
        default=30.0, gt=0, description="take back lost claims, match destinations"
    )
    returns_every_s: float = Field(default=5.0, gt=0, description="look into returns folders")
    give_up_after: int = Field(default=20, ge=1, description="attempts before a dead letter")
    first_delay_s: float = Field(
        default=1.0, gt=0, description="longest pause after a first failure; doubles each time"
    )
    longest_delay_s: float = Field(
        default=900.0, gt=0, description="longest pause, however many failed; not below the first"
    )
    circuit_opens_after: int = Field(
        default=5, ge=1, description="failures in a row of a destination"
    )
    circuit_stays_open_s: float = Field(
        default=30.0, gt=0, description="then one delivery is tried"
    )

    @pydantic.model_validator(mode="after")
    def _delays_in_order(self) -> "Dispatch":
        if self.first_delay_s > self.longest_delay_s:
            raise ValueError("first_delay_s is longer than longest_delay_s")
        if self.lease_s > self.longest_hand_over_s:
            raise ValueError("lease_s is longer than longest_hand_over_s")
        return self


class Destination(_Frozen):
    """One pôle application. ``folder`` goes with its kind; so do ``url`` and what HTTP needs."""

    name: str = Field(
        pattern=r"^[A-Z0-9_-]{1,40}$", description="``destination`` of the plan, unique"
    )
    kind: Literal["folder", "http"] = Field(description="how it takes documents")
    folder: AbsolutePath | None = Field(
        default=None, description="where packages are published; of this destination alone"
    )
    marker: str = Field(
        default=".vaguemestre",
        max_length=100,
        pattern=r"^[^/]*$",
        description="file that proves the folder's share is mounted; empty: a folder of this"
        " machine, made if missing",
    )
    group: str = Field(
        default="",
        description="whose members may take packages away and answer in them; empty: as the"
        " folder's default access list or the process's umask says",
    )
    package: Literal[1, 2] = Field(
        default=2, description="form of what it receives; 1: as version 0.3 made it"
    )
    confirmation: Literal["key", "status"] = Field(
        default="key",
        description="what proves that an HTTP application has a document: its answer names the"
        " delivery's key, or any 2xx or 409 as up to version 0.3",
    )
    returns_folder: AbsolutePath | None = Field(
        default=None, description="where the pôle puts misrouted documents back"
    )
    url: str | None = Field(
        default=None, pattern=r"^https?://", description="where packages are posted"
    )
    secret_file: AbsolutePath | None = Field(
        default=None, description="key of the HMAC signature; without it no POST /v1/returns"
    )
    former_secret_file: AbsolutePath | None = Field(
        default=None, description="key that is being replaced: it signs too, and is still believed"
    )
    ca_file: AbsolutePath | None = Field(
        default=None, description="authority of the application's certificate; unset: the system's"
    )
    plain_http: bool = Field(
        default=False, description="allow a ``url`` on another machine without TLS"
    )
    timeout_s: float = Field(default=30.0, gt=0, description="of each step of an HTTP exchange")
    workers: int | None = Field(
        default=None, ge=1, le=64, description="deliveries at a time; unset: ``dispatch.workers``"
    )

    @pydantic.model_validator(mode="after")
    def _fits_its_kind(self) -> "Destination":
        wanted, foreign = (
            (self.folder, ("url", "secret_file", "former_secret_file", "ca_file"))
            if self.kind == "folder"
            else (self.url, ("folder",))
        )
        if wanted is None:
            raise ValueError(f"{self.name}: kind {self.kind} needs its folder or url")
        if extra := [name for name in foreign if getattr(self, name) is not None]:
            raise ValueError(f"{self.name}: kind {self.kind} knows no {', '.join(extra)}")
        if self.former_secret_file is not None and self.secret_file is None:
            raise ValueError(f"{self.name}: former_secret_file goes with secret_file")
        _demand_tls(f"{self.name}: url", self.url or "", is_allowed=self.plain_http)
        return self


class Console(_Frozen):
    """The pages for people; plain HTTP on this machine unless a certificate is given."""

    listen: Address = "127.0.0.1:8080"
    certificate_file: AbsolutePath | None = Field(
        default=None, description="for HTTPS, PEM; goes with key_file"
    )
    key_file: AbsolutePath | None = Field(
        default=None, description="PEM, without passphrase; goes with certificate_file"
    )
    secrets_key_file: AbsolutePath | None = Field(
        default=None,
        description="keys that seal one-time codes' secrets and the provider's tokens, one a line",
    )
    plain_http: bool = Field(
        default=False,
        description="listen for other machines without a certificate: a proxy before it has one",
    )
    max_connections: int = Field(
        default=500,
        ge=10,
        le=50_000,
        description="at once; the one that has waited longest without a request goes first",
    )
    max_connections_per_address: int = Field(
        default=200,
        ge=1,
        le=50_000,
        description="of one address at once, save ``trusted_proxies``",
    )
    refresh_every_s: float = Field(default=5.0, gt=0, description="how often pages ask for news")
    pack_dir: AbsolutePath | None = Field(
        default=None, description="types and fields; unset: those that came with the program"
    )
    lease_s: float = Field(
        default=120.0, ge=5, description="a document that its keyer left goes to somebody else"
    )
    take_back_s: float = Field(
        default=10.0,
        ge=0,
        le=3_600,
        description="the delivery of what a person has just sent waits, so that it can come back",
    )
    session_idle_s: float = Field(
        default=3_600.0, ge=60, description="without a request a browser is signed out"
    )
    session_longest_s: float = Field(
        default=43_200.0, ge=60, description="then everybody signs in anew"
    )
    previews_bytes: int = Field(
        default=268_435_456, ge=16_777_216, description="memory for page previews of one process"
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/\s]+$",
        description="as browsers call these pages, without a path; ``[oidc]`` needs it",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="addresses or networks whose X-Forwarded-For and -Proto are believed",
    )
    lock_after: int = Field(
        default=5,
        ge=2,
        le=100,
        description="failures of a login from one address: it waits",
    )
    lock_first_s: float = Field(
        default=30.0, gt=0, description="first pause; doubles with each further failure"
    )
    lock_longest_s: float = Field(
        default=900.0, gt=0, description="longest pause; not below the first"
    )
    sign_ins_per_minute: int = Field(
        default=120, ge=1, description="tries to sign in from one address: a whole site, maybe"
    )
    tries_per_minute: int = Field(default=30, ge=1, description="of one login from one address")
    requests_per_minute: int = Field(
        default=6_000, ge=60, description="of one signed-in browser, or one address without any"
    )
    totp_roles: tuple[RoleCode, ...] = Field(
        default=(), description="roles that need a one-time code beside the password"
    )

    @pydantic.field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            ipaddress.ip_network(value)  # its error names the value
        return values

    @pydantic.model_validator(mode="after")
    def _pauses_in_order(self) -> "Console":
        if self.lock_first_s > self.lock_longest_s:
            raise ValueError("lock_first_s is longer than lock_longest_s")
        return self

    @pydantic.model_validator(mode="after")
    def _certificate_and_key(self) -> "Console":
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        is_here = _is_here(self.listen.rpartition(":")[0])
        if self.certificate_file is None and not is_here and not self.plain_http:
            raise ValueError(
                "listen is for other machines and would take passwords without TLS: give "
                "certificate_file and key_file, or set plain_http = true behind a proxy"
            )
        return self


class Quality(_Frozen):
    """How much of what goes straight through people key blind, and how long samples live."""

    share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="of all straight-through documents, drawn by their ids",
    )
    new_form_days: float = Field(
        default=14.0,
        ge=0,
        description="all documents of a type are drawn since its first one went straight through",
    )
    first_week_days: float = Field(
        default=7.0, ge=0, description="all documents of a site are drawn since it first spoke"
    )
    most_a_day: int = Field(
        default=300, ge=0, description="documents drawn for new forms and new sites together"
    )
    wanted_error_rate: float = Field(
        default=0.001, gt=0, le=0.1, description="of accepted values; proposed thresholds keep it"
    )
    keep_samples_days: float = Field(
        default=365.0,
        ge=30,
        description="then what was read and keyed is forgotten, and no crop is exported",
    )
    keep_drafts_days: float = Field(
        default=14.0, ge=1, description="then what was typed and never sent is deleted"
    )


class Oidc(_Frozen):
    """The identity provider (OpenID Connect); without this table only local accounts sign in."""

    issuer: str = Field(
        pattern=r"^https?://[^\s?#]+$", description="as the provider names itself; HTTPS"
    )
    client_id: str = Field(min_length=1, description="of this centre at the provider")
    client_secret_file: AbsolutePath = Field(description="holds the client's secret")
    ca_file: AbsolutePath | None = Field(
        default=None, description="authority of the provider's certificate; unset: the system's"
    )
    scopes: tuple[str, ...] = Field(
        default=("openid", "profile"), description="asked for; ``openid`` among them"
    )
    login_claim: str = Field(default="preferred_username", description="becomes the login")
    name_claim: str = Field(default="name", description="becomes the shown name")
    roles_claim: str = Field(default="roles", description="holds the groups; dots lead inside")
    roles: dict[str, RoleCode] = Field(
        min_length=1, description="value of ``roles_claim`` = our role"
    )
    sites_claim: str = Field(
        default="",
        description="holds the sites, ``*`` for all; ``*`` itself: everybody sees all sites",
    )
    poles_claim: str = Field(
        default="",
        description="holds the pôles, ``*`` for all; ``*`` itself: everybody sees all pôles",
    )
    team_claim: str = Field(default="", description="holds the team; empty: none")
    button: str = Field(
        default="Se connecter avec mon compte de l'organisme", description="French, on the page"
    )
    clock_skew_s: float = Field(
        default=60.0, ge=0, le=600, description="tolerated between both clocks"
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="of each step of a call")

    @pydantic.model_validator(mode="after")
    def _is_safe(self) -> "Oidc":
        host = urlsplit(self.issuer).hostname
        if not self.issuer.startswith("https:") and host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("issuer must be https, save on this machine")
        if "openid" not in self.scopes:
            raise ValueError("scopes lack openid")
        if not self.sites_claim or not self.poles_claim:
            raise ValueError(
                'sites_claim and poles_claim: name the claims, or say "*" where everybody who '
                "comes from the provider sees all"
            )
        return self


class Metrics(_Frozen):
    """Where Prometheus reads, apart from the pages for people; ``serve`` uses the console's."""

    console_listen: Address | None = Field(
        default=None,
        description="host:port of `vaguemestre-central serve` or `console`; unset: none",
    )

    intake_listen: Address | None = Field(
        default=None, description="host:port of `vaguemestre-central intake`; unset: none"
    )
    dispatch_listen: Address | None = Field(
        default=None, description="host:port of `vaguemestre-central dispatch`; unset: none"
    )


class Work(_Frozen):
    """Where temporary files lie: copies of page images, packages while they are handed over."""

    dir: AbsolutePath | None = Field(
        default=None,
        description="of this account alone; what processes that died left there is deleted at the"
        " start; unset: ``/var/tmp/vaguemestre-`` and the account's number",
    )


class CentralConfig(_Frozen):
    """The whole settings file.

    A document whose destination is not listed waits, held with the reason
    ``destination_unknown``, until the destination is configured.
    """

    database: Database
    blobs: Blobs
    intake: Intake
    dispatch: Dispatch = Dispatch()
    destinations: tuple[Destination, ...] = ()
    console: Console = Console()
    quality: Quality = Quality()
    metrics: Metrics = Metrics()
    oidc: Oidc | None = None
    work: Work = Work()

    @pydantic.model_validator(mode="after")
    def _oidc_knows_its_way_back(self) -> "CentralConfig":
        if self.oidc is not None and self.console.public_url is None:
            raise ValueError("oidc needs console.public_url")
        needs_key = self.oidc is not None or self.console.totp_roles
        if needs_key and self.console.secrets_key_file is None:
            raise ValueError(
                "oidc and console.totp_roles need console.secrets_key_file; make the file with: "
                "head -c 32 /dev/urandom | base64"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _destinations_differ(self) -> "CentralConfig":
        names = [destination.name for destination in self.destinations]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"destinations given twice: {', '.join(twice)}")
        folders = [d.folder for d in self.destinations if d.folder]
        if len(set(folders)) != len(folders):
            raise ValueError("two destinations share a folder")
        return self

    @pydantic.model_validator(mode="after")
    def _returns_lie_apart(self) -> "CentralConfig":
        """What lies in a returns folder is taken back, or moved away as none of ours."""
        returns = [Path(normpath(d.returns_folder)) for d in self.destinations if d.returns_folder]
        if len(set(returns)) != len(returns):
            raise ValueError("two destinations share a returns_folder")
        for one in self.destinations:
            inside = one.folder and Path(normpath(one.folder))
            if inside and any(inside.is_relative_to(folder) for folder in returns):
                raise ValueError(f"{one.name}: folder lies in a returns_folder")
        return self

    @pydantic.model_validator(mode="after")
    def _hand_overs_have_time(self) -> "CentralConfig":
        longest = self.dispatch.longest_hand_over_s
        if slow := [d.name for d in self.destinations if d.timeout_s > longest]:
            raise ValueError(f"timeout_s is longer than longest_hand_over_s: {', '.join(slow)}")
        return self


def secret(path: Path) -> bytes:
    """Read a secret that others share with us, without white space at its ends.

    Raises:
        ConfigInvalid: it cannot be read, or is so short that it could be guessed.
    """
    try:
        found = path.read_bytes().strip()
    except OSError as error:
        raise ConfigInvalid(f"{error.filename}: {error.strerror}") from error
    if len(found) < _SHORTEST_SECRET:
        raise ConfigInvalid(
            f"{path} : un secret a au moins {_SHORTEST_SECRET} octets, blancs du bord non comptés"
        )
    return found


def password(path: Path) -> str:
    """Read a password or a secret that another system chose, without white space at its ends.

    Raises:
        ConfigInvalid: it cannot be read, is blank, or is more than one line of text.
    """
    try:
        found = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigInvalid(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigInvalid(f"{path} : ce n'est pas du texte en UTF-8") from None
    if not found:
        raise ConfigInvalid(f"{path} : le fichier est vide ; il doit contenir le mot de passe")
    if not found.isprintable():
        raise ConfigInvalid(f"{path} : une seule ligne est attendue")
    return found


def load(path: Path) -> CentralConfig:
    """Read and check a settings file.

    Raises:
        ConfigInvalid: with every problem, one a line.
    """
    try:
        return CentralConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigInvalid(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path}: {error}") from error
    except pydantic.ValidationError as error:
        lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigInvalid("\n".join(lines)) from error
