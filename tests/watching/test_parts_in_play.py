"""A part that is marked, or taken back, while somebody watches."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.recordings.models import Recording
from lms.rights.models import Agreement, AgreementTerm
from lms.rights.operations import (
    SegmentDetails,
    link_agreement,
    mark_segment,
    rewrite_facts,
    take_down,
    withdraw_agreement,
)
from tests.conftest import Cast
from tests.watching.conftest import Shelf, enrol

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def trainee(sign_in: SignIn, cast: Cast) -> FlaskClient:
    return sign_in(cast.trainee)


@pytest.fixture
def film(shelf: Shelf) -> Recording:
    return shelf.shown()


def opened(client: FlaskClient, film: Recording) -> dict[str, Any]:
    answer = client.post(f"/api/v1/recordings/{film.id}/play-sessions", json={})
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    return dict(answer.json)


def pieces(told: dict[str, Any]) -> list[tuple[int, int]]:
    """What of the uncut film is shown, in ms."""
    return [(uncut, uncut + length) for _player, uncut, length in told["map"]]


def test_a_mark_ends_the_playlist_that_still_holds_the_part(
    trainee: FlaskClient, cast: Cast, film: Recording
) -> None:
    before = opened(trainee, film)
    assert len(before["map"]) == 1
    assert trainee.get(before["playlist"]).status_code == 200
    with unit_of_work():
        details = SegmentDetails(10_000, 15_000)
        mark_segment(cast.actor("organiser"), film.id, details, clock.now())
    assert trainee.get(before["playlist"]).status_code == 403
    after = pieces(opened(trainee, film))
    assert len(after) == 2
    (_a, until), (again, _b) = after
    assert until <= 10_000
    assert again >= 15_000


def test_a_song_taken_back_is_left_out_and_the_rest_goes_on(
    trainee: FlaskClient, cast: Cast, film: Recording
) -> None:
    organiser = cast.actor("organiser")
    with unit_of_work():
        song = Agreement(
            recording_id=film.id, lineage="", kind="music", scope="segment", status="signed",
            holder_name="歌詞 守", signed_at=clock.now() - timedelta(days=1),
            created_at=clock.now(),
        )  # fmt: skip
        db.session.add(song)
        db.session.flush()
        song.lineage = song.id
        db.session.add(
            AgreementTerm(
                agreement_id=song.id, kind="grant", conditions={"audience": {"reach": "outside"}}
            )
        )
        rewrite_facts(film.id, clock.now())
        segment = mark_segment(organiser, film.id, SegmentDetails(10_000, 15_000), clock.now())
        link_agreement(organiser, segment.id, song.lineage, clock.now())
    before = opened(trainee, film)
    assert len(before["map"]) == 1
    with unit_of_work():
        withdraw_agreement(organiser, song.id, clock.now(), reason="canary")
    assert trainee.get(before["playlist"]).status_code == 403
    after = opened(trainee, film)
    assert len(after["map"]) == 2
    assert "canary" not in str(after)
    assert "歌詞" not in str(after)


def test_a_part_taken_down_is_left_out_of_staff_s_preview_too(
    sign_in: SignIn, cast: Cast, film: Recording
) -> None:
    with unit_of_work():
        segment = mark_segment(
            cast.actor("organiser"), film.id,
            SegmentDetails(10_000, 15_000, way="exempt", basis="statute"), clock.now(),
        )  # fmt: skip
    client = sign_in(cast.admin)
    assert len(opened(client, film)["map"]) == 1
    with unit_of_work():
        take_down(cast.actor("organiser"), film.id, "x", clock.now(), segment_id=segment.id)
    assert len(opened(client, film)["map"]) == 2


def test_no_picture_of_a_part_taken_down_stands_for_the_film(
    sign_in: SignIn, cast: Cast, shelf: Shelf
) -> None:
    """Who may not watch yet sees the cover, but not where it shows what was taken down."""
    film = shelf.film()
    shelf.agree(film)
    shelf.publish(film, attended=["nowhere"])
    with unit_of_work():
        segment = mark_segment(
            cast.actor("organiser"), film.id,
            SegmentDetails(2000, 4000, way="exempt", basis="statute"), clock.now(),
        )  # fmt: skip
    enrol(cast.trainee, shelf.course)
    client = sign_in(cast.trainee)
    cover = f"/recordings/{film.id}/cover.jpg"
    assert client.get(f"/recordings/{film.id}").status_code == 403
    assert client.get(cover, buffered=True).status_code == 200

    with unit_of_work():
        take_down(cast.actor("organiser"), film.id, "x", clock.now(), segment_id=segment.id)

    assert client.get(cover).status_code == 404
