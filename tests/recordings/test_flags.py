"""Flagged pages: the rules of cues, and what the decision makes of a flag."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.models import Person
from lms.recordings.errors import FlagFault
from lms.recordings.models import ChannelFlag, Recording
from lms.recordings.operations import FlagDetails, add_flag, change_flag, delete_flag
from lms.recordings.queries import list_flags, page_flag
from lms.recordings.rules import Channel, PageFlag, barred_pages, judge_flag, write_cues
from lms.rights.queries import find_known
from lms.rights.rules.channels import CHANNEL_ACTIONS, flag_facts
from lms.rights.rules.facts import Action
from tests.conftest import Cast
from tests.recordings.conftest import Course
from tests.watching.conftest import Shelf

SignIn = Callable[[Person], FlaskClient]

ROOM, LIVE, LATER, DOWNLOAD = Channel


@pytest.fixture
def shelf(course: Course, films: Any, papers: Any) -> Shelf:
    return Shelf(course, films, papers)


@pytest.fixture
def paper(shelf: Shelf) -> Recording:
    """A paper of three pages that everyone may use in every way."""
    found = shelf.paper()
    shelf.agree(found)
    shelf.publish(found)
    return found


def flag(recording: Recording, first: int, last: int, *barred: Channel) -> ChannelFlag:
    with unit_of_work():
        return add_flag(
            SYSTEM, recording.id, FlagDetails(first, last, frozenset(barred)), clock.now()
        )


def status(client: FlaskClient, address: str) -> int:
    with client.get(address) as answer:
        return answer.status_code


def test_cues_stand_where_something_changes() -> None:
    flags = [
        PageFlag(14, 14, frozenset({LIVE}), "chart of a third party"),
        PageFlag(15, 16, frozenset({LATER})),
    ]
    cues = write_cues(flags, 20)
    assert [(c.first, c.last, c.stop, c.resume) for c in cues] == [
        (14, 14, (LIVE,), ()),
        (15, 16, (LATER,), (LIVE,)),
        (17, 20, (), (LATER,)),
    ]
    assert cues[0].notes == ("chart of a third party",)
    assert write_cues([], 20) == ()
    assert write_cues(flags, 0) == ()


def test_a_paper_that_ends_closed_has_no_cue_after_its_end() -> None:
    cues = write_cues([PageFlag(1, 9, frozenset({ROOM}))], 3)
    assert [(c.first, c.last, c.stop, c.resume) for c in cues] == [(1, 3, (ROOM,), ())]


_FLAGS = st.lists(
    st.builds(
        lambda first, more, barred: PageFlag(first, first + more, frozenset(barred)),
        st.integers(1, 12), st.integers(0, 5), st.sets(st.sampled_from(Channel), min_size=1),
    ),
    max_size=5,
)  # fmt: skip


@given(_FLAGS, st.integers(1, 12))
def test_who_follows_the_cues_shows_nothing_flagged(flags: list[PageFlag], pages: int) -> None:
    """Walk through the pages doing what the cues say: what is stopped is what is flagged."""
    cues = {cue.first: cue for cue in write_cues(flags, pages)}
    stopped: set[Channel] = set()
    barred = barred_pages(flags, pages)
    for number in range(1, pages + 1):
        if number in cues:
            assert stopped.isdisjoint(cues[number].stop)
            assert stopped.issuperset(cues[number].resume)
            stopped = (stopped | set(cues[number].stop)) - set(cues[number].resume)
        assert stopped == barred.get(number, frozenset())


@pytest.mark.parametrize(
    ("first", "last", "barred", "fault"),
    [
        (1, 3, {LIVE}, None),
        (0, 1, {LIVE}, FlagFault.FIRST),
        (2, 1, {LIVE}, FlagFault.ORDER),
        (2, 4, {LIVE}, FlagFault.BEYOND),
        (1, 1, set(), FlagFault.NOTHING),
    ],
)
def test_pages_that_are_none_are_not_flagged(
    first: int, last: int, barred: set[Channel], fault: FlagFault | None
) -> None:
    assert judge_flag(first, last, 3, frozenset(barred)) is fault


def test_every_use_goes_through_one_channel_or_none() -> None:
    """What has no channel is what staff alone do: it looks at no segment."""
    through = [action for uses in CHANNEL_ACTIONS.values() for action in uses]
    assert len(through) == len(set(through))
    assert set(Action) - set(through) == {Action.PREVIEW, Action.EVIDENCE_REVIEW}


def test_a_flag_is_a_segment_that_grants_what_is_left_open() -> None:
    agreement, segment = flag_facts("f1", 14, 16, {LIVE, DOWNLOAD})
    assert (segment["a"], segment["b"], segment["lineages"]) == (13, 16, ["flag:f1"])
    assert agreement["grants"][0]["actions"] == ["screen", "play", "display", "guest_link"]
    assert flag_facts("f1", 1, 1, set(Channel))[0]["grants"] == []


def test_a_page_not_for_later_is_read_by_nobody_but_shown_in_the_room(
    cast: Cast, paper: Recording, sign_in: SignIn
) -> None:
    client = sign_in(cast.trainee)
    base = f"/recordings/{paper.id}"
    assert status(client, f"{base}/pages/2.png") == 200

    mark = flag(paper, 2, 2, LATER)

    assert status(client, f"{base}/pages/2.png") == 404
    assert status(client, f"{base}/pages/1.png") == 200
    assert status(client, f"{base}/screen/2.png?room=hq") == 200
    assert status(client, f"{base}/print/2.png") == 200

    with unit_of_work():
        change_flag(
            SYSTEM, paper.id, mark.id, FlagDetails(2, 2, frozenset({ROOM, DOWNLOAD})), clock.now()
        )
    assert status(client, f"{base}/pages/2.png") == 200
    assert status(client, f"{base}/screen/2.png?room=hq") == 404
    assert status(client, f"{base}/screen/1.png?room=hq") == 200
    assert status(client, f"{base}/print/2.png") == 404
    assert status(client, f"{base}/file.pdf") == 403  # no file without the page yet

    with unit_of_work():
        delete_flag(SYSTEM, paper.id, mark.id, clock.now())
    assert status(client, f"{base}/screen/2.png?room=hq") == 200
    assert status(client, f"{base}/file.pdf") == 303


def test_a_paper_flagged_throughout_is_not_there_to_read(
    cast: Cast, paper: Recording, sign_in: SignIn
) -> None:
    flag(paper, 1, 3, LATER)
    client = sign_in(cast.trainee)
    assert client.get(f"/recordings/{paper.id}").status_code in (403, 404)
    assert status(client, f"/recordings/{paper.id}/screen/1.png?room=hq") == 200


def test_a_flag_fills_no_agreement_that_is_missing(shelf: Shelf) -> None:
    bare = shelf.paper()
    flag(bare, 1, 1, LIVE)
    known = find_known([bare.id])[bare.id].recording
    assert known.lacks_required
    assert known.speakers == ()
    assert known.whole == ()


def test_flags_are_written_down_and_refused_whole(paper: Recording, shelf: Shelf) -> None:
    flag(paper, 1, 2, ROOM)
    assert page_flag(list_flags(paper.id)[0]) == PageFlag(1, 2, frozenset({ROOM}))
    acts = db.session.scalars(
        select(AuditEntry)
        .order_by(AuditEntry.id)
        .where(AuditEntry.action == "recording.pages_flagged")
    ).all()
    assert [act.subject_id for act in acts] == [paper.id]
    for details in (
        FlagDetails(2, 9, frozenset({ROOM})),
        FlagDetails(1, 1, frozenset()),
        FlagDetails(1, 1, frozenset({ROOM}), "x" * 301),
    ):
        with pytest.raises(InvalidInputError), unit_of_work():
            add_flag(SYSTEM, paper.id, details, clock.now())
    other = shelf.paper()
    with pytest.raises(NotFoundError), unit_of_work():
        delete_flag(SYSTEM, other.id, list_flags(paper.id)[0].id, clock.now())
    assert len(list_flags(paper.id)) == 1
