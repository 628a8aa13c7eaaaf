"""Drafts as an organiser makes them in the browser."""

from collections.abc import Callable
from datetime import date, datetime

import pytest

from lms.courses.models import Edition
from lms.courses.operations import draft_edition
from lms.courses.queries import get_edition
from lms.courses.rules import EditionPlan, MeetingPlan, PartPlan, ProgrammePlan
from lms.infra.db import unit_of_work
from tests.conftest import NOW, Cast

WEB_LECTURE = {
    "title_ja": "賃金の決まり方",
    "purpose_ja": "賃金が何によって動くかを学ぶ",
    "audience_ja": "職場委員",
    "day": "2026-11-02",
    "starts": "18:30",
    "ends": "20:00",
    "web_url": "https://meet.example/room",
    "capacity": "30",
    # What the folded part of the page sends by itself:
    "reach": "outside",
    "languages": "ja",
    "timezone": "Asia/Tokyo",
    "approval": "first_come",
}


def wall(text: str) -> datetime:
    """Return a naive wall-clock time."""
    return datetime.fromisoformat(text)


def programme_plan(title: str = "How wages are set", **more: str) -> ProgrammePlan:
    return ProgrammePlan(
        kind="web_lecture",
        title={"ja": "賃金の決まり方", "en": title},
        purpose={"ja": "学ぶ"},
        audience={"ja": "職場委員"},
        **more,  # type: ignore[arg-type]
    )


def edition_plan(**more: object) -> EditionPlan:
    values: dict[str, object] = {
        "title": {},
        "mode": "web",
        "languages": ("ja",),
        "parts": (
            PartPlan(
                {"ja": "講義"},
                MeetingPlan(wall("2026-11-02T18:30"), wall("2026-11-02T20:00")),
            ),
        ),
        "starts_on": date(2026, 11, 2),
        "ends_on": date(2026, 11, 2),
        "capacity": 30,
    }
    return EditionPlan(**{**values, **more})  # type: ignore[arg-type]


Draft = Callable[..., Edition]


@pytest.fixture
def draft(cast: Cast) -> Draft:
    """Return a function that commits a draft made by the organiser."""

    def make(**more: object) -> Edition:
        with unit_of_work():
            edition_id = draft_edition(
                edition_plan(**more),
                programme=programme_plan(),
                actor=cast.actor("organiser"),
                at=NOW,
            )
        return get_edition(edition_id)

    return make
