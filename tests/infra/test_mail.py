"""Mail through a real SMTP server process: sent, put off, refused, and read by others."""

import base64
import dataclasses
import email
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from lms.config import Settings
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.models import Job, JobState
from lms.infra.mail import calendar_parts
from lms.infra.mail.models import MailState, OutboxMail
from lms.infra.mail.outbox import Recipient, queue_mail
from lms.infra.mail.rendering import build_message, message_id_of
from lms.infra.mail.transport import TemporaryMailError, deliver
from lms.infra.site import SiteSettings, write_site
from lms.worker import run_worker

START = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)

# Takes what comes to `ok`, refuses `nobody` for good, and `busy` at the first two attempts;
# `vanish` is taken and the connection cut before the answer, once.
SERVER = r"""
import json, socket, sys, time
from collections import Counter
from pathlib import Path
from aiosmtpd.controller import Controller

folder, tries = Path(sys.argv[1]), Counter()

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("busy"):
            tries[address] += 1
            if tries[address] < 3:
                return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        number = len(list(folder.glob("*.eml")))
        (folder / f"{number}.eml").write_bytes(envelope.original_content)
        (folder / f"{number}.json").write_text(json.dumps(envelope.rcpt_tos))
        if envelope.rcpt_tos[0].startswith("vanish"):
            tries["vanish"] += 1
            if tries["vanish"] == 1:
                server.transport.abort()
        return "250 OK"

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
controller = Controller(Handler(), hostname="127.0.0.1", port=port)
controller.start()
print(port, flush=True)
time.sleep(600)
"""


@dataclasses.dataclass
class Server:
    """A server process and the folder of what it took."""

    port: int
    folder: Path

    def taken(self) -> list[str]:
        files = sorted(self.folder.glob("*.eml"), key=lambda file: int(file.stem))
        return [file.read_bytes().decode("ascii") for file in files]

    def recipients(self) -> list[list[str]]:
        files = sorted(self.folder.glob("*.json"), key=lambda file: int(file.stem))
        return [json.loads(file.read_text()) for file in files]


@pytest.fixture(scope="module")
def server_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("smtp")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield Server(int(process.stdout.readline()), folder)
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def server(app: Flask, server_process: Server, settings: Settings) -> Iterator[Server]:
    """The running server, emptied, and the application set to send through it."""
    for file in server_process.folder.iterdir():
        file.unlink()
    app.extensions["settings"] = dataclasses.replace(
        settings, mail_folder=None, smtp_host="127.0.0.1", smtp_port=server_process.port,
        mail_from="training@union.example",
    )  # fmt: skip
    with unit_of_work():
        write_site(
            SiteSettings(
                name={"ja": "東和金属労働組合協議会", "en": "Towa Council"},
                contact="office@union.example",
            ),
            at=START,
        )
    yield server_process
    app.extensions["settings"] = settings


def write(address: str = "ok@member.example", language: str = "ja", **params: Any) -> str:
    """Write a mail of a template that has a link and no more parameters than these."""
    with unit_of_work():
        mail_id = queue_mail(
            Recipient(address, "髙﨑 𠮷男", language),
            "address_change_notice",
            {"on_behalf_of": "", "reader_zone": "Asia/Tokyo", **params},
        )
    assert mail_id is not None
    return mail_id


def row(mail_id: str) -> OutboxMail:
    db.session.rollback()
    return db.session.get_one(OutboxMail, mail_id, populate_existing=True)


def job_of(mail_id: str) -> Job:
    return db.session.get_one(Job, row(mail_id).job_id, populate_existing=True)


def decoded(header: str) -> str:
    """Decode RFC 2047 words by hand, independently of the library that wrote them."""
    unfolded = re.sub(r"\r\n[ \t]+", " ", header)
    joined = re.sub(r"\?=\s+=\?", "?==?", unfolded)

    def word(match: re.Match[str]) -> str:
        if match[1].lower() == "b":
            return base64.b64decode(match[2]).decode()
        text = match[2].replace("_", " ").encode()
        return re.sub(rb"=([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), text).decode()

    return re.sub(r"=\?utf-8\?([bqBQ])\?([^?]*)\?=", word, joined)


def header(message: str, name: str) -> str:
    head, _empty, _body = message.partition("\r\n\r\n")
    match = re.search(
        rf"^{name}: *([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head, re.MULTILINE | re.IGNORECASE
    )
    assert match is not None, name
    return decoded(match[1])


def body(message: str) -> str:
    _head, _empty, text = message.partition("\r\n\r\n")
    return base64.b64decode(text).decode()


def test_a_japanese_mail_arrives_as_it_was_written(app: Flask, server: Server) -> None:
    mail_id = write()
    run_worker(app, once=True)
    [message] = server.taken()
    assert server.recipients() == [["ok@member.example"]]
    assert header(message, "Subject") == (
        "【東和金属労働組合協議会】メールアドレス変更の申し出がありました"
    )
    assert header(message, "To") == "髙﨑 𠮷男 <ok@member.example>"
    assert header(message, "From") == "東和金属労働組合協議会 <training@union.example>"
    assert header(message, "Reply-To") == "office@union.example"
    assert header(message, "Auto-Submitted") == "auto-generated"
    assert header(message, "Message-ID") == f"<{mail_id}@union.example>"
    assert header(message, "Date") == "Mon, 12 Oct 2026 01:00:00 +0000"
    text = body(message)
    assert text.startswith("髙﨑 𠮷男 様\r\n")
    assert "\r\nhttp://localhost:8000/account\r\n" in text
    assert text.rstrip().endswith("（このメールは自動でお送りしています。）")
    assert "\n\n\n" not in text.replace("\r", "")
    mail = row(mail_id)
    assert (mail.state, mail.attempts, mail.sent_at) == (MailState.SENT, 1, START)
    assert mail.message_id == f"<{mail_id}@union.example>"
    assert job_of(mail_id).state == JobState.DONE


@pytest.mark.parametrize("contact", ["03-0000-0000（平日9時〜17時）", "office@a@b", "@", ""])
def test_a_contact_that_is_no_address_stops_no_mail(
    app: Flask, server: Server, contact: str
) -> None:
    with unit_of_work():
        write_site(SiteSettings(contact=contact), at=START)
    write()
    run_worker(app, once=True)
    [message] = server.taken()
    assert "reply-to" not in message.lower()


def test_a_sender_that_is_no_address_is_put_right_and_the_mail_goes(
    app: Flask, server: Server, clock: time_machine.Traveller
) -> None:
    good = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(good, mail_from="training")
    mail_id = write()
    run_worker(app, once=True)
    assert row(mail_id).state == MailState.QUEUED
    app.extensions["settings"] = good
    clock.shift(timedelta(seconds=30))
    run_worker(app, once=True)
    assert row(mail_id).state == MailState.SENT
    assert len(server.taken()) == 1


def test_an_english_mail_speaks_english_all_through(app: Flask, server: Server) -> None:
    write(language="en")
    run_worker(app, once=True)
    [message] = server.taken()
    assert header(message, "Subject") == "A new e-mail address was asked for"
    assert header(message, "Content-Language") == "en"
    assert body(message).startswith("Dear 髙﨑 𠮷男,\r\n")
    assert "様" not in body(message)


def test_a_busy_server_is_asked_again_under_the_same_message_id(
    app: Flask, server: Server, clock: time_machine.Traveller
) -> None:
    mail_id = write("busy@member.example")
    for attempt, pause in ((1, 30), (2, 120)):
        run_worker(app, once=True)
        mail = row(mail_id)
        assert (mail.state, mail.attempts) == (MailState.QUEUED, attempt)
        assert mail.last_error == "451 4.3.0 try again later"
        assert job_of(mail_id).run_at == datetime.now(UTC) + timedelta(seconds=pause)
        clock.shift(timedelta(seconds=pause))
    run_worker(app, once=True)
    assert len(server.taken()) == 1
    mail = row(mail_id)
    assert (mail.state, mail.attempts, mail.last_error) == (MailState.SENT, 3, None)


def test_a_refusal_is_final(app: Flask, server: Server) -> None:
    mail_id = write("nobody@member.example")
    run_worker(app, once=True)
    mail = row(mail_id)
    assert (mail.state, mail.attempts) == (MailState.FAILED, 1)
    assert mail.last_error == "550 5.1.1 no such mailbox"
    assert job_of(mail_id).state == JobState.FAILED
    assert server.taken() == []


def test_an_unknown_outcome_is_tried_again_and_recognisable(
    app: Flask, server: Server, clock: time_machine.Traveller
) -> None:
    mail_id = write("vanish@member.example")
    run_worker(app, once=True)
    assert row(mail_id).state == MailState.QUEUED
    clock.shift(timedelta(seconds=30))
    run_worker(app, once=True)
    first, second = server.taken()
    assert header(first, "Message-ID") == header(second, "Message-ID")
    assert row(mail_id).state == MailState.SENT


def test_a_server_that_is_away_ends_in_failure_after_the_last_attempt(
    app: Flask, server: Server, clock: time_machine.Traveller
) -> None:
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], smtp_port=1)
    mail_id = write()
    with unit_of_work():
        db.session.execute(update(Job).where(Job.kind == "send_mail").values(max_attempts=2))
    run_worker(app, once=True)
    assert (row(mail_id).state, row(mail_id).last_error) == (
        MailState.QUEUED, "ConnectionRefusedError"
    )  # fmt: skip
    clock.shift(timedelta(seconds=30))
    run_worker(app, once=True)
    assert (row(mail_id).state, row(mail_id).attempts) == (MailState.FAILED, 2)
    assert server.taken() == []


@pytest.mark.parametrize(
    "address", ["no at sign", "a@b@c.example", "x@member.example\r\nBcc: y@z.example", ""]
)
def test_an_address_that_cannot_be_one_fails_and_harms_nobody(
    app: Flask, server: Server, address: str
) -> None:
    mail_id = write()
    with unit_of_work():
        db.session.get_one(OutboxMail, mail_id).to_address = address
    run_worker(app, once=True)
    assert (row(mail_id).state, row(mail_id).last_error) == (MailState.FAILED, "address_unusable")
    assert server.taken() == []


def test_a_name_with_a_line_break_stays_one_header(app: Flask, server: Server) -> None:
    mail_id = write()
    with unit_of_work():
        db.session.get_one(OutboxMail, mail_id).to_name = "A\r\nBcc: y@z.example"
    run_worker(app, once=True)
    [message] = server.taken()
    assert header(message, "To").endswith("<ok@member.example>")
    assert server.recipients() == [["ok@member.example"]]
    assert "\nbcc:" not in message.lower()


def test_secrets_go_with_the_mail_and_are_kept_no_longer(app: Flask, server: Server) -> None:
    with unit_of_work():
        mail_id = queue_mail(
            Recipient("ok@member.example", "A"),
            "password_reset",
            {
                "expires_at": START.isoformat(),
                "on_behalf_of": "",
                "reader_zone": "Asia/Tokyo",
                "secrets": {"link": "s3cr3t"},
            },
        )
    assert mail_id is not None
    run_worker(app, once=True)
    [message] = server.taken()
    assert "http://localhost:8000/new-password/s3cr3t" in body(message)
    params = row(mail_id).params
    assert "s3cr3t" not in json.dumps(params)
    assert params["secrets_removed"] is True


def test_the_secrets_of_a_failed_mail_go_after_three_days(
    app: Flask, server: Server, clock: time_machine.Traveller
) -> None:
    mail_id = write("nobody@member.example", secrets={"link": "s3cr3t"})
    run_worker(app, once=True)
    assert row(mail_id).params["secrets"] == {"link": "s3cr3t"}
    clock.shift(timedelta(days=3, minutes=5))
    run_worker(app, once=True)
    assert "secrets" not in row(mail_id).params
    assert server.taken() == []


def test_a_mail_that_would_come_too_late_is_not_sent(
    app: Flask, server: Server, clock: time_machine.Traveller
) -> None:
    late = write(not_after=(START + timedelta(minutes=5)).isoformat())
    clock.shift(timedelta(minutes=5))
    run_worker(app, once=True)
    assert (row(late).state, row(late).last_error) == (MailState.STOPPED, "too_late")
    assert server.taken() == []


def test_a_stopped_mail_is_not_sent(app: Flask, server: Server) -> None:
    mail_id = write()
    with unit_of_work():
        db.session.get_one(OutboxMail, mail_id).state = MailState.STOPPED
    run_worker(app, once=True)
    assert server.taken() == []
    assert row(mail_id).state == MailState.STOPPED


def test_a_mail_whose_worker_fell_silent_for_good_shows_as_failed(
    app: Flask, server: Server
) -> None:
    mail_id = write()
    with unit_of_work():
        db.session.execute(
            update(Job)
            .where(Job.kind == "send_mail")
            .values(state=JobState.FAILED, attempts=8, last_error="worker_fell_silent")
        )
    run_worker(app, once=True)
    mail = row(mail_id)
    assert (mail.state, mail.attempts, mail.last_error) == (
        MailState.FAILED, 8, "worker_fell_silent"
    )  # fmt: skip
    assert server.taken() == []


def test_a_calendar_part_goes_along_in_the_readers_language_and_zone(
    app: Flask, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        calendar_parts,
        "_providers",
        [_parts_of_the_test],
    )
    write(
        calendar=[
            {"live_session_id": "s1", "method": "REQUEST"},
            {"live_session_id": "s2", "method": "REQUEST"},
        ]
    )
    run_worker(app, once=True)
    [raw] = server.taken()
    message = email.message_from_string(raw, policy=SMTP)
    assert isinstance(message, EmailMessage)
    assert message.get_content_type() == "multipart/mixed"
    beside, file, other = message.iter_parts()
    assert beside.get_content_type() == "multipart/alternative"
    text, inline = beside.iter_parts()
    assert text.get_content_type() == "text/plain"
    # What the provider says now is what the part says, whatever was wanted when it was written.
    for part, method, name in ((inline, "CANCEL", None), (other, "REQUEST", "invite-2.ics")):
        assert part.get_content_type() == "text/calendar"
        assert part["Content-Type"].params["method"] == method
        assert part["Content-Type"].params["charset"] == "utf-8"
        assert part.get_filename() == name
    assert inline.get_content() == (
        "BEGIN:VCALENDAR\r\ns1 ja Asia/Tokyo ok@member.example 会場\r\n"
    )
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "invite.ics")
    assert file.get_payload(decode=True) == inline.get_payload(decode=True)


def _parts_of_the_test(
    wanted: Sequence[tuple[str, str]], reader: calendar_parts.CalendarReader
) -> list[calendar_parts.CalendarPart]:
    """Give parts, of which the first was cancelled in the meantime."""
    told = f"{reader.language} {reader.timezone} {reader.address}"
    return [
        calendar_parts.CalendarPart(
            f"BEGIN:VCALENDAR\r\n{session_id} {told} 会場\r\n".encode(),
            "CANCEL" if number == 0 else method,
        )
        for number, (session_id, method) in enumerate(wanted)
    ]


@pytest.mark.usefixtures("app")
def test_the_same_thing_is_told_once() -> None:
    def tell() -> str | None:
        with unit_of_work():
            return queue_mail(Recipient("a@b.example"), "enrolment_applied", {}, dedup_key="k")

    assert tell() is not None
    assert tell() is None
    assert len(db.session.scalars(select(OutboxMail)).all()) == 1


@pytest.mark.usefixtures("app")
def test_who_cannot_be_reached_is_on_record_as_not_told() -> None:
    with unit_of_work():
        told = queue_mail(Recipient(""), "invitation", {"secrets": {"link": "s3cr3t"}})
    assert told is None
    mail = db.session.scalars(select(OutboxMail)).one()
    assert (mail.state, mail.last_error, mail.job_id) == (MailState.FAILED, "no_address", None)
    assert "s3cr3t" not in json.dumps(mail.params)


def test_without_a_server_mails_land_in_the_folder(app: Flask, settings: Settings) -> None:
    mail_id = write()
    run_worker(app, once=True)
    assert settings.mail_folder is not None
    assert [file.name for file in settings.mail_folder.iterdir()] == [f"{mail_id}.eml"]


def test_with_neither_server_nor_folder_mail_waits(app: Flask, settings: Settings) -> None:
    mail = row(write())
    nowhere = dataclasses.replace(settings, mail_folder=None)
    message = build_message(mail, nowhere)
    assert message["Message-ID"] == message_id_of(mail, nowhere)
    with pytest.raises(TemporaryMailError, match="no_mail_server_set"):
        deliver(message, mail.id, nowhere)
    assert app.extensions["settings"] is settings
