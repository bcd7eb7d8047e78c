"""How the station is, gathered from the spool for whoever shows it: the page, the terminal.

What the page and the terminal say in French; pure.

Numbers have a narrow space between thousands, as printed French has.
"""

import datetime as dt
from dataclasses import dataclass

from edge.config import EdgeConfig
from edge.errors import (
    CentreCertificateOutdated,
    CentreUntrusted,
    CertificateExpired,
    CertificateNotYetValid,
    CertificateRefused,
    CertificateUnusable,
    UplinkRefused,
)
from edge.spool.rules import CountResult, Usage
from edge.spool.spool import Spool
from edge.spool.values import (
    AgentStatus,
    HiddenLots,
    LotStatus,
    OperatorState,
    Rescan,
    SourceStatus,
    StalledPart,
)
from vaguemestre.model.calendar import paris_day, paris_time
from vaguemestre.model.lot import Backlog

_NEED = (OperatorState.INCOMPLETE, OperatorState.ERROR)
_ORDER = (OperatorState.INCOMPLETE, OperatorState.ERROR, OperatorState.RUNNING, OperatorState.DONE)


@dataclass(frozen=True, slots=True)
class StationStatus:
    """One look; lots that want something of the operator come first, then the newest."""

    site: str
    station: str
    now: dt.datetime
    lots: tuple[LotStatus, ...]
    rescans: tuple[Rescan, ...]
    sources: tuple[SourceStatus, ...]
    backlog: Backlog
    usage: Usage
    standing: AgentStatus
    rated_pages_per_minute: float
    hidden: HiddenLots  # lots beyond ``lots``

    @property
    def needing(self) -> int:
        """Lots of ``lots`` that somebody must act on; they come first."""
        return sum(lot.shown in _NEED for lot in self.lots)

    @property
    def lots_to_read(self) -> int:
        """Lots that are claimed and not read yet."""
        return sum(lot.shown is OperatorState.RUNNING and bool(lot.id) for lot in self.lots)


def read_status(config: EdgeConfig, spool: Spool, now: dt.datetime) -> StationStatus:
    """Look at everything once.

    Raises:
        SpoolCorrupt: the journal is damaged.
    """
    lots = spool.status.lots_overview()
    return StationStatus(
        site=config.station.site,
        station=config.station.name,
        now=now,
        lots=tuple(sorted(lots, key=lambda lot: _ORDER.index(lot.shown))),  # stable: newest first
        rescans=tuple(spool.rescans.open_requests()),
        sources=tuple(spool.status.sources_overview()),
        backlog=spool.outbox.backlog(),
        usage=spool.room.usage(),
        standing=spool.status.agent_status(),
        rated_pages_per_minute=config.station.rated_pages_per_minute,
        hidden=spool.status.lots_hidden(),
    )


NARROW = "\u202f"
_UNITS = ((1e12, "To"), (1e9, "Go"), (1e6, "Mo"), (1e3, "ko"))
NOTHING = "–"
_CERTIFICATES = {
    CertificateExpired.code: ("Certificat expiré", CertificateExpired.reason),
    CertificateNotYetValid.code: ("Certificat pas encore valable", CertificateNotYetValid.reason),
    CertificateRefused.code: ("Certificat refusé", CertificateRefused.reason),
    CertificateUnusable.code: ("Certificat inutilisable", CertificateUnusable.reason),
    CentreCertificateOutdated.code: (
        "Certificat du centre hors dates",
        CentreCertificateOutdated.reason,
    ),
    CentreUntrusted.code: ("Centre non reconnu", CentreUntrusted.reason),
}
# What does not go on, and what to do: by part, and for a watched folder.
_STALLED = {
    "reading": (
        "La lecture",
        "Redémarrez la station : les lots sont gardés et seront lus de nouveau.",
    ),
    "uplink": ("L'envoi au centre", "Redémarrez la station : les documents attendent ici."),
    "page": ("Cette page", "Redémarrez la station."),
    "standing": ("Le suivi de la station", "Vérifiez le disque, puis redémarrez la station."),
    "watchdog": ("La surveillance", "Vérifiez le disque, puis redémarrez la station."),
    "housekeeping": ("Le ménage du disque", "Vérifiez le disque, puis redémarrez la station."),
}
_STALLED_FOLDER = (
    "Rétablissez le partage réseau : la station reprend seule. Sinon, redémarrez-la. Les lots déjà"
    " pris suivent leur cours."
)


def number(value: float) -> str:
    """A whole number with its thousands apart."""
    return f"{round(value):,}".replace(",", NARROW)


def counted(value: int, one: str, many: str = "") -> str:
    """A number and its noun, in the singular up to one, as in French."""
    return f"{number(value)} {one if value < 2 else many or one + 's'}"


def size(value: int) -> str:
    """A number of bytes."""
    for unit, name in _UNITS:
        if value >= unit:
            amount = value / unit
            shown = f"{amount:.1f}".replace(".", ",") if amount < 10 else number(amount)
            return f"{shown} {name}"
    return f"{value} o"


def age(since: dt.datetime, now: dt.datetime) -> str:
    """How long ago, in the unit that people would say."""
    seconds = max(0.0, (now - since).total_seconds())
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    if seconds < 129_600:
        return f"{seconds / 3_600:.0f} h"
    return f"{seconds / 86_400:.0f} j"


def moment(at: dt.datetime, now: dt.datetime) -> str:
    """When, in France's time; the day only when it is another."""
    is_today = paris_day(at) == paris_day(now)
    return f"{paris_time(at):%H:%M}" if is_today else f"{paris_time(at):%d/%m à %H:%M}"


def link_text(situation: StationStatus) -> tuple[str, str, bool]:
    """The link to the centre: a word, what it means, and whether it is well."""
    standing = situation.standing
    if not standing.is_running:
        return "Station arrêtée", "Rien n'est pris, lu ni envoyé. Prévenez l'exploitation.", False
    if standing.link is None:
        return "Liaison en cours", "Le centre n'a pas encore répondu.", True
    since = age(standing.link.since, situation.now)
    if not standing.link.code:
        return "Centre relié", f"Depuis {since}.", True
    if standing.link.code in _CERTIFICATES:
        title, advice = _CERTIFICATES[standing.link.code]
        return title, f"Depuis {since}. {advice}", False
    if standing.link.code == UplinkRefused.code:
        return "Centre : refus", f"Depuis {since}. Prévenez l'exploitation.", False
    return "Centre injoignable", f"Depuis {since}. Les documents attendent ici.", False


def stalled(one: StalledPart, now: dt.datetime) -> tuple[str, str]:
    """A part that does not go on: which, and since when, what it did last, and what to do."""
    source = one.part.removeprefix("source ")
    if source != one.part:
        name, advice = f"Dossier {source}", _STALLED_FOLDER
    else:
        name, advice = _STALLED.get(one.part, (f"« {one.part} »", "Redémarrez la station."))
    since = f"{moment(one.since, now)} ({age(one.since, now)})"
    return name, f"n'avance plus depuis {since}, dernière action : {one.doing}. {advice}"


def rate_text(situation: StationStatus) -> tuple[str, str, bool]:
    """How fast it reads, beside what the scanner can do, and whether that is well."""
    waiting = situation.lots_to_read
    queue = f"{counted(waiting, 'lot')} à lire." if waiting else "Tout est lu."
    read = f"{number(situation.standing.pages_per_minute)} pages/min"
    if situation.rated_pages_per_minute:
        queue = f"Scanner : {number(situation.rated_pages_per_minute)} pages/min. {queue}"
    return read, queue, True


def backlog_text(situation: StationStatus) -> tuple[str, str, bool]:
    """What waits for the centre."""
    waiting = situation.backlog
    if not waiting.documents:
        return "0", "Le centre a tout reçu.", True
    return number(waiting.documents), f"{size(waiting.bytes)} d'images à envoyer.", True


def disk_text(situation: StationStatus) -> tuple[str, str, bool]:
    """What room is left."""
    usage = situation.usage
    held = f"{size(usage.used)} gardés sur {size(usage.max_bytes)}."
    if usage.is_full:
        return f"{size(usage.free)} libres", f"Plein : les lots attendent. {held}", False
    return f"{size(usage.free)} libres", held, True


def announced_text(lot: LotStatus) -> tuple[str, str]:
    """What was found beside what the header sheet or the index announces, and its unit."""
    if lot.count is None:
        return NOTHING, ""
    return f"{number(lot.count.found)} sur {number(lot.count.expected)}", lot.count.unit.value


def scanned_text(lot: LotStatus) -> str:
    """Files that the scanner wrote, once they are ours."""
    return number(lot.files) if lot.id else NOTHING


def read_text(lot: LotStatus) -> str:
    """Pages read, while reading so far."""
    if lot.shown is OperatorState.RUNNING:
        return f"{number(lot.read_pages)}…" if lot.read_pages else NOTHING
    return number(lot.counted_pages)


def of_documents(lot: LotStatus, some: int) -> str:
    """Some of a lot's documents."""
    return f"{number(some)}/{number(lot.documents)}" if lot.documents else NOTHING


def advice_text(lot: LotStatus) -> str:
    """What an operator must know of a lot."""
    if lot.shown is OperatorState.INCOMPLETE and lot.count is not None:
        if lot.count.result is CountResult.OVER:
            return "Il y en a trop : deux lots sont-ils mêlés ? Sinon, clôturez."
        return "Numérisez ce qui manque sous le même nom, ou clôturez."
    if lot.rescans:
        return f"À numériser de nouveau : {lot.rescans[0]}"
    if lot.set_aside:
        first, *others = lot.set_aside
        return f"{first.reason} {f'(+ {len(others)})' if others else ''}".strip()
    detail = lot.detail
    if lot.shown is OperatorState.DONE:
        is_there = lot.acknowledged == lot.documents
        detail = "Reçu par le centre." if is_there else "En sécurité ici, attend le centre."
        detail = f"{lot.note} {detail}" if lot.note else detail
    return f"Répond à une demande du centre. {detail}" if lot.answers_rescan else detail


def sheet_of(rescan: Rescan) -> str:
    """Which sheet is meant, for whoever looks for it; empty: the centre does not say."""
    sheet = rescan.sheet
    told = [f"document n° {sheet.number} du lot" if sheet.number else "", sheet.type_title]
    if sheet.page:
        told.append(f"page {sheet.page} sur {sheet.pages}")
    return ", ".join(part for part in told if part)


def standing_of(rescan: Rescan) -> str:
    """Where the answer to a request stands."""
    if rescan.impossible:
        return "Impossible : le centre va en prendre note."
    if not rescan.scanned:
        return "À numériser"
    if rescan.sent < rescan.scanned:
        return "Numérisé : la réponse part au centre."
    return "Numérisé : le centre a la réponse."
