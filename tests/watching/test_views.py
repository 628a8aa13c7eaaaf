"""Play sessions over HTTP: the way of the bytes, every gate, and reports."""

import dataclasses
import logging
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.people.models import Person
from lms.recordings.models import Caption, MediaKind, Recording, Stage
from lms.recordings.rules import Cue, render_vtt
from lms.rights.models import PlaySession, RefusalLog
from lms.watching.contributions import HideMediaTokens
from lms.watching.models import Watch, WatchSession
from tests.conftest import NOW, Cast
from tests.recordings.conftest import run_ffmpeg
from tests.watching.conftest import Shelf, enrol, stopped_clock

SignIn = Callable[[Person], FlaskClient]


def start(client: FlaskClient, recording: Recording, **body: Any) -> dict[str, Any]:
    """Begin to play, which must be allowed."""
    answer = client.post(f"/api/v1/recordings/{recording.id}/play-sessions", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def report(
    client: FlaskClient, play: dict[str, Any], sequence: int, *spans: Any, **more: Any
) -> Any:
    body = {"sequence": sequence, "intervals": [list(span) for span in spans], **more}
    return client.post(play["events"], json=body)


def row(play: dict[str, Any]) -> PlaySession:
    """Return the row of a play session."""
    found = db.session.get(PlaySession, play["play_session"])
    assert found is not None
    return found


def media(client: FlaskClient, play: dict[str, Any], name: str) -> Any:
    return fetch(client, play["playlist"].replace("index.m3u8", name))


def fetch(client: FlaskClient, address: str, **more: Any) -> Any:
    """Read an answer whole, so that no file stays open."""
    with client.get(address, **more) as answer:
        answer.get_data()
    return answer


def test_a_film_is_decrypted_from_what_the_addresses_give(
    cast: Cast, shelf: Shelf, sign_in: SignIn, tmp_path: Path
) -> None:
    recording = shelf.shown()
    client = sign_in(cast.trainee)
    play = start(client, recording)

    answer = media(client, play, "media.m3u8")
    assert answer.mimetype == "application/vnd.apple.mpegurl"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    keys = re.findall(
        r'#EXT-X-KEY:METHOD=AES-128,URI="(k\d+\.key)",IV=0x([0-9a-f]{32})', answer.text
    )
    segments = re.findall(r"^\d+\.ts$", answer.text, re.MULTILINE)
    assert len(keys) == len(segments) == 6
    assert [int(iv, 16) for _name, iv in keys] == list(range(6))
    assert sorted({name for name, _iv in keys}) == ["k0.key", "k1.key"]  # a new one after 30 s
    assert answer.text.endswith("#EXT-X-ENDLIST\n")

    for name in {name for name, _iv in keys}:
        key = media(client, play, name)
        assert (key.status_code, len(key.data)) == (200, 16)
        (tmp_path / name).write_bytes(key.data)
    for name in segments:
        (tmp_path / name).write_bytes(media(client, play, name).data)
    (tmp_path / "index.m3u8").write_text(answer.text)
    told = run_ffmpeg(
        "-allowed_extensions", "ALL", "-i", str(tmp_path / "index.m3u8"), "-f", "null", "-"
    )
    assert recording.duration_ms is not None
    seen = re.findall(r"time=00:00:(\d+)\.", told)
    assert abs(int(seen[-1]) - recording.duration_ms // 1000) <= 1
    assert "rror" not in told


def test_segments_answer_ranges(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.shown("short.mp4")
    client = sign_in(cast.trainee)
    play = start(client, recording)
    whole = media(client, play, "0.ts")
    address = play["playlist"].replace("index.m3u8", "0.ts")

    part = fetch(client, address, headers={"Range": "bytes=16-47"})

    assert (part.status_code, part.data) == (206, whole.data[16:48])


def test_a_stored_file_is_left_to_the_web_server_where_there_is_one(
    cast: Cast, shelf: Shelf, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = shelf.shown("short.mp4")
    client = sign_in(cast.trainee)
    play = start(client, recording)
    app = client.application
    settings = dataclasses.replace(app.extensions["settings"], accel_prefix="/stored")
    monkeypatch.setitem(app.extensions, "settings", settings)

    answer = media(client, play, "0.ts")

    assert answer.headers["X-Accel-Redirect"].startswith(f"/stored/recordings/{recording.id}/")
    assert answer.data == b""


def test_a_withdrawal_ends_at_the_next_key_and_report(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.film()
    agreement = shelf.agree(recording)
    shelf.publish(recording)
    client = sign_in(cast.trainee)
    with stopped_clock() as at:
        play = start(client, recording)
        assert media(client, play, "k0.key").status_code == 200
        at.shift(20)
        assert report(client, play, 1, (0, 20_000)).get_json()["stop"] is False
        at.shift(1)
        shelf.withdraw(agreement)
        at.shift(1)

        key = media(client, play, "k1.key")
        assert key.status_code == 403
        assert key.get_json()["code"] == "UNAVAILABLE"
        assert "withdr" not in key.text.lower()
        assert media(client, play, "index.m3u8").status_code == 403
        assert media(client, play, "captions/ja.vtt").status_code == 403
        assert media(client, play, "poster.jpg").status_code == 403

        at.shift(8)
        told = report(client, play, 2, (20_000, 25_000)).get_json()
        assert (told["result"], told["stop"], told["code"]) == ("OK", True, "UNAVAILABLE")
        assert told["coverage"]["covered_ms"] == 25_000  # what was watched until then counts
        after = report(client, play, 3, (25_000, 26_000))
        assert (after.status_code, after.get_json()["result"]) == (409, "SESSION_CLOSED")

    codes = set(db.session.scalars(select(RefusalLog.code)))
    assert codes == {"RIGHTS_WITHDRAWN"}


def test_a_takedown_kills_every_address(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.shown("short.mp4")
    client = sign_in(cast.trainee)
    play = start(client, recording)
    assert media(client, play, "0.ts").status_code == 200

    shelf.take_down(recording)

    for name in ("index.m3u8", "0.ts", "k0.key", "captions/ja.vtt", "poster.jpg"):
        assert media(client, play, name).status_code == 403, name
    assert report(client, play, 1, (0, 1000)).get_json()["stop"] is True
    page = client.get(f"/recordings/{recording.id}")
    assert page.status_code in (403, 404)


def test_a_token_opens_nothing_but_its_own(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording, other = shelf.shown("short.mp4"), shelf.shown("short.mp4")
    client = sign_in(cast.trainee)
    with stopped_clock() as at:
        play = start(client, recording)
        token = play["playlist"].split("/")[2]
        flipped = ("B" if token[0] == "A" else "A") + token[1:]

        for name in ("index.m3u8", "0.ts", "k0.key"):
            assert client.get(f"/media/{flipped}/{recording.id}/{name}").status_code == 404
            assert client.get(f"/media/{token[:-2]}/{recording.id}/{name}").status_code == 404
            assert client.get(f"/media/{token}/{other.id}/{name}").status_code == 404
        assert media(client, play, "99.ts").status_code == 404
        assert media(client, play, "k7.key").status_code == 404
        assert media(client, play, "..%2f..%2fsource").status_code == 404
        assert media(client, play, "%2e%2e/source").status_code == 404

        someone = sign_in(cast.other_trainee)
        nobody = client.application.test_client()
        for name in ("index.m3u8", "k0.key"):
            assert media(someone, play, name).status_code == 404
            assert media(nobody, play, name).status_code == 404

        at.shift(12 * 3600 + 1)
        for name in ("index.m3u8", "0.ts", "k0.key"):
            gone = media(client, play, name)
            assert (gone.status_code, gone.get_json()["error"]) == (403, "expired")


def test_a_report_costs_four_statements_and_a_renewal_eight(
    cast: Cast, shelf: Shelf, sign_in: SignIn, statements: Callable[[], Sequence[str]]
) -> None:
    recording = shelf.shown()
    client = sign_in(cast.trainee)
    with stopped_clock() as at:
        play = start(client, recording)
        media(client, play, "k0.key")
        at.shift(10)
        report(client, play, 1, (0, 10_000))
        statements()
        at.shift(1)

        answer = report(client, play, 2, (10_000, 11_000))
        plain = statements()
        assert answer.get_json()["result"] == "OK"
        before = answer.get_json()["lease_until"]
        at.shift(250)
        answer = report(client, play, 3, (11_000, 12_000))
        renewing = statements()

    assert answer.get_json()["lease_until"] > before
    assert len(plain) <= 4, plain
    assert len(renewing) <= 8, "\n\n".join(renewing)


def test_pages_stay_within_eight_statements(
    cast: Cast, shelf: Shelf, sign_in: SignIn, statements: Callable[[], Sequence[str]]
) -> None:
    recording, paper = shelf.shown("short.mp4"), shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    client.get("/recordings/none")
    for address in (recording.id, paper.id):
        statements()
        assert client.get(f"/recordings/{address}").status_code == 200
        seen = statements()
        assert len(seen) <= 8, seen


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 60_000, b"9" * 70_000,
        b'{"sequence": 1}', b'{"sequence": -1, "intervals": []}',
        b'{"sequence": true, "intervals": []}', b'{"sequence": 1.5, "intervals": []}',
        b'{"sequence": "1", "intervals": []}', b'{"sequence": 1, "intervals": {}}',
        b'{"sequence": 1, "intervals": [], "position": "3"}',
        b'{"sequence": 1, "intervals": [], "position": -3}',
        b'{"sequence": 1, "intervals": [], "age": null}',
        b'{"sequence": 99999999999999999999, "intervals": []}',
        b'{"sequence": 1, "intervals": [[0, 1, 2]]}',
        b'{"sequence": 1, "intervals": [[5, 5]]}',
        b'{"sequence": 1, "intervals": [[0, 99999999]]}',
        b'{"sequence": 1, "intervals": [[0, 1e3]]}',
        b'{"sequence": 1, "intervals": [' + b",".join([b"[0,1]"] * 201) + b"]}",
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_is_refused_with_a_sentence(
    cast: Cast, shelf: Shelf, sign_in: SignIn, body: bytes
) -> None:
    recording = _bare(shelf)
    client = sign_in(cast.trainee)
    play_id = _play(cast.trainee, recording)

    answer = client.post(
        f"/api/v1/play-sessions/{play_id}/events", data=body, content_type="application/json"
    )

    assert answer.status_code == 422
    assert answer.get_json()["message"]
    db.session.expire_all()
    watch = db.session.scalars(select(Watch)).one()
    assert (watch.intervals, watch.covered_ms) == (b"", 0)


def _bare(shelf: Shelf) -> Recording:
    """A recording whose files nobody asks for."""
    with unit_of_work():
        recording = Recording(
            edition_id=shelf.course.edition.id, kind=MediaKind.VIDEO, title={"en": "L"},
            stage=Stage.PUBLISHED, duration_ms=600_000, created_at=NOW,
        )  # fmt: skip
        db.session.add(recording)
    return recording


def _play(person: Person, recording: Recording) -> str:
    with unit_of_work():
        at = clock.now()
        play = PlaySession(
            recording_id=recording.id, person_id=person.id, media_version=1, generation=1,
            started_at=at, last_report_at=at, lease_until=at + timedelta(minutes=5),
        )  # fmt: skip
        db.session.add(play)
        db.session.flush()
        db.session.add(Watch(person_id=person.id, recording_id=recording.id, media_version=1))
        db.session.add(WatchSession(play_session_id=play.id))
    return play.id


def test_too_much_at_once_may_be_sent_again(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.shown()
    client = sign_in(cast.trainee)
    with stopped_clock() as at:
        play = start(client, recording)
        at.shift(2)
        early = report(client, play, 1, (0, 20_000))
        assert (early.status_code, early.get_json()["result"]) == (429, "RATE_IMPOSSIBLE")
        at.shift(8)
        late = report(client, play, 1, (0, 20_000))
        assert (late.status_code, late.get_json()["result"]) == (200, "OK")
        again = report(client, play, 1, (0, 20_000))
        assert (again.status_code, again.get_json()["result"]) == (200, "DUPLICATE")
        assert again.get_json()["coverage"]["covered_ms"] == 20_000


def test_watching_goes_on_where_it_stopped(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.shown()
    client = sign_in(cast.trainee)
    with stopped_clock() as at:
        play = start(client, recording)
        assert play["resume_ms"] == 0
        at.shift(12)
        report(client, play, 1, (0, 12_000), position=12_000, close=True)
        assert row(play).closed_why == "ended"
        at.shift(3600)
        again = start(client, recording)
        page = client.get(f"/recordings/{recording.id}").text

    assert again["resume_ms"] == 12_000
    assert again["coverage"]["covered_ms"] == 12_000
    assert "0:12" in page


def test_the_newest_of_three_plays_ends_the_oldest(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown("short.mp4")
    client = sign_in(cast.trainee)
    with stopped_clock() as at:
        first = start(client, recording)
        at.shift(1)
        second = start(client, recording)
        assert second["message"] == ""
        at.shift(1)
        third = start(client, recording)

        assert third["message"]
        key = media(client, first, "k0.key")
        assert (key.status_code, key.get_json()["error"]) == (403, "superseded")
        told = report(client, first, 1, (0, 1000)).get_json()
        assert (told["result"], told["why"]) == ("SESSION_CLOSED", "superseded")
        assert media(client, second, "k0.key").status_code == 200
        # The same intervals count under the play session that runs.
        assert report(client, third, 1, (0, 1000)).get_json()["coverage"]["covered_ms"] == 1000


def test_other_peoples_play_sessions_are_like_none(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown("short.mp4")
    play = start(sign_in(cast.trainee), recording)
    other = sign_in(cast.other_trainee)

    foreign = report(other, play, 1, (0, 1000))
    missing = report(other, {"events": "/api/v1/play-sessions/none/events"}, 1, (0, 1000))

    assert (foreign.status_code, foreign.data) == (missing.status_code, missing.data)
    assert foreign.get_json()["result"] == "SESSION_UNKNOWN"
    assert other.post(play["close"]).status_code == 404
    nobody = other.application.test_client()
    assert report(nobody, play, 1, (0, 1000)).status_code == 401
    db.session.expire_all()
    assert row(play).closed_at is None


def test_who_signed_out_everywhere_reports_no_more(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown("short.mp4")
    client = sign_in(cast.trainee)
    play = start(client, recording)
    with unit_of_work():
        person = db.session.get(Person, cast.trainee.id)
        assert person is not None
        person.session_epoch += 1

    assert report(client, play, 1, (0, 1000)).status_code == 404


def test_somebody_without_an_account_plays_what_is_public(
    cast: Cast, shelf: Shelf, client: FlaskClient
) -> None:
    del cast
    recording = shelf.shown("short.mp4")
    play = start(client, recording)

    assert play["coverage"] is None
    assert media(client, play, "k0.key").status_code == 200
    told = report(client, play, 1, (0, 1000)).get_json()
    assert (told["result"], told["stop"], told["coverage"]) == ("OK", False, None)
    assert client.post(play["close"]).status_code == 204
    assert media(client, play, "k0.key").status_code == 403
    assert db.session.scalar(select(func.count()).select_from(Watch)) == 0


def test_refusals_are_told_in_one_sentence_with_what_would_change_it(
    cast: Cast, shelf: Shelf, sign_in: SignIn, client: FlaskClient
) -> None:
    recording = shelf.film("short.mp4")
    shelf.agree(recording)
    shelf.publish(recording, until=clock.now() - timedelta(days=1))
    enrol(cast.trainee, shelf.course)

    page = sign_in(cast.trainee).get(f"/recordings/{recording.id}")
    refused = sign_in(cast.trainee).post(f"/api/v1/recordings/{recording.id}/play-sessions")
    probe = sign_in(cast.trainee).get(f"/api/v1/recordings/{recording.id}/probe").get_json()

    assert page.status_code == 403
    assert 'data-testid="refusal"' in page.text
    assert (refused.status_code, refused.get_json()["code"]) == (403, "PUB_ENDED")
    assert (probe["outcome"], probe["code"]) == ("deny", "PUB_ENDED")
    assert probe["change"][0][0] == "ask_coordinator"
    assert probe["message"]
    assert "reasons" not in probe
    # Who has nothing to do with it learns nothing.
    hidden = shelf.film("short.mp4", title="kanaria")
    shelf.agree(hidden, audience={"reach": "hq"})
    shelf.publish(hidden, audience={"reach": "hq"})
    stranger = sign_in(cast.stranger)
    for address in ("", "/cover.jpg"):
        answer = stranger.get(f"/recordings/{hidden.id}{address}")
        missing = stranger.get(f"/recordings/none{address}")
        assert answer.status_code == missing.status_code == 404
        assert "kanaria" not in answer.text
    assert client.get(f"/recordings/{hidden.id}").status_code == 303
    assert stranger.post(f"/api/v1/recordings/{hidden.id}/play-sessions").status_code == 404
    assert stranger.get(f"/api/v1/recordings/{hidden.id}/probe").status_code == 404


def test_a_country_is_asked_for_where_it_matters(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.film("short.mp4")
    shelf.agree(recording, territory=["JP"])
    shelf.publish(recording)
    client = sign_in(cast.overseas)

    page = client.get(f"/recordings/{recording.id}")
    assert page.status_code == 200
    assert 'data-testid="country"' in page.text
    address = f"/api/v1/recordings/{recording.id}/play-sessions"
    asked = client.post(address, json={})
    assert (asked.status_code, asked.get_json()["change"]) == (403, [["confirm_country", None]])
    assert client.post(address, json={"country": "MY"}).get_json()["code"] == "RIGHTS_TERRITORY"
    assert client.post(address, json={"country": "Japan"}).status_code == 422
    play = start(client, recording, country="JP")
    assert media(client, play, "k0.key").status_code == 200


def test_who_looks_after_it_sees_a_preview(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.film("short.mp4")
    shelf.agree(recording)

    play = start(sign_in(cast.organiser), recording)

    assert play["preview"] is True
    assert "冬木" in play["obligations"]["watermark"]
    assert sign_in(cast.trainee).get(f"/recordings/{recording.id}").status_code == 404


def test_captions_come_as_text(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.shown("short.mp4")
    with unit_of_work():
        db.session.add(
            Caption(
                recording_id=recording.id, language="ja", status="reviewed",
                vtt=render_vtt([Cue(0, 1500, "労働経済")]), updated_at=clock.now(),
            )
        )  # fmt: skip
    client = sign_in(cast.trainee)
    play = start(client, recording)

    assert [one["language"] for one in play["captions"]] == ["ja"]
    answer = client.get(play["captions"][0]["address"])
    assert answer.mimetype == "text/vtt"
    assert "労働経済" in answer.text
    assert media(client, play, "captions/fr.vtt").status_code == 404


def test_no_log_line_holds_a_media_address() -> None:
    record = logging.LogRecord(
        "werkzeug",
        logging.INFO,
        "",
        1,
        '%s "%s"',
        ("::1", "GET /media/abc.def/r/0.ts HTTP/1.1"),
        None,
    )  # fmt: skip
    assert HideMediaTokens().filter(record)
    assert record.getMessage() == '::1 "GET /media/.../r/0.ts HTTP/1.1"'
