"""What other features read of people."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event

from lms.infra.db import db, unit_of_work
from lms.infra.site import SiteSettings, write_site
from lms.kernel import clock
from lms.kernel.actor import Role, RoleGrant
from lms.kernel.errors import NotFoundError
from lms.people import queries
from lms.people.models import Membership, Person, RoleAssignment
from lms.people.queries import PeopleFilter
from tests.conftest import NOW, Cast, add_person, grant, join_organisation


def test_an_actor_is_found_in_one_query(cast: Cast) -> None:
    db.session.rollback()
    db.session.expunge_all()
    seen: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        actor = queries.find_actor(cast.coordinator.id, 0, NOW)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) == 1
    assert actor is not None
    assert actor.roles == {RoleGrant(Role.COORDINATOR, f"org:{cast.industrial_a.id}")}
    assert actor.organisation_ids == (cast.industrial_a.id,)


def test_nobody_acts_with_another_epoch_or_suspended(cast: Cast) -> None:
    assert queries.find_actor(cast.trainee.id, 1, NOW) is None
    assert queries.find_actor("nobody", 0, NOW) is None
    with unit_of_work():
        person = db.session.get(Person, cast.trainee.id)
        assert person is not None
        person.suspended_at = NOW
    assert queries.find_actor(cast.trainee.id, 0, NOW) is None


def test_names_of_many_in_one_query(cast: Cast) -> None:
    names = queries.list_names([cast.trainee.id, cast.overseas.id, "nobody"])
    assert {key: name.shown for key, name in names.items()} == {
        cast.trainee.id: "山瀬 春夫",
        cast.overseas.id: "Aminah binti Salleh",
    }
    trainee, overseas = (
        next(name for key, name in names.items() if key == person.id)
        for person in (cast.trainee, cast.overseas)
    )
    assert (trainee.kana, trainee.japanese) == ("ヤマセ ハルオ", True)
    assert (overseas.call_me, overseas.japanese) == ("Aminah", False)


def test_memberships_end_at_the_midnight_after_the_last_day(cast: Cast) -> None:
    with unit_of_work():
        db.session.add(
            Membership(
                person_id=cast.trainee.id,
                organisation_id=cast.affiliate_b.id,
                starts_on=date(2026, 4, 1),
                ends_on=date(2026, 4, 30),
            )
        )
        db.session.add(Membership(person_id=cast.stranger.id, organisation_id=cast.hq.id))
    assert queries.memberships_facts(cast.trainee.id) == [
        {"org": cast.affiliate_a.id, "from_ms": 1585666800000, "until_ms": None},
        {"org": cast.affiliate_b.id, "from_ms": 1774969200000, "until_ms": 1777561200000},
    ]
    assert clock.from_ms(1777561200000).astimezone(clock.JST).isoformat() == (
        "2026-05-01T00:00:00+09:00"
    )
    assert queries.memberships_facts(cast.stranger.id) == [
        {"org": cast.hq.id, "from_ms": None, "until_ms": None}
    ]


def test_a_membership_counts_on_its_last_day_in_japan(cast: Cast) -> None:
    with unit_of_work():
        for membership in db.session.query(Membership).filter_by(person_id=cast.trainee.id):
            membership.ends_on = date(2026, 10, 12)
    late = NOW.replace(hour=14, minute=59)  # 23:59 in Japan
    last = queries.find_actor(cast.trainee.id, 0, late)
    after = queries.find_actor(cast.trainee.id, 0, late + timedelta(minutes=1))
    assert last is not None
    assert last.organisation_ids == (cast.affiliate_a.id,)
    assert after is not None
    assert after.organisation_ids == ()


def test_the_tree_as_facts_and_paths(cast: Cast) -> None:
    facts = queries.organisation_tree_facts()
    assert facts[queries.read_tree().nodes[cast.affiliate_a.id].id] == {  # type: ignore[index]
        "level": "affiliate",
        "parent": cast.industrial_a.id,
    }
    assert queries.descendant_ids(cast.industrial_a.id) == {
        cast.industrial_a.id,
        cast.affiliate_a.id,
    }
    path = next(p for k, p in queries.organisation_paths().items() if k == cast.affiliate_a.id)
    line = (cast.hq, cast.industrial_a, cast.affiliate_a)
    assert path.names == tuple(organisation.names[0].name for organisation in line)


def found(cast: Cast, who: str, **wanted: object) -> list[str]:
    page = queries.list_people(
        cast.actor(who),
        PeopleFilter(**wanted),  # type: ignore[arg-type]
        queries.read_tree(),
        NOW,
    )
    return [row.name.shown for row in page.rows]


@pytest.mark.parametrize(
    "term",
    [
        "高森",
        "髙森",
        "髙森夏子",
        "夏子 高森",
        "たかもり",
        "ﾀｶﾓﾘ",
        "タカモリナツコ",
        "ＯＴＨＥＲ",
        "OTHER@demo",
    ],
)
def test_a_person_is_found_by_any_form_of_the_name(cast: Cast, term: str) -> None:
    assert found(cast, "organiser", term=term) == ["髙森 夏子"]


def test_signs_of_patterns_are_ordinary_letters(cast: Cast) -> None:
    assert found(cast, "organiser", term="%") == []
    assert found(cast, "organiser", term="_") == []
    assert found(cast, "organiser", term="\x00") != []


def test_people_stand_in_the_order_of_their_readings(cast: Cast) -> None:
    shown = found(cast, "organiser")
    assert shown[0] == "Aminah binti Salleh"
    assert shown.index("髙森 夏子") < shown.index("山瀬 春夫")
    assert len(shown) == 10


def test_a_coordinator_sees_the_members_in_their_charge_only(cast: Cast) -> None:
    assert found(cast, "coordinator") == ["山瀬 春夫", "河﨑 秋江"]
    assert found(cast, "coordinator", term="高森") == []
    assert found(cast, "coordinator", organisation_id=cast.industrial_b.id) == []
    assert found(cast, "coordinator", organisation_id=cast.affiliate_a.id) == ["山瀬 春夫"]
    assert found(cast, "trainee") == []
    coordinator = cast.actor("coordinator")
    assert queries.may_see_person(coordinator, cast.trainee.id, NOW)
    assert not queries.may_see_person(coordinator, cast.other_trainee.id, NOW)


def test_a_former_member_is_out_of_sight(cast: Cast) -> None:
    with unit_of_work():
        for membership in db.session.query(Membership).filter_by(person_id=cast.trainee.id):
            membership.ends_on = date(2026, 10, 11)
    assert found(cast, "coordinator") == ["河﨑 秋江"]


def test_pages_of_a_long_list(cast: Cast) -> None:
    with unit_of_work():
        for number in range(55):
            add_person(f"p{number}", "列", f"{number:02}", family_kana="レツ")
    tree, actor = queries.read_tree(), cast.actor("organiser")
    first = queries.list_people(actor, PeopleFilter(term="列"), tree, NOW)
    last = queries.list_people(actor, PeopleFilter(term="列", page=10**8), tree, NOW)
    assert (first.total, first.pages, len(first.rows)) == (55, 2, 50)
    assert (last.page, len(last.rows)) == (2, 5)
    assert queries.list_people(actor, PeopleFilter(page=-5), tree, NOW).page == 1


def set_address(person: Person, address: str | None) -> None:
    with unit_of_work():
        kept = db.session.get(Person, person.id)
        assert kept is not None
        kept.address = address


def reach(person: Person) -> tuple[str | None, bool]:
    reached = queries.recipient_of(queries.get_person(person.id))
    recipient = reached.recipient
    return (recipient.address if recipient else None, reached.through_coordinator)


def test_mail_reaches_an_own_address(cast: Cast) -> None:
    assert reach(cast.trainee) == ("trainee@demo.example", False)
    recipient = queries.recipient_of(queries.get_person(cast.overseas.id)).recipient
    assert recipient is not None
    assert (recipient.language, recipient.timezone) == ("en", "Asia/Kuala_Lumpur")
    assert recipient.person_id == cast.overseas.id


@pytest.mark.parametrize("address", [None, "other@demo.example"])
def test_mail_goes_to_the_nearest_coordinator(cast: Cast, address: str | None) -> None:
    set_address(cast.trainee, address)
    assert reach(cast.trainee) == ("coordinator@demo.example", True)
    with unit_of_work():
        nearer = add_person("near", "近衛", "仁")
        grant(nearer, Role.COORDINATOR, f"org:{cast.affiliate_a.id}")
    assert reach(cast.trainee) == ("near@demo.example", True)


def test_without_a_coordinator_mail_goes_to_the_office(cast: Cast) -> None:
    set_address(cast.other_trainee, None)
    assert reach(cast.other_trainee) == (None, True)
    with unit_of_work():
        write_site(SiteSettings(contact="Office@demo.example"), at=NOW)
    assert reach(cast.other_trainee) == ("office@demo.example", True)


def test_a_coordinator_without_an_address_is_not_their_own_coordinator(cast: Cast) -> None:
    set_address(cast.coordinator, None)
    assert reach(cast.coordinator) == (None, True)
    with unit_of_work():
        join_organisation(cast.speaker, cast.hq)
        db.session.add(
            RoleAssignment(
                person_id=cast.speaker.id,
                role=Role.COORDINATOR.value,
                scope=f"org:{cast.hq.id}",
                granted_at=NOW,
            )
        )
    assert reach(cast.coordinator) == ("speaker@demo.example", True)


@pytest.mark.usefixtures("cast")
def test_what_is_not_there_is_missing() -> None:
    for key in ("", "nobody", "\x00", "0" * 26):
        with pytest.raises(NotFoundError):
            queries.get_person(key)
        with pytest.raises(NotFoundError):
            queries.get_organisation(key)
        assert queries.find_account(key) is None
