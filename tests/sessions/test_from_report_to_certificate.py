"""From the file of a meeting to the certificate, and back: by the pages that people use."""

import io
from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.completion.models import Certificate, RevocationTask
from lms.completion.operations import set_rule
from lms.completion.rules import EditionRuleDraft, RequirementDraft
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.kernel.ids import LiveSessionId, PersonId
from lms.people.models import Person
from lms.records.models import Achievement
from lms.sessions import queries
from tests.sessions.conftest import World
from tests.sessions.test_reporting import NOON, line, reported, zoom

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def key(world: World) -> LiveSessionId:
    """A session whose attendance is all that the edition asks."""
    found = world.add()
    attend = {"kind": "attend", "live_session_id": found}
    with unit_of_work():
        set_rule(
            world.organiser,
            world.edition_id,
            EditionRuleDraft("all", (RequirementDraft({"ja": "出席", "en": "Attend"}, (attend,)),)),
            at=world.now,
        )
    return found


@pytest.fixture
def desk(world: World, sign_in: SignIn) -> Iterator[FlaskClient]:
    """The organiser's browser, at noon after the session's day began."""
    with time_machine.travel(NOON, tick=False):
        yield sign_in(world.cast.organiser)


def achievement() -> Achievement | None:
    db.session.rollback()
    return db.session.scalar(select(Achievement))


def only_certificate() -> Certificate:
    db.session.rollback()
    return db.session.scalars(select(Certificate)).one()


def test_a_report_told_apart_leads_to_a_certificate_and_a_correction_takes_it_back(
    world: World,
    key: LiveSessionId,
    desk: FlaskClient,
    sign_in: SignIn,
) -> None:
    trainee = world.enrol(world.cast.trainee)
    family = world.cast.trainee.family_name
    place = f"/desk/sessions/{key}"

    # The file names her as no machine may take for certain: nothing is earned by it.
    sent = desk.post(
        f"{place}/reports",
        data={
            "file": (io.BytesIO(zoom(line(f"{family}さん", "", 0, 90))), "report.csv"),
            "zone": "Asia/Tokyo",
            "date_order": "",
        },
        content_type="multipart/form-data",
    )
    applied = desk.post(f"{sent.location}/apply")
    assert achievement() is None

    # The organiser tells her apart: present, completed, certified, and told so.
    one = reported(f"{family}さん").id
    told = desk.post(f"{applied.location}/{one}", data={"act": "accept", "person": trainee})
    assert told.status_code == 303
    assert queries.attendance_of([key], trainee)[key].status == "present"
    earned = achievement()
    assert earned is not None
    assert (earned.person_id, earned.revoked_at) == (trainee, None)
    certificate = only_certificate()
    assert certificate.revoked_at is None
    paper = sign_in(world.cast.trainee).get(f"/my/certificates/{certificate.id}.pdf")
    assert paper.status_code == 200
    assert paper.data.startswith(b"%PDF")
    mails = db.session.scalars(
        select(OutboxMail.person_id).where(OutboxMail.template == "certificate_issued")
    )
    assert list(mails) == [trainee]

    # It was somebody else: what was earned is put in question, and nothing is lost unseen.
    reopened = desk.post(f"{applied.location}/{one}", data={"act": "reopen", "show": "matched"})
    assert reopened.status_code == 303
    assert queries.attendance_of([key], trainee)[key].status is None
    [task] = db.session.scalars(select(RevocationTask))
    assert (task.cause, task.decision) == ("attendance_changed", None)
    kept = achievement()
    assert kept is not None
    assert kept.revoked_at is None

    # A person decides: the certificate no longer holds, and its public page says so.
    decided = desk.post(
        f"/desk/completion/questions/{task.id}",
        data={"choice": "revoke", "reason": "別の方の記録でした"},
    )
    assert decided.status_code == 303
    gone = achievement()
    assert gone is not None
    assert gone.revoked_at is not None
    assert only_certificate().revoked_at is not None
    refused = sign_in(world.cast.trainee).get(f"/my/certificates/{certificate.id}.pdf")
    assert refused.status_code == 409
    public = desk.get(f"/verify/{certificate.code}").text
    assert 'data-testid="verify-revoked"' in public


def test_what_was_questioned_settles_itself_when_a_newer_report_puts_it_right(
    world: World,
    key: LiveSessionId,
    desk: FlaskClient,
) -> None:
    trainee: PersonId = world.enrol(world.cast.trainee)
    place = f"/desk/sessions/{key}"
    address = world.cast.trainee.address or ""

    def send(text: bytes) -> None:
        sent = desk.post(
            f"{place}/reports",
            data={"file": (io.BytesIO(text), "r.csv"), "zone": "Asia/Tokyo", "date_order": ""},
            content_type="multipart/form-data",
        )
        assert desk.post(f"{sent.location}/apply").status_code == 303

    send(zoom(line("x", address, 0, 90)))
    assert achievement() is not None
    desk.post(f"{place}/reports/discard")
    [task] = db.session.scalars(select(RevocationTask))
    assert task.decision is None

    send(zoom(line("x", address, 0, 90)))

    assert queries.attendance_of([key], trainee)[key].status == "present"
    db.session.refresh(task)
    assert task.decision == "kept"
