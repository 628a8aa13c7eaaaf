"""Seminar groups in a real browser: by the keyboard alone, on a phone, and without overflow."""

from playwright.sync_api import Page, expect

from lms.infra.db import unit_of_work
from lms.kernel import clock
from lms.sessions.operations.groups import GroupPlan, add_group
from lms.sessions.queries.groups import list_groups
from tests.browser.conftest import BROWSER, Browse
from tests.conftest import Cast
from tests.sessions.conftest import World, add_edition

pytestmark = BROWSER
PHONE = 360


def fits(page: Page) -> bool:
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    return wide <= PHONE


def test_people_are_put_into_groups_by_keyboard_on_a_phone(cast: Cast, browse: Browse) -> None:
    now = clock.now()
    programme, edition = add_edition("leadership", "published", now)
    world = World(cast, programme, edition, now)
    for person in (cast.trainee, cast.other_trainee, cast.overseas):
        world.enrol(person)
    with unit_of_work():
        for title in ("Red", "Blue"):
            plan = GroupPlan(title={"ja": f"{title}ゼミ", "en": title}, theme={"en": "Fair wages"})
            add_group(world.organiser, edition.id, plan, at=now)
    page = browse(cast.organiser, "en", PHONE).new_page()
    page.goto(f"/desk/editions/{edition.id}/groups")
    assert fits(page)
    expect(page.get_by_test_id("without-group")).to_contain_text("3 people")
    page.get_by_test_id("group-of").first.focus()
    page.keyboard.press("ArrowDown")
    page.get_by_test_id("save-groups").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("without-group")).to_contain_text("2 people")

    page.get_by_test_id("spread").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("heap")).to_have_count(2)
    assert fits(page)
    page.get_by_test_id("save-spread").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("all-placed")).to_be_visible()
    assert sorted(one.people for one in list_groups(edition.id)) == [1, 2]


def test_a_participant_lets_the_group_see_their_name(cast: Cast, browse: Browse) -> None:
    now = clock.now()
    programme, edition = add_edition("leadership", "published", now)
    World(cast, programme, edition, now).enrol(cast.trainee)
    page = browse(cast.trainee, "ja", PHONE).new_page()
    page.goto("/courses/leadership/2026/group")
    assert fits(page)
    page.get_by_test_id("show-me").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("hide-me")).to_be_visible()
    page.get_by_test_id("hide-me").click()
    expect(page.get_by_test_id("show-me")).to_be_visible()
