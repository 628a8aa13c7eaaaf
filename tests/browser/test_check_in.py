"""The front desk in a real browser: a ticket before the camera, taps, a handheld scanner."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import segno
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.people.models import Person
from lms.sessions.models import CheckIn
from lms.sessions.operations.checking_in import check_in
from lms.sessions.rules.tickets import short_code, ticket_text
from tests.browser.conftest import BROWSER, PROGRAMS, note_faults
from tests.sessions.conftest import World, heard, world

__all__ = ["heard", "world"]

pytestmark = BROWSER

SECRET = b"t" * 64
WIDTH, HEIGHT = 640, 480
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
VENUE = {"venue_name": {"ja": "東和会館", "en": "Towa Hall"}}


def film_of(text: str, path: Path) -> None:
    """Write a film in which a phone shows a QR code: grey around a white screen, a little askew."""
    code = segno.make(text, error="q", micro=False)
    cell = 7
    rows = [list(row) for row in code.matrix_iter(border=4)]
    side = len(rows) * cell
    left, top = (WIDTH - side) // 2, (HEIGHT - side) // 2
    luma = bytearray(b"\x60" * (WIDTH * HEIGHT))
    for y in range(side):
        slant = y // 40  # nobody holds a phone quite straight
        for x in range(side):
            luma[(top + y) * WIDTH + left + x + slant] = 20 if rows[y // cell][x // cell] else 230
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * 4)


def enrolment_of(person: Person) -> str:
    db.session.rollback()
    return db.session.scalars(select(Enrolment.id).where(Enrolment.person_id == person.id)).one()


@pytest.fixture
def key(world: World) -> str:
    """A session that is held now, in a room."""
    world.enrol(world.cast.trainee, "venue")
    world.enrol(world.cast.other_trainee, "venue")
    world.enrol(world.cast.overseas, "venue")
    begin = clock.now().astimezone(clock.JST).replace(tzinfo=None, microsecond=0)
    return world.add(
        starts_local=begin - timedelta(minutes=5), ends_local=begin + timedelta(hours=1), **VENUE
    )


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def before_camera(
    *,
    world: World,
    key: str,
    tmp_path: Path,
    live: str,
    chromium: Browser,
    sign_in: Callable[[Person], FlaskClient],
) -> Iterator[Page]:
    """The organiser's page on a telephone before whose camera the trainee's ticket is held."""
    del key
    film = tmp_path / "ticket.y4m"
    film_of(ticket_text(SECRET, enrolment_of(world.cast.trainee)), film)
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)))
    client = sign_in(world.cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    cookie = client.get_cookie("tomoni")
    assert cookie is not None
    browser = chromium.browser_type.launch(
        executable_path=program,
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ],
    )
    try:
        context = browser.new_context(base_url=live, viewport={"width": 400, "height": 850})
        context.add_cookies([{"name": "tomoni", "value": cookie.value, "url": live}])
        yield context.new_page()
    finally:
        browser.close()


def test_a_ticket_before_the_camera_checks_in(
    before_camera: Page, world: World, key: str, faults: list[str]
) -> None:
    page = before_camera
    note_faults(page, faults)
    page.goto(f"/desk/sessions/{key}/check-in")
    # Whether this browser reads QR codes by itself, or not: the decoder that comes along must.
    page.evaluate("() => { delete globalThis.BarcodeDetector; }")
    page.get_by_test_id("camera").click()

    told = page.get_by_test_id("told")
    expect(told).to_contain_text("山瀬 春夫 is checked in.", timeout=20_000)
    expect(told).to_have_class("door__told is-done")
    row = page.locator(f"[data-person='{world.cast.trainee.id}']")
    expect(row).to_have_attribute("data-here", "")
    expect(page.locator("[data-count=room]")).to_have_text("1")
    page.wait_for_timeout(4000)  # the phone is still held up: one showing
    expect(told).to_contain_text("is checked in.")
    page.get_by_test_id("camera").click()
    expect(page.locator("[data-video]")).to_be_hidden()
    db.session.rollback()
    [kept] = db.session.scalars(select(CheckIn)).all()
    assert (kept.source, kept.person_id) == ("qr", world.cast.trainee.id)


def opened(browse: Callable[..., BrowserContext], world: World, key: str, **more: int) -> Page:
    page = browse(world.cast.organiser, **more).new_page()
    page.goto(f"/desk/sessions/{key}/check-in")
    return page


def test_taps_undo_and_what_another_desk_did(
    browse: Callable[..., BrowserContext], world: World, key: str, faults: list[str]
) -> None:
    page = opened(browse, world, key, width=360)
    note_faults(page, faults)
    one = page.locator(f"[data-person='{world.cast.trainee.id}']")
    two = page.locator(f"[data-person='{world.cast.other_trainee.id}']")

    box = one.get_by_test_id("tap").bounding_box()
    assert box is not None
    assert box["height"] >= 60
    one.get_by_test_id("tap").click()
    expect(page.get_by_test_id("told")).to_contain_text("山瀬 春夫 is checked in.")
    expect(one.get_by_test_id("undo")).to_be_visible()
    with unit_of_work():
        check_in(world.organiser, key, world.cast.other_trainee.id, at=clock.now())
    expect(two).to_have_attribute("data-here", "", timeout=10_000)
    expect(page.locator("[data-count=room]")).to_have_text("2")
    one.get_by_test_id("undo").click()
    expect(one).not_to_have_attribute("data-here", "")
    expect(page.locator("[data-count=room]")).to_have_text("1")
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_search_narrows_as_one_types_and_a_scanner_types_anywhere(
    browse: Callable[..., BrowserContext], world: World, key: str, faults: list[str]
) -> None:
    page = opened(browse, world, key)
    note_faults(page, faults)
    rows = page.locator("[data-person]:visible")
    expect(rows).to_have_count(3)
    page.get_by_test_id("search").fill("ﾀｶﾓﾘ")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("髙森 夏子")
    page.get_by_test_id("search").fill("")
    expect(rows).to_have_count(3)
    page.get_by_test_id("show").select_option("room")
    expect(rows).to_have_count(0)
    page.get_by_test_id("show").select_option("all")

    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.type(ticket_text(SECRET, enrolment_of(world.cast.other_trainee)))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("told")).to_contain_text("髙森 夏子 is checked in.")
    page.get_by_test_id("code").fill(short_code(SECRET, enrolment_of(world.cast.overseas)).lower())
    page.get_by_test_id("send-code").click()
    expect(page.get_by_test_id("told")).to_contain_text("Aminah binti Salleh is checked in.")
    page.keyboard.type("nonsense")
    page.keyboard.press("Enter")
    told = page.get_by_test_id("told")
    expect(told).to_contain_text("This is no ticket or code of this course.")
    expect(told).to_have_class("door__told is-danger")
    faults[:] = [fault for fault in faults if "409" not in fault]  # what was refused


def test_without_a_connection_nothing_is_said_to_be_done(
    browse: Callable[..., BrowserContext], world: World, key: str
) -> None:
    page = opened(browse, world, key)
    page.context.set_offline(True)
    page.locator("[data-person]").first.get_by_test_id("tap").click()
    expect(page.get_by_test_id("told")).to_contain_text("nothing was recorded")
    expect(page.locator("[data-here]")).to_have_count(0)


def test_without_scripts_a_tap_and_a_code_work(
    browse: Callable[..., BrowserContext], world: World, key: str
) -> None:
    page = browse(world.cast.organiser, scripts=False).new_page()
    page.goto(f"/desk/sessions/{key}/check-in")
    page.locator(f"[data-person='{world.cast.trainee.id}']").get_by_test_id("tap").click()
    expect(page.get_by_test_id("toast")).to_contain_text("山瀬 春夫 is checked in.")
    page.get_by_test_id("code").fill(short_code(SECRET, enrolment_of(world.cast.trainee)))
    page.get_by_test_id("send-code").click()
    expect(page.get_by_test_id("told")).to_contain_text("was checked in already")


def test_the_board_follows_without_loading_again(
    browse: Callable[..., BrowserContext], world: World, key: str, faults: list[str]
) -> None:
    page = browse(world.cast.organiser).new_page()
    note_faults(page, faults)
    page.goto(f"/desk/sessions/{key}/board")
    expect(page.get_by_test_id("board-missing")).to_contain_text("山瀬 春夫")
    page.evaluate("() => { window.stays = true; }")
    with unit_of_work():
        check_in(world.organiser, key, world.cast.trainee.id, at=clock.now())
    expect(page.get_by_test_id("board-room")).to_contain_text("山瀬 春夫", timeout=15_000)
    assert page.evaluate("() => window.stays")
    assert page.get_by_test_id("call").count() == 1


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_of_the_desk_are_accessible(
    browse: Callable[..., BrowserContext], world: World, key: str, width: int
) -> None:
    with unit_of_work():
        check_in(world.organiser, key, world.cast.trainee.id, at=clock.now())
    page = browse(world.cast.organiser, language="ja", width=width).new_page()
    paths = [
        *(f"/desk/sessions/{key}/{name}" for name in ("check-in", "board", "paper", "seating")),
        f"/desk/editions/{world.edition_id}/front-desk",
    ]
    for path in paths:
        page.goto(path)
        found = Axe().run(page, options=AXE).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], path
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), (
            path
        )
    page = browse(world.cast.trainee, language="ja", width=width).new_page()
    page.goto(f"/my/editions/{world.edition_id}/ticket")
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
