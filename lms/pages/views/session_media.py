"""What belongs to a live session, for its page, which lies below and cannot know of it."""

from typing import Any

from lms.infra.web.access import current_actor
from lms.kernel import clock
from lms.pages.queries.media import MediaLine, media_of_session
from lms.pages.views.blueprint import blueprint
from lms.sessions.queries import SessionCard


@blueprint.app_context_processor
def _session_media() -> dict[str, Any]:
    return {"session_media": session_media}


def session_media(card: SessionCard) -> tuple[MediaLine, ...]:
    """Return the recordings, handouts and links of a session as this reader may know of them."""
    return media_of_session(current_actor(), card, clock.now())
