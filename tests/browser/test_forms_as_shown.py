"""What a page shows can be sent back as it stands: no form asks for what it does not show."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from lms.kernel import clock
from tests.browser.conftest import BROWSER, Browse
from tests.browser.demo_world import Demo
from tests.conftest import Cast

pytestmark = [*BROWSER, pytest.mark.sqlite_only]

FORMS = (
    ("trainee", "/account", "profile-save"),
    ("trainee", "/time-zone", "time-zone-submit"),
    ("organiser", "desk-settings-of-edition", "save-edition"),
    ("organiser", "desk-draft-settings", "save-edition"),
    ("organiser", "desk-programme", "save-programme"),
    ("organiser", "desk-part", "save-part"),
    ("organiser", "desk-lesson", "save-lesson"),
    ("organiser", "desk-session", "save-session"),
    ("organiser", "desk-attendance", "record-attendance"),
    ("organiser", "desk-completion", "save-rule"),
    ("organiser", "desk-recording-1", "save-details"),
    ("organiser", "desk-rights-1", "publish-as-set"),
    ("organiser", "desk-person-edit", "person-save"),
    ("organiser", "desk-organisation", "place-save"),
    ("admin", "/desk/settings", "save-settings"),
)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_form_can_be_sent_as_it_is_shown(demo: Demo, visit: Browse, language: str) -> None:
    pages = {who: visit(who, language).new_page() for who in sorted({form[0] for form in FORMS})}
    refused: dict[str, str] = {}
    for who, name, button in FORMS:
        page = pages[who]
        page.goto(name if name.startswith("/") else demo.paths[name])
        with page.expect_navigation():
            page.get_by_test_id(button).first.evaluate("one => one.click()")
        if page.get_by_test_id("error-summary").count():
            refused[name] = page.get_by_test_id("error-summary").first.inner_text()
        expect(page.get_by_test_id("error-page")).to_have_count(0)
    assert refused == {}


DAY = (clock.day_in(clock.now()) + timedelta(days=40)).isoformat()
PRESETS = {
    "series": {"count": "3", "day": DAY, "starts": "18:30", "ends": "20:00"},
    "residential": {
        "first-day": DAY, "last-day": DAY, "starts": "10:00", "ends": "17:00", "venue": "Lodge",
    },
    "on-request": {"venue": "Lodge"},
    "staged": {
        "basic-day": DAY, "basic-starts": "10:00", "basic-ends": "12:00", "practice-day": DAY,
        "practice-starts": "13:00", "practice-ends": "17:00", "venue": "Lodge",
    },
}  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_makes_a_draft(browse: Browse, cast: Cast, preset: str) -> None:
    page = browse(cast.organiser).new_page()
    page.goto("/desk/editions/new")
    page.get_by_test_id(f"preset-{preset}").get_by_role("link").click()
    words = {"title-en": "Wages", "purpose-en": "To bargain", "audience-en": "Officers"}
    for name, value in {**words, **PRESETS[preset]}.items():
        page.get_by_test_id(f"draft-{name}").fill(value)
    page.get_by_test_id("draft-submit").click()
    expect(page.get_by_test_id("edition-state")).to_have_text("Draft")
    if preset != "on-request":  # its date is open still
        page.get_by_test_id("publish-edition").click()
        expect(page.get_by_test_id("edition-state")).to_have_text("Published")
