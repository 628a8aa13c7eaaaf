"""The library: everything one may see, found by title and by what is said, and nothing else."""

import threading
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from flask import Flask

from bench.world import counted
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.ledger import enqueue
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.infra.site import read_site, write_site
from lms.recordings.jobs import JOBS, TICKS
from lms.recordings.models import Caption, Recording, Rendition, TranscriptIndex
from lms.recordings.operations import index_transcripts
from lms.recordings.queries import list_unindexed
from lms.rights.models import Agreement, Segment
from lms.rights.operations import rewrite_facts, take_down, withdraw_agreement
from lms.rights.queries import find_agreement
from lms.rights.rules.consent import ConsentTerms
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, Desk, add_recording, course, desk, granted

__all__ = ["course", "desk"]

VTT = (
    "WEBVTT\n\n00:00:00.000 --> 00:00:05.000\n賃金は労働組\n\n"
    "00:00:05.000 --> 00:00:10.000\n合との交渉で決まる\n\n"
    "00:01:00.000 --> 00:01:05.000\n引用された秘話\n"
)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def say(recording_id: str) -> None:
    """Give a recording captions and segments of 6 s."""
    with unit_of_work():
        db.session.add(Caption(recording_id=recording_id, language="ja", vtt=VTT, updated_at=NOW))
        db.session.add(
            Rendition(
                recording_id=recording_id, media_version=1, name="720p", folder="x",
                width=1280, height=720, bandwidth=1, codecs="avc1", ready_at=NOW,
                segments=[[f"{n}.ts", 6000, n // 5] for n in range(870)],
            )
        )  # fmt: skip
        db.session.flush()
        index_transcripts(recording_id)


def hide(recording_id: str) -> None:
    """Mark the second 61 as somebody else's, who has not agreed."""
    with unit_of_work():
        db.session.add(
            Segment(
                recording_id=recording_id, a=61_000, b=62_000, disposition="unresolved",
                on_deny="hide", created_at=NOW,
            )
        )  # fmt: skip
        rewrite_facts(recording_id, NOW)


@pytest.fixture
def spoken(course: Course, desk: Desk) -> str:
    """Return a published recording of 87 minutes with captions and segments of 6 s."""
    say(course.recording_id)
    desk.agree()
    desk.publish()
    return course.recording_id


def page(app: Flask, cast: Cast, name: str, query: str = "") -> str:
    client = app.test_client()
    person = getattr(cast, name)
    with client.session_transaction() as session:
        session["person"], session["epoch"] = person.id, person.session_epoch
        session["language"] = "en"
    answer = client.get("/recordings", query_string={"q": query} if query else None)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.mark.usefixtures("spoken")
def test_one_sees_what_one_may_see(app: Flask, cast: Cast, course: Course) -> None:
    assert "How wages are set" in page(app, cast, "trainee")
    assert "How wages are set" not in page(app, cast, "stranger")
    assert course.paper_id not in page(app, cast, "trainee")  # nobody agreed to it


def test_who_is_not_signed_in_is_sent_to_sign_in(app: Flask) -> None:
    answer = app.test_client().get("/recordings?q=x")
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]


@pytest.mark.usefixtures("spoken")
def test_found_by_title_in_either_language(app: Flask, cast: Cast) -> None:
    for query in ("wages", "賃金", "ﾁﾝｷﾞﾝ 決まる"):
        found = "How wages are set" in page(app, cast, "trainee", query)
        assert found is (query != "ﾁﾝｷﾞﾝ 決まる")  # kana is not derived from kanji
    assert "How wages are set" not in page(app, cast, "trainee", "interest rates")


def test_found_by_what_is_said_across_captions(app: Flask, cast: Cast, spoken: str) -> None:
    told = page(app, cast, "trainee", "労働組合")
    assert f"/recordings/{spoken}?t=0" in told
    assert "賃金は労働組" in told


def test_what_is_hidden_is_not_found(app: Flask, cast: Cast, spoken: str) -> None:
    assert "秘話" in page(app, cast, "trainee", "秘話")
    hide(spoken)
    told = page(app, cast, "trainee", "秘話")
    assert "How wages are set" not in told
    assert "Nothing that you may see" in told
    assert f"/recordings/{spoken}?t=0" in page(app, cast, "trainee", "労働組合")


def tick(*allowed: str, recording_id: str, **more: Any) -> None:
    """Let the rightsholders' signed forms allow these makings, and no other."""
    ticked: dict[str, Any] = dict.fromkeys(allowed, True)
    terms = ConsentTerms(uses=frozenset({"play"}), **ticked, **more)
    with unit_of_work():
        for agreement in db.session.query(Agreement).filter_by(recording_id=recording_id):
            agreement.answers = {"given": terms.to_json()}


@pytest.fixture
def translated(spoken: str) -> str:
    """Return a recording with captions of its own language and a translation."""
    vtt = "WEBVTT\n\n00:00:05.000 --> 00:00:10.000\nBargaining (団体交渉) decides\n"
    with unit_of_work():
        db.session.add(Caption(recording_id=spoken, language="en", vtt=vtt, updated_at=NOW))
        db.session.flush()
        index_transcripts(spoken)
    return spoken


@pytest.mark.parametrize(
    ("ticked", "original", "translation"),
    [
        ({"captions", "translation", "transcript"}, True, True),
        ({"captions", "transcript"}, True, False),
        ({"transcript"}, True, False),
        ({"captions", "translation"}, False, False),
        (set(), False, False),
    ],
)
def test_words_that_a_form_rules_out_are_neither_found_nor_shown(
    app: Flask, cast: Cast, translated: str, *, ticked: set[str], original: bool, translation: bool
) -> None:
    tick(*ticked, recording_id=translated)
    for query, snippet, allowed in (
        ("労働組合", "賃金は労働組", original),
        ("bargaining", "Bargaining (団体交渉) decides", translation),
    ):
        told = page(app, cast, "trainee", query)
        assert (f"/recordings/{translated}?t=" in told) is allowed
        assert ("How wages are set" in told) is allowed
        assert (snippet in told) is allowed


def test_words_that_are_ruled_out_do_not_stand_before_those_that_are_not(
    app: Flask, cast: Cast, translated: str
) -> None:
    told = page(app, cast, "trainee", "交渉")  # the reader's language before others
    assert "Bargaining" in told
    assert "合との交渉で決まる" not in told
    tick("captions", "transcript", recording_id=translated)
    told = page(app, cast, "trainee", "交渉")
    assert "Bargaining" not in told
    assert "合との交渉で決まる" in told


def test_a_title_is_found_where_words_are_ruled_out(
    app: Flask, cast: Cast, translated: str
) -> None:
    tick(recording_id=translated)
    told = page(app, cast, "trainee", "賃金")
    assert "How wages are set" in told
    assert "賃金は労働組" not in told


def test_each_rightsholder_of_the_whole_must_allow_words(
    app: Flask, cast: Cast, desk: Desk, translated: str
) -> None:
    tick("captions", "translation", "transcript", recording_id=translated)
    assert "Bargaining" in page(app, cast, "trainee", "bargaining")
    second = desk.agree(holder_name="青島 渚")
    terms = ConsentTerms(uses=frozenset({"play"}), transcript=True)
    with unit_of_work():
        db.session.get_one(Agreement, second.id).answers = {"given": terms.to_json()}
    assert "Bargaining" not in page(app, cast, "trainee", "bargaining")
    assert "賃金は労働組" in page(app, cast, "trainee", "労働組合")


def test_another_recording_s_form_rules_out_nothing_here(
    app: Flask, cast: Cast, course: Course, desk: Desk, spoken: str
) -> None:
    with unit_of_work():
        other = add_recording(course.edition_id, title={"ja": "別", "en": "Another"}).id
    desk.agree(recording_id=other, grants=(granted(),))
    desk.publish(recording_id=other)
    say(other)
    tick(recording_id=other)
    told = page(app, cast, "trainee", "労働組合")
    assert f"/recordings/{spoken}?t=" in told
    assert other not in told


def test_a_withdrawal_takes_it_out_at_once(
    app: Flask, cast: Cast, course: Course, desk: Desk
) -> None:
    agreement = desk.agree()
    desk.publish()
    assert "How wages are set" in page(app, cast, "trainee", "wages")
    with unit_of_work():
        assert find_agreement(agreement.id) is not None
        withdraw_agreement(cast.actor("organiser"), agreement.id, NOW, reason="asked")
    assert course.recording_id not in page(app, cast, "trainee", "wages")


def test_a_takedown_takes_it_out_at_once(app: Flask, cast: Cast, spoken: str) -> None:
    with unit_of_work():
        take_down(cast.actor("organiser"), spoken, "asked", NOW)
    assert spoken not in page(app, cast, "trainee", "労働組合")


@pytest.mark.usefixtures("spoken")
def test_odd_questions_are_answered(app: Flask, cast: Cast) -> None:
    for query in ("%", "_", "\0", "\x1f", "'", "あ" * 500, "ー", "  "):
        page(app, cast, "trainee", query)
    client = app.test_client()
    with client.session_transaction() as session:
        session["person"], session["epoch"] = cast.trainee.id, cast.trainee.session_epoch
    for number in ("0", "-1", "99999", "x"):
        assert client.get(f"/recordings?page={number}").status_code == 200


@pytest.mark.usefixtures("spoken")
def test_the_number_of_queries_does_not_grow(
    app: Flask, cast: Cast, course: Course, desk: Desk
) -> None:
    hide(course.recording_id)
    page(app, cast, "trainee")  # what a process reads once in five seconds is known
    with counted() as few:
        page(app, cast, "trainee", "賃金")
    with unit_of_work():
        keys = [
            add_recording(course.edition_id, title={"ja": f"賃金{n}", "en": str(n)}).id
            for n in range(30)
        ]
    for key in keys:
        desk.agree(recording_id=key, grants=(granted(),))
        desk.publish(recording_id=key)
    for key in keys:  # said in each, and a part of each is hidden
        say(key)
        tick("captions", "transcript", recording_id=key)
        hide(key)
    assert db.session.query(Recording).count() > 30
    page(app, cast, "trainee")
    with counted() as many:
        page(app, cast, "trainee", "賃金")
    assert len(many) <= len(few)
    assert len(many) <= 8


def test_rightsholders_are_told_what_is_not_stopped(app: Flask) -> None:
    client = app.test_client()
    told = client.get("/protection", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "every 30 seconds" in told
    assert "after 12 hours" in told
    assert "A camera in front of the screen" in told


def test_whom_to_ask_may_be_a_telephone_number(app: Flask) -> None:
    with unit_of_work():
        write_site(replace(read_site(), contact="03-0000-0000 (Mon-Fri)"), at=NOW)
    told = app.test_client().get("/protection").get_data(as_text=True)
    assert "03-0000-0000 (Mon-Fri)" in told
    assert "mailto:" not in told.split("</main>")[0]


def test_captions_of_before_there_was_a_search_are_found_after_a_day(
    app: Flask, cast: Cast, spoken: str
) -> None:
    with unit_of_work():
        db.session.query(TranscriptIndex).delete()
        assert TICKS["index_transcripts"] == 86_400
        enqueue("index_transcripts", {}, run_at=NOW)
    assert spoken not in page(app, cast, "trainee", "労働組合")
    assert list_unindexed() == [spoken]
    claim = claim_job(["index_transcripts"], "w", NOW, LEASE)
    assert claim is not None
    run_claim(claim, JOBS["index_transcripts"], LEASE, threading.Event())
    assert f"/recordings/{spoken}?t=0" in page(app, cast, "trainee", "労働組合")
    assert list_unindexed() == []
