"""A rights officer of one programme, or of one recording: their own scope, whole, and no more."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.config import Settings
from lms.infra.db import unit_of_work
from lms.kernel.actor import Role
from lms.people.models import Person
from tests.architecture.walking import browser, cookies_of, standing_clock
from tests.architecture.world import CANARY, World, build_world
from tests.conftest import Database, add_person, emptied, grant

LINK = re.compile(r'href="(/desk[^"#]*)')


@pytest.fixture(scope="module")
def desk(
    session_app: Flask,
    database: Database,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Flask, World, Person]]:
    """Return the world with somebody more: `reader` looks after the rights of one handout only."""
    with emptied(session_app, database, settings) as app, standing_clock():
        built = build_world(tmp_path_factory.mktemp("world"))
        with unit_of_work():
            reader = add_person("reader", "熊耳", "読")
            grant(reader, Role.RIGHTS_OFFICER, f"recording:{built.objects['own']['paper_id']}")
        built.sign_ins = {**built.sign_ins, "reader": (reader.id, reader.session_epoch)}
        yield app, built, reader


def _client(desk: tuple[Flask, World, Person], who: str) -> FlaskClient:
    app, built, _reader = desk
    return browser(app, cookies_of(app, built)[who])


@pytest.mark.parametrize("who", ["officer", "reader"])
def test_every_link_of_the_desk_that_they_are_shown_leads_somewhere(
    desk: tuple[Flask, World, Person], who: str
) -> None:
    client = _client(desk, who)
    seen = {"/desk/rights/register": ""}
    todo, lost = list(seen), []
    while todo:
        address = todo.pop()
        answer = client.get(address)
        if answer.status_code >= 400:
            lost.append(f"{answer.status_code} {address} from {seen[address]}")
        if not answer.content_type.startswith("text/html"):
            continue
        text = answer.get_data(as_text=True)
        assert CANARY not in text, address
        for target in map(unescape, LINK.findall(text)):
            if target not in seen:
                seen[target] = address
                todo.append(target)
    assert not lost, "\n".join(sorted(lost))
    assert len(seen) > 20


def test_the_list_of_an_edition_holds_what_is_theirs(desk: tuple[Flask, World, Person]) -> None:
    own = desk[1].objects["own"]
    page = f"/desk/editions/{own['edition_id']}/recordings"
    mine = f"/desk/recordings/{own['paper_id']}"
    others = f"/desk/recordings/{own['recording_id']}"
    whole = _client(desk, "officer").get(page).get_data(as_text=True)
    assert f'href="{mine}"' in whole
    assert f'href="{others}"' in whole
    part = _client(desk, "reader").get(page).get_data(as_text=True)
    assert f'href="{mine}"' in part
    assert others not in part
    assert "add-recording" not in whole + part


def test_another_edition_s_list_and_another_recording_are_not_there(
    desk: tuple[Flask, World, Person],
) -> None:
    own, foreign = desk[1].objects["own"], desk[1].objects["foreign"]
    reader = _client(desk, "reader")
    assert reader.get(f"/desk/recordings/{own['recording_id']}").status_code == 404
    for who in ("officer", "reader"):
        client = _client(desk, who)
        assert client.get(f"/desk/editions/{foreign['edition_id']}/recordings").status_code == 404
        assert client.get(f"/desk/recordings/{foreign['paper_id']}").status_code == 404


def test_the_page_of_a_recording_offers_who_looks_after_its_rights_nothing_to_change(
    desk: tuple[Flask, World, Person],
) -> None:
    own = desk[1].objects["own"]
    for who, key in (("officer", "recording_id"), ("reader", "paper_id"), ("officer", "link_id")):
        page = _client(desk, who).get(f"/desk/recordings/{own[key]}").get_data(as_text=True)
        assert 'data-testid="read-only"' in page
        assert 'data-testid="to-rights"' in page
        assert f'action="/desk/recordings/{own[key]}' not in page
    posted = _client(desk, "officer").post(f"/desk/recordings/{own['recording_id']}/delete")
    assert posted.status_code == 404


def test_days_of_keeping_hold_for_all_and_are_offered_to_who_looks_after_all(
    desk: tuple[Flask, World, Person],
) -> None:
    for who, offered in (("officer", False), ("limited", False), ("organiser", True)):
        page = _client(desk, who).get("/desk/rights/register").get_data(as_text=True)
        assert ("/desk/rights/retention" in page) is offered, who
