"""Media addresses: the playlists, segments, keys, captions and poster of one play session.

The token in the path opens segments alone; everything else is decided again.
"""

from dataclasses import replace
from functools import cached_property
from typing import Any

from flask import abort, jsonify, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.infra.web.access import OWN_CHECK, PUBLIC, Response, access, current_actor
from lms.infra.web.errors import error_answer
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.recordings.queries import find_caption, get_recording, list_cues
from lms.recordings.rules import media_key, render_vtt
from lms.rights.models import PlaySession
from lms.rights.queries.adapting import may_make
from lms.rights.rules.adapting import making_of
from lms.watching.operations import Gate, begin_view, decide_play
from lms.watching.queries import (
    MediaPlace,
    find_media,
    find_play,
    list_tracks,
    may_show_cover,
    reference_lengths,
)
from lms.watching.queries.makings import allowed_sounds
from lms.watching.rules import (
    Cut,
    MediaToken,
    TokenFault,
    choose_sound,
    cut_segments,
    keep_cues,
    list_sounds,
    read_token,
    render_playlist,
    render_variants,
)
from lms.watching.texts import ended_text, sound_name
from lms.watching.views.answers import (
    file_answer,
    guard,
    media_answer,
    note_refusal,
    refusal_json,
    signed,
)
from lms.watching.views.blueprint import blueprint


class _Opened:
    """A media address that opens something: its token, rendition, play session and decision."""

    def __init__(self, token: MediaToken, place: MediaPlace, gate: Gate):
        self.token = token
        self.place = place
        self.gate = gate

    @cached_property
    def cut(self) -> Cut:
        """What this viewer gets, by the segments that all renditions are cut like."""
        left_out = self.gate.viewing.left_out
        if not left_out and not self.token.gone:
            return cut_segments(_lengths(self.place), ())
        tracks = list_tracks(self.token.recording_id, self.place.media_version)
        return cut_segments(reference_lengths(tracks), left_out, self.token.gone)

    @property
    def kept(self) -> list[int]:
        """The places of the rendition's segments that this viewer gets."""
        count = len(self.place.segments)
        return [place for place in self.cut.kept if place < count]

    @property
    def outdated(self) -> bool:
        """Whether more is hidden now than when playing began: the player must begin anew."""
        known = frozenset(self.token.gone)
        return bool(self.gate.viewing.left_out) and not known.issuperset(self.cut.gone)


def _lengths(place: MediaPlace) -> list[int]:
    return [length for _name, length, _key in place.segments]


@blueprint.get("/media/<token>/<recording_id>/index.m3u8")
@access(PUBLIC)
def playlist(token: str, recording_id: str) -> Any:
    """Answer with the list of renditions, decided again; each has a token of its own."""
    opened = _open(token, recording_id)
    if not isinstance(opened, _Opened):
        return opened
    recording = get_recording(recording_id)
    tracks = list_tracks(recording_id, opened.place.media_version)
    sounds = allowed_sounds(recording, list_sounds(tracks, recording.language), clock.now())

    def address_of(rendition_id: str) -> str:
        other = replace(opened.token, rendition_id=rendition_id)
        return url_for("watching.rendition", token=signed(other), recording_id=recording_id)

    text = render_variants(
        tracks, sounds, choose_sound(sounds, ui_language()), sound_name, address_of
    )
    return media_answer(text, "application/vnd.apple.mpegurl")


@blueprint.get("/media/<token>/<recording_id>/media.m3u8")
@access(PUBLIC)
def rendition(token: str, recording_id: str) -> Any:
    """Answer with the playlist of one rendition for this viewer, decided again."""
    opened = _open(token, recording_id)
    if not isinstance(opened, _Opened):
        return opened
    if opened.outdated:
        return _gone(ended_text("changed"), "changed")
    segments = opened.place.segments
    text = render_playlist(
        _lengths(opened.place), [key for _name, _length, key in segments], opened.kept
    )
    return media_answer(text, "application/vnd.apple.mpegurl")


@blueprint.get("/media/<token>/<recording_id>/<int:number>.ts")
@access(OWN_CHECK)
def segment(token: str, recording_id: str, number: int) -> Any:
    """Answer with an encrypted segment: signature, expiry and generation only."""
    read = _read(token, recording_id)
    if not isinstance(read, MediaToken):
        return read
    place = find_media(recording_id, read.rendition_id)
    if place is None or number >= len(place.segments) or number in read.gone:
        abort(404)
    if place.generation != read.generation:
        return _gone(_("This address does not work any more. Please load the page again."))
    return file_answer(f"{place.folder}/{place.segments[number][0]}", "video/mp2t")


@blueprint.get("/media/<token>/<recording_id>/k<int:number>.key")
@access(PUBLIC)
def key(token: str, recording_id: str, number: int) -> Any:
    """Decide again; answer with 16 bytes, or 403 with the reason."""
    opened = _open(token, recording_id)
    if not isinstance(opened, _Opened):
        return opened
    play = opened.gate.play
    if play.closed_at is not None:
        return _gone(ended_text(play.closed_why or "ended"), play.closed_why or "ended")
    if opened.outdated:
        return _gone(ended_text("changed"), "changed")
    if number not in {opened.place.segments[at][2] for at in opened.kept}:
        abort(404)
    if play.first_key_at is None:
        with unit_of_work():
            begin_view(current_actor(), play.id, clock.now())
    master = current_settings().media_master_key
    data = media_key(master, recording_id, play.media_version, number, opened.place.name)
    return media_answer(data, "application/octet-stream")


@blueprint.get("/media/<token>/<recording_id>/captions/<language>.vtt")
@access(PUBLIC)
def captions(token: str, recording_id: str, language: str) -> Any:
    """Answer with captions, without what lies in hidden ranges."""
    opened = _open(token, recording_id)
    if not isinstance(opened, _Opened):
        return opened
    caption = find_caption(recording_id, language)
    spoken = get_recording(recording_id).language
    if caption is None or not may_make(recording_id, making_of(spoken, language), clock.now()):
        abort(404)
    return media_answer(render_vtt(keep_cues(list_cues(caption), opened.cut.hidden)), "text/vtt")


@blueprint.get("/media/<token>/<recording_id>/poster.jpg")
@access(PUBLIC)
def poster(token: str, recording_id: str) -> Any:
    """Answer with the picture shown before playing."""
    opened = _open(token, recording_id)
    if not isinstance(opened, _Opened):
        return opened
    recording = get_recording(recording_id)
    if not recording.poster_key or not may_show_cover(recording, opened.gate.viewing):
        abort(404)
    return file_answer(recording.poster_key, "image/jpeg")


def _read(token: str, recording_id: str) -> MediaToken | Response:
    """Return what the token names; a bad one is like no address at all."""
    secret = current_settings().secret_key.encode()
    read = read_token(secret, token, recording_id, clock.to_ms(clock.now()))
    if read is TokenFault.EXPIRED:
        return _gone(_("This address has expired. Please load the page again."), "expired")
    if read is TokenFault.UNKNOWN:
        abort(404)
    assert isinstance(read, MediaToken)
    return read


def _open(token: str, recording_id: str) -> _Opened | Response:
    """Read the token, see that the same person asks, and decide again."""
    read = _read(token, recording_id)
    if not isinstance(read, MediaToken):
        return read
    play: PlaySession | None = find_play(read.play_id)
    if play is None or play.recording_id != recording_id:
        abort(404)
    at = clock.now()
    gate = decide_play(current_actor(), play, at)
    if not gate.viewing.allowed:
        note_refusal(recording_id, gate.viewing.action, gate.viewing.decision, at)
        return guard(refusal_json(gate.viewing.decision))
    place = find_media(recording_id, read.rendition_id)
    if place is None:
        abort(404)
    if place.generation != read.generation:
        return _gone(_("This address does not work any more. Please load the page again."))
    return _Opened(read, place, gate)


def _gone(sentence: str, code: str = "stopped") -> Response:
    answer: Any = error_answer(403, sentence, code)
    if not isinstance(answer, Response):
        answer = jsonify(error=code, message=sentence)
        answer.status_code = 403
    guarded: Response = guard(answer)
    return guarded
