"""Without JavaScript: what is text or a plain form works, and the rest says what it needs."""

from datetime import timedelta

from playwright.sync_api import expect

from lms.courses.operations import LessonTexts, add_lesson
from lms.courses.queries import get_programme, list_parts
from lms.infra.db import unit_of_work
from lms.kernel import clock
from lms.kernel.clock import JST
from lms.sessions.operations import SessionPlan, schedule_live_session
from tests.browser.conftest import BROWSER, Browse
from tests.browser.demo_world import Demo
from tests.browser.test_main_job import publish_course
from tests.conftest import Cast

pytestmark = BROWSER


def test_reading_a_lesson_and_marking_it(live: str, browse: Browse, cast: Cast) -> None:
    edition = publish_course(cast)
    with unit_of_work():
        add_lesson(
            list_parts(edition.id)[0].id,
            LessonTexts(
                title={"en": "Four forces"}, minutes=5, objectives={"en": ["Name them"]},
                body={"en": "## The market\n\nWho is scarce is paid."},
            ),
            actor=cast.actor("organiser"), at=clock.now(),
        )  # fmt: skip
    page = browse(cast.trainee, scripts=False).new_page()
    page.goto("/courses")
    page.get_by_role("link", name="How wages are set").click()
    page.get_by_role("link", name="Four forces").click()
    expect(page.locator("article")).to_contain_text("Who is scarce is paid.")
    page.get_by_test_id("mark-read").click()
    expect(page.get_by_test_id("mark-unread")).to_be_visible()
    page.get_by_test_id("language-ja").click()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page).to_have_url(f"{live}/courses/{page.url.split('/courses/')[1]}")
    expect(page.locator("article")).to_contain_text("Who is scarce is paid.")


def test_applying_and_withdrawing(browse: Browse, cast: Cast) -> None:
    publish_course(cast)
    page = browse(cast.trainee, scripts=False).new_page()
    page.goto("/courses")
    page.get_by_label("Search", exact=True).fill("wages")
    page.get_by_test_id("filter-bar-submit").click()
    page.get_by_role("link", name="How wages are set").click()
    page.get_by_test_id("apply").click()
    page.get_by_test_id("apply-submit").click()
    expect(page.get_by_test_id("enrolment-state")).to_have_text("Enrolled")

    page.goto(page.url if page.url.endswith("/apply") else f"{page.url}/apply")
    page.get_by_test_id("withdraw").click()  # a dialog opens in its place
    page.get_by_test_id("withdraw-confirm").click()
    page.get_by_test_id("enrolment-state").get_by_text("Withdrawn").wait_for()


def test_joining(live: str, browse: Browse, cast: Cast) -> None:
    edition = publish_course(cast)
    start = clock.now().astimezone(JST).replace(tzinfo=None, second=0, microsecond=0)
    with unit_of_work():
        schedule_live_session(
            cast.actor("organiser"), edition.id,
            SessionPlan(
                {"en": "The lecture"}, start - timedelta(minutes=5),
                start + timedelta(minutes=60), web_url=f"{live}/courses?room=1",
            ),
            at=clock.now(),
        )  # fmt: skip
    page = browse(cast.trainee, scripts=False).new_page()
    page.goto(f"/courses/{get_programme(edition.programme_id).slug}/{edition.slug}/apply")
    page.get_by_test_id("apply-submit").click()
    page.goto("/my")
    page.get_by_test_id("join").click()
    expect(page).to_have_url(f"{live}/courses?room=1")


def test_editing_the_settings_of_an_edition(browse: Browse, cast: Cast) -> None:
    edition = publish_course(cast)
    page = browse(cast.organiser, scripts=False).new_page()
    page.goto(f"/desk/editions/{edition.id}/settings")
    page.get_by_label("Seats").fill("-3")
    page.get_by_test_id("save-edition").click()
    expect(page.get_by_test_id("error-summary")).to_contain_text("Seats")
    page.get_by_label("Seats").fill("25")
    page.get_by_test_id("save-edition").click()
    expect(page.get_by_test_id("toast")).to_have_text("Saved.")
    expect(page.get_by_label("Seats")).to_have_value("25")


def test_upload_and_player_say_what_they_need(
    browse: Browse, cast: Cast, demo: Demo, visit: Browse
) -> None:
    edition = publish_course(cast)
    desk = browse(cast.organiser, scripts=False).new_page()
    desk.goto(f"/desk/recordings/new?edition={edition.id}")
    expect(desk.locator("noscript p")).to_contain_text("needs JavaScript")
    expect(desk.get_by_test_id("upload-submit")).to_be_visible()

    page = visit("trainee", "en", java_script_enabled=False).new_page()
    page.goto(demo.paths["watch-2"])
    expect(page.locator("noscript p")).to_contain_text("The player needs JavaScript")
    expect(page.get_by_test_id("player")).to_be_hidden()
