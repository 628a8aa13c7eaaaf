"""Drafting, changing, publishing; parts and lessons."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from lms.courses import operations
from lms.courses.errors import CoursesError
from lms.courses.events import EditionDrafted
from lms.courses.models import Edition, Lesson, Part, Programme
from lms.courses.operations import EditionSettings, LessonTexts, ProgrammeTexts
from lms.courses.queries import get_edition, list_lessons, list_parts
from lms.courses.rules import Caution, MeetingPlan, Missing, PartPlan
from lms.infra import events
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId
from lms.people.queries import find_actor
from lms.records.operations import mark_lesson_read
from tests.conftest import NOW, Cast, add_person, grant
from tests.courses.conftest import Draft, edition_plan, programme_plan, wall


def settings_of(edition: Edition) -> EditionSettings:
    return EditionSettings(
        title=edition.title,
        mode=edition.mode,
        languages=tuple(edition.languages),
        starts_on=edition.starts_on,
        ends_on=edition.ends_on,
        timezone=edition.timezone,
        capacity=edition.capacity,
        apply_until_at=edition.apply_until_at,
        approval=edition.approval,
    )


def met(starts: str, ends: str) -> PartPlan:
    return PartPlan({"ja": "講義"}, MeetingPlan(wall(starts), wall(ends)))


def acts(subject: str) -> list[str]:
    return list(
        db.session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject_id == subject)
            .order_by(AuditEntry.id)
        )
    )


def scoped_organiser(programme_id: str) -> Actor:
    with unit_of_work():
        person = add_person("scoped", "限", "定")
        grant(person, Role.ORGANISER, f"programme:{programme_id}")
    found = find_actor(person.id, 0, NOW)
    assert found is not None
    return found


def test_one_act_makes_programme_edition_part_and_tells_of_the_meeting(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(events, "_handlers", {EditionDrafted: (told.append,)})
    with unit_of_work():
        edition_id = operations.draft_edition(
            edition_plan(
                parts=(
                    PartPlan(
                        {"ja": "講義"},
                        MeetingPlan(
                            wall("2026-11-02T18:30"),
                            wall("2026-11-02T20:00"),
                            web_url="https://meet.example/room",
                        ),
                    ),
                )
            ),
            programme=programme_plan(),
            actor=cast.actor("organiser"),
            at=NOW,
        )
    edition = get_edition(edition_id)
    programme = db.session.get_one(Programme, edition.programme_id)
    (part,) = list_parts(edition_id)
    assert (programme.slug, edition.slug, part.slug) == (
        "how-wages-are-set",
        "2026-11-02",
        "part-1",
    )
    assert edition.state == "draft"
    assert edition.title["en"] == "Edition 1"
    assert told == [
        EditionDrafted(
            edition_id=edition_id,
            part_id=part.id,  # type: ignore[arg-type]
            title={"ja": "講義"},
            starts_local=wall("2026-11-02T18:30"),
            ends_local=wall("2026-11-02T20:00"),
            timezone="Asia/Tokyo",
            at=NOW,
            web_url="https://meet.example/room",
            venue_name={},
            by_id=cast.actor("organiser").person_id,
        )
    ]
    assert acts(edition_id) == ["edition.drafted"]
    assert acts(programme.id) == ["programme.added"]


def test_further_editions_are_numbered_and_get_addresses_of_their_own(
    cast: Cast, draft: Draft
) -> None:
    first = draft()
    made = []
    for _ in range(2):
        with unit_of_work():
            made.append(
                operations.draft_edition(
                    edition_plan(),
                    programme=first.programme_id,
                    actor=cast.actor("organiser"),
                    at=NOW,
                )
            )
    assert [get_edition(e).slug for e in made] == ["2026-11-02-2", "2026-11-02-3"]
    assert get_edition(made[1]).title["en"] == "Edition 3"


def test_two_programmes_of_one_title_have_two_addresses(draft: Draft) -> None:
    ids = {draft().programme_id, draft().programme_id}
    slugs = set(db.session.scalars(select(Programme.slug).where(Programme.id.in_(ids))))
    assert slugs == {"how-wages-are-set", "how-wages-are-set-2"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ends_on": date(2026, 11, 1)}, "ends_on"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 100_001}, "capacity"),
        ({"timezone": "Moon/Base"}, "timezone"),
        ({"parts": ()}, "parts"),
        (
            {"parts": (met("2026-11-02T20:00", "2026-11-02T18:00"),)},
            "ends",
        ),
        (
            # Clocks in New York skip from two to three on this day.
            {
                "timezone": "America/New_York",
                "parts": (met("2027-03-14T02:30", "2027-03-14T04:00"),),
            },
            "starts",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_leaves_nothing_behind(
    cast: Cast, change: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught, unit_of_work():
        operations.draft_edition(
            edition_plan(**change),
            programme=programme_plan(),
            actor=cast.actor("organiser"),
            at=NOW,
        )
    assert caught.value.field == field
    for table in (Programme, Edition, Part, AuditEntry):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize("name", ["trainee", "coordinator", "auditor", "speaker"])
def test_only_organisers_make_courses(cast: Cast, name: str) -> None:
    with pytest.raises(NotFoundError), unit_of_work():
        operations.draft_edition(
            edition_plan(), programme=programme_plan(), actor=cast.actor(name), at=NOW
        )


def test_an_organiser_of_one_programme_looks_after_that_one_only(draft: Draft) -> None:
    own, other = draft(), draft()
    actor = scoped_organiser(own.programme_id)
    with unit_of_work():
        operations.publish_edition(own.id, actor=actor, at=NOW)
        operations.draft_edition(edition_plan(), programme=own.programme_id, actor=actor, at=NOW)
    for programme in (other.programme_id, programme_plan()):
        with pytest.raises(NotFoundError), unit_of_work():
            operations.draft_edition(edition_plan(), programme=programme, actor=actor, at=NOW)
    with pytest.raises(NotFoundError), unit_of_work():
        operations.publish_edition(other.id, actor=actor, at=NOW)
    assert get_edition(other.id).state == "draft"


def test_publishing_tells_what_is_missing(cast: Cast, draft: Draft) -> None:
    edition = draft(starts_on=None, ends_on=None, parts=(PartPlan({}),))
    with pytest.raises(CoursesError) as caught, unit_of_work():
        operations.publish_edition(edition.id, actor=cast.actor("organiser"), at=NOW)
    assert caught.value.facts["missing"] == (Missing.DATES, Missing.PART_TITLE)
    assert get_edition(edition.id).state == "draft"


def test_the_life_of_an_edition(cast: Cast, draft: Draft) -> None:
    edition, actor = draft(), cast.actor("organiser")
    steps = [
        (operations.publish_edition, "published"),
        (operations.unpublish_edition, "draft"),
        (operations.publish_edition, "published"),
        (operations.close_edition, "closed"),
        (operations.publish_edition, "published"),
        (operations.cancel_edition, "cancelled"),
    ]
    for act, state in steps:
        with unit_of_work():
            act(edition.id, actor=actor, at=NOW)
        assert get_edition(edition.id).state == state
    for act in (
        operations.publish_edition,
        operations.unpublish_edition,
        operations.close_edition,
        operations.cancel_edition,
    ):
        with pytest.raises(CoursesError, match="wrong_state"), unit_of_work():
            act(edition.id, actor=actor, at=NOW)
    assert acts(edition.id)[1:] == [
        "edition.published", "edition.unpublished", "edition.published", "edition.closed",
        "edition.published", "edition.cancelled",
    ]  # fmt: skip


def test_of_two_who_edit_at_once_the_second_is_told(cast: Cast, draft: Draft) -> None:
    edition, actor = draft(), cast.actor("organiser")
    seen = edition.version
    with unit_of_work():
        operations.update_edition(
            edition.id,
            replace(settings_of(edition), capacity=40),
            version=seen,
            actor=actor,
            at=NOW,
        )
    with pytest.raises(CoursesError, match="edited_meanwhile"), unit_of_work():
        operations.update_edition(
            edition.id,
            replace(settings_of(edition), capacity=50),
            version=seen,
            actor=cast.actor("admin"),
            at=NOW,
        )
    assert get_edition(edition.id).capacity == 40


def test_a_settings_page_opened_before_publication_does_not_undo_it(
    cast: Cast, draft: Draft
) -> None:
    edition, actor = draft(), cast.actor("organiser")
    seen = edition.version
    with unit_of_work():
        operations.publish_edition(edition.id, actor=actor, at=NOW)
    with pytest.raises(CoursesError, match="edited_meanwhile"), unit_of_work():
        operations.update_edition(
            edition.id, settings_of(edition), version=seen, actor=actor, at=NOW
        )


def test_a_deadline_after_the_end_is_saved_and_warned_of(cast: Cast, draft: Draft) -> None:
    edition = draft()
    with unit_of_work():
        cautions = operations.update_edition(
            edition.id,
            replace(settings_of(edition), apply_until_at=datetime(2026, 11, 20, tzinfo=UTC)),
            version=edition.version,
            actor=cast.actor("organiser"),
            at=NOW,
        )
    assert cautions == (Caution.DEADLINE_AFTER_END,)
    assert get_edition(edition.id).apply_until_at == datetime(2026, 11, 20, tzinfo=UTC)


def test_a_published_edition_keeps_its_dates(cast: Cast, draft: Draft) -> None:
    edition, actor = draft(), cast.actor("organiser")
    with unit_of_work():
        operations.publish_edition(edition.id, actor=actor, at=NOW)
    with pytest.raises(InvalidInputError), unit_of_work():
        operations.update_edition(
            edition.id,
            replace(settings_of(get_edition(edition.id)), starts_on=None, ends_on=None),
            version=get_edition(edition.id).version,
            actor=actor,
            at=NOW,
        )


def test_a_programme_is_found_by_its_new_words_and_its_keywords(cast: Cast, draft: Draft) -> None:
    programme = db.session.get_one(Programme, draft().programme_id)
    with unit_of_work():
        programme.keywords = {"ja": ["春闘"]}
    texts = ProgrammeTexts(
        title={"ja": "物価と賃金", "en": "Prices and pay"},
        summary={},
        purpose={"ja": "学ぶ"},
        audience={"ja": "組合員"},
        reach="affiliate",
        languages=("ja",),
    )
    with unit_of_work():
        operations.update_programme(
            programme.id, texts, version=1, actor=cast.actor("organiser"), at=NOW
        )
    changed = db.session.get_one(Programme, programme.id)
    assert (changed.reach, changed.slug) == ("affiliate", "how-wages-are-set")
    for word in ("物価", "prices", "春闘"):
        assert word in changed.search_key
    with pytest.raises(CoursesError, match="edited_meanwhile"), unit_of_work():
        operations.update_programme(
            programme.id, texts, version=1, actor=cast.actor("organiser"), at=NOW
        )
    with pytest.raises(InvalidInputError, match="itself"), unit_of_work():
        operations.update_programme(
            programme.id,
            replace(texts, leads_to_id=programme.id),
            version=2,
            actor=cast.actor("organiser"),
            at=NOW,
        )


def test_parts_are_added_renamed_moved_and_removed(cast: Cast, draft: Draft) -> None:
    edition, actor = draft(), cast.actor("organiser")
    with unit_of_work():
        second = operations.add_part(edition.id, {"ja": "質疑"}, actor=actor, at=NOW)
        third = operations.add_part(edition.id, {"ja": "懇談"}, actor=actor, at=NOW)
    with unit_of_work():
        operations.move_part(third, up=True, actor=actor, at=NOW)
        operations.update_part(second, {"ja": "質問"}, {}, version=1, actor=actor, at=NOW)
    assert [p.title["ja"] for p in list_parts(edition.id)] == ["講義", "懇談", "質問"]
    with pytest.raises(CoursesError, match="edited_meanwhile"), unit_of_work():
        operations.update_part(second, {"ja": "他"}, {}, version=1, actor=actor, at=NOW)
    with unit_of_work():
        operations.remove_part(second, actor=actor, at=NOW)
    assert [p.title["ja"] for p in list_parts(edition.id)] == ["講義", "懇談"]


def lesson_texts(title: str = "Wages", body: str = "## Wages") -> LessonTexts:
    return LessonTexts(title={"en": title}, minutes=10, objectives={}, body={"en": body})


def test_a_part_that_something_belongs_to_stays(cast: Cast, draft: Draft) -> None:
    edition, actor = draft(), cast.actor("organiser")
    (part,) = list_parts(edition.id)
    with unit_of_work():
        operations.add_part(edition.id, {"ja": "質疑"}, actor=actor, at=NOW)
        operations.add_lesson(part.id, lesson_texts(), actor=actor, at=NOW)
    with pytest.raises(CoursesError, match="part_in_use"), unit_of_work():
        operations.remove_part(part.id, actor=actor, at=NOW)
    assert len(list_parts(edition.id)) == 2


def test_a_lesson_is_written_changed_and_kept_once_read(cast: Cast, draft: Draft) -> None:
    edition, actor = draft(), cast.actor("organiser")
    (part,) = list_parts(edition.id)
    with unit_of_work():
        one = operations.add_lesson(part.id, lesson_texts(), actor=actor, at=NOW)
        other = operations.add_lesson(part.id, lesson_texts(), actor=actor, at=NOW)
    assert [lesson.slug for lesson in list_lessons(edition.id)] == ["wages", "wages-2"]
    with unit_of_work():
        operations.update_lesson(
            one, lesson_texts(body="## Changed"), version=1, actor=actor, at=NOW
        )
        operations.move_lesson(other, up=True, actor=actor, at=NOW)
    assert [lesson.id for lesson in list_lessons(edition.id)] == [other, one]
    assert db.session.get_one(Lesson, one).body == {"en": "## Changed"}
    with pytest.raises(CoursesError, match="edited_meanwhile"), unit_of_work():
        operations.update_lesson(one, lesson_texts(), version=1, actor=actor, at=NOW)
    with unit_of_work():
        operations.remove_lesson(other, actor=actor, at=NOW)
    assert [lesson.id for lesson in list_lessons(edition.id)] == [one]


def test_a_lesson_that_was_read_is_kept(cast: Cast, draft: Draft) -> None:
    edition, actor = draft(), cast.actor("organiser")
    (part,) = list_parts(edition.id)
    with unit_of_work():
        lesson_id = operations.add_lesson(part.id, lesson_texts(), actor=actor, at=NOW)
        mark_lesson_read(cast.actor("trainee"), lesson_id, EditionId(edition.id), at=NOW)
    with pytest.raises(CoursesError, match="lesson_in_use"), unit_of_work():
        operations.remove_lesson(lesson_id, actor=actor, at=NOW)
    assert len(list_lessons(edition.id)) == 1
