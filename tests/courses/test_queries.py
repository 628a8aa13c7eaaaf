"""Who sees what in the catalogue."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import event

from lms.courses import operations
from lms.courses.models import Edition, Programme
from lms.courses.operations import search_key_of
from lms.courses.queries import (
    edition_facts,
    find_lesson_of,
    find_published_edition,
    get_entry,
    list_catalogue,
    list_desk_entries,
    list_parts,
)
from lms.courses.rules import REACH_LEVELS, within_reach
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import ANONYMOUS, Actor, Role, RoleGrant
from lms.kernel.ids import OrganisationId
from tests.conftest import NOW, Cast, add_organisation
from tests.courses.conftest import Draft


def add(slug: str, **more: Any) -> Edition:
    """Commit a programme with one published edition."""
    of_programme = {
        "reach": "outside",
        "title": {"ja": "労働経済入門", "en": "Labour economics"},
        "keywords": {},
        "kind": "series",
    }
    mine = {key: more.pop(key, value) for key, value in of_programme.items()}
    with unit_of_work():
        programme = Programme(
            slug=slug, summary={}, purpose={}, audience={}, languages=["ja"], created_at=NOW, **mine
        )
        programme.search_key = search_key_of(programme)
        db.session.add(programme)
        db.session.flush()
        values: dict[str, Any] = {
            "slug": "first",
            "title": {"ja": "第1回"},
            "mode": "web",
            "languages": ["ja"],
            "starts_on": date(2026, 11, 2),
            "ends_on": date(2026, 11, 2),
            "state": "published",
            "created_at": NOW,
        }
        edition = Edition(programme_id=programme.id, **{**values, **more})
        db.session.add(edition)
    return edition


def slugs(actor: Actor, at: datetime = NOW, **filters: Any) -> list[str]:
    return [entry.programme.slug for entry in list_catalogue(actor, at, **filters)]


LEVELS = ("hq", "industrial", "affiliate", "branch", "outside")


def test_the_sql_of_reach_says_what_the_rule_says(cast: Cast) -> None:
    homes = {
        "hq": cast.hq, "industrial": cast.industrial_a, "affiliate": cast.affiliate_a,
        "outside": cast.partner,
    }  # fmt: skip
    with unit_of_work():
        homes["branch"] = add_organisation("BR", "branch", ("支部", "Branch"), cast.affiliate_a)
    for reach in (*REACH_LEVELS, "outside"):
        add(reach, reach=reach)
    groups = [(), *[(level,) for level in LEVELS], ("outside", "industrial")]
    for levels in groups:
        actor = Actor(organisation_ids=tuple(OrganisationId(homes[x].id) for x in levels))
        expected = {r for r in (*REACH_LEVELS, "outside") if within_reach(r, levels)}
        assert set(slugs(actor)) == expected, levels
        for reach in (*REACH_LEVELS, "outside"):
            entry = find_published_edition(reach, "first", actor)
            assert (entry is not None) == (reach in expected)


def test_staff_see_every_reach_and_an_organiser_of_one_programme_that_one(cast: Cast) -> None:
    hidden = add("hidden", reach="hq")
    add("other", reach="hq")
    assert sorted(slugs(cast.actor("organiser"))) == ["hidden", "other"]
    one = RoleGrant(Role.ORGANISER, f"programme:{hidden.programme_id}")
    assert slugs(Actor(roles=frozenset({one}))) == ["hidden"]
    assert slugs(ANONYMOUS) == []


@pytest.mark.usefixtures("app")
def test_the_catalogue_holds_what_is_published_and_not_over() -> None:
    add("soon", starts_on=date(2026, 10, 20), ends_on=date(2026, 10, 20))
    add("today", starts_on=date(2026, 10, 12), ends_on=date(2026, 10, 12))
    add("any-time", mode="on_demand", starts_on=None, ends_on=None)
    add("over", starts_on=date(2026, 10, 11), ends_on=date(2026, 10, 11))
    add("draft", state="draft")
    add("closed", state="closed")
    add("cancelled", state="cancelled")
    assert slugs(ANONYMOUS) == ["today", "soon", "any-time"]
    assert slugs(ANONYMOUS, include_past=True) == ["over", "today", "soon", "closed", "any-time"]
    assert find_published_edition("cancelled", "first") is not None
    assert find_published_edition("draft", "first") is None


@pytest.mark.usefixtures("app")
def test_search_finds_words_of_either_language_however_written() -> None:
    add("economics")
    add("law", title={"ja": "労働法", "en": "Labour law"}, keywords={"ja": ["サーバー"]})
    for text in ("経済", "econ", "ECON", "ｅｃｏｎ", "労働 経済"):
        assert slugs(ANONYMOUS, text=text) == ["economics"], text
    for text in ("さーばー", "Law", "労働法　labour"):
        assert slugs(ANONYMOUS, text=text) == ["law"], text
    for text in ("%", "_", "nothing", "経済 law"):
        assert slugs(ANONYMOUS, text=text) == [], text


@pytest.mark.usefixtures("app")
def test_filters_narrow_the_list() -> None:
    add("one", languages=["ja", "en"], mode="hybrid")
    add("two", kind="residential", reach="outside")
    assert slugs(ANONYMOUS, language="en") == ["one"]
    assert slugs(ANONYMOUS, mode="hybrid") == ["one"]
    assert slugs(ANONYMOUS, kind="residential") == ["two"]
    assert slugs(ANONYMOUS, programme_slug="two") == ["two"]
    assert slugs(ANONYMOUS, reach="affiliate") == []


def test_one_query_whatever_the_number(cast: Cast) -> None:
    statements: list[str] = []

    def count(*args: Any) -> None:
        statements.extend([args[2]] if args[2].startswith("SELECT") else [])

    actor = cast.actor("trainee")
    for number in range(30):
        add(f"course-{number}")
        if number in {0, 29}:
            statements.clear()
            event.listen(db.engine, "before_cursor_execute", count)
            assert len(list_catalogue(actor, NOW)) == number + 1
            event.remove(db.engine, "before_cursor_execute", count)
            assert len(statements) == 1


def test_the_desk_lists_what_the_actor_looks_after(cast: Cast, draft: Draft) -> None:
    mine, other = draft(), draft()
    scope = frozenset({RoleGrant(Role.ORGANISER, f"programme:{mine.programme_id}")})
    assert [e.edition.id for e in list_desk_entries(Actor(roles=scope))] == [mine.id]
    both = {e.edition.id for e in list_desk_entries(cast.actor("organiser"))}
    assert both == {mine.id, other.id}
    assert list_desk_entries(cast.actor("trainee")) == []


def test_facts_hold_what_the_tables_hold(draft: Draft) -> None:
    edition = draft()
    facts = edition_facts(get_entry(edition.id), list_parts(edition.id))
    assert (facts.starts_on, facts.part_titles) == (date(2026, 11, 2), ({"ja": "講義"},))
    assert facts.purpose == {"ja": "学ぶ"}


def test_a_lesson_is_found_by_its_address_in_its_own_edition_only(cast: Cast, draft: Draft) -> None:
    one, other = draft(), draft()
    (part,) = list_parts(one.id)
    texts = operations.LessonTexts({"en": "Wages"}, 5, {}, {"en": "text"})
    with unit_of_work():
        operations.add_lesson(part.id, texts, actor=cast.actor("organiser"), at=NOW)
    assert find_lesson_of(one.id, "wages") is not None
    assert find_lesson_of(other.id, "wages") is None
