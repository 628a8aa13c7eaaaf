"""Captions written in the browser: checked, stored whole, told when somebody was quicker."""

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
import webvtt
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.people.models import Person
from lms.recordings.models import Caption, MediaKind, Recording, Stage
from lms.recordings.rules import (
    CaptionAdvice,
    Cue,
    Remark,
    check_captions,
    parse_cues,
    read_captions,
    readable_text,
    render_srt,
    render_vtt,
)
from lms.recordings.rules.caption_checks import measure_line
from tests.conftest import NOW, Cast
from tests.recordings.conftest import Course

SignIn = Callable[[Person], FlaskClient]
FIRST = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n賃金と物価\n"


def advice(*cues: Cue, language: str = "ja") -> list[tuple[int, CaptionAdvice]]:
    return [(r.place, r.advice) for r in check_captions(cues, language, 60_000)]


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("あ" * 16, "ja", None),
        ("あ" * 17, "ja", Remark(0, CaptionAdvice.LONG_LINE, 17, 16)),
        ("2026年度のGDP" + "あ" * 8, "ja", None),  # half-width signs take half
        ("<ruby>労<rt>ろうどうろうどう</rt></ruby>" + "あ" * 15, "ja", None),
        ("x" * 42, "en", None),
        ("x" * 43, "en", Remark(0, CaptionAdvice.LONG_LINE, 43, 42)),
        ("一\n二\n三", "ja", Remark(0, CaptionAdvice.MANY_LINES, 3, 2)),
        ("漢" * 17, "zh-Hant", Remark(0, CaptionAdvice.LONG_LINE, 17, 16)),
        ("", "en", Remark(0, CaptionAdvice.EMPTY)),
        ("<i></i>", "en", Remark(0, CaptionAdvice.EMPTY)),
    ],
)
def test_lines_are_measured_as_they_are_read(
    text: str, language: str, found: Remark | None
) -> None:
    remarks = check_captions([Cue(0, 30_000, text)], language, 60_000)
    assert remarks == (() if found is None else (found,))


def test_what_cannot_be_read_in_its_time_is_told() -> None:
    assert advice(Cue(0, 2000, "あ" * 14)) == []
    assert advice(Cue(0, 1999, "あ" * 14)) == [(0, CaptionAdvice.FAST)]
    assert advice(Cue(0, 1000, "x" * 20), language="en") == []
    assert advice(Cue(0, 1000, "x" * 21), language="en") == [(0, CaptionAdvice.FAST)]


def test_times_that_cannot_be_are_told() -> None:
    assert advice(Cue(0, 5000, "あ"), Cue(4000, 8000, "い")) == [(1, CaptionAdvice.OVERLAP)]
    assert advice(Cue(5000, 5000, "あ")) == [(0, CaptionAdvice.REVERSED)]
    assert advice(Cue(60_000, 65_000, "あ")) == [(0, CaptionAdvice.OUTSIDE)]
    assert {a for a in CaptionAdvice if a.forbids} == {
        CaptionAdvice.REVERSED,
        CaptionAdvice.OUTSIDE,
    }


def test_a_line_full_of_readings_is_measured_in_no_time() -> None:
    began = time.process_time()
    check_captions([Cue(0, 30_000, "<ruby>労<rt>ろう</rt></ruby>" * 60_000)], "ja", 60_000)
    check_captions([Cue(0, 30_000, "<rt>" * 400_000)], "ja", 60_000)
    assert time.process_time() - began < 2


def test_the_width_of_a_line() -> None:
    assert measure_line("賃金ABC①。") == 4 + 3 + 2 + 2


def test_readings_stand_in_brackets_on_paper() -> None:
    assert readable_text("<v 白浜><ruby>賃金<rt>ちんぎん</rt></ruby> &amp; 物価") == (
        "賃金（ちんぎん） & 物価"
    )


WORDS = st.text(
    st.characters(
        blacklist_categories=["C", "Z"], blacklist_characters="<>&{}", max_codepoint=0x9FFF
    ),
    min_size=1,
)
CUES = st.lists(
    st.tuples(st.integers(0, 10_000_000), st.integers(1, 60_000), WORDS), min_size=1
).map(lambda rows: sorted((Cue(a, a + n, text) for a, n, text in rows), key=lambda c: c.start_ms))


@given(CUES)
def test_both_files_say_the_same_to_another_reader(cues: list[Cue]) -> None:
    for text, form in ((render_vtt(cues), "vtt"), (render_srt(cues), "srt")):
        parsed = webvtt.from_buffer(io.StringIO(text), format=form)
        told = [(c.start_in_seconds, c.text) for c in parsed.captions]
        # The reader counts whole seconds.
        assert told == [(cue.start_ms // 1000, cue.text) for cue in cues]
        assert [c.start_time.milliseconds for c in parsed.captions] == [
            cue.start_ms % 1000 for cue in cues
        ]
    assert [c.text for c in read_captions(render_srt(cues), None).cues] == [
        c.text for c in sorted(cues, key=lambda c: (c.start_ms, c.end_ms))
    ]


@pytest.fixture
def recording(course: Course) -> Recording:
    """A film of a minute, in review."""
    with unit_of_work():
        row = Recording(
            edition_id=course.edition.id, kind=MediaKind.VIDEO, title={"en": "A lecture"},
            stage=Stage.REVIEW, duration_ms=60_000, created_at=NOW,
        )  # fmt: skip
        db.session.add(row)
    return row


@pytest.fixture
def organiser(cast: Cast, sign_in: SignIn) -> FlaskClient:
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def address(recording: Recording, more: str = "") -> str:
    return f"/desk/recordings/{recording.id}/captions/ja{more}"


def save(client: FlaskClient, recording: Recording, text: str, revision: int, **more: Any) -> Any:
    data = {"captions": text, "revision": str(revision), **more.pop("data", {})}
    return client.post(address(recording), data=data, **more)


def caption() -> Caption:
    db.session.expire_all()
    return db.session.scalars(select(Caption)).one()


def test_captions_are_written_stored_and_taken_away(
    organiser: FlaskClient, recording: Recording
) -> None:
    page = organiser.get(address(recording))
    assert page.status_code == 200
    assert 'name="revision" type="hidden" value="0"' in page.text

    assert save(organiser, recording, FIRST, 0).status_code == 303
    assert (caption().vtt, caption().status, caption().revision) == (FIRST, "draft", 1)

    text = FIRST.replace("物価", "価格") + "\n00:00:04.000 --> 00:00:05.000\n<b>以上</b>\n"
    answer = save(organiser, recording, text, 1, data={"reviewed": "y"})
    assert answer.status_code == 303
    assert (caption().status, caption().revision) == ("reviewed", 2)
    vtt = organiser.get(address(recording, "/captions.vtt"))
    assert (vtt.mimetype, vtt.text) == ("text/vtt", text)
    assert "captions.ja.vtt" in vtt.headers["Content-Disposition"]
    srt = organiser.get(address(recording, "/captions.srt"))
    assert srt.text == (
        "1\n00:00:01,000 --> 00:00:03,000\n賃金と価格\n\n"
        "2\n00:00:04,000 --> 00:00:05,000\n<b>以上</b>\n"
    )
    acts = db.session.scalars(select(AuditEntry.action)).all()
    assert acts.count("captions.edited") == 2


def test_who_comes_second_is_told_and_loses_nothing(
    organiser: FlaskClient, recording: Recording
) -> None:
    save(organiser, recording, FIRST, 0)
    save(organiser, recording, FIRST.replace("物価", "一人目"), 1)

    mine = FIRST.replace("物価", "二人目")
    page = save(organiser, recording, mine, 1)
    assert page.status_code == 409
    assert 'data-testid="conflict"' in page.text
    assert "二人目" in page.text
    answer = save(organiser, recording, mine, 1, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert "Somebody else" in answer.get_json()["message"]
    assert "一人目" in caption().vtt
    for nonsense in (-1, 99, 10**12):
        assert save(organiser, recording, mine, nonsense).status_code == 409
    assert save(organiser, recording, mine, 2).status_code == 303


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("WEBVTT\n\n00:05.000 --> 00:04.000\nx\n", "ends before it begins"),
        ("WEBVTT\n\n01:05.000 --> 01:06.000\nx\n", "after the end of the recording"),
        ("hello", "neither WebVTT nor SubRip"),
        ("WEBVTT\n\nsoon --> later\nx\n", "line 3"),
    ],
)
def test_what_cannot_be_stored_comes_back(
    organiser: FlaskClient, recording: Recording, text: str, sentence: str
) -> None:
    page = save(organiser, recording, text, 0)
    assert page.status_code == 422
    assert sentence in page.text
    answer = save(organiser, recording, text, 0, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert sentence in answer.get_json()["message"]
    assert db.session.scalars(select(Caption)).all() == []


def test_every_line_is_checked_while_it_is_written(
    organiser: FlaskClient, recording: Recording
) -> None:
    def check(body: Any) -> Any:
        return organiser.post(address(recording, "/check"), json=body)

    told = check({"cues": [[0, 9000, "あ" * 20], [8000, 7000, "い"]]}).get_json()["remarks"]
    assert [(r["place"], r["forbids"]) for r in told] == [(0, False), (1, True)]
    assert told[0]["text"] == "A line has 20 characters; at most 16."
    assert db.session.scalars(select(Caption)).all() == []
    wrong: tuple[Any, ...] = (
        None, [], {}, {"cues": 1}, {"cues": [1]}, {"cues": [[0, 1]]}, {"cues": [[0, "1", "x"]]},
        {"cues": [[-1, 1, "x"]]}, {"cues": [[0.5, 1, "x"]]}, {"cues": [[0, 2**60, "x"]]},
        {"cues": [[0, True, "x"]]}, {"cues": [[0, 1, None]]},
    )  # fmt: skip
    for body in wrong:
        assert check(body).status_code == 422, body
    deep = organiser.post(
        address(recording, "/check"), data=b"[" * 60_000, content_type="application/json"
    )
    assert deep.status_code == 422


def test_any_language_has_captions(organiser: FlaskClient, recording: Recording) -> None:
    chosen = organiser.get(f"/desk/recordings/{recording.id}/captions?language=ja&other=TL_ph")
    assert chosen.location.endswith("/captions/tl-PH")
    page = organiser.get(chosen.location)
    assert "Filipino" in page.text
    organiser.post(chosen.location, data={"captions": FIRST, "revision": "0"})
    organiser.post(
        f"/desk/recordings/{recording.id}/captions",
        data={
            "caption_language": "ja", "other_language": "zh-hant", "machine": "y",
            "captions": (io.BytesIO(FIRST.encode()), "a.vtt"),
        },
    )  # fmt: skip
    db.session.expire_all()
    rows = db.session.execute(select(Caption.language, Caption.status).order_by(Caption.language))
    assert [tuple(row) for row in rows] == [("tl-PH", "draft"), ("zh-Hant", "machine")]
    desk = organiser.get(f"/desk/recordings/{recording.id}").text
    assert "By machine, not checked" in desk

    wrong = organiser.get(f"/desk/recordings/{recording.id}/captions?other=no+tag")
    assert wrong.location.endswith(f"/desk/recordings/{recording.id}#captions")
    assert (
        organiser.get(f"/desk/recordings/{recording.id}/captions/no_tag_at_all").status_code == 404
    )


@pytest.mark.parametrize("more", ["", "/check", "/captions.vtt", "/captions.srt"])
def test_other_people_find_nothing(
    cast: Cast, sign_in: SignIn, recording: Recording, organiser: FlaskClient, more: str
) -> None:
    save(organiser, recording, FIRST, 0)
    stranger = sign_in(cast.trainee)
    method = stranger.post if more == "/check" else stranger.get
    assert method(address(recording, more)).status_code == 404
    if not more:
        assert save(stranger, recording, FIRST, 1).status_code == 404
    assert caption().revision == 1


def test_papers_have_no_captions(organiser: FlaskClient, recording: Recording) -> None:
    with unit_of_work():
        row = db.session.get(Recording, recording.id)
        assert row is not None
        row.kind = MediaKind.PAPER
    assert organiser.get(address(recording)).status_code == 404
    assert save(organiser, recording, FIRST, 0).status_code == 404


def test_what_was_destroyed_takes_no_captions(organiser: FlaskClient, recording: Recording) -> None:
    with unit_of_work():
        row = db.session.get(Recording, recording.id)
        assert row is not None
        row.stage = Stage.DESTROYED
    assert save(organiser, recording, FIRST, 0).status_code == 404
    assert db.session.scalars(select(Caption)).all() == []


def test_stored_captions_read_back() -> None:
    assert parse_cues(FIRST) == (Cue(1000, 3000, "賃金と物価"),)
