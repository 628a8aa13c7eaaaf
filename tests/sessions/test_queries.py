from datetime import datetime, timedelta
from typing import Any, Self

import pytest
from sqlalchemy import event

from lms.infra.db import db, unit_of_work
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, PersonId
from lms.people.models import Person
from lms.sessions import queries
from lms.sessions.operations import SpeakerPlan, cancel_live_session, join_live_session
from lms.sessions.rules import JoinOutcome, Standing
from tests.conftest import add_person, join_organisation
from tests.sessions.conftest import CANARY_URL, ENDS_AT, OPEN_AT, World, add_edition


class Counted:
    """Counts the statements sent to the database."""

    def __enter__(self) -> Self:
        self.statements: list[str] = []
        event.listen(db.engine, "before_cursor_execute", self._note)
        return self

    def _note(self, *args: Any) -> None:
        if args[2].startswith("SELECT"):
            self.statements.append(args[2])

    def __exit__(self, *_error: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._note)


def on(day: int, hour: int = 10) -> dict[str, datetime]:
    start = datetime(2026, 10, day, hour)  # noqa: DTZ001 - wall time
    return {"starts_local": start, "ends_local": start + timedelta(hours=2)}


def test_cards_hold_no_address(world: World) -> None:
    key = world.add()

    card = queries.get_live_session(key)

    assert card.has_web
    assert CANARY_URL not in repr(card)
    with pytest.raises(NotFoundError):
        queries.get_live_session("0" * 26)


def test_sessions_of_several_editions_in_one_query(world: World) -> None:
    late, early = world.add(**on(20)), world.add(**on(13))
    _programme, other = add_edition("other-course", "published", world.now)
    ids = [world.edition_id, EditionId(other.id)]

    with Counted() as counted:
        found = queries.sessions_of(ids)

    assert {key: [card.id for card in cards] for key, cards in found.items()} == {
        world.edition_id: [early, late]
    }
    assert len(counted.statements) == 1
    assert queries.sessions_of([]) == {}


def test_what_comes_next_for_a_person(world: World) -> None:
    trainee = world.enrol(world.cast.trainee)
    world.add(**on(1))
    gone = world.add(**on(14))
    today, later = world.add(), world.add(**on(21))
    with unit_of_work():
        cancel_live_session(world.organiser, gone, at=world.now)

    with Counted() as counted:
        found = queries.next_sessions(trainee, [world.edition_id], OPEN_AT)

    assert [(each.card.id, each.standing, each.decision.outcome) for each in found] == [
        (today, Standing.WEB, JoinOutcome.OPEN),
        (later, Standing.WEB, JoinOutcome.TOO_EARLY),
    ]
    assert len(counted.statements) == 1
    after = queries.next_sessions(trainee, [world.edition_id], ENDS_AT + timedelta(minutes=15))
    assert [each.card.id for each in after] == [later]


def test_speakers_find_their_sessions_without_a_seat(world: World) -> None:
    speaker = PersonId(world.cast.speaker.id)
    world.add(**on(13))
    key = world.add(speakers=(SpeakerPlan(speaker),))

    [found] = queries.next_sessions(speaker, [], OPEN_AT)

    assert (found.card.id, found.standing, found.decision.is_open) == (
        key,
        Standing.SPEAKER,
        True,
    )


def test_an_editions_sessions_as_one_person_stands_to_each_in_one_query(world: World) -> None:
    keys = [world.add(), world.add(**on(20))]
    person = world.enrol(world.cast.trainee)

    with Counted() as counted:
        found = queries.edition_sessions_for(world.edition_id, person, OPEN_AT)
    nobody = queries.edition_sessions_for(world.edition_id, None, OPEN_AT)

    outcomes = {one.card.id: one.decision.outcome for one in found}
    assert outcomes == {keys[0]: JoinOutcome.OPEN, keys[1]: JoinOutcome.TOO_EARLY}
    assert len(counted.statements) == 1
    assert [one.standing for one in nobody] == [Standing.NONE] * 2


def test_the_roster_stands_in_protocol_order_then_kana(world: World) -> None:
    cast = world.cast
    with unit_of_work():
        cast_b = db.session.merge(cast.affiliate_b)
        cast_b.protocol_order = 2
        cast_a = db.session.merge(cast.affiliate_a)
        cast_a.protocol_order = 1
        ia, ib = db.session.merge(cast.industrial_a), db.session.merge(cast.industrial_b)
        ia.protocol_order, ib.protocol_order = 2, 1
        second = add_person("second", "赤木", "一", family_kana="アカギ", given_kana="ハジメ")
        join_organisation(second, cast_a)
        nobody = add_person("nobody", "井上", "無", family_kana="イノウエ", given_kana="ム")
    people: list[Person] = [cast.trainee, second, cast.other_trainee, cast.overseas, nobody]
    for person in people:
        world.enrol(person)
    key = world.add()

    with Counted() as counted:
        roster = queries.list_roster(key, world.edition_id, world.now.date())

    assert [row.name for row in roster] == [
        "髙森 夏子",  # the second industrial union by code, the first by protocol
        "赤木 一",
        "山瀬 春夫",
        "Aminah binti Salleh",  # partner unions after the federation
        "井上 無",  # no organisation
    ]
    assert [row.organisation.get("ja") for row in roster[:2]] == [
        "みどり第一労働組合",
        "青空第一労働組合",
    ]
    assert len(counted.statements) == 6


def test_attendance_of_everyone_in_one_query(world: World) -> None:
    trainee = world.enrol(world.cast.trainee)
    keys = [world.add(), world.add(**on(20))]
    with unit_of_work():
        join_live_session(world.cast.actor("trainee"), keys[0], at=OPEN_AT)

    with Counted() as counted:
        found = queries.attendance_by_session(keys)

    assert {key: {who: d.status for who, d in each.items()} for key, each in found.items()} == {
        keys[0]: {trainee: "present"},
        keys[1]: {},
    }
    assert len(counted.statements) == 1
    assert queries.attendance_of(keys, trainee)[keys[1]].status is None
    assert queries.attendance_by_session([]) == {}


def test_sessions_with_no_place_are_counted(world: World) -> None:
    world.add(web_url="", **on(20))
    world.add(web_url="", venue_name={"ja": "会館"}, **on(20))
    world.add(web_url="", **on(1))

    assert queries.count_without_place([world.edition_id], world.now) == {world.edition_id: 1}
