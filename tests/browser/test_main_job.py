"""The whole job in a browser: a course is set up, joined, recorded, watched and completed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from lms.courses.models import Edition
from lms.courses.operations import draft_edition, publish_edition
from lms.courses.queries import get_edition
from lms.courses.rules import EditionPlan, PartPlan, ProgrammePlan
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.kernel.clock import JST
from lms.kernel.ids import EditionId
from lms.people.operations import hash_password
from lms.recordings.models import Recording
from lms.sessions.models import JoinPress
from lms.sessions.operations import SessionPlan, schedule_live_session
from lms.watching.models import Watch
from lms.worker import run_worker
from tests.browser.conftest import BROWSER, Browse, note_faults
from tests.conftest import Cast
from tests.recordings.conftest import ENCODE, picture, run_ffmpeg, sound

pytestmark = BROWSER

PASSWORD = "five-blue-herons"


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def known(cast: Cast) -> Cast:
    """The cast, who can sign in by the form."""
    with unit_of_work():
        secret = hash_password(PASSWORD, (1, 1024))
        for person in (cast.trainee, cast.organiser):
            db.session.merge(person).password_hash = secret
    return cast


def sign_in_by_form(page: Page, login: str | None) -> None:
    page.goto("/sign-in")
    page.get_by_test_id("sign-in-identifier").fill(login or "")
    page.get_by_test_id("sign-in-password").fill(PASSWORD)
    page.get_by_test_id("sign-in-submit").click()
    expect(page.get_by_test_id("account-menu")).to_be_visible()
    page.get_by_test_id("language-en").click()


def anonymous(chromium: Browser, live: str, faults: list[str]) -> tuple[BrowserContext, Page]:
    context = chromium.new_context(base_url=live, locale="en")
    page = context.new_page()
    note_faults(page, faults)
    return context, page


def publish_course(cast: Cast, *, approval: str = "first_come") -> Edition:
    """A published web lecture without a meeting."""
    organiser = cast.actor("organiser")
    today = clock.day_in(clock.now())
    with unit_of_work():
        edition_id = draft_edition(
            EditionPlan(
                title={"en": "Autumn", "ja": "秋"}, mode="web", languages=("en", "ja"),
                parts=(PartPlan({"en": "The lecture", "ja": "講義"}),),
                starts_on=today, ends_on=today + timedelta(days=30), approval=approval,
            ),
            programme=ProgrammePlan(
                kind="web_lecture", title={"en": "How wages are set", "ja": "賃金の決まり方"},
                purpose={"en": "To bargain with figures", "ja": "数字で交渉する"},
                audience={"en": "Officers", "ja": "役員"}, languages=("en", "ja"),
            ),
            actor=organiser, at=clock.now(),
        )  # fmt: skip
    with unit_of_work():
        publish_edition(edition_id, actor=organiser, at=clock.now())
    return get_edition(edition_id)


@dataclass
class Counted:
    """A page on which every act of a person is counted."""

    page: Page
    acts: int = 0
    filled: list[str] = field(default_factory=list)

    def click(self, name: str) -> None:
        self.page.get_by_test_id(name).click()
        self.acts += 1

    def fill(self, name: str, text: str) -> None:
        self.page.get_by_test_id(name).fill(text)
        self.acts += 1
        self.filled.append(name)


def test_a_web_lecture_is_published_in_twelve_acts_and_eight_fields(
    chromium: Browser, live: str, known: Cast, faults: list[str]
) -> None:
    context, page = anonymous(chromium, live, faults)
    sign_in_by_form(page, known.organiser.login_id)
    page.goto("/desk")
    day = clock.day_in(clock.now()) + timedelta(days=30)

    organiser = Counted(page)
    organiser.click("new-edition")
    organiser.click("preset-web-lecture")
    visible = page.locator(
        "form[data-testid=draft-form] :is(input, select, textarea):visible"
    ).count()
    assert visible <= 8
    organiser.fill("draft-title-en", "How wages are set")
    organiser.fill("draft-purpose-en", "To bargain with figures")
    organiser.fill("draft-audience-en", "Officers of affiliated unions")
    organiser.fill("draft-day", day.isoformat())
    organiser.fill("draft-starts", "18:30")
    organiser.fill("draft-ends", "20:00")
    organiser.fill("draft-web-url", "https://meeting.example/j/wages")
    organiser.fill("draft-capacity", "30")
    organiser.click("draft-submit")
    organiser.click("publish-edition")

    expect(page.get_by_test_id("edition-state")).to_have_text("Published")
    assert organiser.acts <= 12
    assert len(organiser.filled) <= 8
    context.close()

    context, page = anonymous(chromium, live, faults)
    page.goto("/courses?q=wages")
    card = page.get_by_test_id("catalogue").get_by_role("article")
    expect(card).to_contain_text("How wages are set")
    expect(card).to_contain_text("30 of 30 seats left")
    context.close()


def test_a_trainee_finds_a_course_applies_and_joins_with_one_press(
    browse: Browse, live: str, known: Cast, chromium: Browser, faults: list[str]
) -> None:
    edition = publish_course(known)
    start = clock.now().astimezone(JST).replace(tzinfo=None, second=0, microsecond=0)
    with unit_of_work():
        session_id = schedule_live_session(
            known.actor("organiser"), edition.id,
            SessionPlan(
                {"en": "The lecture", "ja": "講義"}, start - timedelta(minutes=5),
                start + timedelta(minutes=60), web_url=f"{live}/courses?room=1",
            ),
            at=clock.now(),
        )  # fmt: skip
    context, page = anonymous(chromium, live, faults)
    sign_in_by_form(page, known.trainee.login_id)
    page.goto("/courses")
    page.get_by_label("Search", exact=True).fill("wage")
    page.get_by_test_id("filter-bar-submit").click()
    page.get_by_role("link", name="How wages are set").click()
    page.get_by_test_id("apply").click()
    page.get_by_test_id("apply-submit").click()
    expect(page.get_by_test_id("enrolment-state")).to_have_text("Enrolled")

    page.get_by_test_id("brand").click()  # the first screen
    page.get_by_test_id("next-session").get_by_test_id("join").click()  # and one press
    expect(page).to_have_url(f"{live}/courses?room=1")
    db.session.rollback()
    press = db.session.scalars(select(JoinPress)).one()
    assert (press.person_id, press.live_session_id) == (known.trainee.id, session_id)

    staff = browse(known.organiser).new_page()
    staff.goto(f"/desk/sessions/{session_id}/attendance")
    row = staff.get_by_test_id("attendance").get_by_role("row").filter(has_text="山瀬")
    expect(row).to_contain_text("Pressed join once")
    context.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of seven seconds."""
    target = tmp_path_factory.mktemp("film") / "lecture.mp4"
    run_ffmpeg(*picture("160x90", 7), *sound(7), *ENCODE, str(target))
    return target


def work(app: Flask) -> None:
    """Be the worker until nothing is due, in a thread of its own as it has its own contexts."""
    worker = Thread(target=run_worker, args=(app,), kwargs={"once": True})
    worker.start()
    worker.join()


def test_from_the_catalogue_to_the_certificate(
    app: Flask, browse: Browse, known: Cast, film: Path, tmp_path: Path
) -> None:
    edition_id = EditionId(publish_course(known).id)
    faults: list[str] = []
    organiser = browse(known.organiser).new_page()
    note_faults(organiser, faults)
    trainee = browse(known.trainee).new_page()
    note_faults(trainee, faults)

    upload(organiser, edition_id, film, app)
    db.session.rollback()
    recording_id = db.session.scalars(select(Recording.id)).one()
    agree_and_publish(organiser)
    apply_from_catalogue(trainee)
    watch_all(trainee)
    db.session.rollback()
    assert db.session.scalars(select(Watch.covered_ms)).one() >= 5_600  # of seven seconds
    work(app)
    fetch_certificate(trainee, tmp_path / "certificate.pdf")
    assert (tmp_path / "certificate.pdf").read_bytes().startswith(b"%PDF")

    withdraw(organiser, recording_id)
    viewer = browse(known.trainee).new_page()
    viewer.goto(f"/recordings/{recording_id}")
    expect(viewer.get_by_test_id("refusal")).to_have_text("This material is not available.")
    expect(viewer.locator("body")).not_to_contain_text("figure")
    expect(viewer.locator("video")).to_have_count(0)
    viewer.goto("/my/record")  # what was earned stays earned
    expect(viewer.get_by_test_id("earned")).to_contain_text("How wages are set")
    assert faults == []


def upload(organiser: Page, edition_id: EditionId, film: Path, app: Flask) -> None:
    organiser.goto(f"/desk/editions/{edition_id}/recordings")
    organiser.get_by_test_id("add-recording").first.click()
    organiser.fill("#title_en", "The lecture, recorded")
    organiser.get_by_label("Belongs to").select_option(label="The lecture")
    organiser.get_by_test_id("upload-file").set_input_files(film)
    organiser.get_by_test_id("upload-submit").click()
    expect(organiser.get_by_test_id("processing-text")).to_be_visible()
    work(app)
    organiser.get_by_test_id("processing-done").click()
    expect(organiser.get_by_test_id("stage")).to_have_text("In review")


def agree_and_publish(organiser: Page) -> None:
    organiser.get_by_test_id("to-rights").click()
    organiser.get_by_test_id("add-agreement").first.click()
    organiser.get_by_test_id("holder-name").fill("Shirahama Shiori")
    organiser.get_by_test_id("agreement-kind").select_option("speaker")
    organiser.get_by_test_id("signed-on").fill(clock.day_in(clock.now()).isoformat())
    organiser.get_by_test_id("recording-consent").check()
    organiser.locator("[data-testid=agreement-actions] input[value=play]").check()
    organiser.get_by_test_id("agreement-reach").select_option("outside")
    organiser.get_by_test_id("save-agreement").click()
    organiser.get_by_test_id("publish").click()
    expect(organiser.locator(".page-header .chip")).to_have_text("Published")


def apply_from_catalogue(trainee: Page) -> None:
    trainee.goto("/courses?q=賃金")
    trainee.get_by_role("link", name="How wages are set").click()
    trainee.get_by_test_id("apply").click()
    trainee.get_by_test_id("apply-submit").click()
    expect(trainee.get_by_test_id("enrolment-state")).to_have_text("Enrolled")


def watch_all(trainee: Page) -> None:
    trainee.goto("/my")
    trainee.get_by_role("link", name="The lecture, recorded").click()
    expect(trainee.get_by_test_id("coverage-text")).to_have_text("Watched: 0 %")
    trainee.get_by_test_id("play").click()
    expect(trainee.get_by_test_id("complete")).to_be_visible(timeout=60_000)
    expect(trainee.get_by_test_id("coverage-text")).not_to_have_text("Watched: 0 %")


def fetch_certificate(trainee: Page, target: Path) -> None:
    trainee.goto("/my/record")
    with trainee.expect_download() as fetched:
        # Chromium would show a PDF; the address answers the same either way.
        trainee.evaluate(
            """() => { const link = document.querySelector("[data-testid=certificate]");
            link.setAttribute("download", ""); link.click() }"""
        )
    fetched.value.save_as(target)
    trainee.context.clear_cookies()  # whoever holds the paper
    trainee.goto(trainee.get_by_role("link", name="Page that verifies it").evaluate("a => a.href"))
    expect(trainee.get_by_test_id("verify-valid")).to_contain_text("issued here and is valid")


def withdraw(organiser: Page, recording_id: str) -> None:
    organiser.goto(f"/desk/recordings/{recording_id}/rights")
    organiser.get_by_test_id("withdraw").click()
    organiser.get_by_test_id("withdraw-reason").fill("A figure is wrong")
    organiser.get_by_test_id("withdraw-now").click()
    expect(organiser.get_by_test_id("rights-scope")).to_contain_text("At present: nothing.")
