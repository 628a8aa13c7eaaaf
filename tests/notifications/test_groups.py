"""Who is told of a seminar group, once, and what their calendar takes in and out by it."""

import email
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from lms.enrolment.operations import withdraw_enrolment
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.kernel.ids import LiveSessionId
from lms.sessions.operations import SpeakerPlan, change_live_session
from lms.sessions.operations.groups import GroupPlan, Placing, add_group, place_people
from lms.worker import run_worker
from tests.conftest import NOW
from tests.notifications.test_invitations import LATER, Post, enrol, vars_of, words
from tests.sessions.conftest import World

SOON = NOW + timedelta(minutes=11)
TRAINEE, OVERSEAS = "trainee@demo.example", "overseas@demo.example"


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def post(app: Flask) -> Post:
    return Post(app)


@pytest.fixture
def groups(world: World) -> tuple[str, str]:
    made = []
    with unit_of_work():
        for ja, en in (("第1ゼミ", "Seminar 1"), ("第2ゼミ", "Seminar 2")):
            plan = GroupPlan(
                title={"ja": ja, "en": en},
                theme={"ja": "賃金の納得性", "en": "Fair wages"},
                tutor_name={"ja": "講師 役", "en": "A tutor"},
            )
            made.append(add_group(world.organiser, world.edition_id, plan, at=NOW))
    return made[0], made[1]


def session_for(world: World, group: str | None, days: int = 0) -> LiveSessionId:
    starts, ends = LATER.starts_local, LATER.ends_local
    return world.add(
        **vars_of(
            replace(
                LATER,
                group_ids=(group,) if group is not None else (),
                starts_local=starts + timedelta(days=days),
                ends_local=ends + timedelta(days=days),
            )
        )
    )


def put(world: World, name: str, group: str | None, was: str | None, at: Any = NOW) -> None:
    person = getattr(world.cast, name)
    with unit_of_work():
        place_people(world.organiser, world.edition_id, [Placing(person.id, group, was)], at=at)


def bodies(template: str) -> list[OutboxMail]:
    return list(
        db.session.scalars(
            select(OutboxMail).where(OutboxMail.template == template).order_by(OutboxMail.id)
        )
    )


def letters(app: Flask) -> list[str]:
    """Return the texts of the mails that were sent, each below its subject."""
    folder = app.extensions["settings"].mail_folder
    found = []
    for file in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(file.read_bytes(), policy=SMTP)
        assert isinstance(message, EmailMessage)
        body = message.get_body(preferencelist=("plain",))
        assert body is not None
        found.append(f"{message['Subject']}\n{body.get_content()}")
    return found


def test_one_mail_tells_of_the_group_and_mends_the_calendar(
    world: World, groups: tuple[str, str], post: Post, clock: time_machine.Traveller
) -> None:
    red, blue = groups
    mine, theirs = session_for(world, red), session_for(world, blue)
    common = session_for(world, None, days=1)
    enrol(world, "trainee")
    enrol(world, "overseas")
    first = post.fetch()
    assert {key: len(parts) for key, parts in first.items()} == {TRAINEE: 1, OVERSEAS: 1}
    assert all(common in parts[0][1].uid.value for parts in first.values())
    put(world, "trainee", red, None)
    put(world, "overseas", blue, None)
    assert post.fetch() == {}  # a slip is put right in the ten minutes before
    clock.move_to(SOON, tick=False)
    second = post.fetch()
    assert {key: words(parts) for key, parts in second.items()} == {
        TRAINEE: [("REQUEST", "0")],
        OVERSEAS: [("REQUEST", "0")],
    }
    assert mine in second[TRAINEE][0][1].uid.value
    assert theirs in second[OVERSEAS][0][1].uid.value

    put(world, "trainee", blue, red, at=SOON)
    clock.move_to(SOON + timedelta(minutes=11), tick=False)
    third = post.fetch()
    assert set(third) == {TRAINEE}
    moved = {event.uid.value: (method, event.sequence.value) for method, event in third[TRAINEE]}
    assert {
        uid.split("@")[0].removeprefix("live-session-"): told for uid, told in moved.items()
    } == {
        theirs: ("REQUEST", "0"),
        mine: ("CANCEL", "1"),
    }
    # Back again: the number goes on rising, so that no calendar takes an old word for a new one.
    put(world, "trainee", red, blue, at=SOON + timedelta(minutes=11))
    clock.move_to(SOON + timedelta(minutes=30), tick=False)
    last = {event.uid.value: words([(m, event)]) for m, event in post.fetch()[TRAINEE]}
    assert last[f"live-session-{mine}@localhost"] == [("REQUEST", "2")]
    assert last[f"live-session-{theirs}@localhost"] == [("CANCEL", "1")]


def test_the_mail_is_in_the_readers_language_and_says_the_group(
    app: Flask, world: World, groups: tuple[str, str], clock: time_machine.Traveller
) -> None:
    red, _blue = groups
    session_for(world, red)
    enrol(world, "trainee")
    enrol(world, "overseas")
    put(world, "trainee", red, None)
    put(world, "overseas", red, None)
    clock.move_to(SOON, tick=False)
    run_worker(app, once=True)
    db.session.rollback()
    mails = {mail.to_address: mail for mail in bodies("group_placed")}
    assert set(mails) == {TRAINEE, OVERSEAS}
    assert (mails[TRAINEE].language, mails[OVERSEAS].language) == ("ja", "en")
    assert mails[TRAINEE].params["group"] == {"ja": "第1ゼミ", "en": "Seminar 1"}
    assert len(mails[TRAINEE].params["sessions"]) == 1
    english = next(text for text in letters(app) if "Your seminar group: Seminar 1" in text)
    assert "Theme: Fair wages" in english
    assert "Tutor: A tutor" in english
    assert "Sessions of your group" in english
    japanese = next(text for text in letters(app) if "ゼミ決定のお知らせ：第1ゼミ" in text)
    assert "あなたのゼミは「第1ゼミ」に決まりました" in japanese
    assert "テーマ: 賃金の納得性" in japanese


def test_a_slip_put_right_within_ten_minutes_is_told_once_and_rightly(
    app: Flask, world: World, groups: tuple[str, str], clock: time_machine.Traveller
) -> None:
    red, blue = groups
    enrol(world, "trainee")
    put(world, "trainee", red, None)
    put(world, "trainee", blue, red, at=NOW + timedelta(minutes=3))
    clock.move_to(NOW + timedelta(minutes=20), tick=False)
    run_worker(app, once=True)
    db.session.rollback()
    (mail,) = bodies("group_placed")
    assert mail.params["group"] == {"ja": "第2ゼミ", "en": "Seminar 2"}


def test_who_is_taken_out_of_a_group_is_told_and_taken_off_its_sessions(
    world: World, groups: tuple[str, str], post: Post, clock: time_machine.Traveller
) -> None:
    red, _blue = groups
    session_for(world, red)
    enrol(world, "trainee")
    put(world, "trainee", red, None)
    clock.move_to(SOON, tick=False)
    post.fetch()
    put(world, "trainee", None, red, at=SOON)
    clock.move_to(SOON + timedelta(minutes=11), tick=False)
    assert words(post.fetch()[TRAINEE]) == [("CANCEL", "1")]
    assert bodies("group_placed")[-1].params["group"] == {}


def test_withdrawing_cancels_the_sessions_of_ones_group_and_tells_nothing_more(
    world: World, groups: tuple[str, str], post: Post, clock: time_machine.Traveller
) -> None:
    red, blue = groups
    session_for(world, red)
    session_for(world, blue)
    enrol(world, "trainee")
    put(world, "trainee", red, None)
    clock.move_to(SOON, tick=False)
    post.fetch()
    with unit_of_work():
        withdraw_enrolment(world.edition_id, actor=world.cast.actor("trainee"), at=SOON)
    clock.move_to(SOON + timedelta(hours=1), tick=False)
    assert words(post.fetch()[TRAINEE]) == [("CANCEL", "1")]
    assert len(bodies("group_placed")) == 1


def test_a_session_for_other_groups_now_is_told_to_both(
    world: World, groups: tuple[str, str], post: Post, clock: time_machine.Traveller
) -> None:
    red, blue = groups
    key = session_for(world, red)
    enrol(world, "trainee")
    enrol(world, "overseas")
    post.fetch()
    put(world, "trainee", red, None)
    put(world, "overseas", blue, None)
    clock.move_to(SOON, tick=False)
    post.fetch()
    with unit_of_work():
        change_live_session(world.organiser, key, replace(LATER, group_ids=(blue,)), at=SOON)
    assert {address: words(parts) for address, parts in post.fetch().items()} == {
        TRAINEE: [("CANCEL", "1")],
        OVERSEAS: [("REQUEST", "0")],
    }
    assert [mail.to_address for mail in bodies("session_not_yours")] == [TRAINEE]
    assert [mail.to_address for mail in bodies("session_scheduled")] == [OVERSEAS]


def test_who_runs_the_session_of_another_group_keeps_it(
    world: World, groups: tuple[str, str], post: Post, clock: time_machine.Traveller
) -> None:
    red, blue = groups
    speaks = replace(
        LATER,
        group_ids=(red,),
        speakers=(SpeakerPlan(world.cast.trainee.id),),  # type: ignore[arg-type]
    )
    world.add(**vars_of(speaks))
    enrol(world, "trainee")
    put(world, "trainee", red, None)
    clock.move_to(SOON, tick=False)
    post.fetch()
    put(world, "trainee", blue, red, at=SOON)
    clock.move_to(SOON + timedelta(minutes=11), tick=False)
    assert post.fetch() == {}
