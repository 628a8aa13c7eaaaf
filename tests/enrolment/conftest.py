"""Courses to enrol in."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lms.courses.models import Edition, Programme
from lms.infra.db import db, unit_of_work
from tests.conftest import NOW, Cast

MakeEdition = Callable[..., Edition]


def add_edition(**more: Any) -> Edition:
    """Add a programme with one published edition to the current transaction."""
    reach, slug = more.pop("reach", "outside"), more.pop("slug", "lecture")
    programme = Programme(
        slug=slug,
        kind="web_lecture",
        title={"ja": "賃金の決まり方", "en": "How wages are set"},
        summary={},
        purpose={"ja": "学ぶ", "en": "Learn"},
        audience={"ja": "組合員", "en": "Members"},
        reach=reach,
        languages=["ja"],
        created_at=NOW,
    )
    db.session.add(programme)
    db.session.flush()
    values: dict[str, Any] = {
        "slug": "first",
        "title": {"ja": "第1回", "en": "Edition 1"},
        "mode": "web",
        "languages": ["ja"],
        "starts_on": date(2026, 11, 2),
        "ends_on": date(2026, 11, 2),
        "capacity": 2,
        "apply_until_at": datetime(2026, 11, 1, 15, 0, tzinfo=UTC),
        "state": "published",
        "created_at": NOW,
    }
    edition = Edition(programme_id=programme.id, **{**values, **more})
    db.session.add(edition)
    db.session.flush()
    return edition


@pytest.fixture
def make_edition(cast: Cast) -> MakeEdition:
    """Return a function that commits a published edition (2 seats, first come, 2 November)."""

    del cast  # whom the tests act as

    def make(**more: Any) -> Edition:
        with unit_of_work():
            return add_edition(**more)

    return make
