"""What a page shows can be sent back as it stands: no form asks for what it does not show."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BROWSER, Browse
from tests.browser.demo_world import Demo

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
