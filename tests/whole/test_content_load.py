"""Loading content: in place, repeatable, and never over what was edited in the browser."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from lms.command import main
from lms.completion.models import CompletionRule, Requirement
from lms.config import ROOT, Settings
from lms.courses.events import EditionChanged
from lms.courses.models import Edition, Lesson, Part, Programme
from lms.courses.queries import list_catalogue
from lms.enrolment.models import Enrolment
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.events import set_handlers
from lms.kernel.actor import ANONYMOUS
from lms.people.models import Person
from lms.records.models import LessonReading
from lms.whole.content.check import check_content
from lms.whole.content.load import load_content
from lms.whole.content.rows import LoadReport
from tests.conftest import Cast
from tests.whole.content import spoil, write_content

P, EN, JA = "programme.yaml", "lessons/wages.en.md", "lessons/wages.ja.md"
KEYS = [
    "evening-course",
    "evening-course/first",
    "evening-course/first/part-1",
    "evening-course/first/part-2",
    "evening-course/first/lessons/wages",
    "evening-course/first/completion/rule",
    "evening-course/first/completion/attend-part-1",
    "evening-course/first/completion/watch-part-2",
]

Load = Callable[..., LoadReport]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_content(tmp_path / "content")


@pytest.fixture
def load(app: Flask, folder: Path, now: datetime) -> Load:  # noqa: ARG001 - a database
    def loading(*, overwrite: bool = False, at: datetime = now) -> LoadReport:
        checked = check_content(folder)
        assert checked.faults == ()
        with unit_of_work():
            return load_content(checked.programmes, at=at, overwrite=overwrite)

    return loading


def _one(model: type, **where: object):  # type: ignore[no-untyped-def] # whichever table
    return db.session.scalars(select(model).filter_by(**where)).one()


def test_everything_is_created_once(load: Load) -> None:
    report = load()
    assert report == LoadReport(created=KEYS)
    programme, edition = _one(Programme), _one(Edition)
    assert programme.title == {"ja": "夜間講座", "en": "Evening course"}
    assert programme.keywords == {"ja": ["夜間", "経済"], "en": ["evening"]}
    assert (edition.state, edition.capacity, edition.starts_on) == ("draft", 20, None)
    assert edition.languages == ["ja", "en"]
    parts = list(db.session.scalars(select(Part).order_by(Part.position)))
    assert [(part.slug, part.position) for part in parts] == [("part-1", 1), ("part-2", 2)]
    lesson = _one(Lesson)
    assert lesson.part_id == parts[0].id
    assert lesson.title == {"ja": "賃金", "en": "Wages"}
    assert lesson.body["ja"].startswith("## やさしい言葉で\n")
    assert lesson.sources["ja"] == [{"title": "統計", "publisher": "役所", "year": "2024"}]
    assert lesson.glossary["ja"][0]["reading"] == "きほんきゅう"
    rule = _one(CompletionRule)
    assert (rule.combine, rule.needed) == ("at_least", 1)
    requirements = db.session.scalars(select(Requirement).order_by(Requirement.position))
    assert [one.routes for one in requirements] == [
        [{"kind": "attend", "part_id": parts[0].id}, {"kind": "read", "lesson_id": lesson.id}],
        [{"kind": "watch", "part_id": parts[1].id, "permille": 800}],
    ]


def test_a_second_load_changes_nothing(load: Load, now: datetime) -> None:
    load()
    before = _one(Programme).version
    assert load(at=now + timedelta(days=1)) == LoadReport(unchanged=KEYS)
    assert _one(Programme).version == before
    assert len(list(db.session.scalars(select(AuditEntry)))) == 1


@pytest.mark.usefixtures("app")
def test_the_product_s_own_content_loads_twice(now: datetime) -> None:
    checked = check_content(ROOT / "content")
    with unit_of_work():
        first = load_content(checked.programmes, at=now)
    with unit_of_work():
        second = load_content(checked.programmes, at=now)
    assert first.created
    assert second == LoadReport(unchanged=first.created)
    economics = _one(Programme, slug="labour-economics")
    assert _one(Programme, slug="labour-leadership-course").id == economics.leads_to_id


def test_a_word_of_the_keywords_finds_the_course(load: Load, now: datetime) -> None:
    load()
    with unit_of_work():
        edition = _one(Edition)
        edition.state, edition.published_at = "published", now
    assert [e.edition.id for e in list_catalogue(ANONYMOUS, now, text="経済")] == [edition.id]
    assert list_catalogue(ANONYMOUS, now, text="法律") == []


def test_an_edit_in_a_file_changes_the_row_in_place(
    load: Load, folder: Path, cast: Cast, now: datetime
) -> None:
    load()
    lesson, edition = _one(Lesson), _one(Edition)
    with unit_of_work():
        db.session.add(LessonReading(person_id=cast.trainee.id, lesson_id=lesson.id, read_at=now))
        db.session.add(_enrolment(cast.trainee, edition, now))
    spoil(folder, EN, "title: Wages", "title: Wages today")
    spoil(folder, P, "capacity: 20", "capacity: 30")
    report = load()
    assert report.updated == ["evening-course/first", "evening-course/first/lessons/wages"]
    assert (report.created, report.kept, report.removed, report.left) == ([], [], [], [])
    assert _one(Lesson).id == lesson.id
    assert _one(Lesson).title["en"] == "Wages today"
    assert _one(Lesson).version == 2
    assert _one(Edition).capacity == 30
    assert _one(LessonReading).person_id == cast.trainee.id
    assert _one(Enrolment).edition_id == edition.id


def _enrolment(person: Person, edition: Edition, at: datetime) -> Enrolment:
    return Enrolment(
        person_id=person.id,
        edition_id=edition.id,
        state="enrolled",
        seat=1,
        applied_at=at,
        changed_at=at,
    )


def test_a_lesson_that_moves_to_another_part_keeps_its_readers(
    load: Load, folder: Path, cast: Cast, now: datetime
) -> None:
    load()
    with unit_of_work():
        reading = LessonReading(person_id=cast.trainee.id, lesson_id=_one(Lesson).id, read_at=now)
        db.session.add(reading)
    spoil(folder, P, "lessons: [wages]", "lessons: [x]")
    spoil(folder, P, "lessons: []", "lessons: [wages]")
    spoil(folder, P, "lessons: [x]", "lessons: []")
    assert load().updated == ["evening-course/first/lessons/wages"]
    assert _one(Lesson).part_id == _one(Part, slug="part-2").id
    assert _one(LessonReading).lesson_id == _one(Lesson).id


def test_what_was_edited_in_the_browser_is_kept_and_listed(load: Load, folder: Path) -> None:
    load()
    with unit_of_work():
        _one(Lesson).title = {"ja": "賃金", "en": "Edited here"}
    spoil(folder, EN, "title: Wages", "title: Wages today")
    spoil(folder, P, "en: Part 1}", "en: The first part}")
    report = load()
    assert report.kept == ["evening-course/first/lessons/wages"]
    assert report.updated == ["evening-course/first/part-1"]
    assert _one(Lesson).title["en"] == "Edited here"
    # It stays so, however often one loads, until one says otherwise.
    assert load().kept == ["evening-course/first/lessons/wages"]
    assert load(overwrite=True).updated == ["evening-course/first/lessons/wages"]
    assert _one(Lesson).title["en"] == "Wages today"
    assert load() == LoadReport(unchanged=KEYS)


def test_an_edit_is_kept_though_the_file_is_as_it_was(load: Load) -> None:
    load()
    with unit_of_work():
        _one(Part, slug="part-1").summary = {"ja": "別の文", "en": "Another text"}
    assert load().kept == ["evening-course/first/part-1"]


def test_dates_and_state_that_files_do_not_name_belong_to_the_browser(
    load: Load, folder: Path, now: datetime
) -> None:
    load()
    with unit_of_work():
        edition = _one(Edition)
        edition.state, edition.starts_on, edition.ends_on = "published", now.date(), now.date()
    assert load() == LoadReport(unchanged=KEYS)
    spoil(folder, P, "en: First}", "en: First term}")
    assert load().updated == ["evening-course/first"]
    edition = _one(Edition)
    assert (edition.state, edition.starts_on) == ("published", now.date())
    assert edition.title["en"] == "First term"


def test_a_deadline_is_wall_time_in_the_edition_s_zone(load: Load, folder: Path) -> None:
    spoil(
        folder, P, "capacity: 20",
        "starts_on: 2026-11-01\n    ends_on: 2026-11-02\n    apply_until: 2026-10-20 18:00",
    )  # fmt: skip
    load()
    until = _one(Edition).apply_until_at
    assert until.isoformat() == "2026-10-20T09:00:00+00:00"
    assert _one(Edition).capacity is None
    with unit_of_work():
        _one(Edition).starts_on = None
    assert load().kept == ["evening-course/first"]


def test_a_row_removed_in_the_browser_stays_removed(load: Load) -> None:
    load()
    with unit_of_work():
        for requirement in db.session.scalars(select(Requirement)):
            db.session.delete(requirement)
        db.session.delete(_one(Lesson))
    assert load().kept == [KEYS[4], KEYS[6], KEYS[7]]
    assert db.session.scalar(select(Lesson)) is None
    assert load(overwrite=True).created == [KEYS[4], KEYS[6], KEYS[7]]


def test_a_programme_made_in_the_browser_is_not_taken_over(load: Load, now: datetime) -> None:
    with unit_of_work():
        db.session.add(
            Programme(
                slug="evening-course", kind="series", title={"ja": "別物"}, summary={},
                purpose={}, audience={}, languages=["ja"], keywords={}, created_at=now,
            )
        )  # fmt: skip
    assert load().kept == ["evening-course"]
    assert _one(Programme).title == {"ja": "別物"}
    assert load(overwrite=True).updated == ["evening-course"]


def test_what_files_no_longer_name_goes_if_nobody_used_it(
    load: Load, folder: Path, cast: Cast, now: datetime
) -> None:
    load()
    lesson = _one(Lesson)
    with unit_of_work():
        db.session.add(LessonReading(person_id=cast.trainee.id, lesson_id=lesson.id, read_at=now))
    text = (folder / "evening-course" / P).read_text(encoding="utf-8")
    start, end = text.index("      - slug: part-2"), text.index("    completion:")
    text = text[:start] + text[end:]
    text = text[: text.index("        - title: {ja: 第2回")]
    text = text.replace("lessons: [wages]", "lessons: []")
    text = text.replace("            - {kind: read, lesson: wages}\n", "")
    (folder / "evening-course" / P).write_text(text, encoding="utf-8")
    for language in ("en", "ja"):
        (folder / "evening-course" / "lessons" / f"wages.{language}.md").unlink()
        (folder / "evening-course" / "slides" / f"wages.{language}.yaml").unlink()
    report = load()
    assert report.removed == [KEYS[7], KEYS[3]]
    assert report.left == [KEYS[4]]
    assert _one(Lesson).id == lesson.id
    assert [part.slug for part in db.session.scalars(select(Part))] == ["part-1"]


def test_a_programme_that_files_no_longer_name_stays_whole(load: Load, now: datetime) -> None:
    load()
    with unit_of_work():
        report = load_content((), at=now)
    assert sorted(report.left) == sorted(KEYS)
    assert report.removed == []
    assert _one(Lesson)


@pytest.mark.usefixtures("app")
def test_other_features_hear_that_an_edition_changed(
    load: Load, folder: Path, request: pytest.FixtureRequest
) -> None:
    from lms.infra import events  # noqa: PLC0415

    handlers = dict(events._handlers)
    request.addfinalizer(lambda: set_handlers(handlers))
    heard: list[str] = []
    set_handlers({EditionChanged: (lambda event: heard.append(event.edition_id),)})
    load()
    assert heard == []
    spoil(folder, P, "capacity: 20", "capacity: 30")
    load()
    assert heard == [_one(Edition).id]
    spoil(folder, P, "percent: 80", "percent: 90")
    load()
    assert heard == [_one(Edition).id] * 2
    spoil(folder, EN, "title: Wages", "title: Wages today")
    load()
    assert len(heard) == 2


def test_a_share_of_the_sessions_is_loaded_and_taken_away(folder: Path, load: Load) -> None:
    load()
    route = {"kind": "attend", "part_id": _one(Part, slug="part-1").id}
    spoil(folder, P, "attend, part: part-1}", "attend, part: part-1, percent: 33}")
    load()
    assert _one(Requirement, position=1).routes[0] == {**route, "permille": 330}
    spoil(folder, P, "part-1, percent: 33}", "part-1}")
    load()
    assert _one(Requirement, position=1).routes[0] == route


def _command(settings: Settings, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setenv("TOMONI_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("TOMONI_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("TOMONI_VAR", str(settings.var_dir))
    return CliRunner().invoke(main, list(words))


@pytest.mark.usefixtures("app")
def test_the_command_loads_and_says_what_it_did(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _command(settings, monkeypatch, "content", "load", str(folder))
    assert (result.exit_code, result.output) == (
        0, "8 created, 0 updated, 0 unchanged, 0 kept, 0 removed, 0 left.\n",
    )  # fmt: skip
    with unit_of_work():
        _one(Lesson).title = {"ja": "x", "en": "x"}
    result = _command(settings, monkeypatch, "content", "load", str(folder))
    assert result.output.splitlines() == [
        "0 created, 0 updated, 7 unchanged, 1 kept, 0 removed, 0 left.",
        f"kept as edited in the browser (--overwrite replaces it): {KEYS[4]}",
    ]
    result = _command(settings, monkeypatch, "content", "load", str(folder), "--overwrite")
    assert f"updated: {KEYS[4]}" in result.output


@pytest.mark.usefixtures("app")
def test_with_a_fault_the_command_writes_nothing(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = spoil(folder, EN, "minutes: 10", "minutes: ten")
    result = _command(settings, monkeypatch, "content", "load", str(folder))
    assert result.exit_code == 1
    path = folder / "evening-course" / EN
    assert result.output == f"{path}:{line}: 'minutes' must be a whole number.\n"
    assert db.session.scalar(select(Programme)) is None


@pytest.mark.usefixtures("app")
def test_a_database_without_tables_is_refused_in_a_sentence(
    settings: Settings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOMONI_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("TOMONI_VAR", str(tmp_path / "var"))
    result = CliRunner().invoke(main, ["content", "load", str(folder)])
    assert result.exit_code == 1
    assert "lms database upgrade" in result.stderr
