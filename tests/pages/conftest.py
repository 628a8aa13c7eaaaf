"""A small catalogue: the written content, published, with sessions around now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import pytest
from sqlalchemy import select, update

from lms.config import ROOT
from lms.courses.models import Edition, Part, Programme
from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel.wall import WallTime
from lms.sessions.models import LiveSession
from lms.whole.content.check import check_content
from lms.whole.content.documents import ProgrammeDocument
from lms.whole.content.load import load_content
from tests.conftest import Cast


@dataclass
class Catalogue:
    """What tests of pages need to name."""

    economics: Edition
    lectures: Edition
    session: LiveSession


#: Those that the tests of pages name, and where their paths lead; all would take far longer.
_LOADED = frozenset(
    {"labour-economics", "international-labour-lectures", "international-training", "web-lecture"}
)


@cache
def _programmes() -> tuple[ProgrammeDocument, ...]:
    programmes = check_content(ROOT / "content").programmes
    return tuple(one for one in programmes if one.slug in _LOADED)


@pytest.fixture
def catalogue(cast: Cast, now: datetime) -> Catalogue:
    """Return the labour-economics series and the international lectures, published."""
    assert cast.trainee.id
    programmes = _programmes()
    with unit_of_work():
        load_content(programmes, at=now)
    with unit_of_work():
        db.session.execute(
            update(Edition).values(
                state="published", published_at=now, starts_on=now.date(),
                ends_on=(now + timedelta(days=60)).date(),
            )
        )  # fmt: skip
        rows = db.session.execute(
            select(Programme.slug, Edition).join(Edition, Edition.programme_id == Programme.id)
        ).all()
        editions: dict[str, Edition] = {row[0]: row[1] for row in rows}
        lectures = editions["international-labour-lectures"]
        part = db.session.scalars(
            select(Part).where(Part.edition_id == lectures.id).order_by(Part.position)
        ).first()
        assert part is not None
        start = WallTime(datetime(2026, 10, 12, 10, 5), "Asia/Tokyo")  # noqa: DTZ001 - a wall time
        session = LiveSession(
            edition_id=lectures.id,
            part_id=part.id,
            title={"ja": "第1部", "en": "Part 1"},
            starts_local=start.local,
            ends_local=start.local + timedelta(hours=2),
            timezone=start.zone,
            starts_at=start.instant(),
            ends_at=start.instant() + timedelta(hours=2),
            venue_name={},
            venue_address={},
            venue_access={},
            web_url="https://meet.example.org/secret-room",
            created_at=now,
        )
        db.session.add(session)
        db.session.flush()
    return Catalogue(editions["labour-economics"], lectures, session)


def seat(person_id: str, edition: Edition, number: int, now: datetime) -> None:
    """Give a person a seat, committed."""
    with unit_of_work():
        db.session.add(
            Enrolment(
                edition_id=edition.id,
                person_id=person_id,
                state="enrolled",
                seat=number,
                applied_at=now,
                changed_at=now,
            )
        )
