"""Parts that belong to others: marked, judged, hidden, cut; and the marker's page."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.world import counted
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import InvalidInputError, NotFoundError, TomoniError
from lms.people.queries import find_actor
from lms.recordings.models import MediaCopy, Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Agreement, RightsFacts, Segment
from lms.rights.operations import (
    SegmentDetails,
    change_segment,
    clear_segment,
    confirm_ranges,
    confirm_removed,
    delete_segment,
    lift_takedown,
    link_agreement,
    mark_segment,
    request_cut_copy,
    rewrite_facts,
    split_segment,
    take_down,
    unlink_agreement,
    withdraw_agreement,
)
from lms.rights.queries import open_takedowns, recording_case
from lms.rights.queries.segments import list_segments, wanted_cuts
from lms.rights.rules import Code, Decision
from lms.rights.rules.segments import (
    Column,
    column_of,
    read_clock,
    read_pages,
    write_clock,
    write_pages,
)
from tests.conftest import NOW, Cast, add_person, grant
from tests.rights.conftest import Course, Desk, granted

Ask = Callable[..., Decision]
SignIn = Callable[[Any], FlaskClient]

EXEMPT: dict[str, Any] = {"way": "exempt", "basis": "quotation"}


def mark(desk: Desk, a: int = 10_000, b: int = 20_000, **more: Any) -> Segment:
    recording_id = more.pop("recording_id", desk.course.recording_id)
    with unit_of_work():
        return mark_segment(desk.actor, recording_id, SegmentDetails(a, b, **more), NOW)


def song(desk: Desk, **more: Any) -> Agreement:
    """A signed agreement about a part alone."""
    agreement = desk.agree(kind="music", holder_name="歌詞 守", **more)
    with unit_of_work():
        db.session.get_one(Agreement, agreement.id).scope = "segment"
        rewrite_facts(agreement.recording_id, NOW)
    return agreement


@pytest.fixture
def shown(desk: Desk) -> Desk:
    desk.agree(grants=(granted("outside", ("play", "download")),))
    desk.publish(actions=("play", "download"))
    return desk


# ------------------------------------------------------------------------- what is shown to whom


def test_what_is_marked_is_hidden_until_it_is_cleared(shown: Desk, ask: Ask) -> None:
    assert ask("trainee").obligations.hide == ()
    segment = mark(shown)
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)
    assert ask("trainee", "download").reasons == (Code.RIGHTS_SEGMENTS,)
    with unit_of_work():
        clear_segment(shown.actor, segment.id, "exempt", NOW, basis="quotation")
    assert ask("trainee").obligations.hide == ()
    assert ask("trainee", "download").allowed
    row = db.session.get_one(Segment, segment.id)
    assert (row.disposition, row.basis, row.assessor_id, row.assessed_at) == (
        "exempt", "quotation", shown.actor.person_id, NOW,
    )  # fmt: skip
    with unit_of_work():
        delete_segment(shown.actor, segment.id, NOW)
    assert ask("trainee").obligations.hide == ()


def test_an_agreement_for_a_part_shows_the_part_to_whom_it_admits(
    cast: Cast, shown: Desk, ask: Ask
) -> None:
    assert cast.hq.id
    segment = mark(shown, kind="music")
    agreement = song(shown, grants=(granted("affiliate"),))
    with unit_of_work():
        link_agreement(shown.actor, segment.id, agreement.lineage, NOW)
    assert ask("trainee").obligations.hide == ()
    assert ask("overseas").obligations.hide == ((10_000, 20_000),)
    with unit_of_work():
        withdraw_agreement(shown.actor, agreement.id, NOW, reason="x")
    after = ask("trainee", at=NOW + timedelta(seconds=1))
    assert after.allowed
    assert after.obligations.hide == ((10_000, 20_000),)
    with unit_of_work():
        unlink_agreement(shown.actor, segment.id, agreement.lineage, NOW)
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)


def test_muting_and_refusing_the_whole(shown: Desk, ask: Ask) -> None:
    mark(shown, on_deny="mute")
    mark(shown, 20_000, 30_000)
    decision = ask("trainee")
    assert decision.obligations.mute == ((10_000, 20_000),)
    assert decision.obligations.hide == ((20_000, 30_000),)
    mark(shown, 40_000, 50_000, on_deny="deny_recording")
    assert ask("trainee").reasons == (Code.RIGHTS_MISSING,)


def test_all_of_a_paper_hidden(desk: Desk, course: Course, ask: Ask) -> None:
    paper = {"recording_id": course.paper_id}
    desk.agree(kind="slides", grants=(granted("outside", ("display", "download")),), **paper)
    desk.publish(actions=("display",), **paper)
    mark(desk, 0, 11, **paper)
    shown_pages = ask("trainee", "display", recording_id=course.paper_id)
    assert shown_pages.obligations.hide == ((0, 11),)
    mark(desk, 11, 12, **paper)
    hidden = ask("trainee", "display", recording_id=course.paper_id)
    assert hidden.reasons == (Code.ALL_HIDDEN,)


def test_what_is_to_be_cut_is_hidden_for_everyone_until_the_file_is_without_it(
    shown: Desk, ask: Ask
) -> None:
    segment = mark(shown, way="cut", on_deny="mute")
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)
    with pytest.raises(RightsRefusedError, match="file_not_replaced"), unit_of_work():
        confirm_removed(shown.actor, segment.id, NOW)
    with unit_of_work():
        db.session.get_one(Recording, shown.course.recording_id).media_version = 2
    with unit_of_work():
        confirm_removed(shown.actor, segment.id, NOW)
    assert ask("trainee").obligations.hide == ()
    with pytest.raises(RightsRefusedError, match="segment_settled"), unit_of_work():
        confirm_removed(shown.actor, segment.id, NOW)
    with unit_of_work():  # its words may change: it stays gone
        change_segment(
            shown.actor, segment.id, SegmentDetails(10_000, 20_000, way="cut", title="歌"), NOW
        )
    assert ask("trainee").obligations.hide == ()
    with unit_of_work():  # another way: it is there again, and hidden
        clear_segment(shown.actor, segment.id, "ask", NOW)
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)


def test_a_cut_copy_with_exactly_these_cuts_may_be_taken_away(shown: Desk, ask: Ask) -> None:
    recording_id = shown.course.recording_id
    with pytest.raises(RightsRefusedError, match="no_cuts"), unit_of_work():
        request_cut_copy(shown.actor, recording_id, NOW)
    mark(shown)
    mark(shown, 15_000, 30_000)
    assert wanted_cuts(recording_id, NOW) == ((10_000, 30_000),)
    with unit_of_work():
        request_cut_copy(shown.actor, recording_id, NOW)
    assert ask("trainee", "download").reasons == (Code.RIGHTS_SEGMENTS,)
    with unit_of_work():
        copy = db.session.scalars(select(MediaCopy)).one()
        assert copy.cuts == [[10_000, 30_000]]
        copy.state = "ready"
        rewrite_facts(recording_id, NOW)
    decision = ask("trainee", "download")
    assert decision.allowed
    assert decision.obligations.use_rendition == "cut"
    mark(shown, 40_000, 50_000)
    assert ask("trainee", "download").reasons == (Code.RIGHTS_SEGMENTS,)


def test_marks_of_an_earlier_file_are_named_until_somebody_looked(shown: Desk) -> None:
    segment = mark(shown, **EXEMPT)
    recording_id = shown.course.recording_id
    with unit_of_work():
        db.session.get_one(Recording, recording_id).media_version = 2
    recording = db.session.get_one(Recording, recording_id)
    assert list_segments(recording, NOW).has_stale
    with unit_of_work():
        assert confirm_ranges(shown.actor, recording_id, NOW) == 1
    assert not list_segments(recording, NOW).has_stale
    assert db.session.get_one(Segment, segment.id).media_version == 2


# ----------------------------------------------------------------------- plays that are running


def generation(desk: Desk) -> int:
    db.session.expire_all()
    return db.session.get_one(Recording, desk.course.recording_id).generation


def test_what_running_plays_show_changes_with_every_act(shown: Desk) -> None:
    before = generation(shown)
    segment = mark(shown)
    assert generation(shown) == before + 1
    agreement = song(shown)
    with unit_of_work():
        link_agreement(shown.actor, segment.id, agreement.lineage, NOW)
    assert generation(shown) == before + 2
    with unit_of_work():
        withdraw_agreement(shown.actor, agreement.id, NOW, reason="x")
    assert generation(shown) == before + 3


def test_before_publication_no_token_has_to_end(desk: Desk) -> None:
    desk.agree()
    before = generation(desk)
    mark(desk)
    assert generation(desk) == before


# ------------------------------------------------------------------------ splitting, taking down


def test_splitting_keeps_what_was_decided(shown: Desk, ask: Ask) -> None:
    segment = mark(shown, title="歌", **EXEMPT)
    with unit_of_work():
        later = split_segment(shown.actor, segment.id, 15_000, NOW)
    rows = db.session.scalars(select(Segment).order_by(Segment.a)).all()
    assert [(row.a, row.b, row.title, row.disposition, row.basis) for row in rows] == [
        (10_000, 15_000, "歌", "exempt", "quotation"),
        (15_000, 20_000, "歌", "exempt", "quotation"),
    ]
    assert rows[1].assessor_id == rows[0].assessor_id
    with unit_of_work():
        clear_segment(shown.actor, later.id, "", NOW)
    assert ask("trainee").obligations.hide == ((15_000, 20_000),)
    for place in (15_000, 9_000, 25_000):
        with pytest.raises(InvalidInputError, match="split_outside"), unit_of_work():
            split_segment(shown.actor, segment.id, place, NOW)


def test_a_part_taken_down_cannot_be_moved_away_from_under_it(shown: Desk, ask: Ask) -> None:
    segment = mark(shown, **EXEMPT)
    with unit_of_work():
        take_down(shown.actor, shown.course.recording_id, "苦情", NOW, segment_id=segment.id)
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)
    for act in (
        lambda: delete_segment(shown.actor, segment.id, NOW),
        lambda: split_segment(shown.actor, segment.id, 15_000, NOW),
        lambda: change_segment(shown.actor, segment.id, SegmentDetails(1, 2), NOW),
    ):
        with pytest.raises(RightsRefusedError, match="segment_taken_down"), unit_of_work():
            act()
    with unit_of_work():  # its words may change
        change_segment(
            shown.actor, segment.id, SegmentDetails(10_000, 20_000, title="x", **EXEMPT), NOW
        )
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)
    with unit_of_work():
        lift_takedown(
            shown.actor, shown.course.recording_id, NOW,
            takedown_id=list_takedown_ids(shown)[0],
        )  # fmt: skip
        delete_segment(shown.actor, segment.id, NOW)
    assert ask("trainee").obligations.hide == ()


def list_takedown_ids(desk: Desk) -> list[str]:
    return [one.id for one in open_takedowns(desk.course.recording_id, NOW)]


# ------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"a": 20_000, "b": 20_000}, "range", "segment_range"),
        ({"a": 30_000, "b": 20_000}, "range", "segment_range"),
        ({"a": -1, "b": 20_000}, "range", "segment_range"),
        ({"b": 5_220_001}, "range", "segment_beyond"),
        ({"kind": "ghost"}, "kind", "choice_unknown"),
        ({"way": "burn"}, "way", "choice_unknown"),
        ({"on_deny": "burn"}, "on_deny", "choice_unknown"),
        ({"title": "x" * 201}, "title", "text_too_long"),
        ({"note": "x" * 2001}, "note", "text_too_long"),
        ({"way": "exempt"}, "basis", "basis_missing"),
        ({"way": "exempt", "basis": "luck"}, "basis", "basis_missing"),
        ({"way": "exempt", "basis": "contract"}, "basis_note", "basis_note_missing"),
        ({"way": "exempt", "basis": "other", "basis_note": " "}, "basis_note",
         "basis_note_missing"),
    ],
)  # fmt: skip
def test_marks_that_do_not_hold_together(
    desk: Desk, change: dict[str, Any], field: str, code: str
) -> None:
    values = {"a": 10_000, "b": 20_000, **change}
    with pytest.raises(InvalidInputError) as refused:
        mark(desk, **values)
    assert (refused.value.field, refused.value.code) == (field, code)
    db.session.rollback()
    assert db.session.scalars(select(Segment)).all() == []


def test_only_agreements_of_the_same_recording(desk: Desk, course: Course) -> None:
    segment = mark(desk)
    other = desk.agree(recording_id=course.paper_id)
    for lineage in (other.lineage, "", "x"):
        with pytest.raises(InvalidInputError, match="lineage_unknown"), unit_of_work():
            link_agreement(desk.actor, segment.id, lineage, NOW)
        with pytest.raises(InvalidInputError, match="lineage_unknown"), unit_of_work():
            unlink_agreement(desk.actor, segment.id, lineage, NOW)


def test_nobody_but_the_rights_desk(cast: Cast, desk: Desk) -> None:
    segment = mark(desk)
    key = desk.course.recording_id
    for name in ("trainee", "coordinator", "auditor", "speaker"):
        actor: Actor = cast.actor(name)
        for act in (
            lambda who: mark_segment(who, key, SegmentDetails(1, 2), NOW),
            lambda who: change_segment(who, segment.id, SegmentDetails(1, 2), NOW),
            lambda who: clear_segment(who, segment.id, "cut", NOW),
            lambda who: split_segment(who, segment.id, 15_000, NOW),
            lambda who: delete_segment(who, segment.id, NOW),
            lambda who: request_cut_copy(who, key, NOW),
        ):
            with pytest.raises(NotFoundError), unit_of_work():
                act(actor)
    assert db.session.scalars(select(Segment.b)).all() == [20_000]


def test_every_act_is_in_the_audit(desk: Desk) -> None:
    segment = mark(desk)
    with unit_of_work():
        change_segment(desk.actor, segment.id, SegmentDetails(0, 20_000), NOW)
        clear_segment(desk.actor, segment.id, "cut", NOW)
        split_segment(desk.actor, segment.id, 5_000, NOW)
        delete_segment(desk.actor, segment.id, NOW)
    acts = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.like("rights.segment%"))
    ).all()
    assert sorted(acts) == [
        "rights.segment_changed", "rights.segment_cleared", "rights.segment_deleted",
        "rights.segment_marked", "rights.segment_split",
    ]  # fmt: skip


# -------------------------------------------------------------------- the frozen facts, any acts


@pytest.mark.parametrize("seed", range(6))
def test_the_frozen_facts_equal_the_tables_after_any_acts(shown: Desk, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a walk that can be walked again
    key = shown.course.recording_id
    at, done = NOW, 0
    for _step in range(45):
        at += timedelta(minutes=chance.randint(1, 600))
        try:
            with unit_of_work():
                _act_by_chance(chance, shown.actor, key, at)
            done += 1
        except TomoniError:
            pass
        db.session.rollback()
        db.session.expire_all()
        recording = db.session.get_one(Recording, key)
        assert db.session.get_one(RightsFacts, key).facts == recording_case(recording)
    assert done > 8


def _act_by_chance(chance: random.Random, actor: Actor, key: str, at: Any) -> None:
    segments = db.session.scalars(select(Segment.id).order_by(Segment.id)).all()
    lineages = db.session.scalars(select(Agreement.lineage).order_by(Agreement.id)).all()
    a = chance.randint(0, 40) * 1000
    details = SegmentDetails(
        a, a + chance.randint(1, 9) * 1000,
        way=chance.choice(["", "ask", "cut", "replace"]),
        on_deny=chance.choice(["hide", "mute", "deny_recording"]),
    )  # fmt: skip
    segment = chance.choice(segments) if segments else ""
    acts: list[Callable[[], object]] = [
        lambda: mark_segment(actor, key, details, at),
        lambda: mark_segment(actor, key, details, at),
        lambda: change_segment(actor, segment, details, at),
        lambda: clear_segment(actor, segment, "exempt", at, basis="statute"),
        lambda: link_agreement(actor, segment, chance.choice(lineages), at),
        lambda: unlink_agreement(actor, segment, chance.choice(lineages), at),
        lambda: split_segment(actor, segment, details.a, at),
        lambda: delete_segment(actor, segment, at),
        lambda: take_down(actor, key, "x", at, segment_id=segment or None),
        lambda: take_down(actor, key, "x", at, actions=("download",)),
        lambda: lift_takedown(actor, key, at),
        lambda: request_cut_copy(actor, key, at),
        lambda: confirm_removed(actor, segment, at),
    ]
    chance.choice(acts)()


# ------------------------------------------------------------------------------ words and ranges


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("12:34", 754_000), ("1:02:03", 3_723_000), ("0:00", 0), ("90", 90_000),
        ("12:34.5", 754_500), ("75:00", 4_500_000), ("3.25", 3_250), ("1:60:00", None),
        ("12:60", None), ("", None), ("-1", None), ("1:2:3:4", None), ("x", None),
    ],
)  # fmt: skip
def test_times_as_people_write_them(text: str, ms: int | None) -> None:
    assert read_clock(text) == ms
    if ms is not None:
        assert read_clock(write_clock(ms)) == ms


@pytest.mark.parametrize(
    ("text", "pages"),
    [("14", (13, 14)), ("14-16", (13, 16)), ("1", (0, 1)), ("14–16", (13, 16)), ("0", None),
     ("16-14", None), ("", None), ("a", None), ("3-", None)],
)  # fmt: skip
def test_pages_as_people_write_them(text: str, pages: tuple[int, int] | None) -> None:
    assert read_pages(text) == pages
    if pages is not None:
        assert read_pages(write_pages(*pages)) == pages


def test_columns() -> None:
    assert column_of("unresolved", "") is Column.UNRESOLVED
    assert column_of("needs_agreement", "ask") is Column.ASKED
    assert column_of("exempt", "exempt") is Column.EXEMPT
    assert column_of("unresolved", "cut") is column_of("removed", "cut") is Column.CUT
    assert column_of("removed", "") is Column.CUT
    assert column_of("unresolved", "replace") is Column.REPLACED


# -------------------------------------------------------------------------------------- the page


@pytest.fixture
def office(sign_in: SignIn, cast: Cast) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield sign_in(cast.organiser)


FORM = {
    "start": "0:10", "end": "０:２０", "kind": "music", "title": "歌", "way": "", "on_deny": "hide",
}  # fmt: skip


def address(course: Course, rest: str = "") -> str:
    return f"/desk/recordings/{course.recording_id}/segments{rest}"


def test_from_a_mark_to_its_end_in_the_browser_s_shoes(
    office: FlaskClient, course: Course, shown: Desk, ask: Ask
) -> None:
    rights = f"/desk/recordings/{shown.course.recording_id}/rights"
    assert 'data-testid="segments-card"' in office.get(rights).text
    assert office.get(address(course)).status_code == 200
    assert office.post(address(course), data=FORM).status_code == 303
    segment = db.session.scalars(select(Segment)).one()
    assert (segment.a, segment.b, segment.kind) == (10_000, 20_000, "music")
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)
    listed = office.get(address(course, f"?edit={segment.id}")).text
    assert 'value="0:10"' in listed
    changed = {**FORM, "end": "0:30", "way": "exempt", "basis": "statute"}
    assert office.post(f"/desk/segments/{segment.id}", data=changed).status_code == 303
    assert ask("trainee").obligations.hide == ()
    split = f"/desk/segments/{segment.id}/split"
    assert office.post(split, data={"split-place": "0:20"}).status_code == 303
    assert office.post(split, data={"split-place": "9:20"}).status_code == 422
    assert office.post(f"/desk/segments/{segment.id}/delete").status_code == 303
    assert office.post(f"/desk/segments/{segment.id}/delete").status_code == 404
    assert [row.a for row in db.session.scalars(select(Segment))] == [20_000]
    assert "0:20–0:30" in office.get(address(course)).text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": "noon"}, "start"),
        ({"end": ""}, "end"),
        ({"end": "0:05"}, "end"),
        ({"end": "99:00:00"}, "end"),
        ({"kind": "x"}, "kind"),
        ({"way": "x"}, "way"),
        ({"on_deny": "x"}, "on_deny"),
        ({"way": "exempt"}, "basis"),
        ({"way": "exempt", "basis": "contract"}, "basis_note"),
        ({"title": "x" * 201}, "title"),
    ],
)
def test_bad_input_is_told_at_its_field(
    office: FlaskClient, course: Course, change: dict[str, str], field: str
) -> None:
    answer = office.post(address(course), data={**FORM, **change})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.scalars(select(Segment)).all() == []


def test_pages_of_a_paper(office: FlaskClient, course: Course) -> None:
    paper = f"/desk/recordings/{course.paper_id}/segments"
    assert office.post(paper, data={**FORM, "pages": "３－５"}).status_code == 303
    segment = db.session.scalars(select(Segment)).one()
    assert (segment.a, segment.b) == (2, 5)
    for bad in ("", "x", "5-3", "13"):
        answer = office.post(paper, data={**FORM, "pages": bad})
        assert answer.status_code == 422
        assert 'id="pages-error"' in answer.text


def test_why_there_is_no_preview(office: FlaskClient, course: Course, desk: Desk) -> None:
    without = office.get(address(course)).text
    assert 'data-testid="no-preview"' in without  # nobody consented to the recording
    desk.agree()
    with_consent = office.get(address(course)).text
    assert 'data-testid="no-preview"' not in with_consent
    assert 'data-testid="marker-play"' in with_consent
    with unit_of_work():
        db.session.get_one(Recording, course.recording_id).stage = "processing"
    assert 'data-testid="no-preview"' in office.get(address(course)).text


@pytest.mark.parametrize("who", ["trainee", "coordinator", "speaker", "auditor"])
def test_the_marker_is_not_there_for_others(
    sign_in: SignIn, cast: Cast, course: Course, desk: Desk, who: str
) -> None:
    key = mark(desk).id
    client = sign_in(getattr(cast, who))
    assert client.get(address(course)).status_code == 404
    for rest in (
        "",
        "/split",
        "/delete",
        "/removed",
        "/unlink",
        "/clear",
        "/exempt",
        "/ask",
        "/link",
    ):
        assert client.post(f"/desk/segments/{key}{rest}", data=FORM).status_code == 404
    for rest in ("", "/confirm", "/copy"):
        assert client.post(address(course, rest), data=FORM).status_code == 404
    assert client.get(f"/desk/segments/{key}/ask").status_code == 404
    assert db.session.scalars(select(Segment.b)).all() == [20_000]


@pytest.mark.parametrize("key", ["0" * 26, "x", "%00"])
def test_ids_of_nothing(office: FlaskClient, key: str) -> None:
    assert office.get(f"/desk/recordings/{key}/segments").status_code == 404
    for rest in ("", "/split", "/delete", "/removed", "/clear", "/ask", "/link"):
        assert office.post(f"/desk/segments/{key}{rest}", data=FORM).status_code == 404


def test_the_page_asks_no_more_for_more_parts(
    office: FlaskClient, course: Course, shown: Desk
) -> None:
    def count() -> int:
        db.session.remove()
        with counted() as sent:
            assert office.get(address(course)).status_code == 200
        return len(sent)

    agreement = song(shown)

    def add(place: int) -> None:
        segment = mark(shown, place * 1000, place * 1000 + 500, **EXEMPT)
        with unit_of_work():
            link_agreement(shown.actor, segment.id, agreement.lineage, NOW)

    add(0)
    count()
    few = count()
    for place in range(1, 25):
        add(place)
    count()
    assert count() == few


def test_a_rights_officer_of_one_recording_marks_there_only(cast: Cast, course: Course) -> None:
    assert cast.hq.id
    with unit_of_work():
        person = add_person("rights3", "権藤", "守")
        grant(person, Role.RIGHTS_OFFICER, f"recording:{course.recording_id}")
    officer = find_actor(person.id, person.session_epoch, NOW)
    assert officer is not None
    with unit_of_work():
        mark_segment(officer, course.recording_id, SegmentDetails(1, 2), NOW)
    with pytest.raises(NotFoundError), unit_of_work():
        mark_segment(officer, course.paper_id, SegmentDetails(1, 2), NOW)
