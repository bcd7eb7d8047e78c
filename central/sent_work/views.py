"""What somebody has just decided, and taking it back."""

from dataclasses import asdict

from starlette.responses import Response

from central.accounts.rules import KEYERS
from central.errors import AlreadyDelivered, DeliveryInDoubt, DeliveryUnderWay, LeaseLost
from central.sent_work import store as sent_work_store
from central.web.console import Console, ids_parameter, json_response
from central.web.requests import PageRequest


def register(console: Console) -> None:
    """Add both addresses."""
    pages = _Pages(console)
    console.page("/api/work/sent", pages.last, roles=KEYERS)
    console.page("/api/work/take-back", pages.take_back, roles=KEYERS, method="POST")


class _Pages:
    def __init__(self, console: Console) -> None:
        self._engine, self._lease_s = console.engine, console.config.console.lease_s

    def last(self, request: PageRequest) -> Response:
        """What somebody decided last, so that a page that is loaded anew shows it."""
        sent = sent_work_store.last(self._engine, request.who)
        return json_response({"sent": [asdict(one) for one in sent]})

    def take_back(self, request: PageRequest) -> Response:
        """Undo what somebody has just decided; of what a pôle has, with a reason."""
        reason = request.text("reason", most=200)
        back, delivered, refused = [], [], []
        for wanted in ids_parameter(request, "ids"):
            try:
                result = sent_work_store.take_back(
                    self._engine, request.who, wanted, self._lease_s, reason
                )
            except (AlreadyDelivered, DeliveryInDoubt, DeliveryUnderWay, LeaseLost) as error:
                why = error.hint or error.reason
                refused.append({"id": wanted, "reason": why, "is_over": error.permanent})
                continue
            if result.queue:
                back.append(
                    {"id": result.document_id, "queue": result.queue, "others": result.others}
                )
            else:
                delivered.append(wanted)
        return json_response({"back": back, "delivered": delivered, "refused": refused})
