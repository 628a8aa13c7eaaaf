"""What may be seen, listed by SQL and the rule together, is what the rule alone allows."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.world import counted
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor
from lms.kernel.clock import from_ms
from lms.kernel.ids import PersonId, new_id
from lms.rights.models import Override, Publication, RightsFacts, Takedown
from lms.rights.queries import ViewerFacts, decide, list_watchable, seeing, viewer_facts
from lms.rights.rules import Recording, Viewer, recording_to_json
from lms.rights.rules.facts import BEGINNING, END
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, Desk, add_recording, granted
from tests.rights.test_rules_properties import MOMENTS, ORGS, RECORDINGS, VIEWERS

OVERRIDES = st.one_of(
    st.none(),
    st.none(),
    st.fixed_dictionaries(
        {
            "from_at": MOMENTS,
            "length": st.sampled_from([100_000, 400_000]),
            "approved": st.booleans(),
            "ended": st.one_of(st.none(), MOMENTS),
        }
    ),
)

#: A takedown names a segment that there is: the tables know no other.
WRITABLE = RECORDINGS.map(
    lambda case: replace(
        case,
        takedowns=tuple(
            stop
            for stop in case.takedowns
            if stop.segment is None or stop.segment in {one.id for one in case.segments}
        ),
    )
)


def write(edition_id: str, case: Recording, kind: str, person_id: str, override: object) -> str:
    """Write one recording as its operations would: rows that SQL reads, and its frozen facts."""
    row = add_recording(
        edition_id, kind=kind, stage=case.stage.value, duration_ms=case.duration, published_at=NOW
    )
    facts = replace(case, id=row.id)
    db.session.add(RightsFacts(recording_id=row.id, facts=recording_to_json(facts), written_at=NOW))
    for terms in case.publications:
        db.session.add(
            Publication(
                recording_id=row.id,
                conditions={},
                from_at=None if terms.opens == BEGINNING else from_ms(terms.opens),
                until_at=None if terms.closes == END else from_ms(terms.closes),
                created_at=NOW,
            )
        )
    for stop in case.takedowns:
        db.session.add(
            Takedown(
                recording_id=row.id,
                from_at=from_ms(stop.opens),
                until_at=None if stop.closes == END else from_ms(stop.closes),
                segment_id=stop.segment,
                actions=sorted(stop.actions or ()),
                reason="x",
            )
        )
    if isinstance(override, dict):
        begins = from_ms(override["from_at"])
        db.session.add(
            Override(
                recording_id=row.id,
                person_id=person_id,
                actions=["play", "display"],
                from_at=begins,
                until_at=begins + timedelta(milliseconds=override["length"]),
                reason="x",
                requested_by=new_id(),
                requested_at=begins,
                approved_by=new_id() if override["approved"] else None,
                approved_at=begins if override["approved"] else None,
                ended_at=None if override["ended"] is None else from_ms(override["ended"]),
            )
        )
    return row.id


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cases=st.lists(
        st.tuples(WRITABLE, st.sampled_from(["video", "video", "paper", "link"]), OVERRIDES),
        min_size=8,
        max_size=12,
    ),
    viewer=VIEWERS,
    at=MOMENTS,
)
def test_the_list_is_what_the_rule_allows(
    course: Course,
    cast: Cast,
    cases: list[tuple[Recording, str, object]],
    viewer: Viewer,
    at: int,
) -> None:
    person_id = cast.trainee.id if viewer.id is not None else None
    actor = Actor(None if person_id is None else PersonId(person_id))
    facts = ViewerFacts(actor, replace(viewer, id=person_id), ORGS)
    with unit_of_work():
        keys = [
            write(course.edition_id, case, kind, cast.trainee.id, override)
            for case, kind, override in cases
        ]
    moment = from_ms(at)
    allowed = {
        key
        for key, (_case, kind, _override) in zip(keys, cases, strict=True)
        if decide(facts, key, seeing(kind), at=moment).allowed
    }
    listed = list_watchable(facts, moment, among=keys)
    assert {one.recording.id for one in listed} == allowed
    assert all(one.decision.allowed for one in listed)


def test_the_number_of_queries_does_not_grow(course: Course, cast: Cast, desk: Desk) -> None:
    viewer = viewer_facts(Actor(PersonId(cast.trainee.id)), NOW)
    counts = []
    for number in (1, 30):
        with unit_of_work():
            keys = [add_recording(course.edition_id).id for _more in range(number)]
        for key in keys:
            desk.agree(recording_id=key, grants=(granted(max_views=3),))
            desk.publish(recording_id=key)
        with counted() as sent:
            listed = list_watchable(viewer, NOW)
        counts.append((len(listed), len(sent)))
    assert counts == [(1, 2), (31, 2)]
