"""A planned timetable: checked, loaded with its edition, laid out in one act."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.world import counted
from lms.config import ROOT
from lms.courses.models import Edition, EditionState
from lms.infra.db import db, unit_of_work
from lms.kernel.errors import NotFoundError
from lms.people.models import Person
from lms.sessions.errors import GroupRefusedError
from lms.sessions.models import LiveSession, PlannedSession, SeminarGroup, SessionGroup
from lms.sessions.operations import cancel_live_session
from lms.sessions.operations.cloning import clone_edition
from lms.sessions.operations.groups import Placing, place_people, remove_group
from lms.sessions.operations.laying_out import LayoutPlan, lay_out, plan_layout
from lms.sessions.queries.groups import list_groups
from lms.whole.content.check import check_content
from lms.whole.content.load import load_content
from lms.whole.content.rows import LoadReport
from tests.conftest import NOW, Cast
from tests.sessions.conftest import World, add_edition
from tests.whole.content import spoil, write_content

P = "programme.yaml"
SignIn = Callable[[Person], FlaskClient]
Load = Callable[[], LoadReport]

PLAN = """\
    groups:
      - {slug: red, title: {ja: 赤, en: Red}, theme: {ja: 賃金, en: Wages}}
      - {slug: blue, title: {ja: 青, en: Blue}, theme: {ja: 雇用, en: Jobs}}
    timetable:
      - {day: 1, from: "09:00", to: "10:30", title: {ja: 開校式, en: Opening}, part: part-1,
         room: {ja: 大教室, en: Hall}, where: venue}
      - {day: 1, from: 10:30, to: "12:00", title: {ja: ゼミ, en: Seminar},
         groups: [red], where: venue}
      - {day: 1, from: "10:30", to: "12:00", title: {ja: ゼミ, en: Seminar},
         groups: [blue], where: both}
      - {day: 3, from: "09:00", to: "10:00", title: {ja: Web講演, en: Web lecture},
         part: part-2, where: web}
    completion:
"""


@pytest.fixture(autouse=True)
def _stand_still() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_content(tmp_path / "content")
    spoil(made, P, "    completion:\n", PLAN)
    return made


ONE_FAULT = [
    ("day: 3", "day: 0", "must be 1 to 366"),
    ("day: 3", "day: soon", "must be a whole number"),
    ('from: "09:00", to: "10:00"', 'from: "09:00", to: "09:00"', "'to' must be after 'from'"),
    ('from: "09:00", to: "10:00"', 'from: "9", to: "10:00"', "written HH:MM"),
    ('from: "09:00", to: "10:00"', 'from: "09:00", to: "24:00"', "written HH:MM"),
    ("part: part-2, where: web", "part: part-9, where: web", "no part 'part-9'"),
    ("groups: [blue]", "groups: [green]", "no group 'green'"),
    ("groups: [blue]", "groups: [blue, blue]", "names the group 'blue' twice"),
    ("groups: [blue]", "groups: [red]", "held at the same time as entry 2"),
    ("groups: [blue]", "groups: [blue, red]", "held at the same time as entry 2"),
    ("groups: [blue], where", "where", "held at the same time as entry 2"),
    ("day: 3, from", "day: 1, from", "held at the same time as entry 1"),
    ("slug: blue", "slug: red", "Another group has the slug"),
    ("where: web", "where: moon", "must be one of"),
    ("where: web", "where: web, room: {ja: 部屋}", "no English text"),
    ("where: web", "where: web, colour: red", "unknown key"),
    ("theme: {ja: 雇用, en: Jobs}", "theme: {ja: 雇用, en: ''}", "is empty"),
]


@pytest.mark.parametrize(("sound", "spoilt", "sentence"), ONE_FAULT)
def test_each_fault_is_named(folder: Path, sound: str, spoilt: str, sentence: str) -> None:
    assert check_content(folder).faults == ()
    spoil(folder, P, sound, spoilt)
    found = [str(fault) for fault in check_content(folder).faults]
    assert any(sentence in fault for fault in found), found


def test_the_leadership_course_plans_four_meetings_of_each_group() -> None:
    checked = check_content(ROOT / "content")
    course = next(one for one in checked.programmes if one.slug == "labour-leadership-course")
    (edition,) = course.editions
    assert len(edition.groups) == 4
    meetings = [entry for entry in edition.timetable if entry.groups]
    for group in edition.groups:
        assert sum(group.slug in entry.groups for entry in meetings) == 4


# --- loading ------------------------------------------------------------------------------------


@pytest.fixture
def load(app: Flask, folder: Path) -> Load:
    del app

    def loading() -> LoadReport:
        checked = check_content(folder)
        assert checked.faults == ()
        with unit_of_work():
            return load_content(checked.programmes, checked.terms, at=NOW)

    return loading


def edition_id() -> str:
    return db.session.scalars(select(Edition.id)).one()


def planned() -> list[PlannedSession]:
    rows = db.session.scalars(select(PlannedSession))
    return sorted(rows, key=lambda row: (row.day, row.starts, row.groups))


def test_groups_and_plan_are_stored_with_the_edition_and_loading_again_changes_nothing(
    load: Load,
) -> None:
    first = load()
    assert sum("/groups/" in key for key in first.created) == 2
    assert sum("/timetable/" in key for key in first.created) == 4
    assert [(one.slug, one.theme["en"]) for one in list_groups(edition_id())] == [
        ("red", "Wages"),
        ("blue", "Jobs"),
    ]
    assert [(row.day, row.starts, row.place) for row in planned()][:1] == [(1, "09:00", "venue")]
    again = load()
    assert (again.created, again.updated, again.removed) == ([], [], [])


def test_another_time_changes_the_plan_in_place(load: Load, folder: Path) -> None:
    load()
    before = {row.id for row in planned()}
    spoil(folder, P, 'from: "09:00", to: "10:00"', 'from: "14:00", to: "15:00"')
    report = load()
    assert len(report.updated) == 1
    assert {row.id for row in planned()} == before
    assert planned()[-1].starts == "14:00"


def test_what_a_file_no_longer_names_goes_unless_people_use_it(load: Load, folder: Path) -> None:
    load()
    text = (folder / "evening-course" / P).read_text(encoding="utf-8")
    start, end = text.index("    groups:\n"), text.index("    completion:\n")
    (folder / "evening-course" / P).write_text(text[:start] + text[end:], encoding="utf-8")
    report = load()
    assert sum("/timetable/" in key for key in report.removed) == 4
    assert sum("/groups/" in key for key in report.removed) == 2
    assert planned() == []


# --- laying out ---------------------------------------------------------------------------------


FIRST = date(2026, 11, 2)  # a Monday; the Tuesday after it is a holiday in Japan
LAYOUT = LayoutPlan(
    FIRST,
    skipped=(date(2026, 11, 3),),
    venue_name={"ja": "研修所", "en": "Training centre"},
    web_url="https://meet.example/j/1",
)


def sessions() -> list[LiveSession]:
    return list(
        db.session.scalars(select(LiveSession).order_by(LiveSession.starts_at, LiveSession.id))
    )


def test_all_sessions_are_made_in_one_act_and_only_what_is_missing_later(
    load: Load, cast: Cast
) -> None:
    load()
    organiser, key = cast.actor("organiser"), edition_id()
    with unit_of_work():
        assert len(lay_out(organiser, key, LAYOUT, at=NOW)) == 4
    rows = sessions()
    assert [row.starts_local.date() for row in rows] == [FIRST, FIRST, FIRST, date(2026, 11, 5)]
    assert [(bool(row.venue_name), bool(row.web_url)) for row in rows].count((True, True)) == 1
    assert (rows[0].room, rows[0].venue_name["en"]) == (
        {"ja": "大教室", "en": "Hall"},
        "Training centre",
    )
    assert (rows[-1].venue_name, rows[-1].web_url) == ({}, LAYOUT.web_url)
    assert len(db.session.scalars(select(SessionGroup.group_id)).all()) == 2
    with unit_of_work(), pytest.raises(GroupRefusedError) as refused:
        lay_out(organiser, key, LAYOUT, at=NOW)
    assert refused.value.code == "plan_empty"
    db.session.rollback()
    # What was cancelled since was cancelled on purpose; what the file adds is missing.
    with unit_of_work():
        cancel_live_session(organiser, rows[0].id, at=NOW)
    load()
    assert plan_layout(organiser, key, LAYOUT).sessions == ()


def test_an_entry_that_the_file_adds_is_laid_out_alone(
    load: Load, folder: Path, cast: Cast
) -> None:
    load()
    organiser, key = cast.actor("organiser"), edition_id()
    with unit_of_work():
        lay_out(organiser, key, LAYOUT, at=NOW)
    spoil(
        folder, P, "    completion:\n",
        '      - {day: 2, from: "09:00", to: "10:00", title: {ja: 追加, en: More}, where: venue}\n'
        "    completion:\n",
    )  # fmt: skip
    load()
    (plan,) = plan_layout(organiser, key, LAYOUT).plans
    assert plan.title["en"] == "More"
    assert plan.starts_local == datetime(2026, 11, 4, 9)  # noqa: DTZ001 - wall time


def test_entries_of_a_group_that_was_taken_away_are_left_out_and_named(
    load: Load, cast: Cast
) -> None:
    load()
    organiser, key = cast.actor("organiser"), edition_id()
    red = next(one for one in list_groups(key) if one.slug == "red")
    with unit_of_work():
        remove_group(organiser, key, red.id, at=NOW)
    layout = plan_layout(organiser, key, LAYOUT)
    assert len(layout.sessions) == 3
    assert layout.lost == ({"ja": "ゼミ", "en": "Seminar"},)


def test_running_again_takes_the_plan_along(load: Load, cast: Cast) -> None:
    load()
    organiser, key = cast.actor("organiser"), edition_id()
    with unit_of_work():
        lay_out(organiser, key, LAYOUT, at=NOW)
        new_id = clone_edition(organiser, key, {"ja": "次回"}, shift=timedelta(days=364), at=NOW)
    assert plan_layout(organiser, new_id, LAYOUT).sessions == ()
    groups = {row.id: row.edition_id for row in db.session.scalars(select(SeminarGroup))}
    for row in db.session.scalars(select(SessionGroup)):
        session = db.session.get_one(LiveSession, row.live_session_id)
        assert session.edition_id == groups[row.group_id]


@pytest.mark.parametrize("name", ["trainee", "coordinator", "speaker", "auditor"])
def test_nobody_but_organisers_lays_out(load: Load, cast: Cast, name: str) -> None:
    load()
    with pytest.raises(NotFoundError):
        lay_out(cast.actor(name), edition_id(), LAYOUT, at=NOW)


# --- in the browser -----------------------------------------------------------------------------


def text(answer: object) -> str:
    return unescape(answer.get_data(as_text=True))  # type: ignore[attr-defined]


def test_the_preview_shows_days_and_holidays_and_saves_what_it_showed(
    load: Load, cast: Cast, sign_in: SignIn
) -> None:
    load()
    client = sign_in(cast.organiser)
    base = f"/desk/editions/{edition_id()}/timetable"
    assert 'data-testid="planned"' in text(client.get(base))
    data = {"first_day": "2026-11-03", "skipped": "", "venue": "", "web_url": ""}
    page = client.post(f"{base}/lay-out", data=data)
    assert page.status_code == 200
    assert "文化の日" in text(page)
    mark = text(page).split('name="anyway" value="')[1].split('"')[0]
    other = {**data, "first_day": "2026-11-02", "anyway": mark}
    assert client.post(f"{base}/lay-out", data=other).status_code == 200  # shown, not saved
    assert sessions() == []
    assert client.post(f"{base}/lay-out", data={**data, "anyway": mark}).status_code == 303
    assert len(sessions()) == 4
    assert 'data-testid="planned"' not in text(client.get(base))
    assert 'data-testid="layout-form"' not in text(client.get(f"{base}/lay-out"))


def test_groups_that_meet_side_by_side_clash_in_no_preview(
    load: Load, cast: Cast, sign_in: SignIn
) -> None:
    load()
    organiser, key = cast.actor("organiser"), edition_id()
    red, blue = list_groups(key)
    programme, edition = add_edition("elsewhere", "published", NOW)
    there = World(cast, programme, edition, NOW)
    here = replace(there, edition=db.session.get_one(Edition, key))
    for person, group in ((cast.trainee, red), (cast.other_trainee, blue)):
        here.enrol(person)
        with unit_of_work():
            place_people(organiser, key, [Placing(person.id, group.id, None)], at=NOW)
    there.enrol(cast.other_trainee)
    there.add(
        starts_local=datetime(2026, 11, 2, 10, 30),  # noqa: DTZ001 - wall time
        ends_local=datetime(2026, 11, 2, 12, 0),  # noqa: DTZ001
    )
    client = sign_in(cast.organiser)
    base = f"/desk/editions/{key}"

    def notes(address: str, **data: Any) -> list[str]:
        page = client.post(f"{base}/{address}", data=data)
        assert page.status_code == 200
        found = text(page).split('data-testid="line-note">')[1:]
        return [note.split("</div>")[0] for note in found]

    # The planned timetable: who is in the blue group is needed twice, and nobody else.
    first = {"first_day": "2026-11-02", "skipped": "", "venue": "", "web_url": ""}
    (note,) = notes("timetable/lay-out", **first)
    assert "1名" in note
    with unit_of_work():
        lay_out(organiser, key, replace(LAYOUT, first_day=date(2026, 11, 16), skipped=()), at=NOW)
    # Run again on that day, nobody is in the new edition yet.
    assert notes("again", first_day="2026-11-02", title_ja="次回", title_en="Next") == []
    # A series for the red group beside the blue one; its own meeting there is called off.
    red_meets = db.session.scalars(
        select(SessionGroup.live_session_id).where(SessionGroup.group_id == red.id)
    ).one()
    with unit_of_work():
        cancel_live_session(organiser, red_meets, at=NOW)
    fields = {
        "title_ja": "ゼミ", "title_en": "Seminar", "day": "2026-11-16", "starts": "10:30",
        "ends": "12:00", "timezone": "Asia/Tokyo", "join_opens_minutes": "15",
        "grace_minutes": "15", "pattern": "weekly", "count": "1", "weekdays": ["0"],
    }  # fmt: skip
    assert notes("sessions/series", **fields, groups=[red.id]) == []
    assert len(notes("sessions/series", **fields, groups=[blue.id])) == 1
    assert len(notes("sessions/series", **fields)) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"first_day": ""},
        {"first_day": "1999-01-01"},
        {"first_day": "2026-02-30"},
        {"skipped": "tomorrow"},
        {"skipped": "\n".join(f"2026-{n % 9 + 1:02}-{n // 9 + 1:02}" for n in range(120))},
        {"venue": "no-such-venue"},
        {"web_url": "javascript:alert(1)"},
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence_and_nothing_is_made(
    load: Load, cast: Cast, sign_in: SignIn, bad: dict[str, str]
) -> None:
    load()
    data = {"first_day": "2026-11-02", "skipped": "", "venue": "", "web_url": "", **bad}
    answer = sign_in(cast.organiser).post(
        f"/desk/editions/{edition_id()}/timetable/lay-out", data=data
    )
    assert answer.status_code == 422
    assert sessions() == []


def test_the_timetable_of_two_weeks_stays_within_its_budget(
    load: Load, cast: Cast, sign_in: SignIn
) -> None:
    load()
    key = edition_id()
    with unit_of_work():
        for day in range(1, 11):
            for hour in (9, 11, 13):
                for group in ("red", "blue"):
                    db.session.add(
                        PlannedSession(
                            edition_id=key, day=day + 10, starts=f"{hour:02}:00",
                            ends=f"{hour + 1:02}:30", title={"ja": f"{day}-{hour}"},
                            groups=[group], place="venue",
                        )
                    )  # fmt: skip
    organiser = cast.actor("organiser")
    with unit_of_work():
        assert len(lay_out(organiser, key, replace(LAYOUT, skipped=()), at=NOW)) == 64
        db.session.get_one(Edition, key).state = EditionState.PUBLISHED.value
    client = sign_in(cast.organiser)
    for address in (
        f"/desk/editions/{key}/timetable",
        "/courses/evening-course/first/timetable",
    ):
        client.get(address)
        with counted() as sent:
            page = client.get(address)
        assert page.status_code == 200
        assert len(sent) <= 8
        assert text(page).count('data-testid="side-by-side"') == 31
