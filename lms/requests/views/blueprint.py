"""What the pages of requests share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint

from lms.infra.db import db, unit_of_work
from lms.infra.web.access import current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel.errors import InvalidInputError, RefusedError
from lms.kernel.localized import pick
from lms.kernel.wall import WallTimeError
from lms.people.queries import read_tree
from lms.people.rules import Tree
from lms.requests import policy
from lms.requests.models import MeetingRequest
from lms.requests.queries import RequestRow, get_row, wished_dates
from lms.requests.rules import WishedDate
from lms.requests.texts import wall_text

blueprint = Blueprint("requests", "lms.requests", template_folder="templates")


@dataclass(frozen=True, slots=True)
class ShownDate:
    """A wished-for date as a page shows it: moments, or `text` where no moment answers to it."""

    wished: WishedDate
    starts_at: datetime | None
    ends_at: datetime | None
    text: str


def shown_dates(request: MeetingRequest) -> list[ShownDate]:
    """Return the dates of a request for a page, best first."""
    shown = []
    for wished in wished_dates(request):
        text = wall_text(wished, request.timezone)
        try:
            starts_at, ends_at = wished.moments(request.timezone)
        except WallTimeError:  # the rules of the zone have changed since
            shown.append(ShownDate(wished, None, None, text))
        else:
            shown.append(ShownDate(wished, starts_at, ends_at, text))
    return shown


def seen_row(meeting_request_id: str) -> tuple[RequestRow, Tree]:
    """Return a request that the actor may see with the tree of organisations, or answer 404."""
    row, tree = get_row(meeting_request_id), read_tree()
    policy.require_seen(current_actor(), row.request, tree)
    return row, tree


def organisation_choices(ids: frozenset[Any], tree: Tree) -> list[tuple[str, str]]:
    """Return organisations in protocol order, indented by depth, for a select."""
    language = ui_language()
    rows = [(depth, node) for depth, node in tree.rows() if node.id in ids]
    top = min((depth for depth, _node in rows), default=0)
    return [
        (node.id, "\u2003" * (depth - top) + (pick(node.name, language).text or node.code))
        for depth, node in rows
    ]


def sent(form: TomoniForm, act: Callable[[], Any], *, names: Sequence[str] = ()) -> tuple[Any, int]:
    """Do an act with what a valid form gave: its result and 303, or the fault and its status.

    `names`: fields that a fault belongs to whatever its own place is called, first come.
    """
    try:
        with unit_of_work():
            return act(), 303
    except InvalidInputError as error:
        db.session.rollback()
        known = [error.field, f"{error.field}_{ui_language()}", *names]
        form.refuse(next((one for one in known if one in form), ""), refusal_sentence(error))
        return None, 422
    except RefusedError as error:
        db.session.rollback()
        form.refuse("", refusal_sentence(error))
        return None, 409
