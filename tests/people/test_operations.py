"""Who may do what to people and organisations, and what is refused."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import SYSTEM, Role
from lms.kernel.errors import ForbiddenError, NotFoundError
from lms.people import operations, queries
from lms.people.errors import PeopleError, PeopleInputError
from lms.people.models import Level, Person
from lms.people.operations import (
    MembershipPeriod,
    NamePeriod,
    NewPerson,
    OrganisationPlace,
    Profile,
)
from tests.conftest import NOW, Cast, add_person, grant

NEW = NewPerson(Profile(family_name="新井", given_name="望"), login_id="arai")


def every_act(cast: Cast, actor: Any) -> dict[str, Callable[[], object]]:
    """Return each act of the desk, tried on somebody who is not the actor."""
    who, at = cast.trainee.id, NOW
    place = OrganisationPlace("X1", Level.AFFILIATE, cast.industrial_a.id)
    period = MembershipPeriod(cast.affiliate_b.id)
    ops = operations
    return {
        "add_person": lambda: ops.add_person(actor, NEW, at=at),
        "edit_person": lambda: ops.edit_person(actor, who, NEW, at=at),
        "invite_person": lambda: ops.invite_person(actor, who, at=at),
        "suspend_person": lambda: ops.suspend_person(actor, who, at=at),
        "restore_person": lambda: ops.restore_person(actor, who, at=at),
        "add_membership": lambda: ops.add_membership(actor, who, period, at=at),
        "add_organisation": lambda: ops.add_organisation(
            actor, place, NamePeriod({"en": "X"}), at=at
        ),
        "move_organisation": lambda: ops.move_organisation(
            actor, cast.affiliate_a.id, place, at=at
        ),
        "rename_organisation": lambda: ops.rename_organisation(
            actor, cast.affiliate_a.id, NamePeriod({"en": "Y"}, date(2026, 1, 1)), at=at
        ),
        "grant_role": lambda: ops.grant_role(actor, who, Role.AUDITOR, at=at),
        "update_profile": lambda: ops.update_profile(actor, who, NEW.profile, at=at),
        "change_password": lambda: ops.change_password(actor, who, "hash", at=at),
        "end_sign_ins": lambda: ops.end_sign_ins(actor, who, at=at),
        "ask_address_change": lambda: ops.ask_address_change(actor, who, "a@b.example", at=at),
    }


OWN = {"update_profile", "change_password", "end_sign_ins", "ask_address_change"}


@pytest.mark.parametrize(
    ("who", "not_allowed"),
    [
        ("admin", OWN),
        ("organiser", OWN | {"grant_role"}),
        ("coordinator", None),
        ("auditor", None),
        ("other_trainee", None),
    ],
)
def test_who_may_do_what(cast: Cast, who: str, not_allowed: set[str] | None) -> None:
    names = every_act(cast, SYSTEM)
    for name in names:
        act = every_act(cast, cast.actor(who))[name]
        db.session.rollback()
        try:
            act()
            refused = False
        except NotFoundError:
            refused = True
        db.session.rollback()  # only who may is asked here
        assert refused == (not_allowed is None or name in not_allowed), name


def test_an_organiser_of_one_programme_manages_nobody(cast: Cast) -> None:
    with unit_of_work():
        grant(cast.stranger, Role.ORGANISER, "programme:" + "0" * 26)
    with pytest.raises(NotFoundError), unit_of_work():
        operations.add_person(cast.actor("stranger"), NEW, at=NOW)


def test_an_organiser_does_not_take_over_an_administrator(cast: Cast) -> None:
    actor = cast.actor("organiser")
    stolen = NewPerson(NEW.profile, login_id="admin", address="organiser@demo.example")
    for act in (
        lambda: operations.edit_person(actor, cast.admin.id, stolen, at=NOW),
        lambda: operations.invite_person(actor, cast.admin.id, at=NOW),
        lambda: operations.suspend_person(actor, cast.admin.id, at=NOW),
    ):
        with pytest.raises(ForbiddenError), unit_of_work():
            act()


def test_a_new_person_gets_an_id_and_an_entry_in_the_audit(cast: Cast) -> None:
    with unit_of_work():
        written = operations.add_person(
            cast.actor("organiser"), NewPerson(Profile(full_name="Mei Ling")), at=NOW
        )
    person = queries.get_person(written.person_id)
    assert person.login_id is not None
    assert len(person.login_id) == 9
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.actor_id, entry.subject_id) == (
        "person.added",
        cast.organiser.id,
        person.id,
    )
    assert "Mei" not in str(entry.details)


@pytest.mark.parametrize(
    ("new", "field", "code"),
    [
        (NewPerson(Profile()), "family_name", "no_name"),
        (NewPerson(Profile(family_name="  ", full_name="　")), "family_name", "no_name"),
        (NewPerson(NEW.profile, login_id="ＴＲＡＩＮＥＥ"), "login_id", "login_id_taken"),
        (NewPerson(NEW.profile, login_id="a@b.example"), "login_id", "login_id_form"),
        (NewPerson(NEW.profile, login_id="あらい"), "login_id", "login_id_form"),
        (NewPerson(NEW.profile, address="nowhere"), "address", "address_form"),
        (NewPerson(Profile("新井", family_kana="Arai")), "family_kana", "not_kana"),
        (NewPerson(Profile("新井", timezone="Mars")), "timezone", "time_zone"),
    ],
)
def test_a_person_that_does_not_fit(cast: Cast, new: NewPerson, field: str, code: str) -> None:
    with pytest.raises(PeopleInputError) as caught, unit_of_work():
        operations.add_person(cast.actor("organiser"), new, at=NOW)
    assert (caught.value.field, caught.value.code) == (field, code)


def test_an_address_may_be_shared(cast: Cast) -> None:
    with unit_of_work():
        new = NewPerson(NEW.profile, address="Trainee@demo.example")
        written = operations.add_person(cast.actor("organiser"), new, at=NOW)
    assert queries.get_person(written.person_id).address == "trainee@demo.example"


def test_a_link_to_a_former_address_ends_when_the_desk_changes_it(
    cast: Cast, told: list[Any]
) -> None:
    with unit_of_work():
        operations.ask_reset("trainee", at=NOW)
    new = NewPerson(Profile("山瀬", "春夫"), login_id="trainee", address="new@demo.example")
    with unit_of_work():
        operations.edit_person(cast.actor("organiser"), cast.trainee.id, new, at=NOW)
    with pytest.raises(PeopleError, match="link_used"):
        operations.check_link("reset", told[0].secret, at=NOW)


def test_nobody_suspends_themselves_and_the_last_administrator_stays(cast: Cast) -> None:
    admin = cast.actor("admin")
    with pytest.raises(PeopleError, match="own_account"), unit_of_work():
        operations.suspend_person(admin, cast.admin.id, at=NOW)
    (role,) = queries.list_roles(cast.admin.id)
    with pytest.raises(PeopleError, match="last_admin"), unit_of_work():
        operations.revoke_role(admin, cast.admin.id, role.id, at=NOW)
    with pytest.raises(PeopleError, match="last_admin"), unit_of_work():
        operations.suspend_person(SYSTEM, cast.admin.id, at=NOW)
    with unit_of_work():
        operations.grant_role(admin, cast.organiser.id, Role.ADMIN, at=NOW)
        operations.revoke_role(admin, cast.admin.id, role.id, at=NOW)
    assert queries.list_roles(cast.admin.id) == []


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (Role.ADMIN, "org:{org}"),
        (Role.COORDINATOR, "org:" + "0" * 26),
        (Role.COORDINATOR, "org:\x00"),
        (Role.COORDINATOR, "programme:x"),
        (Role.ORGANISER, "programme:"),
        (Role.AUDITOR, "everything"),
        (Role.AUDITOR, ""),
    ],
)
def test_a_scope_that_a_role_does_not_know(cast: Cast, role: Role, scope: str) -> None:
    with pytest.raises(PeopleInputError) as caught, unit_of_work():
        operations.grant_role(SYSTEM, cast.trainee.id, role, scope.format(org=cast.hq.id), at=NOW)
    assert caught.value.code == "scope"


def test_a_role_is_given_once(cast: Cast) -> None:
    scope = f"org:{cast.affiliate_a.id}"
    with unit_of_work():
        operations.grant_role(SYSTEM, cast.trainee.id, Role.COORDINATOR, scope, at=NOW)
    with pytest.raises(PeopleInputError, match="granted_already"), unit_of_work():
        operations.grant_role(SYSTEM, cast.trainee.id, Role.COORDINATOR, scope, at=NOW)


def test_memberships_of_one_organisation_do_not_overlap(cast: Cast) -> None:
    actor, who, a1 = cast.actor("organiser"), cast.stranger.id, cast.affiliate_a.id
    with unit_of_work():
        first = operations.add_membership(
            actor, who, MembershipPeriod(a1, "", date(2020, 4, 1), date(2022, 3, 31)), at=NOW
        )
        operations.add_membership(actor, who, MembershipPeriod(a1, "", date(2022, 4, 1)), at=NOW)
        operations.add_membership(
            actor, who, MembershipPeriod(cast.hq.id, "", date(2021, 4, 1)), at=NOW
        )
    for period, code in (
        (MembershipPeriod(a1, "", date(2022, 3, 31), date(2022, 3, 31)), "overlap"),
        (MembershipPeriod(a1, "", date(2019, 1, 2), date(2019, 1, 1)), "period"),
        (MembershipPeriod("nowhere"), "no_organisation"),
    ):
        with pytest.raises(PeopleInputError, match=code), unit_of_work():
            operations.add_membership(actor, who, period, at=NOW)
    with unit_of_work():
        longer = MembershipPeriod(a1, "書記長", date(2019, 4, 1), date(2022, 3, 31))
        operations.change_membership(actor, who, first, longer, at=NOW)
    assert queries.list_memberships(who)[0].post == "書記長"


def test_a_membership_of_somebody_else_is_missing(cast: Cast) -> None:
    (membership,) = queries.list_memberships(cast.other_trainee.id)
    actor = cast.actor("organiser")
    with pytest.raises(NotFoundError), unit_of_work():
        operations.remove_membership(actor, cast.trainee.id, membership.id, at=NOW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "HQ"}, "code_taken"),
        ({"code": "ＨＱ"}, "code_taken"),
        ({"code": "東"}, "code_form"),
        ({"code": ""}, "code_form"),
        ({"parent": "affiliate_b"}, "level_under"),
        ({"parent": None, "level": Level.BRANCH}, "level_under"),
        ({"country": "Japan"}, "country"),
    ],
)
def test_an_organisation_that_does_not_fit(cast: Cast, change: dict[str, Any], code: str) -> None:
    parent = change.get("parent", "industrial_a")
    place = OrganisationPlace(
        change.get("code", "N1"),
        change.get("level", Level.AFFILIATE),
        getattr(cast, parent).id if parent else None,
        country=change.get("country", "JP"),
    )
    with pytest.raises(PeopleInputError, match=code), unit_of_work():
        operations.add_organisation(
            cast.actor("organiser"), place, NamePeriod({"en": "New"}), at=NOW
        )


def test_an_organisation_does_not_stand_under_itself(cast: Cast) -> None:
    actor = cast.actor("organiser")
    with unit_of_work():
        below = operations.add_organisation(
            actor,
            OrganisationPlace("MY2", Level.OUTSIDE, cast.partner.id, country="MY"),
            NamePeriod({"en": "Below"}),
            at=NOW,
        )
    for parent in (below, cast.partner.id):
        place = OrganisationPlace("MY", Level.OUTSIDE, parent, country="MY")
        with pytest.raises(PeopleInputError, match="cycle"), unit_of_work():
            operations.move_organisation(actor, cast.partner.id, place, at=NOW)


def test_those_below_must_still_fit(cast: Cast) -> None:
    place = OrganisationPlace("IA", Level.AFFILIATE, cast.hq.id)
    with pytest.raises(PeopleInputError, match="level_over"), unit_of_work():
        operations.move_organisation(cast.actor("organiser"), cast.industrial_a.id, place, at=NOW)


def test_a_renamed_organisation_keeps_its_former_name_until_the_day_before(cast: Cast) -> None:
    key = cast.industrial_a.id
    before = cast.industrial_a.names[0].name
    new = {"ja": "青空総連合", "en": "Aozora General"}
    with unit_of_work():
        operations.rename_organisation(
            cast.actor("organiser"), key, NamePeriod(new, date(2026, 4, 1)), at=NOW
        )
    for day, name in ((date(2026, 3, 31), before), (date(2026, 4, 1), new)):
        tree = queries.read_tree(day)
        assert next(n.name for k, n in tree.nodes.items() if k == key) == name
    with pytest.raises(PeopleInputError, match="overlap"), unit_of_work():
        operations.rename_organisation(
            cast.actor("organiser"), key, NamePeriod({"en": "Again"}), at=NOW
        )


def test_seeds_may_be_run_again(cast: Cast) -> None:
    def seed() -> tuple[str, str]:
        with unit_of_work():
            organisation = operations.ensure_organisation(
                OrganisationPlace("SEED", Level.AFFILIATE, cast.industrial_a.id),
                {"en": "Seed"},
                at=NOW,
            )
            person = operations.ensure_person(
                NewPerson(Profile(full_name="Seed"), "seed", "seed@demo.example"),
                password_hash="hash",
                memberships=(MembershipPeriod(organisation),),
                roles=((Role.COORDINATOR, f"org:{organisation}"),),
                at=NOW,
            )
            return organisation, person.id

    assert seed() == seed()
    assert len(queries.list_memberships(seed()[1])) == 1
    assert len(queries.list_roles(seed()[1])) == 1


@pytest.mark.usefixtures("cast")
def test_derived_keys_follow_every_change_of_a_name() -> None:
    with unit_of_work():
        person = add_person("keys", "鍵", "守", family_kana="カギ")
        first = person.sort_key
    with unit_of_work():
        kept = db.session.get(Person, person.id)
        assert kept is not None
        kept.family_kana = "ワタリ"
    assert kept.sort_key > first
    assert "ワタリ" in kept.search_key
