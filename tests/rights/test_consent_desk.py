"""The desk asks, prints, enters paper forms with their scans, and plans what is recorded."""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pikepdf
import pypdfium2
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.world import counted
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.kernel.errors import NotFoundError
from lms.recordings.errors import RecordingRefusedError
from lms.recordings.models import MediaKind, Recording
from lms.recordings.operations import (
    Purpose,
    Received,
    Room,
    UploadPlan,
    add_recording,
    attach_file,
    begin_upload,
    change_details,
    delete_recording,
)
from lms.recordings.operations.editing import Details, next_target
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Agreement, ConsentItem, ConsentRequest, Rightsholder, RightsPlan
from lms.rights.operations import cancel_request, withdraw_agreement
from lms.rights.operations.planning import plan_recording, tick_checklist
from lms.sessions.models import LiveSession, SessionSpeaker
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, Desk
from tests.rights.test_consent_asking import TERMS, ask_for, holder_of, propose
from tests.rights.test_consent_link import Link, code, open_link, sent

SignIn = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(cast: Cast, sign_in: SignIn) -> FlaskClient:
    return sign_in(cast.organiser)


def ask_fields(**more: Any) -> dict[str, Any]:
    values = {
        "kind": "speaker", "holder": "", "name": "白浜 汐里", "email": "s@x.example",
        "language": "ja", "record": "y", "uses": ["play"], "reach": "affiliate",
        "purposes": ["education"], "first_on": "2026-11-01", "last_on": "2027-03-31",
        "portrait": "y", "moral": "consult", "third_party": "unknown", "after": "destroy",
        "way": "mail", "due_on": "2026-10-30", "renews": "", **more,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value is not None}


def test_asking_from_the_rights_page_of_a_recording(office: FlaskClient, course: Course) -> None:
    path = f"/desk/recordings/{course.recording_id}/rights"
    assert f"{path}/ask" in office.get(path).text
    assert office.get(f"{path}/ask").status_code == 200
    answer = office.post(f"{path}/ask", data=ask_fields())
    assert answer.status_code == 303
    [request] = db.session.scalars(select(ConsentRequest)).all()
    assert answer.location == f"/desk/rights/requests/{request.id}"
    page = office.get(answer.location).text
    assert "白浜 汐里" in page
    assert "2027年3月31日" in page
    assert len(sent("consent_request")) == 1
    [agreement] = db.session.scalars(select(Agreement)).all()
    assert agreement.answers["asked"]["record"] is True


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"last_on": "2026-10-31"}, "last_on"),
        ({"last_on": ""}, "last_on"),
        ({"last_on": "in three months"}, "last_on"),
        ({"name": ""}, "name"),
        ({"email": "nowhere"}, "email"),
        ({"uses": []}, "uses"),
        ({"reach": "named"}, "orgs"),
        ({"due_on": "2026-10-11"}, "due_on"),
        ({"account": "nobody"}, "account"),
        ({"territory": "Nippon"}, "territory"),
    ],
)
def test_what_cannot_be_asked_is_said_and_nothing_is_written(
    office: FlaskClient, course: Course, more: dict[str, Any], field: str
) -> None:
    answer = office.post(
        f"/desk/recordings/{course.recording_id}/rights/ask", data=ask_fields(**more)
    )
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.scalars(select(Rightsholder)).all() == []
    assert db.session.scalars(select(Agreement)).all() == []


def test_several_things_in_one_letter(office: FlaskClient, course: Course) -> None:
    path = f"/desk/recordings/{course.recording_id}/rights/ask"
    office.post(path, data=ask_fields(way="later"))
    [holder] = db.session.scalars(select(Rightsholder)).all()
    office.post(
        f"/desk/recordings/{course.paper_id}/rights/ask",
        data=ask_fields(
            holder=holder.id, kind="slides", uses=["display"], way="later", record=None
        ),
    )
    assert sent("consent_request") == []
    letter = f"/desk/rights/holders/{holder.id}/letter"
    page = office.get(letter).text
    ids = [one.id for one in db.session.scalars(select(Agreement)).all()]
    assert all(one in page for one in ids)
    assert office.post(letter, data={"way": "mail"}).status_code == 422
    answer = office.post(letter, data={"agreements": ids, "way": "mail"})
    assert answer.status_code == 303
    assert len(sent("consent_request")) == 1
    assert len(db.session.scalars(select(ConsentItem)).all()) == 2


def test_only_those_who_look_after_the_rights_reach_a_letter(
    app: Flask, desk: Desk, cast: Cast, sign_in: SignIn
) -> None:
    link = open_link(app, desk)
    paths = [
        f"/desk/rights/requests/{link.request.id}{tail}"
        for tail in ("", "/letter", "/document", "/paper")
    ]
    paths.append(f"/desk/rights/holders/{link.request.rightsholder_id}")
    for name in ("trainee", "speaker", "coordinator", "auditor"):
        client = sign_in(getattr(cast, name))
        for path in [*paths, f"/desk/recordings/{desk.course.recording_id}/rights/ask"]:
            assert client.get(path).status_code == 404, (name, path)
        for tail in ("resend", "cancel", "paper", "take-over"):
            path = f"/desk/rights/requests/{link.request.id}/{tail}"
            assert client.post(path).status_code == 404
    assert app.test_client().get(paths[0]).status_code == 303


def test_the_list_has_as_many_queries_with_thirty_letters(desk: Desk, office: FlaskClient) -> None:
    holder = holder_of(desk)
    ask_for(desk, holder, propose(desk, holder).id)
    office.get("/desk/rights/requests")
    with counted() as few:
        office.get("/desk/rights/requests")
    for number in range(29):
        ask_for(desk, holder, propose(desk, holder).id, number=f"N{number}")
    with counted() as many:
        page = office.get("/desk/rights/requests").text
    assert page.count("/desk/rights/requests/") >= 30
    assert len(many) == len(few) <= 12


def test_sending_again_and_cancelling(app: Flask, desk: Desk, office: FlaskClient) -> None:
    link = open_link(app, desk)
    path = f"/desk/rights/requests/{link.request.id}"
    assert office.post(f"{path}/resend").status_code == 303
    assert link.client.get(link.path).status_code == 404
    assert office.post(f"{path}/cancel").status_code == 303
    assert office.post(f"{path}/cancel").status_code == 409
    assert office.post(f"/desk/rights/agreements/{link.agreement_id}/drop").status_code == 303
    assert db.session.get(Agreement, link.agreement_id) is None


def test_an_answer_by_telephone_closes_the_letter(
    app: Flask, desk: Desk, office: FlaskClient
) -> None:
    link = open_link(app, desk)
    path = f"/desk/recordings/{desk.course.recording_id}/rights/agreements/{link.agreement_id}"
    prefix = f"answer-{link.agreement_id}"
    answer = office.post(
        f"{path}/answer",
        data={f"{prefix}-status": "signed", f"{prefix}-signed_on": "2026-10-05"},
    )
    assert answer.status_code == 303
    request = db.session.get_one(ConsentRequest, link.request.id, populate_existing=True)
    assert request.state == "answered"
    assert link.answer(choice="no").status_code == 422
    assert link.agreement().status == "signed"


def text_of(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    return re.sub(r"\s", "", "".join(p.get_textpage().get_text_range() for p in document))


def test_the_printed_letter_has_what_a_japanese_letter_has(desk: Desk, office: FlaskClient) -> None:
    holder = holder_of(desk, organisation="青空大学", title="教授", email="")
    request = ask_for(
        desk, holder, propose(desk, holder).id, due_on=date(2026, 10, 30), message="先日の件です"
    )
    answer = office.get(f"/desk/rights/requests/{request.id}/letter")
    assert answer.mimetype == "application/pdf"
    text = text_of(answer.data)
    for words in (
        "文書番号2026-001", "2026年10月12日", "青空大学教授白浜汐里様", "拝啓", "敬具", "記",
        "以上", "2026年10月30日", "先日の件です", "許諾書", "賃金はどう決まるか", "署名",
    ):  # fmt: skip
        assert words in text, words
    assert "御中様" not in text
    assert "様御中" not in text
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert len(pdf.pages) >= 2


def test_a_body_is_addressed_as_one(desk: Desk, office: FlaskClient) -> None:
    holder = holder_of(desk, name="青空放送協会", organisation="青空放送協会", email="")
    request = ask_for(desk, holder, propose(desk, holder).id)
    text = text_of(office.get(f"/desk/rights/requests/{request.id}/letter").data)
    assert "青空放送協会御中" in text
    assert "青空放送協会様" not in text


def test_an_english_letter(desk: Desk, office: FlaskClient) -> None:
    holder = holder_of(desk, name="Aminah binti Salleh", kana="", language="en", email="")
    request = ask_for(desk, holder, propose(desk, holder).id)
    text = text_of(office.get(f"/desk/rights/requests/{request.id}/letter").data)
    assert "Requestforyourpermissiontorecordandtouse" in text
    assert "AminahbintiSalleh" in text
    assert not re.search(r"\bM(r|s|rs)\.", text)


@pytest.mark.parametrize("name", ["request-letter", "consent-form"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_models_print_as_page_and_as_pdf(office: FlaskClient, name: str, language: str) -> None:
    page = office.get(f"/desk/rights/forms/{name}/{language}")
    assert page.status_code == 200
    pdf = office.get(f"/desk/rights/forms/{name}/{language}/pdf")
    text = text_of(pdf.data)
    free = "断りなく" if language == "ja" else "withoutasking"
    assert free in text
    assert free in re.sub(r"\s", "", page.text)
    with pikepdf.open(io.BytesIO(pdf.data)) as opened:
        fonts = [font for one in opened.pages for font in one.Resources.Font.values()]
        assert fonts


def test_other_models_do_not_exist(office: FlaskClient) -> None:
    for path in ("x/ja", "consent-form/xx", "consent-form/xx/pdf", "..%2f..%2fLICENSE/ja"):
        assert office.get(f"/desk/rights/forms/{path}").status_code == 404


def scan_pdf() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcff"
    "9f811e000781027f3d08d8bb0000000049454e44ae426082"
)


def enter_paper(office: FlaskClient, link: Link, data: bytes, **more: Any) -> Any:
    signed_on = more.pop("signed_on", "2026-10-05")
    name = more.pop("file_name", "scan.pdf")
    fields: dict[str, Any] = {**link.fields(**more), "signed_on": signed_on}
    if data:
        fields["scan"] = (io.BytesIO(data), name)
    return office.post(
        f"/desk/rights/requests/{link.request.id}/paper",
        data=fields, content_type="multipart/form-data",
    )  # fmt: skip


@pytest.mark.parametrize(("data", "mime"), [(scan_pdf(), "application/pdf"), (PNG, "image/png")])
def test_a_paper_form_is_entered_with_its_scan(
    app: Flask, desk: Desk, office: FlaskClient, data: bytes, mime: str
) -> None:
    link = open_link(app, desk)
    answer = enter_paper(office, link, data, choice="narrower", uses=["play"])
    assert answer.status_code == 303
    agreement = link.agreement()
    assert (agreement.status, agreement.outcome, agreement.basis) == ("signed", "narrower", "paper")
    assert agreement.signed_at == datetime(2026, 10, 4, 15, tzinfo=UTC)
    assert agreement.document_sha256 == hashlib.sha256(data).hexdigest()
    scan = office.get(f"/desk/rights/requests/{link.request.id}/document")
    assert (scan.data, scan.mimetype) == (data, mime)
    assert link.client.get(f"{link.path}/copy").data == data
    assert sent("consent_receipt") == []


@pytest.mark.parametrize(
    ("data", "more"),
    [
        (b"", {}),
        (b"\x00\x00\x00\x18ftypmp42", {}),
        (b"%PDF-1.7 cut off", {}),
        (b"\xff\xd8\xff\xe0 cut off", {}),
        (b"\x89PNG\r\n\x1a\n cut off", {}),
        (b"<svg onload='x'/>", {"file_name": "scan.png"}),
        (scan_pdf(), {"signed_on": ""}),
        (scan_pdf(), {"signed_on": "2026-10-13"}),
        (scan_pdf(), {"choice": None}),
        (scan_pdf(), {"choice": "narrower", "uses": ["embed"]}),
    ],
)
def test_a_paper_form_that_does_not_fit_leaves_nothing(
    app: Flask, desk: Desk, office: FlaskClient, data: bytes, more: dict[str, Any]
) -> None:
    link = open_link(app, desk)
    answer = enter_paper(office, link, data, **more)
    assert answer.status_code == 422
    assert 'class="error"' in answer.text or 'data-testid="error-summary"' in answer.text
    assert link.agreement().status == "requested"
    assert list(current_storage().list("consents")) == []


# --- what is recorded of a session -----------------------------------------------------------


@pytest.fixture
def meeting(course: Course, cast: Cast) -> str:
    with unit_of_work():
        row = LiveSession(
            edition_id=course.edition_id, title={"ja": "第1回", "en": "Lecture 1"},
            starts_local=datetime.fromisoformat("2026-10-20 18:00"),
            ends_local=datetime.fromisoformat("2026-10-20 20:00"),
            starts_at=datetime(2026, 10, 20, 9, tzinfo=UTC),
            ends_at=datetime(2026, 10, 20, 11, tzinfo=UTC),
            venue_name={"ja": "本部会議室"}, venue_address={}, venue_access={}, created_at=NOW,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        db.session.add(SessionSpeaker(live_session_id=row.id, person_id=cast.speaker.id, name={}))
    return row.id


def plan(desk: Desk, meeting: str, kind: str = "video") -> Recording:
    with unit_of_work():
        return plan_recording(
            desk.actor, meeting, kind, NOW, title={"ja": "第1回の収録"}, language="ja"
        )


def state(meeting: str) -> str:
    db.session.rollback()
    return db.session.scalars(
        select(LiveSession.recording_state).where(LiveSession.id == meeting)
    ).one()


def film(recording_id: str) -> Received:
    return Received(MediaKind.VIDEO, f"recordings/{recording_id}/v1/source", "a.mp4", 10, "0" * 64)


def attach(desk: Desk, recording_id: str) -> Recording:
    with unit_of_work():
        return attach_file(desk.actor, recording_id, film(recording_id), NOW)


def test_a_session_may_be_recorded_once_its_speaker_has_agreed(
    app: Flask, desk: Desk, meeting: str
) -> None:
    assert state(meeting) == ""
    planned = plan(desk, meeting)
    assert (planned.stage, state(meeting)) == ("planned", "asked")
    with pytest.raises(RecordingRefusedError, match="recording_not_agreed"):
        attach(desk, planned.id)
    link = open_link(app, desk, recording_id=planned.id)
    link.answer()
    link.sign(code())
    assert state(meeting) == "allowed"
    assert attach(desk, planned.id).stage == "processing"


def test_nothing_may_be_recorded_is_seen_and_holds(
    desk: Desk, meeting: str, cast: Cast, sign_in: SignIn, office: FlaskClient
) -> None:
    planned = plan(desk, meeting)
    link = open_link(office.application, desk, recording_id=planned.id)
    link.answer(choice="nothing")
    link.sign(code())
    assert state(meeting) == "forbidden"
    for client, path in (
        (sign_in(cast.trainee), f"/live-sessions/{meeting}"),
        (office, f"/desk/sessions/{meeting}"),
        (office, f"/desk/sessions/{meeting}/recording"),
    ):
        page = client.get(path).text
        assert "recording-forbidden" in page or 'data-testid="recording-state"' in page
    with pytest.raises(RecordingRefusedError, match="recording_forbidden"):
        next_target(db.session.get_one(Recording, planned.id))
    with pytest.raises(RecordingRefusedError, match="recording_forbidden"):
        attach(desk, planned.id)
    new_id = planned.id[:-1] + ("0" if planned.id[-1] != "0" else "1")
    with pytest.raises(RecordingRefusedError, match="recording_forbidden"), unit_of_work():
        add_recording(
            desk.actor, desk.course.edition_id, MediaKind.VIDEO,
            Details({"ja": "別の収録"}, live_session_id=meeting), NOW,
            received=film(new_id), recording_id=new_id,
        )  # fmt: skip
    upload = UploadPlan(Purpose.FILE, planned.id, "", "a.mp4", 1000)
    with pytest.raises(RecordingRefusedError, match="recording_forbidden"), unit_of_work():
        begin_upload(desk.actor, upload, Room(10_000, 10_000), NOW)
    answer = office.post(
        f"/desk/recordings/{planned.id}/file",
        data={"file": (io.BytesIO(b"x"), "a.mp4")}, content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.status_code in {409, 422}
    assert db.session.get_one(Recording, planned.id).source_key == ""


def test_a_handout_of_the_session_is_taken_all_the_same(
    app: Flask, desk: Desk, meeting: str
) -> None:
    planned, paper = plan(desk, meeting), plan(desk, meeting, "paper")
    link = open_link(app, desk, recording_id=planned.id)
    link.answer(choice="nothing")
    link.sign(code())
    received = Received(
        MediaKind.PAPER, f"recordings/{paper.id}/v1/source", "a.pdf", 9, "0" * 64, 3
    )
    with unit_of_work():
        assert attach_file(desk.actor, paper.id, received, NOW).stage == "review"


def test_every_speaker_has_to_agree(app: Flask, desk: Desk, meeting: str) -> None:
    planned = plan(desk, meeting)
    first = open_link(app, desk, recording_id=planned.id)
    second = open_link(
        app, desk, recording_id=planned.id, holder={"name": "黒田", "email": "k@x.example"}
    )
    third = open_link(
        app, desk, recording_id=planned.id, kind="interpreter",
        holder={"name": "通訳", "email": "i@x.example"},
    )  # fmt: skip
    first.answer()
    first.sign(code(first))
    assert state(meeting) == "asked"
    third.answer(choice="no")
    third.sign(code(third))
    assert state(meeting) == "asked"
    second.answer()
    second.sign(code(second))
    assert state(meeting) == "allowed"
    with unit_of_work():
        withdraw_agreement(desk.actor, first.agreement_id, NOW + timedelta(hours=1), reason="x")
    assert state(meeting) == "forbidden"


def test_signed_for_use_but_not_for_recording_is_not_enough(
    app: Flask, desk: Desk, meeting: str
) -> None:
    planned = plan(desk, meeting)
    link = open_link(
        app, desk, recording_id=planned.id, terms=replace(TERMS, record=None, portrait=None)
    )
    link.answer(record=None, portrait=None)
    link.sign(code())
    assert link.agreement().status == "signed"
    assert state(meeting) == "asked"


def test_planning_in_the_browser(office: FlaskClient, meeting: str) -> None:
    path = f"/desk/sessions/{meeting}/recording"
    assert office.get(path).status_code == 200
    refused = office.post(f"{path}/plan", data={"kind": "video", "title_ja": ""})
    assert refused.status_code == 422
    answer = office.post(f"{path}/plan", data={"kind": "video", "title_ja": "第1回"})
    assert answer.status_code == 303
    [planned] = db.session.scalars(select(Recording).where(Recording.stage == "planned")).all()
    page = office.get(path).text
    assert f"/desk/recordings/{planned.id}/rights/ask?kind=speaker" in page
    form = office.get(f"/desk/recordings/{planned.id}/rights/ask?kind=speaker&name=白浜").text
    assert 'value="白浜"' in form
    assert 'value="2026-10-20"' in form
    assert office.get(f"{path}/sheet").status_code == 200


def test_the_points_of_the_venue_are_ticked(
    desk: Desk, office: FlaskClient, meeting: str, cast: Cast
) -> None:
    path = f"/desk/sessions/{meeting}/recording/checklist"
    assert office.post(path, data={"done": ["notice"]}).status_code == 422
    planned = plan(desk, meeting)
    assert office.post(path, data={"done": ["music_off", "notice"]}).status_code == 303
    assert db.session.get_one(RightsPlan, planned.id).checklist == ["notice", "music_off"]
    assert office.post(path, data={"done": ["fly"]}).status_code == 422
    assert office.post(path, data={}).status_code == 303
    db.session.rollback()
    assert db.session.get_one(RightsPlan, planned.id).checklist == []
    with pytest.raises(NotFoundError), unit_of_work():
        tick_checklist(cast.actor("trainee"), meeting, ["notice"], NOW)


def test_nothing_is_planned_for_a_session_that_was_cancelled(desk: Desk, meeting: str) -> None:
    with unit_of_work():
        db.session.get_one(LiveSession, meeting).cancelled_at = NOW
    with pytest.raises(RightsRefusedError, match="session_cancelled"):
        plan(desk, meeting)


def test_a_cancelled_letter_leaves_the_session_unsettled(
    app: Flask, desk: Desk, meeting: str
) -> None:
    planned = plan(desk, meeting)
    link = open_link(app, desk, recording_id=planned.id)
    with unit_of_work():
        cancel_request(desk.actor, link.request.id, NOW)
    assert state(meeting) == "asked"


def test_a_recording_that_leaves_a_session_takes_its_question_along(
    desk: Desk, meeting: str
) -> None:
    planned = plan(desk, meeting)
    assert state(meeting) == "asked"
    with unit_of_work():
        change_details(desk.actor, planned.id, Details({"ja": "別の題"}), NOW)
    assert state(meeting) == ""
    again = plan(desk, meeting)
    with unit_of_work():
        delete_recording(desk.actor, again.id, NOW)
    assert state(meeting) == ""
