"""Words for meetings that services hold."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.sessions.models import MeetingState
from lms.sessions.queries.meetings import MeetingCard

SERVICES: dict[str, Any] = {
    "": _l("A plain address"),
    "zoom": _l("Zoom"),
    "jitsi": _l("Jitsi"),
}


def meeting_sentence(card: MeetingCard, *, has_address: bool) -> str:
    """Return where the meeting stands, in words for organisers, and what people do meanwhile."""
    if not card.provider:
        return str(
            _("People come in by the address that you entered for the session.")
            if has_address
            else _("No address is entered for the session yet.")
        )
    name = str(SERVICES.get(card.provider, card.provider))
    if card.fault:
        return " ".join((_fault_sentence(card, name), _meanwhile(has_address=has_address)))
    if card.state == MeetingState.READY:
        return str(_("%(service)s holds the meeting as it is planned here.", service=name))
    return str(_("%(service)s is being asked for the meeting.", service=name))


def _fault_sentence(card: MeetingCard, name: str) -> str:
    again = card.state != MeetingState.FAILED
    told = {
        "unreachable": _("%(service)s cannot be reached.", service=name),
        "busy": _("%(service)s takes no more requests just now.", service=name),
        "down": _("%(service)s has a disturbance.", service=name),
        "credentials": _(
            "%(service)s does not accept the access that is set up here. Ask whoever runs this "
            "installation.",
            service=name,
        ),
        "missing": _("%(service)s knows no such meeting or host.", service=name),
        "refused": _("%(service)s refused the meeting.", service=name),
    }[card.fault]
    if again:
        return " ".join((str(told), str(_("It is asked again by itself."))))
    return " ".join((str(told), str(_("Choose it again to have it asked once more."))))


def _meanwhile(*, has_address: bool) -> str:
    if has_address:
        return str(_("Until then people come in by the plain address of the session."))
    return str(_("Please enter a plain address for the session, so that people can come in."))


def fetch_sentence(card: MeetingCard) -> str:
    """Return why the attendance could not be read from the service, '' while it could."""
    name = str(SERVICES.get(card.provider, card.provider))
    if not card.fetch_fault:
        return ""
    if card.fetch_fault in {"missing", "nobody", "report_nobody"}:
        return str(_("%(service)s tells of nobody who came.", service=name))
    if card.fetch_fault.startswith("report_"):
        return str(
            _("What %(service)s tells is of another time. Please import a report.", service=name)
        )
    return str(
        _(
            "The attendance could not be read from %(service)s. Try again, or import the report "
            "that you save there.",
            service=name,
        )
    )
