"""The organiser's first screen and the overview of one edition."""

from collections.abc import Mapping
from typing import Any

from flask import render_template, url_for

from lms.completion.queries import rules_of
from lms.courses.models import EditionState
from lms.courses.policy import require_edition_manager
from lms.courses.queries import edition_facts, get_entry, list_parts
from lms.courses.rules import missing_for_publication
from lms.courses.texts import KINDS, MISSING, MODES, STATE_CHIPS, STATES
from lms.enrolment.queries import count_by_state
from lms.infra.web.access import STAFF, access, current_actor
from lms.kernel import clock
from lms.pages.queries import Need, Task, find_desk
from lms.pages.texts import NEEDS
from lms.pages.views.blueprint import blueprint
from lms.recordings.queries import count_by_stage
from lms.requests.queries import find_row_of_edition
from lms.sessions.queries import count_without_place, list_edition_sessions

SHOWN_EDITIONS = 12


# Where each kind of work is done: endpoint, and whether it is the edition's or the thing's page.
_PLACES: Mapping[Need, tuple[str, str]] = {
    Need.MEETING_REQUESTS: ("requests.requests", ""),
    Need.APPLICATIONS: ("enrolment.applications", "edition_id"),
    Need.SESSION_SOON: ("sessions.edit_session", "live_session_id"),
    Need.SESSION_WITHOUT_PLACE: ("sessions.edit_session", "live_session_id"),
    Need.ATTENDANCE_OPEN: ("sessions.attendance", "live_session_id"),
    Need.RECORDING_FAILED: ("recordings.recording", "recording_id"),
    Need.RECORDING_TO_CLEAR: ("rights.recording_rights", "recording_id"),
    Need.RECORDING_GONE: ("completion.dependants", "recording_id"),
    Need.DRAFT: ("pages.desk_edition", "edition_id"),
    Need.QUESTION: ("completion.questions", ""),
    Need.MAIL_FAILED: ("notifications.outbox", ""),
}


def _address(task: Task) -> str:
    """Return where a task is done."""
    endpoint, argument = _PLACES[task.need]
    if not argument:
        return url_for(endpoint)
    if argument == "edition_id":
        assert task.entry is not None
        return url_for(endpoint, edition_id=task.entry.edition.id)
    return url_for(endpoint, **{argument: task.thing.id})


@blueprint.get("/desk")
@access(STAFF)
def desk() -> Any:
    """Show what needs the organiser today and what is incomplete."""
    at = clock.now()
    found = find_desk(current_actor(), at)
    return render_template(
        "pages/desk.html",
        desk=found,
        shown=found.entries[:SHOWN_EDITIONS],
        address=_address,
        needs=NEEDS,
        states=STATES,
        state_chips=STATE_CHIPS,
        today=clock.day_in(at),
        at=at,
    )


@blueprint.get("/desk/editions/<edition_id>")
@access(STAFF)
def desk_edition(edition_id: str) -> Any:
    """Show how one edition stands and what is still to do."""
    entry = get_entry(edition_id)
    require_edition_manager(current_actor(), entry.edition)
    at, parts = clock.now(), list_parts(edition_id)
    return render_template(
        "pages/desk_edition.html",
        entry=entry,
        edition=entry.edition,
        programme=entry.programme,
        parts=parts,
        missing=(
            [MISSING[one] for one in missing_for_publication(edition_facts(entry, parts), at)]
            if entry.edition.state == EditionState.DRAFT
            else []
        ),
        counts=count_by_state([edition_id])[edition_id],
        cards=list_edition_sessions(edition_id),
        asked=find_row_of_edition(edition_id),
        without_place=count_without_place([edition_id], at),
        stages=count_by_stage(edition_id),
        rule=rules_of([edition_id]).get(edition_id),  # type: ignore[call-overload]
        kinds=KINDS,
        modes=MODES,
        states=STATES,
        state_chips=STATE_CHIPS,
        at=at,
    )
