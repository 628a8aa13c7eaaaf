"""Words of the front desk: what came of a ticket, refusals, ways of coming."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.web.formats import format_moment, format_span
from lms.infra.web.locale import ui_language
from lms.kernel.localized import Localized, pick
from lms.sessions.errors import DeskRefusedError
from lms.sessions.models import CheckInSource
from lms.sessions.operations.checking_in import ShownResult
from lms.sessions.queries import SessionCard
from lms.sessions.rules.checking_in import DESK_CLOSES, DESK_OPENS, Shown

SOURCES: dict[CheckInSource, Any] = {
    CheckInSource.TAP: _l("Tapped in the list"),
    CheckInSource.QR: _l("Ticket"),
    CheckInSource.WALK_IN: _l("Came without a seat"),
    CheckInSource.PAPER: _l("Signed on paper"),
}

CHOICES: dict[str, Any] = {
    "all": _l("Everyone"),
    "waiting": _l("Not here yet"),
    "room": _l("In the room"),
    "web": _l("On the web"),
}
"""What the list of the desk can be narrowed to."""

TONES: dict[Shown, str] = {
    Shown.DONE: "done",
    Shown.ALREADY: "warn",
    Shown.COPIED: "danger",
    Shown.REPLACED: "danger",
    Shown.NOT_ENROLLED: "danger",
    Shown.WITHDRAWN: "danger",
    Shown.OTHER_EDITION: "danger",
    Shown.OTHER_GROUP: "warn",
    Shown.EXPIRED: "danger",
    Shown.NOT_NOW: "danger",
    Shown.CANCELLED: "danger",
    Shown.UNREADABLE: "danger",
}
"""How an outcome looks: only `done` lets somebody pass without a look at it."""


def clock_at(moment: datetime, card: SessionCard) -> str:
    """Write the time of the day at the place of a session, whose zone the page names above."""
    return f"{moment.astimezone(card.zone):%H:%M}"


def shown_text(result: ShownResult, card: SessionCard, *, by_ticket: bool = True) -> str:
    """Return what to do with the person who shows a ticket, or whose name was tapped."""
    if result.outcome is Shown.ALREADY:
        return _already(result, card, by_ticket=by_ticket)
    if result.outcome is Shown.OTHER_EDITION:
        return _of_another(result)
    if result.outcome is Shown.OTHER_GROUP:
        return other_group_text(result.name, result.group)
    if result.outcome is Shown.NOT_NOW:
        return _not_now(card)
    name, at = result.name, clock_at(result.at, card) if result.at is not None else ""
    where = pick(result.elsewhere or {}, ui_language()).text
    sentences = {
        Shown.DONE: _("%(name)s is checked in.", name=name),
        Shown.COPIED: _(
            "This ticket was shown at %(time)s at “%(session)s”, which is held at the same "
            "time. One of the two is a copy. Please ask for the name, then tap it in the list.",
            time=at,
            session=where,
        ),
        Shown.REPLACED: _(
            "This ticket of %(name)s was replaced by a new one (%(moment)s) and is good no more. "
            "Please ask for the name, then tap it in the list.",
            name=name,
            moment=_issued(result, card),
        ),
        Shown.NOT_ENROLLED: _("%(name)s holds no seat in this course.", name=name),
        Shown.WITHDRAWN: _("%(name)s has given up the seat in this course.", name=name),
        Shown.EXPIRED: _("This ticket has expired: it is for another course, which is over."),
        Shown.CANCELLED: _("This session was cancelled."),
        Shown.UNREADABLE: _(
            "This is no ticket or code of this course. Please look for the name in the list."
        ),
    }
    return str(sentences[result.outcome])


def _issued(result: ShownResult, card: SessionCard) -> str:
    return format_moment(result.at, card.zone, ui_language()) if result.at is not None else ""


def _already(result: ShownResult, card: SessionCard, *, by_ticket: bool) -> str:
    told = _(
        "%(name)s was checked in already at %(time)s by %(by)s.",
        name=result.name,
        time=clock_at(result.at, card) if result.at is not None else "",
        by=result.by_name,
    )
    if not by_ticket:
        return str(told)
    copy = _("If this is another person, the ticket is a copy: please ask for the name.")
    return f"{told}{copy}" if ui_language() == "ja" else f"{told} {copy}"


def other_group_text(name: str, group: Localized | None) -> str:
    """Return where somebody belongs whose seminar group meets in another session."""
    if group is None:
        return str(_("This session is for seminar groups, and %(name)s is in none yet.", name=name))
    title = pick(group, ui_language()).text
    return str(
        _(
            "This session is for another seminar group: %(name)s is in %(group)s.",
            name=name,
            group=title,
        )
    )


def _of_another(result: ShownResult) -> str:
    if result.edition_title is None:
        return str(_("This ticket is for another course."))
    title = pick(result.edition_title, ui_language()).text
    return str(_("This ticket is for another course: %(course)s.", course=title))


def _not_now(card: SessionCard) -> str:
    span = format_span(
        card.starts_at - DESK_OPENS, card.ends_at + DESK_CLOSES, card.zone, ui_language()
    )
    return str(_("At this session people can be checked in from %(span)s.", span=span))


def desk_refusal_text(error: DeskRefusedError, card: SessionCard | None = None) -> str:
    """Return the sentence for a refusal at the desk; times at the place when `card` is given."""
    if error.code == "not_now" and card is not None:
        return _not_now(card)
    again: Any = error.facts.get("again_at")
    zone = card.zone if card is not None else None
    sentences = {
        "not_now": _(
            "People can be checked in from four hours before a session until four hours after it."
        ),
        "ended": _("This session is over."),
        "cancelled": _("This session was cancelled."),
        "not_enrolled": _("This person holds no seat in this course."),
        "other_group": _("This session is for another seminar group than this person's."),
        "called_lately": _(
            "The missing were written to a short while ago. You can write again from %(moment)s.",
            moment=format_moment(again, zone, ui_language()) if again and zone else "",
        ),
        "nobody_missing": _("Nobody is missing."),
        "name_missing": _("Please write a name."),
        "name_too_long": _("At most %(max)d characters fit here.", max=error.facts.get("most", 0)),
        "noted_already": _("This person is noted already."),
        "decided_already": _("Somebody has decided on this note already."),
        "nobody_of_this_name": _(
            "No single person signs in with this id or address. Use the sign-in id when an "
            "address is shared."
        ),
        "tickets_used_up": _(
            "Several new tickets were issued to this person already. Please check the name in the "
            "list instead."
        ),
        "hand_known_already": _("This person sits at the front desk already."),
    }
    return str(sentences[error.code])
