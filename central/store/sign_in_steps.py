"""What a browser has begun and not finished: a code, or the identity provider's answer, is awaited.

Only here, never in the browser, stands what was settled so far: a browser has a token of chance.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.store.engine import transaction
from central.store.tables import sign_in_steps

_c = sign_in_steps.c

Step = Literal["code", "provider", "enrolment"]


@dataclass(frozen=True, slots=True)
class Begun:
    """What was settled so far."""

    person_id: int | None
    content: Mapping[str, Any]


def begin(engine: sa.Engine, token: str, step: Step, begun: Begun, within_s: float) -> None:
    """Remember a step; one that was begun with the same token is forgotten.

    Raises:
        StoreUnavailable: nothing was written.
    """
    told = {
        "step": step,
        "person_id": begun.person_id,
        "content": dict(begun.content),
        "expires_at": sa.func.now() + dt.timedelta(seconds=within_s),
    }
    with transaction(engine) as connection:
        connection.execute(sign_in_steps.delete().where(_c.expires_at <= sa.func.now()))
        statement = insert(sign_in_steps).values(token_sha256=_digest(token), **told)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["token_sha256"], set_=told)
        )


def look(engine: sa.Engine, token: str, step: Step) -> Begun | None:
    """What was begun; None: nothing, or too long ago.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        row = connection.execute(sa.select(sign_in_steps).where(*_is(token, step))).one_or_none()
    return None if row is None else Begun(row.person_id, row.content)


def take(engine: sa.Engine, token: str, step: Step) -> Begun | None:
    """What was begun, once: whoever asks again gets None.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = connection.execute(
            sign_in_steps.delete().where(*_is(token, step)).returning(sign_in_steps)
        ).one_or_none()
    return None if row is None else Begun(row.person_id, row.content)


def _is(token: str, step: Step) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.token_sha256 == _digest(token), _c.step == step, _c.expires_at > sa.func.now()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
