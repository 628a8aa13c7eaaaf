"""Answers that several views give: refusals in words, files with their headers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, jsonify, make_response, url_for

from lms.courses.models import Edition, Programme
from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.infra.web.access import current_actor
from lms.infra.web.files import leaving_answer, stored_answer
from lms.infra.web.formats import format_moment
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel.clock import from_ms
from lms.kernel.localized import pick
from lms.recordings.models import Recording
from lms.rights.operations.freezing import log_refusal
from lms.rights.rules import Change, Decision, Verb, viewer_answer
from lms.rights.texts import change_sentence, viewer_sentence
from lms.watching.rules import MediaToken, sign_token


@dataclass(frozen=True, slots=True)
class Step:
    """What would change a refusal: the sentence, and the verb that decides about a button."""

    verb: str
    sentence: str


def steps_of(decision: Decision) -> list[Step]:
    """Return what would change a refusal, in the viewer's language and zone."""
    return [
        Step(change.verb.value, change_sentence(ui_language(), change, _when(change)))
        for change in viewer_answer(decision).change
    ]


def sentence_of(decision: Decision) -> str:
    """Return the one sentence a viewer is told."""
    return viewer_sentence(ui_language(), viewer_answer(decision).code)


def decision_json(decision: Decision) -> dict[str, Any]:
    """Return a decision as its viewer may know it, with the sentences."""
    return {
        **viewer_answer(decision).to_json(),
        "message": sentence_of(decision),
        "steps": [step.sentence for step in steps_of(decision)],
    }


def refusal_json(decision: Decision) -> Response:
    """Answer 403 with the reason a viewer may know."""
    told = decision_json(decision)
    answer = jsonify(error=told["code"], **told)
    answer.status_code = 403
    return answer


def note_refusal(recording_id: str, action: str, decision: Decision, at: datetime) -> None:
    """Write down in a transaction of its own that somebody was refused."""
    with unit_of_work():
        log_refusal(current_actor(), recording_id, action, decision.code.value, at)


def signed(token: MediaToken) -> str:
    """Return a media token as it stands in addresses."""
    return sign_token(current_settings().secret_key.encode(), token)


def course_address(programme: Programme, edition: Edition) -> str:
    """Return the address of the course's page."""
    return url_for("pages.course", programme_slug=programme.slug, edition_slug=edition.slug)


def media_answer(body: bytes | str, mimetype: str) -> Response:
    """Answer with something that may be kept nowhere."""
    answer = make_response(body)
    answer.mimetype = mimetype
    return guard(answer)


def file_answer(key: str, mimetype: str) -> Response:
    """Answer with a stored file, Range requests included.

    Segments, which are encrypted, are sent by the proxy or the store where they can be; what
    may be looked at as it is (a poster) we send ourselves.
    """
    encrypted = mimetype.startswith(("video/", "audio/"))
    try:
        answer = leaving_answer(key, mimetype) if encrypted else stored_answer(key, mimetype)
    except FileNotFoundError:
        abort(404)
    return guard(answer)


def file_name(recording: Recording, ending: str) -> str:
    """Return the name under which something is taken away: its title, as files may be called."""
    name = pick(recording.title, ui_language()).text
    name = "".join(c for c in name if c.isprintable() and c not in '\\/:*?"<>|').strip()
    return f"{name or recording.id}.{ending}"


def guard(answer: Response) -> Response:
    """Add the headers of everything that is lent and not given."""
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _when(change: Change) -> str:
    if change.verb is not Verb.WAIT_UNTIL or not isinstance(change.detail, int):
        return ""
    return format_moment(from_ms(change.detail), viewer_zone(), ui_language())
