"""Forms of live sessions."""

from lms.sessions.forms.attendance import AttendanceForm
from lms.sessions.forms.scheduling import (
    SUGGESTED_ZONES,
    SessionForm,
    new_session_form,
    session_form,
)

__all__ = ["SUGGESTED_ZONES", "AttendanceForm", "SessionForm", "new_session_form", "session_form"]
