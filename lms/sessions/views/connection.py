"""Checking one's browser, camera and connection before a session. Nothing is recorded."""

from typing import Any

from flask import jsonify, make_response, render_template

from lms.infra.web.access import PUBLIC, SIGNED_IN, access, current_actor
from lms.infra.web.locale import viewer_zone
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.sessions import policy
from lms.sessions.queries.joining import find_service_name
from lms.sessions.rules.joining import check_opens_at
from lms.sessions.views.blueprint import blueprint

TEST_PAGES = {
    "zoom": ("Zoom", "https://zoom.us/test"),
    "webex": ("Webex", "https://www.webex.com/test-meeting.html"),
}
"""Pages on which a service lets everybody try a meeting, by the service."""


@blueprint.get("/live-sessions/<live_session_id>/check")
@access(SIGNED_IN)
def check_connection(live_session_id: str) -> Any:
    """Show the check; it opens the day before, and is of use until joining ends."""
    at = clock.now()
    found = policy.require_known(current_actor(), live_session_id, at)
    if not policy.may_check(found, at):
        raise NotFoundError
    card = found.card
    opens_at = check_opens_at(card.starts_at, card.zone)
    answer = make_response(
        render_template(
            "sessions/check_connection.html",
            card=card,
            found=found,
            opens_at=opens_at,
            is_open=at >= opens_at,
            test_page=TEST_PAGES.get(find_service_name(card.id)),
            zone=viewer_zone().key,
            at=at,
        )
    )
    # The one page on which our own script asks for the microphone.
    answer.headers["Permissions-Policy"] = (
        "camera=(self), microphone=(self), geolocation=(), payment=()"
    )
    return answer


@blueprint.get("/clock")
@access(PUBLIC)
def server_clock() -> Any:
    """Tell what time it is here, in milliseconds since the epoch: for the clock of the check."""
    return jsonify(now=clock.to_ms(clock.now()))
