"""Applying, withdrawing and deciding in the browser."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import event

from lms.courses.models import Edition, Programme
from lms.enrolment import operations
from lms.enrolment.models import Enrolment
from lms.enrolment.queries import find_enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor, Role
from lms.kernel.ids import PersonId
from lms.people.models import Organisation, Person
from tests.conftest import NOW, Cast, add_person, grant, join_organisation
from tests.enrolment.conftest import MakeEdition

SignIn = Callable[[Person], FlaskClient]
APPLY = "/courses/lecture/first/apply"
WITHDRAW = "/courses/lecture/first/withdraw"
CANARY = "CANARY-7f3a"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def own(edition: Edition, person: Person) -> Enrolment:
    db.session.rollback()
    found = find_enrolment(edition.id, person.id)
    assert found is not None
    return found


def applied(edition: Edition, *people: Person, **more: str) -> None:
    for number, person in enumerate(people):
        with unit_of_work():
            operations.apply_for_edition(
                edition.id,
                actor=Actor(person_id=PersonId(person.id)),
                at=NOW + timedelta(seconds=number),
                **more,
            )


def test_applying_takes_one_press_and_says_what_follows(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition()
    client = sign_in(cast.overseas)
    page = client.get(APPLY).text
    assert "A seat is free: you are enrolled at once." in page
    assert 'data-testid="apply-submit"' in page
    answer = client.post(APPLY, data={"accommodation": "要約\0筆記", "message": "よろしく"})
    assert (answer.status_code, answer.location) == (303, APPLY)
    enrolment = own(edition, cast.overseas)
    assert (enrolment.state, enrolment.accommodation) == ("enrolled", "要約筆記")
    page = client.get(APPLY).text
    assert "You have a seat." in page
    assert 'data-testid="withdraw"' in page
    assert 'data-testid="apply-submit"' not in page


def test_a_full_course_shows_the_list_and_one_s_place(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(capacity=1)
    applied(edition, cast.trainee)
    client = sign_in(cast.overseas)
    assert "you go to the end of the waiting list" in client.get(APPLY).text
    client.post(APPLY, data={})
    page = client.get(APPLY).text
    assert "Your place on the waiting list: 1" in page
    assert own(edition, cast.overseas).state == "waitlisted"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"apply_until_at": NOW}, "The deadline for applications has passed."),
        ({"state": "closed"}, "This course is finished."),
        ({"state": "cancelled"}, "This course will not take place."),
        (
            {"starts_on": date(2026, 10, 1), "ends_on": date(2026, 10, 2), "apply_until_at": None},
            "This course is over.",
        ),
    ],
)
def test_a_closed_door_says_why_and_the_post_agrees(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition, more: dict[str, Any], sentence: str
) -> None:
    edition = make_edition(**more)
    client = sign_in(cast.overseas)
    page = client.get(APPLY).text
    assert 'data-testid="apply-blocked"' in page
    assert sentence in page
    assert 'data-testid="apply-submit"' not in page
    answer = client.post(APPLY, data={})
    assert answer.status_code == 409
    assert sentence in answer.text
    assert find_enrolment(edition.id, cast.overseas.id) is None


def test_input_that_does_not_fit_is_told_at_its_field(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(mode="hybrid")
    client = sign_in(cast.overseas)
    long = client.post(APPLY, data={"attending": "web", "message": "字" * 2001})
    assert long.status_code == 422
    assert "At most 2000 characters fit here." in long.text
    for data in ({}, {"attending": "moon"}):
        assert client.post(APPLY, data=data).status_code == 422
    assert find_enrolment(edition.id, cast.overseas.id) is None


def test_venue_or_web_is_chosen_and_changed(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(mode="hybrid")
    client = sign_in(cast.overseas)
    client.post(APPLY, data={"attending": "venue"})
    url = "/courses/lecture/first/attending"
    assert client.post(url, data={"attending": "web"}).status_code == 303
    assert own(edition, cast.overseas).attending == "web"
    assert client.post(url, data={"attending": "moon"}).status_code == 422
    assert client.post(url, data={}).status_code == 422
    assert own(edition, cast.overseas).attending == "web"


def test_withdrawing_says_what_is_kept_and_frees_the_seat(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(capacity=1)
    applied(edition, cast.overseas, cast.trainee)
    client = sign_in(cast.overseas)
    assert "What you have watched, read and earned is kept." in client.get(APPLY).text
    assert client.post(WITHDRAW).status_code == 303
    assert own(edition, cast.overseas).state == "withdrawn"
    assert own(edition, cast.trainee).state == "enrolled"
    page = client.get(APPLY).text
    assert "Apply again" in page
    assert client.post(WITHDRAW).status_code == 409


def test_what_one_may_not_see_is_not_there(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    inner = make_edition(reach="affiliate")
    make_edition(slug="hidden", state="draft")
    stranger, member = sign_in(cast.stranger), sign_in(cast.trainee)
    for path in (APPLY, "/courses/hidden/first/apply", "/courses/lecture/second/apply"):
        assert stranger.get(path).status_code == 404
        assert stranger.post(path).status_code == 404
    assert member.get(APPLY).status_code == 200
    assert member.post(WITHDRAW).status_code == 404  # nothing to withdraw from
    assert member.post(APPLY).status_code == 303
    # Who is in it keeps the page when its reach narrows.
    with unit_of_work():
        db.session.get_one(Programme, inner.programme_id).reach = "hq"
    assert member.get(APPLY).status_code == 200
    assert member.post(WITHDRAW).status_code == 303


def test_who_is_not_signed_in_is_asked_to(client: FlaskClient, make_edition: MakeEdition) -> None:
    make_edition()
    answer = client.get(APPLY)
    assert answer.status_code == 303
    assert "apply" in answer.location
    assert client.post(APPLY).status_code == 303
    assert client.post(WITHDRAW).status_code == 303


def desk(edition: Edition) -> str:
    return f"/desk/editions/{edition.id}/applications"


def test_the_list_shows_counts_the_queue_in_order_and_finds_by_reading(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(capacity=1)
    applied(edition, cast.overseas, cast.other_trainee, cast.trainee)
    client = sign_in(cast.organiser)
    page = client.get(desk(edition)).text
    assert page.count('data-testid="application"') == 3
    waiting = client.get(f"{desk(edition)}?state=waitlisted").text
    assert waiting.count('data-testid="application"') == 2
    assert waiting.index("髙森") < waiting.index("山瀬")
    found = ""
    for text in ("やませ", "ﾔﾏｾ", "山瀬"):
        found = client.get(desk(edition), query_string={"q": text}).text
        assert found.count('data-testid="application"') == 1, text
        assert "山瀬" in found
    assert "高森" not in found
    variant = client.get(desk(edition), query_string={"q": "高森"}).text
    assert "髙森" in variant
    assert client.get(f"{desk(edition)}?state=nonsense&q=%25%00").status_code == 200
    assert client.get(f"{desk(edition)}/%00").status_code == 404


def test_several_are_decided_on_at_once(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(capacity=1, approval="organiser")
    applied(edition, cast.trainee, cast.other_trainee, cast.overseas)
    ids = [own(edition, p).id for p in (cast.trainee, cast.other_trainee)]
    client = sign_in(cast.organiser)
    url = f"{desk(edition)}/decide"
    assert client.post(url, data={"enrolment_ids": ids, "decision": "accept"}).status_code == 303
    assert own(edition, cast.trainee).state == "enrolled"
    assert own(edition, cast.other_trainee).state == "waitlisted"
    third = own(edition, cast.overseas).id
    none = client.post(url, data={"enrolment_ids": [third], "decision": "decline"})
    assert none.status_code == 422
    assert "checked" in none.text
    assert client.post(
        url, data={"enrolment_ids": [third], "decision": "decline", "reason": "定員"}
    ).status_code == 303  # fmt: skip
    assert own(edition, cast.overseas).state == "declined"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"decision": "accept"}, 422),
        ({"decision": "lottery", "enrolment_ids": ["x"]}, 422),
        ({"enrolment_ids": ["x"]}, 422),
        ({"decision": "accept", "enrolment_ids": ["x"]}, 404),
        ({"decision": "accept", "enrolment_ids": ["\0"]}, 404),
        ({"decision": "decline", "enrolment_ids": ["x"], "reason": "字" * 2001}, 422),
    ],
)
def test_decisions_that_cannot_be_read_change_nothing(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition, data: dict[str, Any], status: int
) -> None:
    edition = make_edition(approval="organiser")
    applied(edition, cast.trainee)
    answer = sign_in(cast.organiser).post(f"{desk(edition)}/decide", data=data)
    assert answer.status_code == status
    assert own(edition, cast.trainee).state == "applied"


def test_a_decision_out_of_date_is_a_conflict(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(approval="organiser")
    applied(edition, cast.trainee)
    enrolment_id = own(edition, cast.trainee).id
    client = sign_in(cast.organiser)
    with unit_of_work():
        operations.withdraw_enrolment(
            edition.id, actor=Actor(person_id=PersonId(cast.trainee.id)), at=NOW
        )
    answer = client.post(
        f"{desk(edition)}/decide", data={"enrolment_ids": [enrolment_id], "decision": "accept"}
    )
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


def test_one_application_shows_all_and_taking_off_wants_a_reason(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(capacity=1)
    applied(edition, cast.trainee, accommodation="車いす席", message="初参加です")
    applied(edition, cast.other_trainee)
    url = f"{desk(edition)}/{own(edition, cast.trainee).id}"
    client = sign_in(cast.organiser)
    page = client.get(url).text
    for text in ("車いす席", "初参加です", "青空第一労働組合"):
        assert text in page
    assert client.post(f"{url}/remove", data={"reason": ""}).status_code == 422
    assert own(edition, cast.trainee).state == "enrolled"
    assert client.post(f"{url}/remove", data={"reason": "重複申込"}).status_code == 303
    assert own(edition, cast.trainee).state == "cancelled"
    assert own(edition, cast.other_trainee).state == "enrolled"
    assert "重複申込" in sign_in(cast.trainee).get(APPLY).text


def test_the_roster_follows_the_protocol_then_kana(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    with unit_of_work():
        db.session.get_one(Organisation, cast.industrial_a.id).protocol_order = 2
        db.session.get_one(Organisation, cast.industrial_b.id).protocol_order = 1
        early = add_person("early", "安西", "一", family_kana="アンザイ")
        late = add_person("late", "和田", "二", family_kana="ワダ")
        join_organisation(early, cast.affiliate_a)
        join_organisation(late, cast.affiliate_a)
    edition = make_edition(capacity=4)
    applied(edition, cast.stranger, late, early, cast.other_trainee, cast.trainee)
    page = sign_in(cast.organiser).get(f"/desk/editions/{edition.id}/roster").text
    places = [page.index(name) for name in ("髙森", "安西", "和田", "遠野")]
    assert places == sorted(places)
    assert "山瀬" not in page  # on the waiting list


def test_what_belongs_to_others_is_not_shown(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition()
    other = make_edition(slug="other")
    applied(edition, cast.trainee, message=CANARY, accommodation=CANARY)
    enrolment_id = own(edition, cast.trainee).id
    with unit_of_work():
        scoped = add_person("scoped", "限", "定")
        grant(scoped, Role.ORGANISER, f"programme:{other.programme_id}")
    clients = [sign_in(p) for p in (scoped, cast.other_trainee, cast.coordinator, cast.auditor)]
    gets = (
        desk(edition), f"{desk(edition)}/{enrolment_id}", f"/desk/editions/{edition.id}/roster",
        f"{desk(other)}/{enrolment_id}",
    )  # fmt: skip
    posts = (f"{desk(edition)}/decide", f"{desk(edition)}/{enrolment_id}/remove")
    for client in clients:
        for path in gets:
            answer = client.get(path)
            assert answer.status_code == 404, path
            assert CANARY not in answer.text
        for path in posts:
            data = {"enrolment_ids": [enrolment_id], "decision": "accept", "reason": "x"}
            assert client.post(path, data=data).status_code == 404, path
        assert CANARY not in client.get(APPLY).text
    organiser = sign_in(cast.organiser)
    assert organiser.get(f"{desk(other)}/{enrolment_id}").status_code == 404
    assert organiser.get(f"{desk(edition)}/{'0' * 26}").status_code == 404
    assert organiser.post(f"{desk(other)}/{enrolment_id}/remove").status_code == 404
    assert organiser.get(desk(Edition(id="0" * 26))).status_code == 404
    assert own(edition, cast.trainee).state == "enrolled"


def test_the_pages_read_little_whatever_the_number(
    cast: Cast, sign_in: SignIn, make_edition: MakeEdition
) -> None:
    edition = make_edition(capacity=5)
    statements: list[str] = []

    def count(*args: Any) -> None:
        statements.extend([args[2]] if args[2].startswith("SELECT") else [])

    def reads(client: FlaskClient, path: str) -> int:
        db.session.remove()
        statements.clear()
        event.listen(db.engine, "before_cursor_execute", count)
        assert client.get(path).status_code == 200
        event.remove(db.engine, "before_cursor_execute", count)
        return len(statements)

    applied(edition, cast.trainee)
    learner, organiser = sign_in(cast.trainee), sign_in(cast.organiser)
    reads(organiser, desk(edition))  # the site's settings are read once in a while
    few = reads(organiser, desk(edition))
    with unit_of_work():
        people = [add_person(f"many{n}", "多", f"{n}") for n in range(30)]
        for person in people:
            join_organisation(person, cast.affiliate_a)
    applied(edition, *people)
    assert reads(learner, APPLY) <= 8
    assert reads(organiser, desk(edition)) == few
