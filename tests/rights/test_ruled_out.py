"""What a form says of captions, translation, transcript, cuts and the time after: kept to."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.infra.db import db, unit_of_work
from lms.kernel.clock import JST
from lms.kernel.errors import InvalidInputError
from lms.people.models import Person
from lms.recordings.models import MediaCopy, Recording
from lms.recordings.operations import (
    check_track,
    delete_captions,
    put_captions,
    request_copy,
    save_captions,
    set_captions_reviewed,
)
from lms.rights.models import Agreement, RightsFacts
from lms.rights.operations import rewrite_facts
from lms.rights.queries.adapting import find_makings
from lms.rights.rules.adapting import MAKINGS, SignedTerms, making_of, sum_up_makings
from lms.rights.rules.consent import ConsentTerms
from lms.worker import run_worker
from tests.conftest import NOW, Cast
from tests.rights.conftest import Desk

VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\nGood morning.\n"
EVERYTHING = ConsentTerms(
    uses=frozenset({"play", "download"}),
    captions=True,
    translation=True,
    transcript=True,
    edits=frozenset({"trim", "cut", "join", "sound"}),
)


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def say(desk: Desk, terms: ConsentTerms, **more: Any) -> Agreement:
    """Enter an agreement whose rightsholder answered the form so."""
    agreement = desk.agree(**more)
    with unit_of_work():
        db.session.get_one(Agreement, agreement.id).answers = {"given": terms.to_json()}
        rewrite_facts(agreement.recording_id, NOW)
    return agreement


def without(**more: Any) -> ConsentTerms:
    return ConsentTerms.from_json({**EVERYTHING.to_json(), **more})


def english(client: FlaskClient) -> FlaskClient:
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def _signed(day: int, lineage: str = "a", **more: Any) -> SignedTerms:
    return SignedTerms(lineage, datetime(2026, 1, day, tzinfo=UTC), without(**more))


def test_what_was_never_asked_is_not_refused() -> None:
    assert sum_up_makings([], date(2026, 2, 1)) == frozenset(MAKINGS)


def test_every_rightsholder_must_allow_it() -> None:
    both = [_signed(1, "a", translation=False), _signed(2, "b", edits=["trim"])]
    allowed = sum_up_makings(both, date(2026, 2, 1))
    assert allowed == {"captions", "transcript", "trim"}
    assert sum_up_makings(reversed(both), date(2026, 2, 1)) == allowed


def test_of_renewals_the_one_counts_whose_time_it_is() -> None:
    first = _signed(1, translation=False, last_on="2026-03-31")
    renewed = _signed(2, first_on="2026-04-01", last_on="2027-03-31")
    assert "translation" not in sum_up_makings([first, renewed], date(2026, 3, 31))
    assert "translation" in sum_up_makings([first, renewed], date(2026, 4, 1))
    assert "translation" in sum_up_makings([first, renewed], date(2028, 1, 1))


@pytest.mark.parametrize(
    ("spoken", "language", "making"),
    [("ja", "ja", "captions"), ("ja", "ja-Hira", "captions"), ("ja", "en", "translation"),
     ("en-GB", "EN", "captions")],
)  # fmt: skip
def test_words_in_another_language_are_a_translation(
    spoken: str, language: str, making: str
) -> None:
    assert making_of(spoken, language) == making


def test_captions_that_are_not_allowed_are_not_taken_in(desk: Desk) -> None:
    say(desk, without(translation=False))
    film = desk.course.recording_id
    with unit_of_work():
        put_captions(desk.actor, film, "ja", VTT, NOW)
    with pytest.raises(InvalidInputError, match="translation_not_agreed"), unit_of_work():
        put_captions(desk.actor, film, "en", VTT, NOW)
    with pytest.raises(InvalidInputError, match="translation_not_agreed"), unit_of_work():
        save_captions(desk.actor, film, "en", VTT, NOW, revision=0, reviewed=False)
    with pytest.raises(InvalidInputError) as caught:
        check_track(db.session.get_one(Recording, film), "en", 0, NOW)
    assert (caught.value.field, caught.value.code) == ("language", "translation_not_agreed")


def test_captions_that_came_before_are_not_reviewed_but_can_be_deleted(desk: Desk) -> None:
    film = desk.course.recording_id
    with unit_of_work():
        put_captions(desk.actor, film, "ja", VTT, NOW)
    say(desk, without(captions=False))
    with pytest.raises(InvalidInputError, match="captions_not_agreed"), unit_of_work():
        set_captions_reviewed(desk.actor, film, "ja", NOW, reviewed=True)
    with unit_of_work():
        delete_captions(desk.actor, film, "ja", NOW)


def test_the_desk_is_told_at_the_field(
    desk: Desk, cast: Cast, sign_in: Callable[[Person], FlaskClient]
) -> None:
    say(desk, without(translation=False))
    client = english(sign_in(cast.organiser))
    page = f"/desk/recordings/{desk.course.recording_id}"
    answer = client.post(
        f"{page}/captions",
        data={"caption_language": "en", "captions": _file()},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 422
    assert "has not allowed a translation" in answer.text
    assert "Translation (captions or dubbing" in client.get(f"{page}/rights").text


def _file() -> Any:
    return io.BytesIO(VTT), "words.vtt"


@pytest.mark.parametrize(
    ("edits", "cuts", "code"),
    [
        (["trim"], [(1000, 2000)], "cut_not_agreed"),
        (["cut"], [(0, 2000)], "trim_not_agreed"),
        ([], [(5_000_000, 5_220_000)], "trim_not_agreed"),
        (["trim"], [(0, 2000)], None),
        ([], [], None),
    ],
)
def test_a_copy_is_not_cut_as_nobody_allowed(
    desk: Desk, edits: list[str], cuts: list[tuple[int, int]], code: str | None
) -> None:
    say(desk, without(edits=edits))
    if code is None:
        with unit_of_work():
            request_copy(desk.actor, desk.course.recording_id, cuts, NOW)
        return
    with pytest.raises(InvalidInputError, match=code), unit_of_work():
        request_copy(desk.actor, desk.course.recording_id, cuts, NOW)
    assert db.session.scalar(select(MediaCopy.id)) is None


def test_a_cut_copy_from_before_is_taken_away_no_more(desk: Desk) -> None:
    film = desk.course.recording_id
    with unit_of_work():
        copy = MediaCopy(recording_id=film, media_version=1, cuts=[[1000, 2000]], state="ready")
        db.session.add(copy)
        db.session.get_one(Recording, film).media_version = 1
    agreement = say(desk, EVERYTHING)
    assert db.session.get_one(RightsFacts, film).facts["cut_rendition"] == [[1000, 2000]]
    say(desk, without(edits=[]), lineage=agreement.lineage)
    assert "cut_rendition" not in db.session.get_one(RightsFacts, film).facts


def test_a_cut_copy_goes_on_the_day_on_which_a_renewal_rules_it_out(app: Flask, desk: Desk) -> None:
    film = desk.course.recording_id
    with unit_of_work():
        db.session.add(
            MediaCopy(recording_id=film, media_version=1, cuts=[[1000, 2000]], state="ready")
        )
        db.session.get_one(Recording, film).media_version = 1
    today = NOW.astimezone(JST).date()
    first = say(desk, replace(EVERYTHING, last_on=today))
    say(
        desk,
        replace(EVERYTHING, edits=frozenset(), first_on=today + timedelta(days=1)),
        lineage=first.lineage,
    )

    def is_there(at: datetime) -> bool:
        db.session.rollback()
        with time_machine.travel(at, tick=False):
            while run_worker(app, once=True):
                pass
        db.session.rollback()
        return "cut_rendition" in db.session.get_one(RightsFacts, film).facts

    midnight = datetime(today.year, today.month, today.day, tzinfo=JST) + timedelta(days=1)
    assert is_there(midnight - timedelta(minutes=1))
    assert not is_there(midnight + timedelta(hours=1))


def test_a_segment_s_rightsholder_speaks_for_the_segment_only(desk: Desk) -> None:
    agreement = say(desk, without(captions=False))
    with unit_of_work():
        db.session.get_one(Agreement, agreement.id).scope = "segment"
    assert find_makings(desk.course.recording_id, NOW) == frozenset(MAKINGS)


def test_what_was_agreed_for_the_time_after_stands_where_it_is_closed(
    desk: Desk, cast: Cast, sign_in: Callable[[Person], FlaskClient]
) -> None:
    say(desk, without(after="keep"))
    client: FlaskClient = english(sign_in(cast.organiser))
    page = client.get(f"/desk/recordings/{desk.course.recording_id}/close").text
    assert 'data-testid="after"' in page
    assert "Keep them hidden, as a record" in page
