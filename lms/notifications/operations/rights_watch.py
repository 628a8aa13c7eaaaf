"""Telling of what watching over rights brings: closings, ends, the week, who needs another way."""

from lms.notifications import queries
from lms.notifications.operations.telling import tell_staff


def tell_closed(record_id: str, recording_id: str, edition_id: str) -> None:
    """Tell those who look after a recording that it is closed and being destroyed."""
    words = queries.recording_words(recording_id)
    if words is None:
        return
    params = {"course": queries.course_words(edition_id)["course"], **words}
    staff = queries.organiser_ids(edition_id, recording_id)
    tell_staff(staff, "rights_closed", params, key=record_id)
