"""Recordings held elsewhere: which addresses are taken, who sees them, and what they never do."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.current import current_settings
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.infra.mail.rendering import render_text
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.kernel.errors import InvalidInputError
from lms.people.models import Person
from lms.recordings.errors import LinkFault
from lms.recordings.models import MediaKind, Recording, Stage
from lms.recordings.operations import Details, add_link, change_address
from lms.recordings.rules import host_of, judge_address
from lms.rights.operations import withdraw_agreement
from tests.conftest import Cast
from tests.recordings.conftest import Course
from tests.watching.conftest import Shelf

SignIn = Callable[[Person], FlaskClient]

ADDRESS = "https://video.example.org/watch?v=abc"


@pytest.fixture
def linked(course: Course) -> Recording:
    with unit_of_work():
        return add_link(
            SYSTEM, course.edition.id, Details(title={"ja": "講演", "en": "A talk"}), ADDRESS,
            clock.now() - timedelta(minutes=1),
        )  # fmt: skip


@pytest.fixture
def shelf(course: Course, films: object, papers: object) -> Shelf:
    return Shelf(course, films, papers)  # type: ignore[arg-type] # their folders are not asked for


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        (f"  {ADDRESS} ", ADDRESS),
        ("HTTPS://Video.Example.org/a", "https://video.example.org/a"),
        ("https://video.example.org:8443/a#t=3", "https://video.example.org:8443/a#t=3"),
        ("https://例え.jp/動画", "https://xn--r8jz45g.jp/動画"),
        ("", LinkFault.MISSING),
        ("   ", LinkFault.MISSING),
        ("http://video.example.org/a", LinkFault.NOT_HTTPS),
        ("javascript:alert(1)", LinkFault.NOT_HTTPS),
        ("data:text/html,x", LinkFault.NOT_HTTPS),
        ("//video.example.org/a", LinkFault.NOT_HTTPS),
        ("https://me:secret@video.example.org/", LinkFault.CREDENTIALS),
        ("https://video.example.org@evil.example/", LinkFault.CREDENTIALS),
        ("https://localhost/a", LinkFault.UNREADABLE),
        ("https://127.0.0.1/a", LinkFault.UNREADABLE),
        ("https://[::1]/a", LinkFault.UNREADABLE),
        ("https://[::1/a", LinkFault.UNREADABLE),
        ("https://video.example.org:99999/", LinkFault.UNREADABLE),
        ("https://video.example.org\\@evil.example/", LinkFault.UNREADABLE),
        ("https://video.example.org/a b", LinkFault.UNREADABLE),
        ("https://video.example.org/\u202etxt", LinkFault.UNREADABLE),
        ("https://..example.org/", LinkFault.UNREADABLE),
        ("https:///a", LinkFault.UNREADABLE),
        ("https://a.example.org/" + "x" * 1000, LinkFault.TOO_LONG),
    ],
)
def test_an_address_is_taken_or_refused_with_its_reason(text: str, listed: object) -> None:
    assert judge_address(text) == listed


def test_the_host_is_told() -> None:
    assert host_of("https://video.example.org:8443/a") == "video.example.org"


def test_staff_list_an_address_in_place_of_a_file(
    cast: Cast, course: Course, sign_in: SignIn
) -> None:
    client = sign_in(cast.organiser)
    fields = {"title_ja": "講演", "title_en": "", "language": "ja", "place": ""}
    form = f"/desk/recordings/new-link?edition={course.edition.id}"

    assert "https://" in client.get(form).text
    refused = client.post(form, data={**fields, "address": "http://video.example.org/"})
    assert refused.status_code == 422
    assert db.session.scalars(select(Recording)).all() == []
    untitled = client.post(form, data={**fields, "title_ja": "", "address": ADDRESS})
    assert untitled.status_code == 422
    assert db.session.scalars(select(Recording)).all() == []

    answer = client.post(form, data={**fields, "address": ADDRESS})

    assert answer.status_code == 303
    row = db.session.scalars(select(Recording)).one()
    assert (row.kind, row.stage, row.source_url) == (MediaKind.LINK, Stage.REVIEW, ADDRESS)
    page = client.get(answer.headers["Location"]).text
    assert "video.example.org" in page
    assert 'rel="noopener noreferrer"' in page
    assert "video.example.org" not in client.get("/desk/recordings/new?edition=x").text


def test_the_ordinary_form_and_upload_take_no_link(
    cast: Cast, course: Course, linked: Recording, sign_in: SignIn, papers: object
) -> None:
    client = sign_in(cast.organiser)
    fields = {"kind": "link", "title_ja": "講演", "title_en": "", "language": "ja", "place": ""}
    answer = client.post(f"/desk/recordings/new?edition={course.edition.id}", data=fields)
    assert answer.status_code == 422
    assert len(db.session.scalars(select(Recording)).all()) == 1
    with (papers / "three.pdf").open("rb") as file:  # type: ignore[operator] # a folder
        sent = client.post(f"/desk/recordings/{linked.id}/file", data={"file": (file, "a.pdf")})
    assert sent.status_code in (409, 422)
    db.session.expire_all()
    assert db.session.scalars(select(Recording)).one().source_key == ""


def test_only_who_looks_after_it_changes_an_address(
    cast: Cast, linked: Recording, sign_in: SignIn
) -> None:
    for person in (cast.trainee, cast.coordinator):
        client = sign_in(person)
        for address in ("address", "rights/removed-elsewhere"):
            answer = client.post(
                f"/desk/recordings/{linked.id}/{address}",
                data={"address": "https://other.example.org/"},
            )
            assert answer.status_code == 404
    db.session.expire_all()
    assert db.session.scalars(select(Recording)).one().source_url == ADDRESS
    client = sign_in(cast.organiser)
    bad = client.post(f"/desk/recordings/{linked.id}/address", data={"address": "ftp://x.example/"})
    assert bad.status_code == 422
    good = client.post(
        f"/desk/recordings/{linked.id}/address", data={"address": "https://other.example.org/"}
    )
    assert good.status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(Recording)).one().source_url == "https://other.example.org/"


def test_another_address_must_be_published_again(shelf: Shelf, linked: Recording) -> None:
    shelf.agree(linked)
    shelf.publish(linked)
    with unit_of_work():
        row = change_address(SYSTEM, linked.id, ADDRESS, clock.now())
    assert (row.stage, row.media_version) == (Stage.PUBLISHED, 1)  # the same: nothing happened
    with unit_of_work():
        row = change_address(SYSTEM, linked.id, "https://other.example.org/", clock.now())
    assert (row.stage, row.media_version) == (Stage.REVIEW, 2)
    with pytest.raises(InvalidInputError), unit_of_work():
        change_address(SYSTEM, linked.id, "https://a@b.example/", clock.now())


def test_the_way_there_is_given_after_the_decision_and_no_longer(
    cast: Cast, shelf: Shelf, linked: Recording, sign_in: SignIn
) -> None:
    client = sign_in(cast.trainee)
    way = f"/recordings/{linked.id}/elsewhere"
    assert client.get(f"/recordings/{linked.id}").status_code == 404
    assert client.get(way).status_code == 404

    agreement = shelf.agree(linked)
    shelf.publish(linked)
    page = client.get(f"/recordings/{linked.id}").text

    assert "video.example.org" in page
    assert ADDRESS not in page  # the address itself is behind a decision of its own
    assert 'target="_blank"' in page
    assert 'rel="noopener noreferrer"' in page
    assert "<iframe" not in page
    answer = client.get(way)
    assert (answer.status_code, answer.headers["Location"]) == (302, ADDRESS)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "private, no-store"
    acts = [
        entry.action for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    ]
    assert acts.count("link.opened") == 1

    shelf.withdraw(agreement)

    refused = client.get(way)
    assert refused.status_code in (403, 404)
    assert ADDRESS not in refused.text
    assert client.get(f"/recordings/{linked.id}").status_code in (403, 404)


def test_a_film_is_not_held_elsewhere_and_a_link_is_not_played(
    cast: Cast, shelf: Shelf, linked: Recording, sign_in: SignIn
) -> None:
    shelf.agree(linked)
    shelf.publish(linked)
    client = sign_in(cast.trainee)
    assert client.post(f"/api/v1/recordings/{linked.id}/play-sessions").status_code == 404
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    assert client.get(f"/recordings/{paper.id}/elsewhere").status_code == 404


def test_a_withdrawal_leaves_the_task_to_take_it_down_there_too(
    cast: Cast, shelf: Shelf, linked: Recording, sign_in: SignIn
) -> None:
    agreement = shelf.agree(linked)
    shelf.publish(linked)
    client = sign_in(cast.organiser)
    page = f"/desk/recordings/{linked.id}/rights"
    assert 'data-testid="remove-elsewhere"' not in client.get(page).text

    shelf.withdraw(agreement)

    task = client.get(page).text
    assert 'data-testid="remove-elsewhere"' in task
    assert ADDRESS in task
    assert client.post(f"{page}/removed-elsewhere").status_code == 303
    entry = db.session.scalars(
        select(AuditEntry)
        .order_by(AuditEntry.id)
        .where(AuditEntry.action == "recording.removed_elsewhere")
    ).one()
    assert (entry.subject_id, entry.actor_id) == (linked.id, cast.organiser.id)
    done = client.get(page).text
    assert 'data-testid="removed-elsewhere"' in done
    assert 'data-testid="remove-elsewhere"' not in done


def test_the_mail_of_a_withdrawal_says_where_else_to_take_it_down(
    cast: Cast, shelf: Shelf, linked: Recording
) -> None:
    agreement = shelf.agree(linked)
    with unit_of_work():
        withdraw_agreement(cast.actor("organiser"), agreement.id, clock.now(), reason="asked")

    mail = db.session.scalars(
        select(OutboxMail).where(OutboxMail.template == "agreement_withdrawn").limit(1)
    ).one()

    _subject, text = render_text(mail, current_settings())
    assert "video.example.org" in text


def test_what_is_held_here_is_not_reported_as_removed_elsewhere(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    client = sign_in(cast.organiser)
    answer = client.post(f"/desk/recordings/{paper.id}/rights/removed-elsewhere")
    assert answer.status_code == 404


def test_the_rights_desk_agrees_on_and_publishes_the_playing_of_a_link(
    cast: Cast, linked: Recording, sign_in: SignIn
) -> None:
    client = sign_in(cast.organiser)
    page = f"/desk/recordings/{linked.id}/rights"
    entered = {
        "kind": "speaker", "holder_name": "白浜汐里", "status": "signed",
        "signed_on": "2026-10-01", "actions": ["play"], "reach": "outside",
    }  # fmt: skip
    assert client.post(f"{page}/agreements/new", data=entered).status_code == 303

    published = client.post(
        f"{page}/publish", data={"publish-actions": ["play"], "publish-reach": "outside"}
    )

    assert published.status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(Recording)).one().stage == Stage.PUBLISHED
    way = sign_in(cast.trainee).get(f"/recordings/{linked.id}/elsewhere")
    assert (way.status_code, way.headers["Location"]) == (302, ADDRESS)
