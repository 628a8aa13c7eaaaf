"""Play sessions as players use them, in JSON."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Response, jsonify, request, session, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import OWN_CHECK, PUBLIC, access, ask_to_sign_in, current_actor, set_actor
from lms.infra.web.formats import format_moment
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel import clock
from lms.kernel.actor import ANONYMOUS, Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import PersonId
from lms.people.queries import find_actor
from lms.recordings.queries import get_recording, list_captions
from lms.rights.rules import Decision
from lms.watching.errors import PlayRefusedError, WatchResult
from lms.watching.forms import MAX_BODY, read_country, read_report
from lms.watching.operations import Opened, Reported, end_watch, open_play, report_watch
from lms.watching.queries import Covered, decide_for, may_show_cover, view_action
from lms.watching.queries.makings import allowed_captions, allowed_sounds
from lms.watching.rules import (
    TOKEN_LIFE,
    MediaToken,
    Sound,
    Track,
    choose_sound,
    list_sounds,
)
from lms.watching.texts import caption_name, ended_text, result_text, sound_name
from lms.watching.views.answers import decision_json, note_refusal, refusal_json, signed
from lms.watching.views.blueprint import blueprint

_STATUS = {
    WatchResult.OK: 200,
    WatchResult.DUPLICATE: 200,
    WatchResult.SESSION_UNKNOWN: 404,
    WatchResult.SESSION_CLOSED: 409,
    WatchResult.TOO_MANY_INTERVALS: 422,
    WatchResult.INVALID_INTERVAL: 422,
    WatchResult.RATE_IMPOSSIBLE: 429,
}


@blueprint.get("/api/v1/recordings/<recording_id>/probe")
@access(PUBLIC)
def probe(recording_id: str) -> Any:
    """Say in words whether it can be seen, without giving anything of it."""
    recording = get_recording(recording_id)
    country = read_country(_country_argument())
    viewing = decide_for(
        current_actor(), recording_id, view_action(recording), clock.now(), country=country
    )
    return jsonify(decision_json(viewing.decision))


@blueprint.post("/api/v1/recordings/<recording_id>/play-sessions")
@access(PUBLIC)
def start(recording_id: str) -> Any:
    """Decide, and open a play session: the playlist's address, the lease, where to go on."""
    country = read_country(_body())
    actor, at = current_actor(), clock.now()
    try:
        with unit_of_work():
            opened = open_play(actor, recording_id, country, at)
    except PlayRefusedError as refused:
        decision: Any = refused.decision
        assert isinstance(decision, Decision)
        note_refusal(recording_id, "play", decision, at)
        return refusal_json(decision)
    answer = jsonify(_opened_json(actor, opened))
    answer.status_code = 201
    return answer


@blueprint.post("/api/v1/play-sessions/<play_id>/events")
@access(OWN_CHECK)
def report(play_id: str) -> Any:
    """Take a watch report; answer with the renewed lease, or "stop" with the reason."""
    told, closing = read_report(_body())
    at = clock.now()
    actor, epoch = _browser()
    try:
        with unit_of_work():
            reported = report_watch(actor, epoch, play_id, told, at, closing=closing)
    except NotFoundError:
        return _unknown(actor)
    return _reported(actor, epoch, reported)


@blueprint.post("/api/v1/play-sessions/<play_id>/close")
@access(OWN_CHECK)
def close(play_id: str) -> Any:
    """Close a play session: the viewer left the page."""
    actor, _epoch = _browser()
    try:
        with unit_of_work():
            end_watch(actor, play_id, clock.now())
    except NotFoundError:
        return _unknown(actor)
    return Response(status=204)


def _browser() -> tuple[Actor, int | None]:
    """Return the person of this browser's sign-in, which the report checks itself.

    Recognising the actor in full would cost a report half its statements.
    """
    person_id, epoch = session.get("person"), session.get("epoch")
    if isinstance(person_id, str) and isinstance(epoch, int):
        return Actor(PersonId(person_id)), epoch
    return ANONYMOUS, None


def _body() -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise InvalidInputError("body", "watch_too_long")
    return request.get_data(cache=False)


def _country_argument() -> bytes:
    import json  # noqa: PLC0415 - the reader of bodies reads the address too

    return json.dumps({"country": request.args.get("country", "")}).encode()


def _unknown(actor: Actor) -> Any:
    if not actor.signed_in:
        return ask_to_sign_in()
    result = WatchResult.SESSION_UNKNOWN
    answer = jsonify(error="not_found", result=result.value, message=result_text(result))
    answer.status_code = 404
    return answer


def _reported(actor: Actor, epoch: int | None, reported: Reported) -> Any:
    status = _STATUS[reported.result]
    told: dict[str, Any] = {
        "result": reported.result.value,
        "stop": reported.stop is not None,
        "lease_until": clock.to_ms(reported.lease_until),
        "lease_ms": max(0, clock.to_ms(reported.lease_until) - clock.to_ms(clock.now())),
        "coverage": _coverage_json(reported.covered),
    }
    if reported.stop is not None and epoch is not None and actor.person_id is not None:
        set_actor(find_actor(actor.person_id, epoch, clock.now()) or ANONYMOUS)
    if reported.stop is not None:
        allowed = reported.stop.allowed  # the address is old, the permission is not
        told.update({"message": ended_text("ended")} if allowed else decision_json(reported.stop))
    elif reported.why_stopped:
        told.update(message=ended_text(reported.why_stopped), why=reported.why_stopped)
    elif not reported.result.accepted:
        told["message"] = result_text(reported.result)
    if status >= 400:  # noqa: PLR2004 - refusals
        told["error"] = reported.result.value
    answer = jsonify(told)
    answer.status_code = status
    return answer


def _opened_json(actor: Actor, opened: Opened) -> dict[str, Any]:
    play, recording = opened.play, opened.recording
    obligations = opened.viewing.decision.obligations
    token = MediaToken(
        play.id,
        recording.id,
        opened.tracks[0].id,
        play.generation,
        clock.to_ms(play.started_at) + TOKEN_LIFE,
        opened.cut.gone,
    )
    place: dict[str, Any] = {"token": signed(token), "recording_id": recording.id}
    sounds = allowed_sounds(recording, list_sounds(opened.tracks, recording.language), clock.now())
    captions = allowed_captions(recording, list_captions(recording.id), clock.now())
    preselected = choose_sound(sounds, ui_language())
    return {
        "play_session": play.id,
        "events": url_for("watching.report", play_id=play.id),
        "close": url_for("watching.close", play_id=play.id),
        "playlist": url_for("watching.playlist", **place),
        "poster": url_for("watching.poster", **place)
        if recording.poster_key and may_show_cover(recording, opened.viewing)
        else None,
        "media_version": play.media_version,
        "duration_ms": recording.duration_ms,
        "resume_ms": opened.covered.resume_ms if opened.covered else 0,
        "lease_until": clock.to_ms(play.lease_until),
        "lease_ms": max(0, clock.to_ms(play.lease_until) - clock.to_ms(play.started_at)),
        "preview": opened.viewing.action == "preview",
        "obligations": {
            **obligations.to_json(),
            "watermark": _watermark(actor, opened) if obligations.watermark else None,
        },
        "map": _time_map(opened),
        "qualities": _qualities(opened.tracks),
        "audio": [
            {
                "language": sound.language,
                "label": sound_name(sound),
                "alone": _alone(token, opened.tracks, sound),
                "selected": sound is preselected,
            }
            for sound in sounds
        ],
        "captions": [
            {
                "language": caption.language,
                "label": caption_name(caption),
                "address": url_for("watching.captions", **place, language=caption.language),
            }
            for caption in captions
        ],
        "coverage": _coverage_json(opened.covered),
        "message": _("Playing has ended in another place, as it may run in two places at a time.")
        if opened.ended
        else "",
    }


def _time_map(opened: Opened) -> list[list[int]]:
    """Return [player time, time of the uncut recording, length] of each piece, in ms."""
    pieces: list[list[int]] = []
    place = start = 0
    kept = set(opened.cut.kept)
    for number, length in enumerate(opened.lengths):
        if number in kept:
            if pieces and pieces[-1][1] + pieces[-1][2] == start:
                pieces[-1][2] += length
            else:
                pieces.append([place, start, length])
            place += length
        start += length
    return pieces


def _qualities(tracks: Sequence[Track]) -> list[str]:
    """Return what a player offers: high and low where there are two pictures, sound alone."""
    pictures = sum(track.has_picture for track in tracks)
    alone = any(not track.has_picture and not track.language for track in tracks)
    return ["high", "low"][: pictures if pictures > 1 else 0] + (
        ["sound"] if pictures and alone else []
    )


def _alone(token: MediaToken, tracks: Sequence[Track], sound: Sound) -> str | None:
    """Return the address of a sound without any picture, or None where it is not kept apart."""
    found = sound.rendition_id or next(
        (track.id for track in tracks if not track.has_picture and not track.language), ""
    )
    if not found:
        return None
    other = replace(token, rendition_id=found)
    return url_for("watching.rendition", token=signed(other), recording_id=token.recording_id)


def _watermark(actor: Actor, opened: Opened) -> str:
    when = format_moment(opened.play.started_at, viewer_zone(), ui_language())
    return f"{actor.display_name} {when}".strip()


def _coverage_json(covered: Covered | None) -> dict[str, Any] | None:
    if covered is None:
        return None
    return {
        "covered_ms": covered.covered,
        "required_ms": covered.required,
        "permille": covered.permille,
        "complete": covered.completed_ms is not None,
        "resume_ms": covered.resume_ms,
    }
