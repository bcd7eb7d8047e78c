"""Every table of the centre, in SQLAlchemy Core; migrations are tested to equal this."""

from central.store.tables.base import metadata
from central.store.tables.handing import handed_over
from central.store.tables.mail import (
    NOTIFY_CHANNEL,
    PARTITIONED,
    audit,
    blobs,
    circuits,
    deliveries,
    documents,
    fields,
    lots,
    pages,
    returns,
    sites,
    stations,
)
from central.store.tables.operations import (
    dispatchers,
    flow,
    holds,
    plan_change_documents,
    plan_changes,
)
from central.store.tables.people import people, sessions, sign_in_steps
from central.store.tables.work import (
    controls,
    drafts,
    keyings,
    leases,
    namings,
    remarks,
    rescans,
    sent_work,
    straight_types,
)

__all__ = [
    "NOTIFY_CHANNEL",
    "PARTITIONED",
    "audit",
    "blobs",
    "circuits",
    "controls",
    "deliveries",
    "dispatchers",
    "documents",
    "drafts",
    "fields",
    "flow",
    "handed_over",
    "holds",
    "keyings",
    "leases",
    "lots",
    "metadata",
    "namings",
    "pages",
    "people",
    "plan_change_documents",
    "plan_changes",
    "remarks",
    "rescans",
    "returns",
    "sent_work",
    "sessions",
    "sign_in_steps",
    "sites",
    "stations",
    "straight_types",
]
