"""Who still needs a recording that is gone, so that they get another way to their completion."""

from typing import Any

from flask import render_template

from lms.completion.policy import may_manage_completion
from lms.completion.queries.dependants import list_dependants
from lms.completion.texts import GONE
from lms.completion.views.blueprint import blueprint
from lms.courses.queries import get_entry
from lms.infra.web.access import STAFF, access, current_actor
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.people.queries import is_id
from lms.recordings.queries import get_recording
from lms.rights.queries.gone import find_gone


@blueprint.get("/desk/recordings/<recording_id>/dependants")
@access(STAFF)
def dependants(recording_id: str) -> Any:
    """List who holds a seat, has not completed and lacks what the recording stands for."""
    if not is_id(recording_id):
        raise NotFoundError
    recording = get_recording(recording_id)
    entry = get_entry(recording.edition_id)
    if not may_manage_completion(current_actor(), entry.edition):
        raise NotFoundError
    gone = find_gone(clock.now(), recording_ids=[recording.id])
    return render_template(
        "completion/dependants.html",
        recording=recording,
        entry=entry,
        people=list_dependants(recording),
        why=GONE[gone[recording.id][1]] if recording.id in gone else None,
    )
