"""What is done about recordings held elsewhere."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.kernel import clock
from lms.rights.operations.elsewhere import report_removed_elsewhere
from lms.rights.views.blueprint import blueprint


@blueprint.post("/desk/recordings/<recording_id>/rights/removed-elsewhere")
@access(RIGHTS_DESK)
def removed_elsewhere(recording_id: str) -> Any:
    """Write down that it was taken down where it is held."""
    with unit_of_work():
        report_removed_elsewhere(current_actor(), recording_id, clock.now())
    flash(_("Written down: it was taken down there too."), "done")
    return redirect(url_for("rights.recording_rights", recording_id=recording_id), 303)
