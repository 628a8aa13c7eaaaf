"""The desk and the site's own settings."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms.courses.models import Edition
from lms.enrolment.models import Enrolment
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.site import read_site
from lms.people.models import Person
from lms.sessions.models import LiveSession
from tests.conftest import NOW, Cast
from tests.pages.conftest import Catalogue

SignIn = Callable[[Person], FlaskClient]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64

SETTINGS = {
    "name_ja": "東和金属労働組合協議会",
    "name_en": "Towa Metal Council",
    "accent_hex": "#1F6F50",
    "fiscal_year_start": "4",
    "contact": "office@demo.example",
    **{
        f"level_{level}_{tag}": f"{level} {tag}"
        for level in ("hq", "industrial", "affiliate", "branch", "outside")
        for tag in ("ja", "en")
    },
}


@time_machine.travel(NOW, tick=False)
def test_the_desk_says_what_needs_the_organiser(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    with unit_of_work():
        db.session.add(
            Enrolment(
                edition_id=catalogue.lectures.id, person_id=cast.trainee.id, state="applied",
                applied_at=now, changed_at=now,
            )
        )  # fmt: skip
        db.session.execute(
            update(Edition).where(Edition.id == catalogue.economics.id).values(state="draft")
        )
        db.session.execute(
            update(LiveSession).values(
                starts_at=now - timedelta(hours=4), ends_at=now - timedelta(hours=2)
            )
        )
    page = sign_in(cast.organiser).get("/desk", headers={"Accept-Language": "ja"}).text
    assert f"/desk/editions/{catalogue.lectures.id}/applications" in page
    assert f"/desk/sessions/{catalogue.session.id}/attendance" in page
    incomplete = page.split('data-testid="desk-incomplete"')[1]
    assert f"/desk/editions/{catalogue.economics.id}" in incomplete


def test_the_desk_does_not_exist_for_learners(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.trainee)
    for address in ("/desk", f"/desk/editions/{catalogue.lectures.id}", "/desk/settings"):
        assert client.get(address).status_code == 404


@time_machine.travel(NOW, tick=False)
def test_the_overview_of_an_edition(catalogue: Catalogue, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.organiser)
    page = client.get(f"/desk/editions/{catalogue.lectures.id}")
    assert page.status_code == 200
    assert 'data-testid="edition-state"' in page.text
    assert client.get("/desk/editions/01nothing").status_code == 404


def test_settings_change_the_header_and_are_audited(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.organiser)
    answer = client.post(
        "/desk/settings",
        data={**SETTINGS, "logo": (io.BytesIO(PNG), "logo.bin")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303
    site = read_site()
    assert (site.accent_hex, site.fiscal_year_start) == ("#1f6f50", 4)
    assert site.levels["hq"] == {"ja": "hq ja", "en": "hq en"}
    assert "東和金属労働組合協議会" in client.get("/courses").text
    assert client.get("/theme.css").text == ":root{--accent:#1f6f50}\n"
    logo = client.get("/logo")
    assert (logo.data, logo.mimetype) == (PNG, "image/png")
    assert db.session.scalars(select(AuditEntry.action)).all() == ["site.changed"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accent_hex": "red"}, "accent_hex"),
        ({"accent_hex": "#12345g"}, "accent_hex"),
        ({"name_ja": ""}, "name_ja"),
        ({"name_ja": "あ" * 101}, "name_ja"),
        ({"fiscal_year_start": "13"}, "fiscal_year_start"),
        ({"fiscal_year_start": "四"}, "fiscal_year_start"),
        ({"logo": (io.BytesIO(b"GIF89a"), "logo.png")}, "logo"),
    ],
)
def test_settings_that_do_not_fit_are_told_at_their_field(
    cast: Cast, sign_in: SignIn, change: dict[str, object], field: str
) -> None:
    before = read_site()
    answer = sign_in(cast.organiser).post(
        "/desk/settings", data={**SETTINGS, **change}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text or f"{field}-error" in answer.text
    assert read_site() == before


def test_the_page_of_components_is_for_the_demo_only(client: FlaskClient) -> None:
    assert client.get("/styleguide").status_code == 404
