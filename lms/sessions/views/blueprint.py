"""The blueprint, and what templates of other features use of live sessions."""

from flask import Blueprint

from lms.sessions.rules import JoinDecision
from lms.sessions.texts import join_reason, status_text

blueprint = Blueprint("sessions", __name__, template_folder="../templates")


@blueprint.app_template_filter("join_reason")
def reason_of(decision: JoinDecision) -> str:
    """Write why one cannot join now, '' when the button is open."""
    return join_reason(decision)


@blueprint.app_template_filter("attendance_status")
def status_of(status: str | None) -> str:
    """Write a status of attendance."""
    return status_text(status)
