"""The desks of mail and audit, and the demo's mailbox."""

import csv
import dataclasses
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.config import Settings
from lms.infra.audit.models import AuditEntry
from lms.infra.audit.writing import record_act
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.models import Job, JobState
from lms.infra.mail import calendar_parts
from lms.infra.mail.calendar_parts import CalendarPart
from lms.infra.mail.models import MailState, OutboxMail
from lms.infra.mail.outbox import Recipient, queue_mail
from lms.kernel.actor import Role
from lms.people.models import Person
from lms.worker import run_worker
from tests.conftest import NOW, Cast, grant

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def write(address: str = "member@union.example", **params: Any) -> str:
    with unit_of_work():
        mail_id = queue_mail(
            Recipient(address, "髙﨑 道"),
            "address_change_notice",
            {"on_behalf_of": "", "reader_zone": "Asia/Tokyo", **params},
        )
    assert mail_id is not None
    return mail_id


def state_of(mail_id: str) -> str:
    db.session.rollback()
    return db.session.get_one(OutboxMail, mail_id, populate_existing=True).state


# The outbox


def test_the_outbox_tells_state_and_error_in_words(cast: Cast, sign_in: SignIn, app: Flask) -> None:
    write()
    failed = write("other@union.example")
    with unit_of_work():
        mail = db.session.get_one(OutboxMail, failed)
        mail.state, mail.last_error = MailState.FAILED, "address_unusable"
    client = sign_in(cast.organiser)
    client.post("/language", data={"language": "en", "next": "/"})
    page = client.get("/desk/mail").text
    assert page.count('data-testid="stop-mail"') == 1
    assert page.count('data-testid="send-mail-again"') == 1
    assert "This address cannot be written to." in page
    assert "髙﨑 道" in page
    only = client.get("/desk/mail?state=failed").text
    assert "other@union.example" in only
    assert "member@union.example" not in only
    found = client.get("/desk/mail?q=MEMBER").text
    assert "member@union.example" in found
    assert "other@union.example" not in found
    run_worker(app, once=True)


def test_a_stopped_mail_does_not_go_and_may_go_later(
    cast: Cast, sign_in: SignIn, app: Flask, settings: Settings
) -> None:
    mail_id = write()
    client = sign_in(cast.organiser)
    answer = client.post(f"/desk/mail/{mail_id}/stop", data={"state": "queued"})
    assert (answer.status_code, answer.location) == (303, "/desk/mail?state=queued")
    assert state_of(mail_id) == MailState.STOPPED
    run_worker(app, once=True)
    assert settings.mail_folder is not None
    assert not settings.mail_folder.exists()
    client.post(f"/desk/mail/{mail_id}/send-again")
    assert state_of(mail_id) == MailState.QUEUED
    run_worker(app, once=True)
    assert state_of(mail_id) == MailState.SENT
    assert len(list(settings.mail_folder.iterdir())) == 1
    db.session.rollback()
    acts = db.session.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
    assert {(act.action, act.subject_id, act.actor_id) for act in acts} >= {
        ("mail.stopped", mail_id, cast.organiser.id),
        ("mail.sent_again", mail_id, cast.organiser.id),
    }


def refused(client: FlaskClient, address: str) -> str:
    client.post("/language", data={"language": "en", "next": "/"})
    assert client.post(address).status_code == 303
    return client.get("/desk/mail").text


def test_what_cannot_be_stopped_says_why(cast: Cast, sign_in: SignIn, app: Flask) -> None:
    mail_id = write()
    client = sign_in(cast.organiser)
    assert "waits to be sent already" in refused(client, f"/desk/mail/{mail_id}/send-again")
    with unit_of_work():
        job = db.session.scalars(select(Job).where(Job.kind == "send_mail")).one()
        job.state = JobState.RUNNING
    assert "being sent at this moment" in refused(client, f"/desk/mail/{mail_id}/stop")
    assert state_of(mail_id) == MailState.QUEUED
    with unit_of_work():
        db.session.get_one(Job, job.id).state = JobState.QUEUED
    run_worker(app, once=True)
    assert "Only a mail that waits can be stopped." in refused(client, f"/desk/mail/{mail_id}/stop")
    assert state_of(mail_id) == MailState.SENT


def test_a_mail_whose_link_is_gone_is_not_sent_again(
    cast: Cast, sign_in: SignIn, app: Flask
) -> None:
    mail_id = write(secrets={"link": "s3cr3t"})
    run_worker(app, once=True)
    client = sign_in(cast.organiser)
    assert "Send a new invitation" in refused(client, f"/desk/mail/{mail_id}/send-again")
    page = client.get("/desk/mail").text
    assert 'data-testid="send-mail-again"' not in page
    assert state_of(mail_id) == MailState.SENT


def test_a_mail_sent_again_is_no_longer_too_late(cast: Cast, sign_in: SignIn, app: Flask) -> None:
    mail_id = write(not_after=(NOW - timedelta(minutes=1)).isoformat())
    run_worker(app, once=True)
    assert state_of(mail_id) == MailState.STOPPED
    sign_in(cast.organiser).post(f"/desk/mail/{mail_id}/send-again")
    run_worker(app, once=True)
    assert state_of(mail_id) == MailState.SENT


def test_mail_is_for_those_who_run_the_whole(cast: Cast, sign_in: SignIn) -> None:
    mail_id = write()
    with unit_of_work():
        grant(cast.speaker, Role.ORGANISER, "programme:01")
    for person in (cast.trainee, cast.coordinator, cast.auditor, cast.speaker):
        client = sign_in(person)
        assert client.get("/desk/mail").status_code == 404
        assert client.post(f"/desk/mail/{mail_id}/stop").status_code == 404
        assert client.post(f"/desk/mail/{mail_id}/send-again").status_code == 404
    assert state_of(mail_id) == MailState.QUEUED
    assert sign_in(cast.admin).get("/desk/mail").status_code == 200


@pytest.mark.parametrize("verb", ["stop", "send-again"])
def test_a_mail_that_is_not_there_is_not_found(cast: Cast, sign_in: SignIn, verb: str) -> None:
    assert sign_in(cast.admin).post(f"/desk/mail/none/{verb}").status_code == 404


@pytest.mark.parametrize(
    "query", ["page=x", "page=999999999", "page=-1", "state=none", "page=٣", "q=%25_'"]
)
def test_odd_addresses_are_answered(cast: Cast, sign_in: SignIn, query: str) -> None:
    write()
    assert sign_in(cast.admin).get(f"/desk/mail?{query}").status_code == 200
    odd = query.replace("q=", "actor=").replace("state=", "subject=")
    assert sign_in(cast.auditor).get(f"/desk/audit?{odd}").status_code == 200


# The audit


@pytest.fixture
def acts(cast: Cast) -> None:
    with unit_of_work():
        for number in range(3):
            record_act(
                cast.actor("organiser"), "edition.published", "edition", f"e{number}",
                at=NOW + timedelta(seconds=number), note="=1+1",
            )  # fmt: skip
        record_act(cast.actor("admin"), "role.granted", "person", cast.trainee.id, at=NOW)


def rows_of(client: FlaskClient, query: str = "") -> list[list[str]]:
    text = client.get(f"/desk/audit.csv{query}").data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


@pytest.mark.usefixtures("acts")
def test_the_audit_is_found_by_actor_act_and_subject(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.auditor)
    page = client.get("/desk/audit").text
    assert page.index("edition:e2") < page.index("edition:e1") < page.index("edition:e0")
    assert "冬木 誠" in page
    for query, count in {
        f"actor={cast.organiser.id}": 3,
        "actor=冬木": 3,
        "actor=冬木 誠": 3,
        "actor=nobody": 0,
        "action=edition.published": 3,
        "action=role": 1,
        "subject=edition": 3,
        "subject=edition:e1": 1,
        "subject=e1": 1,
        "subject=person:e1": 0,
        "subject=edition&action=role": 0,
    }.items():
        assert len(rows_of(client, f"?{query}")) == count, query
        assert client.get(f"/desk/audit?{query}").text.count("<code>") == count, query


@pytest.mark.usefixtures("acts")
def test_the_csv_opens_in_a_spreadsheet_and_holds_no_formula(cast: Cast, sign_in: SignIn) -> None:
    with unit_of_work():
        db.session.get_one(Person, cast.admin.id).family_name = "=HYPERLINK(1)"
    client = sign_in(cast.auditor)
    answer = client.get("/desk/audit.csv?action=role")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.data.endswith(b"\r\n")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="audit-20261012-0100.csv"'
    )
    [row] = rows_of(client, "?action=role")
    assert row[1:7] == [
        "2026-10-12 01:00:00", cast.admin.id, "'=HYPERLINK(1) 治", "role.granted", "person",
        cast.trainee.id,
    ]  # fmt: skip


def test_long_audits_come_in_pages(cast: Cast, sign_in: SignIn) -> None:
    with unit_of_work():
        for number in range(51):
            record_act(
                cast.actor("admin"), "a.b", "thing", f"t{number}",
                at=NOW + timedelta(seconds=number),
            )  # fmt: skip
    client = sign_in(cast.auditor)
    assert client.get("/desk/audit").text.count("<code>a.b</code>") == 50
    second = client.get("/desk/audit?page=2&subject=thing").text
    assert second.count("<code>a.b</code>") == 1
    assert "thing:t0" in second
    assert len(rows_of(client)) == 51


def test_the_audit_is_for_auditors(cast: Cast, sign_in: SignIn) -> None:
    for person in (cast.trainee, cast.coordinator, cast.organiser):
        for address in ("/desk/audit", "/desk/audit.csv"):
            assert sign_in(person).get(address).status_code == 404
    assert sign_in(cast.admin).get("/desk/audit").status_code == 200


# The mailbox of the demo


@pytest.fixture
def demo(app: Flask, demo_settings: Settings, settings: Settings) -> Iterator[None]:
    app.extensions["settings"] = demo_settings
    yield
    app.extensions["settings"] = settings


@pytest.mark.usefixtures("demo")
def test_every_mail_of_the_demo_is_readable_with_its_calendar(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    folded = "BEGIN:VCALENDAR\r\nSUMMARY:懇談\r\n 会\r\nEND:VCALENDAR\r\n"
    monkeypatch.setattr(
        calendar_parts, "_providers", [lambda *_asked: [CalendarPart(folded.encode(), "REQUEST")]]
    )
    first = write()
    clock.shift(timedelta(seconds=1))
    second = write("other@union.example", calendar=[{"live_session_id": "s", "method": "REQUEST"}])
    run_worker(app, once=True)
    page = client.get("/demo/mailbox").text
    assert page.index(second) < page.index(first)
    assert "髙﨑 道 &lt;member@union.example&gt;" in page
    assert first not in client.get("/demo/mailbox?q=other").text
    mail = client.get(f"/demo/mailbox/{second}").text
    assert "【Tomoni】メールアドレス変更の申し出がありました" in mail
    assert '<a href="http://localhost:8000/account"' in mail
    assert "SUMMARY:懇談会\nEND:VCALENDAR" in mail
    assert "REQUEST" in mail


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("name", ["none", "0" * 26, "..%2f..%2fsecret-key", "%00"])
def test_the_mailbox_gives_mails_only(client: FlaskClient, name: str) -> None:
    assert client.get(f"/demo/mailbox/{name}").status_code == 404


@pytest.mark.usefixtures("demo")
def test_an_empty_mailbox_is_a_page(client: FlaskClient) -> None:
    assert client.get("/demo/mailbox").status_code == 200


def test_outside_the_demo_there_is_no_mailbox(
    app: Flask, cast: Cast, sign_in: SignIn, settings: Settings
) -> None:
    mail_id = write()
    run_worker(app, once=True)
    assert settings.mail_folder is not None  # set, and still: no demo, no mailbox
    for client in (app.test_client(), sign_in(cast.admin)):
        assert client.get("/demo/mailbox").status_code == 404
        assert client.get(f"/demo/mailbox/{mail_id}").status_code == 404
    app.extensions["settings"] = dataclasses.replace(settings, demo=True)
    try:
        assert app.test_client().get(f"/demo/mailbox/{mail_id}").status_code == 200
    finally:
        app.extensions["settings"] = settings
