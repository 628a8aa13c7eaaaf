"""The page behind the link: answering, signing with a code, the copy, taking back."""

import hashlib
import io
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

import pikepdf
import pypdfium2
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.infra.mail.models import OutboxMail
from lms.infra.mail.rendering import render_text
from lms.rights.models import Agreement, ConsentItem, ConsentRequest, Rightsholder, Withdrawal
from lms.rights.operations import (
    HolderDetails,
    ask_consent,
    cancel_request,
    change_rightsholder,
    expire_requests,
    note_reminders,
    propose_agreement,
    resend_request,
)
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms
from lms.watching.contributions import HideMediaTokens
from tests.conftest import NOW, Cast
from tests.rights.conftest import Desk
from tests.rights.test_consent_asking import TERMS, ask_for, holder_of, propose


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@dataclass
class Link:
    """A letter that went out, and a browser that has its link and nothing else."""

    client: FlaskClient
    request: ConsentRequest
    secret: str
    agreement_id: str
    item_id: str

    @property
    def path(self) -> str:
        return f"/consents/{self.secret}"

    def fields(self, **more: Any) -> dict[str, Any]:
        """Return what a browser would send that left the form as it was shown."""
        values = {
            "choice": "yes", "record": "y", "portrait": "y", "captions": "y",
            "uses": ["play", "download"], "reach": "affiliate", "purposes": ["education"],
            "first_on": "2026-11-01", "last_on": "2027-03-31", "moral": "consult",
            "third_party": "none", "after": "destroy", **more,
        }  # fmt: skip
        return {
            f"{self.item_id}-{name}": value for name, value in values.items() if value is not None
        }

    def answer(self, **more: Any) -> TestResponse:
        return self.client.post(self.path, data=self.fields(**more))

    def mark(self) -> str:
        page = self.client.get(f"{self.path}/sign").text
        found = re.search(r'name="mark"[^>]*value="([0-9a-f]{64})"', page)
        assert found is not None
        return found[1]

    def sign(self, code: str, **more: Any) -> TestResponse:
        data = {"name": "白浜 汐里", "sure": "y", "code": code, "mark": self.mark(), **more}
        return self.client.post(f"{self.path}/sign", data=data)

    def agreement(self) -> Agreement:
        db.session.rollback()
        return db.session.get_one(Agreement, self.agreement_id, populate_existing=True)


def sent(template: str) -> list[OutboxMail]:
    db.session.rollback()
    return list(
        db.session.scalars(
            select(OutboxMail).where(OutboxMail.template == template).order_by(OutboxMail.id)
        )
    )


def code(link: Link | None = None) -> str:
    """Return the code of the newest mail, as only the rightsholder's mailbox has it."""
    mails = [
        one
        for one in sent("consent_code")
        if link is None or one.params["request_id"] == link.request.id
    ]
    mail = max(mails, key=lambda one: one.created_at)
    found: str = mail.params["secrets"]["code"]
    return found


def secret_of(request: ConsentRequest) -> str:
    """Return the secret that went out by mail; the table has only its SHA-256."""
    secrets: list[str] = [mail.params["secrets"]["link"] for mail in sent("consent_request")]
    return next(
        one for one in secrets if hashlib.sha256(one.encode()).hexdigest() == request.token_sha256
    )


def open_link(app: Flask, desk: Desk, **more: Any) -> Link:
    holder = holder_of(desk, **more.pop("holder", {}))
    agreement = propose(desk, holder, **more)
    request = ask_for(desk, holder, agreement.id)
    secret = secret_of(request)
    item_id = db.session.scalars(
        select(ConsentItem.id).where(ConsentItem.request_id == request.id)
    ).one()
    return Link(app.test_client(), request, secret, agreement.id, item_id)


@pytest.fixture
def link(app: Flask, desk: Desk) -> Link:
    return open_link(app, desk)


def test_the_page_says_who_asks_for_what_in_the_holders_language(link: Link) -> None:
    answer = link.client.get(link.path)
    assert answer.status_code == 200
    page = answer.text
    assert '<html lang="ja"' in page
    for words in ("賃金はどう決まるか", "白浜 汐里", "2026年11月1日", "2027年3月31日"):
        assert words in page
    assert page.count('data-testid="item"') == 1


def test_the_address_leaves_by_no_header_and_no_search_engine_keeps_it(link: Link) -> None:
    for path in (link.path, "/consents/wrong"):
        answer = link.client.get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_language_can_be_changed(link: Link) -> None:
    link.client.post("/language", data={"language": "en", "next": link.path})
    assert '<html lang="en"' in link.client.get(link.path).text


def test_granting_as_asked_signs_with_the_code_from_the_mailbox(
    link: Link, ask: Callable[..., Any]
) -> None:
    answer = link.answer()
    assert (answer.status_code, answer.location) == (303, f"{link.path}/sign")
    assert link.agreement().status == "requested"
    assert link.sign(code()).status_code == 303
    agreement = link.agreement()
    assert (agreement.status, agreement.outcome) == ("signed", "yes")
    assert agreement.recording_consent_at == agreement.signed_at == NOW
    assert agreement.answers["signed_name"] == "白浜 汐里"
    assert [term.conditions["audience"] for term in agreement.terms] == [{"reach": "affiliate"}]
    assert "NO_RECORDING_CONSENT" not in map(str, ask("organiser", "preview").reasons)
    assert db.session.get_one(ConsentRequest, link.request.id).state == "answered"


def test_a_forwarded_link_signs_nothing(link: Link) -> None:
    link.answer()
    for guess in ("", "000000", "abc", "１２３"):
        if guess == code():
            continue
        assert link.sign(guess).status_code == 422
    assert link.agreement().status == "requested"
    assert sent("consent_code")[0].to_address == "shirahama@speaker.example"


def test_five_wrong_codes_end_the_code_even_for_who_has_it(link: Link) -> None:
    link.answer()
    right = code()
    wrong = "111111" if right != "111111" else "222222"
    for _try in range(5):
        assert link.sign(wrong).status_code == 422
    assert link.sign(right).status_code == 422
    assert link.agreement().status == "requested"
    time_later = NOW + timedelta(minutes=2)
    with time_machine.travel(time_later, tick=False):
        assert link.client.post(f"{link.path}/code").status_code == 303
        assert link.sign(code()).status_code == 303
    assert link.agreement().status == "signed"


def test_a_code_works_for_a_quarter_of_an_hour(link: Link) -> None:
    link.answer()
    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        assert link.sign(code()).status_code == 422
    with time_machine.travel(NOW + timedelta(minutes=14, seconds=59), tick=False):
        assert link.sign(code()).status_code == 303


def test_codes_cannot_flood_the_mailbox(link: Link) -> None:
    link.answer()
    link.client.post(f"{link.path}/code")
    assert len(sent("consent_code")) == 1
    for minute in range(1, 20):
        with time_machine.travel(NOW + timedelta(minutes=minute, seconds=5), tick=False):
            link.client.post(f"{link.path}/code")
    assert len(sent("consent_code")) == 8


def test_full_width_digits_and_blanks_are_read(link: Link) -> None:
    link.answer()
    wide = "".join(chr(ord(char) + 0xFEE0) for char in code())
    assert link.sign(f" {wide[:3]} {wide[3:]} ").status_code == 303


@pytest.mark.parametrize(
    ("more", "missing"),
    [({"name": " "}, "name"), ({"sure": ""}, "sure"), ({"name": "x" * 201}, "name")],
)
def test_without_name_or_tick_nothing_is_signed(
    link: Link, more: dict[str, str], missing: str
) -> None:
    link.answer()
    answer = link.sign(code(), **more)
    assert answer.status_code == 422
    assert f'id="{missing}-error"' in answer.text
    assert link.agreement().status == "requested"


def test_answers_changed_meanwhile_by_somebody_else_are_not_signed(link: Link) -> None:
    link.answer(choice="narrower", uses=["play"])
    mark, number = link.mark(), code()
    link.answer(choice="yes")
    answer = link.sign(number, mark=mark)
    assert answer.status_code == 422
    assert link.agreement().status == "requested"


def test_narrowing_holds_exactly(link: Link, cast: Cast) -> None:
    link.answer(
        choice="narrower", uses=["play"], reach="industrial", only=[cast.industrial_a.id],
        first_on="2026年12月1日", last_on="令和9年1月31日", territory="jp", watermark="y",
        captions=None, credit="白浜汐里（青空大学）", remark="質疑は除いてください",
    )  # fmt: skip
    assert link.sign(code()).status_code == 303
    agreement = link.agreement()
    assert (agreement.status, agreement.outcome) == ("signed", "narrower")
    [term] = agreement.terms
    assert term.conditions == {
        "actions": ["play"],
        "purposes": ["education"],
        "territory": ["JP"],
        "obligations": ["watermark", "attribution:白浜汐里（青空大学）"],
        "audience": {"reach": "industrial", "orgs": [cast.industrial_a.id]},
    }
    assert term.from_at == datetime(2026, 11, 30, 15, tzinfo=UTC)
    assert term.until_at == datetime(2027, 1, 31, 15, tzinfo=UTC)
    given = ConsentTerms.from_json(agreement.answers["given"])
    assert (given.captions, given.remark) == (False, "質疑は除いてください")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"uses": ["play", "screen"]}, "uses"),
        ({"reach": "outside"}, "reach"),
        ({"purposes": ["education", "research"]}, "purposes"),
        ({"first_on": "2026-10-31"}, "first_on"),
        ({"first_on": ""}, "first_on"),
        ({"last_on": "2027-04-01"}, "last_on"),
        ({"last_on": ""}, "last_on"),
        ({"last_on": "2026-10-01"}, "last_on"),
        ({"edits": ["cut"]}, "choice"),
        ({"translation": "y"}, "choice"),
        ({"after": "keep"}, "after"),
        ({"territory": "Japan"}, "territory"),
        ({"third_party": "some"}, "third_party_list"),
        ({"purposes": []}, "purposes"),
        ({"first_on": "yesterday"}, "first_on"),
    ],
)
def test_nobody_can_widen_or_write_nonsense(link: Link, more: dict[str, Any], field: str) -> None:
    answer = link.answer(choice="narrower", **more)
    assert answer.status_code == 422
    if field != "choice":
        assert f'id="{link.item_id}-{field}-error"' in answer.text
    db.session.rollback()
    assert db.session.get_one(ConsentItem, link.item_id).answer == {}
    assert sent("consent_code") == []


def test_every_item_wants_an_answer(link: Link) -> None:
    assert link.answer(choice=None).status_code == 422
    assert link.answer(choice="perhaps").status_code == 422
    assert link.client.post(link.path, data={}).status_code == 422


def test_refusing(link: Link, ask: Callable[..., Any]) -> None:
    link.answer(choice="no", remark="今回は見送ります")
    link.sign(code())
    agreement = link.agreement()
    assert (agreement.status, agreement.outcome) == ("refused", "no")
    assert "RIGHTS_REFUSED" in map(str, ask("trainee").reasons)


def test_nothing_may_be_recorded(link: Link) -> None:
    link.answer(choice="nothing")
    link.sign(code())
    agreement = link.agreement()
    assert agreement.status == "refused"
    assert agreement.answers["given"]["record"] is False
    assert "一切" in link.client.get(link.path).text or "Nothing may be recorded" in (
        link.client.get(link.path).text
    )


def test_to_be_recorded_but_shown_to_nobody(link: Link, ask: Callable[..., Any]) -> None:
    link.answer(choice="narrower", uses=[])
    link.sign(code())
    agreement = link.agreement()
    assert (agreement.status, agreement.outcome, agreement.terms) == ("signed", "narrower", [])
    assert agreement.recording_consent_at == NOW
    assert not ask("trainee").allowed


def test_a_film_without_the_portrait_is_granted_to_nobody(link: Link) -> None:
    link.answer(choice="narrower", portrait=None)
    link.sign(code())
    assert (link.agreement().status, link.agreement().terms) == ("signed", [])


def test_somebody_else_holds_it(link: Link) -> None:
    assert link.answer(choice="not_mine", other="").status_code == 422
    link.answer(choice="not_mine", other="青空放送 権利部")
    link.sign(code())
    agreement = link.agreement()
    assert (agreement.status, agreement.outcome) == ("requested", "not_mine")
    assert "青空放送 権利部" in agreement.note


def test_used_twice_the_link_shows_the_state_and_the_copy(link: Link) -> None:
    link.answer()
    link.sign(code())
    before = link.agreement().answers
    page = link.client.get(link.path).text
    assert 'data-testid="copy"' in page
    assert 'data-testid="consent-form"' not in page
    again = link.answer(choice="no")
    assert again.status_code == 422
    assert link.client.get(f"{link.path}/sign").location == link.path
    assert link.agreement().answers == before
    assert len(sent("consent_answered")) == 1


def read_pdf(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    return "".join(page.get_textpage().get_text_range() for page in document)


def test_the_signed_copy_is_a_pdf_with_its_fingerprint(link: Link) -> None:
    remark = "#set text(red) $x$ \\ 質疑😀は除く"
    link.answer(choice="narrower", uses=["play"], remark=remark)
    link.sign(code())
    answer = link.client.get(f"{link.path}/copy")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    digest = hashlib.sha256(answer.data).hexdigest()
    request = db.session.get_one(ConsentRequest, link.request.id, populate_existing=True)
    assert request.document_sha256 == digest == link.agreement().document_sha256
    assert digest in link.client.get(link.path).text
    text = re.sub(r"\s", "", read_pdf(answer.data))
    for words in (
        "賃金はどう決まるか", "白浜汐里", request.number, request.id,
        "2026年11月1日", "#settext(red)$x$\\質疑[U+1F600]は除く", "shirahama@speaker.example",
    ):  # fmt: skip
        assert words in text
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert str(pdf.Root.Metadata.read_bytes()).count("pdfaid:part") >= 1


def test_a_moment_between_two_seconds_is_none_that_cannot_be_printed(link: Link) -> None:
    with time_machine.travel(NOW + timedelta(microseconds=123_456), tick=False):
        link.answer()
        link.sign(code())
    assert len(link.agreement().document_sha256) == 64


def test_the_receipt_has_the_fingerprint_and_the_link(app: Flask, link: Link) -> None:
    link.answer()
    link.sign(code())
    [mail] = sent("consent_receipt")
    subject, text = render_text(mail, app.extensions["settings"])
    assert subject.startswith("【Tomoni】")
    assert link.agreement().document_sha256 in text
    assert link.path in text
    assert "許諾" in text


def test_a_copy_that_a_killed_process_left_out_is_made_by_the_job(
    app: Flask, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("lms.rights.views.answering.make_copy", broken)
    link.answer()
    assert link.sign(code()).status_code == 303
    assert link.agreement().document_key == ""
    monkeypatch.undo()
    run_jobs(app)
    first = link.agreement().document_sha256
    assert len(first) == 64
    answer = link.client.get(f"{link.path}/copy")
    assert hashlib.sha256(answer.data).hexdigest() == first


def run_jobs(app: Flask) -> None:
    while claim := claim_job(["print_consent"], "test", datetime.now(UTC), LEASE):
        run_claim(claim, app.extensions["jobs"][claim.kind], LEASE, Event())


@pytest.mark.parametrize("way", ["unknown", "altered", "expired", "swept", "cancelled", "replaced"])
def test_a_link_that_does_not_work_says_nothing(link: Link, desk: Desk, way: str) -> None:
    path, at = link.path, NOW
    if way == "unknown":
        path = "/consents/x"
    if way == "altered":
        path = path[:-1] + ("a" if path[-1] != "a" else "b")
    if way == "expired":
        at = NOW + timedelta(days=61)
    if way == "swept":
        with unit_of_work():
            expire_requests(NOW + timedelta(days=61))
    if way == "cancelled":
        with unit_of_work():
            cancel_request(desk.actor, link.request.id, NOW)
    if way == "replaced":
        with unit_of_work():
            resend_request(desk.actor, link.request.id, NOW)
    gone = link.client.get("/consents/nothing")
    with time_machine.travel(at, tick=False):
        for method, tail in (
            ("GET", ""), ("POST", ""), ("GET", "/sign"), ("POST", "/sign"), ("POST", "/code"),
            ("GET", "/copy"), ("GET", f"/withdraw/{link.agreement_id}"),
            ("POST", f"/withdraw/{link.agreement_id}"),
        ):  # fmt: skip
            answer = link.client.open(path + tail, method=method, data={"code": "1"})
            assert answer.status_code == 404, tail
            if method == "GET":
                assert without_nonces(answer.text) == without_nonces(gone.text)
    assert link.agreement().status == "requested"


def without_nonces(page: str) -> str:
    return re.sub(r'nonce="[^"]*"|value="[^"]*"', "", page)


def test_the_link_of_one_letter_does_not_reach_anothers(app: Flask, link: Link, desk: Desk) -> None:
    other = open_link(app, desk, holder={"name": "別", "email": "b@x.example"})
    link.answer()
    link.sign(code())
    path = f"{other.path}/withdraw/{link.agreement_id}"
    assert other.client.get(path).status_code == 404
    assert other.client.post(path, data={"code": "1"}).status_code == 404


def withdraw(link: Link, **more: Any) -> TestResponse:
    path = f"{link.path}/withdraw/{link.agreement_id}"
    assert link.client.get(path).status_code == 200
    link.client.post(f"{link.path}/code?agreement={link.agreement_id}")
    return link.client.post(path, data={"code": code(), **more})


def test_taking_back_by_the_same_link(
    app: Flask, link: Link, desk: Desk, ask: Callable[..., Any]
) -> None:
    link.answer(last_on="2027-03-31", choice="narrower", first_on="2026-11-01")
    link.sign(code())
    at = datetime(2026, 11, 5, tzinfo=UTC)
    with time_machine.travel(at, tick=False):
        desk.publish(at)
        assert ask("trainee", at=at).allowed
        without = link.client.post(f"{link.path}/withdraw/{link.agreement_id}", data={})
        assert without.status_code == 422
        assert ask("trainee", at=at).allowed
        assert withdraw(link, reason="事情により").status_code == 303
        decision = ask("trainee", at=at)
        assert "RIGHTS_WITHDRAWN" in map(str, decision.reasons)
        page = link.client.get(link.path).text
    [row] = db.session.scalars(select(Withdrawal)).all()
    assert (row.actions, row.reason, row.entered_by) == ([], "事情により", None)
    assert row.id in page
    [mail] = sent("consent_withdrawn")
    _subject, text = render_text(mail, app.extensions["settings"])
    assert row.id in text
    assert mail.to_address == "shirahama@speaker.example"


def test_taking_back_some_uses_only(link: Link, ask: Callable[..., Any], desk: Desk) -> None:
    link.answer()
    link.sign(code())
    at = datetime(2026, 11, 5, tzinfo=UTC)
    with time_machine.travel(at, tick=False):
        desk.publish(at, actions=("play", "download"))
        assert withdraw(link, actions=["download"]).status_code == 303
        assert ask("trainee", at=at).allowed
        assert not ask("trainee", "download", at=at).allowed
        with time_machine.travel(at + timedelta(minutes=2), tick=False):
            answer = withdraw(link, actions=["embed"])
        assert answer.status_code == 422


def test_the_agreed_grace_is_kept(app: Flask, desk: Desk) -> None:
    link = open_link(app, desk, terms=replace(TERMS, grace_hours=2))
    link.answer(grace_hours="2")
    link.sign(code())
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        withdraw(link)
    assert db.session.scalars(select(Withdrawal.grace_ms)).one() == 2 * 3_600_000


def test_a_renewal_joins_the_lineage_and_restores(
    app: Flask, link: Link, desk: Desk, ask: Callable[..., Any]
) -> None:
    link.answer()
    link.sign(code())
    old = link.agreement()
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        withdraw(link)
    later = NOW + timedelta(days=30)
    with time_machine.travel(later, tick=False):
        with unit_of_work():
            renewed = propose_agreement(
                desk.actor, desk.course.recording_id, old.rightsholder_id or "", "speaker",
                TERMS, later, lineage=old.lineage,
            )  # fmt: skip
        with unit_of_work():
            request = ask_consent(
                desk.actor, old.rightsholder_id or "", [renewed.id], later, kind="renewal"
            )
        item_id = db.session.scalars(
            select(ConsentItem.id).where(ConsentItem.request_id == request.id)
        ).one()
        again = Link(app.test_client(), request, secret_of(request), renewed.id, item_id)
        again.answer()
        again.sign(code())
        desk.publish(later)
        assert ask("trainee", at=later).allowed
    assert again.agreement().lineage == old.lineage


def test_several_items_are_answered_one_by_one(app: Flask, desk: Desk) -> None:
    holder = holder_of(desk)
    first = propose(desk, holder)
    paper = propose(
        desk, holder, recording_id=desk.course.paper_id, kind="slides",
        terms=ConsentTerms(
            uses=frozenset({"display", "download"}), reach=Reach.INDUSTRIAL,
            last_on=date(2027, 3, 31),
        ),
    )  # fmt: skip
    request = ask_for(desk, holder, first.id, paper.id)
    [mail] = sent("consent_request")
    ids = dict(
        db.session.execute(
            select(ConsentItem.agreement_id, ConsentItem.id).where(
                ConsentItem.request_id == request.id
            )
        ).all()
    )
    secret = mail.params["secrets"]["link"]
    link = Link(app.test_client(), request, secret, first.id, ids[first.id])
    assert link.answer(choice="no").status_code == 422
    other = {
        f"{ids[paper.id]}-{name}": value
        for name, value in {
            "choice": "narrower", "uses": "display", "reach": "industrial",
            "purposes": "education", "last_on": "2026-12-31", "moral": "consult",
            "third_party": "none", "after": "destroy",
        }.items()
    }  # fmt: skip
    assert (
        link.client.post(link.path, data={**link.fields(choice="no"), **other}).status_code == 303
    )
    assert link.sign(code()).status_code == 303
    assert link.agreement().outcome == "no"
    answered = db.session.get_one(Agreement, paper.id)
    assert (answered.outcome, answered.recording_consent_at) == ("narrower", None)
    assert [term.conditions["actions"] for term in answered.terms] == [["display"]]


def test_a_person_with_an_account_signs_without_a_code(
    app: Flask, desk: Desk, cast: Cast, sign_in: Callable[..., FlaskClient]
) -> None:
    link = open_link(app, desk, holder={"person_id": cast.speaker.id})
    speaker, stranger = sign_in(cast.speaker), sign_in(cast.stranger)
    path = f"/my/consents/letters/{link.request.id}"
    assert link.request.id in speaker.get("/my/consents").text
    for tail in ("", "/sign", "/copy"):
        assert stranger.get(path + tail).status_code == 404
    assert stranger.post(path, data=link.fields()).status_code == 404
    assert speaker.get(path).status_code == 200
    assert speaker.post(path, data=link.fields()).location == f"{path}/sign"
    page = speaker.get(f"{path}/sign").text
    assert 'name="code"' not in page
    found = re.search(r'name="mark"[^>]*value="([0-9a-f]{64})"', page)
    assert found is not None
    data = {"name": "白浜 汐里", "sure": "y", "mark": found[1]}
    assert stranger.post(f"{path}/sign", data=data).status_code == 404
    assert speaker.post(f"{path}/sign", data=data).status_code == 303
    assert link.agreement().status == "signed"
    copy = speaker.get(f"{path}/copy")
    assert copy.mimetype == "application/pdf"
    assert link.agreement().document_sha256 in speaker.get("/my/consents").text
    taken = speaker.post(f"/my/consents/{link.agreement_id}/withdraw", data={})
    assert taken.status_code == 303
    assert len(sent("consent_withdrawn")) == 1


def test_an_account_that_came_later_takes_back_what_was_signed_before(
    app: Flask, desk: Desk, cast: Cast, sign_in: Callable[..., FlaskClient]
) -> None:
    link = open_link(app, desk)
    link.answer()
    link.sign(code())
    holder_id = link.agreement().rightsholder_id or ""
    details = HolderDetails(
        "白浜 汐里", email="shirahama@speaker.example", person_id=cast.speaker.id
    )  # fmt: skip
    with unit_of_work():
        change_rightsholder(desk.actor, holder_id, details, NOW)
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        assert withdraw(link, actions=["download"]).status_code == 303
    assert db.session.scalars(select(Withdrawal.actions)).all() == [["download"]]
    speaker = sign_in(cast.speaker)
    assert f"/my/consents/{link.agreement_id}/withdraw" in speaker.get("/my/consents").text
    assert speaker.post(f"/my/consents/{link.agreement_id}/withdraw", data={}).status_code == 303
    assert len(sent("consent_withdrawn")) == 2


def test_the_letter_speaks_english_to_who_reads_english(app: Flask, desk: Desk) -> None:
    link = open_link(
        app, desk, holder={"name": "Aminah binti Salleh", "kana": "", "language": "en"}
    )
    page = link.client.get(link.path).text
    assert '<html lang="en"' in page
    assert "Request for permission to record and to use" in page
    [mail] = sent("consent_request")
    subject, text = render_text(mail, app.extensions["settings"])
    assert subject == "Request for your permission: recording and use (No. 2026-001)"
    assert "Dear Aminah binti Salleh," in text
    link.answer()
    link.sign(code())
    copy = read_pdf(link.client.get(f"{link.path}/copy").data)
    assert "Aminah binti Salleh" in copy
    assert "signed copy" in copy


def test_two_answers_that_contradict_each_other_both_stand_in_the_register(
    app: Flask, desk: Desk, cast: Cast, sign_in: Callable[..., FlaskClient]
) -> None:
    link = open_link(app, desk)
    link.answer()
    link.sign(code())
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        second = open_link(app, desk, holder={"name": "黒田 進", "email": "k@x.example"})
        second.answer(choice="no")
        second.sign(code())
    page = sign_in(cast.organiser).get(f"/desk/recordings/{desk.course.recording_id}/rights").text
    assert "白浜 汐里" in page
    assert "黒田 進" in page


def test_no_secret_is_in_the_tables(link: Link) -> None:
    link.answer()
    db.session.rollback()
    row = db.session.get_one(ConsentRequest, link.request.id)
    assert link.secret not in (row.token_sha256, row.code_sha256)
    assert code() not in (row.code_sha256 or "")
    assert db.session.scalars(select(Rightsholder)).one().email


def test_over_https_a_page_that_sends_no_referer_can_be_sent_back(link: Link) -> None:
    app = link.client.application
    app.config["WTF_CSRF_ENABLED"] = True
    https = "https://localhost"
    page = link.client.get(link.path, base_url=https).text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    without = link.client.post(link.path, data=link.fields(), base_url=https)
    assert without.status_code == 400
    answer = link.client.post(
        link.path, data={**link.fields(), "csrf_token": found[1]}, base_url=https
    )
    assert answer.status_code == 303


def test_the_secret_stays_out_of_the_servers_log(link: Link) -> None:
    record = logging.LogRecord(
        "werkzeug", logging.INFO, "", 0, '"GET %s HTTP/1.1" 200', (f"{link.path}/sign",), None
    )
    assert HideMediaTokens().filter(record)
    assert record.getMessage() == '"GET /consents/.../sign HTTP/1.1" 200'


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_mail_can_be_read_in_both_languages(app: Flask, desk: Desk, language: str) -> None:
    link = open_link(app, desk, holder={"language": language})
    with unit_of_work():
        db.session.get_one(ConsentRequest, link.request.id).due_on = date(2026, 10, 15)
    with time_machine.travel(NOW + timedelta(days=1), tick=False), unit_of_work():
        request = db.session.get_one(ConsentRequest, link.request.id)
        request.sent_at = NOW - timedelta(days=30)
        assert note_reminders(NOW + timedelta(days=1)) == 1
    link.answer(choice="narrower", uses=["play"])
    link.sign(code())
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        withdraw(link, actions=[])
    for template, words in (
        ("consent_request", link.path), ("consent_reminder", "2026-001"),
        ("consent_code", code()), ("consent_receipt", link.path),
        ("consent_withdrawn", link.path), ("consent_answered", "/desk/rights/requests/"),
    ):  # fmt: skip
        for mail in sent(template):
            subject, text = render_text(mail, app.extensions["settings"])
            assert subject
            if template != "consent_code":
                assert words in text + subject, template
            if template != "consent_answered":
                assert mail.language == language
