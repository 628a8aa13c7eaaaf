"""Words of pages that show several features."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.completion.queries import EditionProgress
from lms.completion.rules import (
    RequirementOutcome,
    RequirementState,
    RouteKind,
    RouteOutcome,
)
from lms.completion.texts import sessions_text
from lms.courses.models import Reach
from lms.pages.queries import Need

REACHES: Mapping[Reach, Any] = {
    Reach.OUTSIDE: _l("Open to everyone"),
    Reach.AFFILIATE: _l("Up to affiliated unions"),
    Reach.INDUSTRIAL: _l("Up to industrial unions"),
    Reach.HQ: _l("Headquarters only"),
}

NEEDS: Mapping[Need, Any] = {
    Need.MEETING_REQUESTS: _l("Requests for study meetings wait for an answer"),
    Need.APPLICATIONS: _l("Applications to decide on"),
    Need.SESSION_SOON: _l("Session coming up"),
    Need.SESSION_WITHOUT_PLACE: _l("A session has neither a room nor a web address"),
    Need.ATTENDANCE_OPEN: _l("Attendance has not been taken"),
    Need.RECORDING_FAILED: _l("A file could not be processed"),
    Need.RECORDING_TO_CLEAR: _l("Rights and publication to be settled"),
    Need.RECORDING_GONE: _l("A recording is gone that people still need to complete"),
    Need.DRAFT: _l("Draft, not published yet"),
    Need.QUESTION: _l("A completion is in question"),
    Need.MAIL_FAILED: _l("Mails could not be delivered"),
}


def route_sentence(outcome: RouteOutcome) -> str:
    """Return in a word or two by which way a requirement was met."""
    match outcome.route.kind:
        case RouteKind.ATTEND:
            if outcome.route.share is not None:
                return str(_("Attended: %(sessions)s", sessions=sessions_text(outcome)))
            return str(_("Attended"))
        case RouteKind.WATCH:
            return str(_("Watched %(percent)s%%", percent=min(outcome.permille, 1000) // 10))
        case RouteKind.READ:
            return str(_("Read"))
        case RouteKind.CONFIRMED:
            return str(_("Confirmed"))


def missing_sentence(outcome: RequirementOutcome) -> str:
    """Return what would meet a requirement: its routes joined by "or"."""
    ways = []
    for one in outcome.routes:
        match one.route.kind:
            case RouteKind.ATTEND:
                ways.append(_missing_sessions(one))
            case RouteKind.WATCH:
                percent = one.route.permille // 10
                ways.append(
                    str(
                        _(
                            "watch at least %(percent)s%% of the recording (so far %(so_far)s%%)",
                            percent=percent,
                            so_far=one.permille // 10,
                        )
                    )
                    if one.permille
                    else str(_("watch at least %(percent)s%% of the recording", percent=percent))
                )
            case RouteKind.READ:
                ways.append(str(_("read the lesson")))
            case RouteKind.CONFIRMED:
                ways.append(str(_("the organiser confirms it")))
    return str(_(" or ")).join(ways)


def _missing_sessions(outcome: RouteOutcome) -> str:
    """Return what would meet a requirement by attending."""
    share = outcome.route.share
    if share is None:
        return str(_("attend the session"))
    if not outcome.sessions:
        return str(_("attend at least %(percent)s%% of the sessions", percent=share // 10))
    return str(
        _(
            "attend at least %(percent)s%% of the sessions (so far %(so_far)s)",
            percent=share // 10,
            so_far=sessions_text(outcome),
        )
    )


def _check_state(outcome: RequirementOutcome) -> str:
    match outcome.state:
        case RequirementState.DONE:
            return "done"
        case RequirementState.PART:
            return "part"
        case RequirementState.TODO:
            return "todo"


def _first(keys: tuple[str, ...]) -> str | None:
    return keys[0] if keys else None


def checklist_items(progress: EditionProgress) -> list[dict[str, Any]]:
    """Return the requirements as the checklist macro takes them: done, left, by which way."""
    items = []
    for line, outcome in progress.lines:
        done = outcome.state is RequirementState.DONE
        met = next((one for one in outcome.routes if one.is_met), None)
        watch = next((one for one in outcome.routes if one.route.kind is RouteKind.WATCH), None)
        # Where a share of the sessions is asked for, no one of them is what is missing.
        attend = next(
            (
                one
                for one in outcome.routes
                if one.route.kind is RouteKind.ATTEND and one.route.share is None
            ),
            None,
        )
        items.append(
            {
                "title": line.title,
                "state": _check_state(outcome),
                "meta": route_sentence(met) if met is not None else "",
                "hint": "" if done else missing_sentence(outcome),
                "recording_id": _first(watch.route.recording_ids) if watch and not done else None,
                "live_session_id": (
                    _first(attend.route.live_session_ids) if attend and not done else None
                ),
            }
        )
    return items
