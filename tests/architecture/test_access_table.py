"""Route x who asks x what is asked for, held against a table that people can read.

`access_table.txt` holds what every route answers to every one of the cast, for an object of
their own course, of a course that only staff may know of (`foreign`), of one that is not
published (`draft`), for none (`missing`), for an address whose parts belong to different things
(`crossed`), and for one whose last part is not there (`own-missing`). Run with
WRITE_ACCESS_TABLE=1 to write it anew, and read every line that changed: a wrong answer in the
table is a hole that the test then keeps open.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from lms.config import Settings
from lms.infra.web.access import access_of
from lms.kernel.actor import ANONYMOUS, Actor
from lms.people.queries import find_actor
from tests.architecture.walking import (
    SECRETS,
    Answer,
    ask,
    browser,
    cookies_of,
    methods_of,
    named_in_body,
    objects_of,
    one_request,
    place,
    standing_clock,
    taking_back,
    walked,
)
from tests.architecture.world import (
    CANARY,
    DRAFT,
    PEOPLE,
    PRIVATE,
    WEB_SECRET,
    World,
    build_world,
)
from tests.conftest import NOW, Database, emptied

TABLE = Path(__file__).with_name("access_table.txt")
HEAD = ("method", "address", "object", *PEOPLE)

EVERYTHING = frozenset({"organiser", "admin"})
OUR_STAFF = EVERYTHING | {"limited", "officer"}

#: Whoever holds the address may use it: a link of one's mail, a certificate's code, a signed
#: address of an encrypted segment.
BY_POSSESSION = frozenset({*SECRETS, "completion.verify", "watching.segment"})
#: What an auditor reads of everything: the audit, and the register and evidence of rights.
AUDIT = frozenset(
    {
        "notifications.audit", "notifications.audit_csv", "rights.register", "rights.register_csv",
        "rights.expiry", "rights.evidence", "rights.evidence_csv", "rights.person_evidence",
        "rights.person_evidence_csv", "rights.destruction", "rights.destruction_pdf",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and its answer."""

    rule: Rule
    method: str
    which: str
    who: str
    answer: Answer

    @property
    def place(self) -> str:
        return f"{self.method} {self.rule.rule} [{self.which}] as {self.who}"

    @property
    def outcome(self) -> str:
        """The status; `in` for the way to the sign-in page."""
        if self.answer.status == 303 and self.answer.location.startswith("/sign-in"):
            return "in"
        return str(self.answer.status)


@dataclass(frozen=True, slots=True)
class Walk:
    """All answers, and the world that was asked."""

    app: Flask
    world: World
    asked: dict[tuple[str, str, str, str], Asked]


#: Whom the route's own rule does not admit is refused before anything is looked up: they ask for
#: two things, one that is there and one that is not, and their answer stands for the others.
AT_THE_DOOR = frozenset({"-", "own", "missing"})


def _actor_of(sign_in: tuple[str, int] | None) -> Actor:
    found = None if sign_in is None else find_actor(*sign_in, NOW)
    return found or ANONYMOUS


def _shut_out(app: Flask, rule: Rule, actors: Mapping[str, Actor]) -> frozenset[str]:
    declared = access_of(app, rule.endpoint)
    if declared is None:
        return frozenset()
    return frozenset(name for name, actor in actors.items() if not declared.admits(actor))


@pytest.fixture(scope="module")
def walk(
    session_app: Flask,
    database: Database,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Walk]:
    """Ask everything once; what a question changes is taken back before the next."""
    asked: dict[tuple[str, str, str, str], Asked] = {}
    with emptied(session_app, database, settings) as app, standing_clock():
        world = build_world(tmp_path_factory.mktemp("world"))
        cookies = cookies_of(app, world)
        actors = {name: _actor_of(sign_in) for name, sign_in in world.sign_ins.items()}
        with taking_back() as connection:
            for rule in walked(app):
                shut_out = _shut_out(app, rule, actors)
                for which in objects_of(rule):
                    path = place(app, world, rule, which)
                    for method in methods_of(rule):
                        form = named_in_body(world, rule, which)
                        more = {"data": form} if form else {}
                        for who in PEOPLE:
                            key = (method, rule.rule, which, who)
                            if who in shut_out and which not in AT_THE_DOOR:
                                known = asked[method, rule.rule, "own", who].answer
                                asked[key] = Asked(rule, method, which, who, known)
                                continue
                            with one_request(connection):
                                answer = ask(browser(app, cookies[who]), method, path, **more)
                            asked[key] = Asked(rule, method, which, who, answer)
        yield Walk(app, world, asked)


def _lines(walk: Walk) -> list[str]:
    """Return the table: objects that are answered alike share a line."""
    rows: list[tuple[str, ...]] = [HEAD]
    for rule in walked(walk.app):
        for method in methods_of(rule):
            alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
            for which in objects_of(rule):
                outcomes = tuple(
                    walk.asked[method, rule.rule, which, who].outcome for who in PEOPLE
                )
                alike[outcomes].append(which)
            rows += [
                (method, rule.rule, "+".join(several), *outcomes)
                for outcomes, several in alike.items()
            ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def test_every_answer_is_the_one_in_the_table(walk: Walk) -> None:
    lines = _lines(walk)
    if os.environ.get("WRITE_ACCESS_TABLE"):
        TABLE.write_text("\n".join(lines) + "\n")
        pytest.skip("written; read what changed")
    kept = [line.split() for line in TABLE.read_text().splitlines()]
    found = [line.split() for line in lines]
    assert [row for row in found if row not in kept] == []  # new, or answered otherwise
    assert [row for row in kept if row not in found] == []  # gone


def _plain(asked: Asked, world: World) -> tuple[int, str, str]:
    """Return an answer without what belongs to the one request: nonce, token, its address."""
    text = asked.answer.body.decode("utf-8", "replace")
    text = re.sub(r'nonce="[^"]*"', "", text)
    text = re.sub(r'(name="csrf[^>]*value=|csrf-token" content=)"[^"]*"', "", text)
    names = {value for ids in world.objects.values() for value in ids.values()}
    named = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
    return asked.answer.status, named.sub("@", asked.answer.location), named.sub("@", text)


def test_who_is_shut_out_is_told_nothing_of_what_is_there(walk: Walk) -> None:
    told, doors = [], 0
    with walk.app.app_context(), standing_clock():
        actors = {name: _actor_of(sign_in) for name, sign_in in walk.world.sign_ins.items()}
    for rule in walked(walk.app):
        for who in _shut_out(walk.app, rule, actors) if "missing" in objects_of(rule) else ():
            for method in methods_of(rule):
                own, missing = (walk.asked[method, rule.rule, x, who] for x in ("own", "missing"))
                doors += 1
                if _plain(own, walk.world) != _plain(missing, walk.world):
                    told.append(own.place)
    assert told == []
    assert doors > 1000


def test_what_people_may_not_know_of_is_answered_as_if_it_were_not_there(walk: Walk) -> None:
    told = []
    for (method, rule, which, who), asked in walk.asked.items():
        if which not in {"foreign", "draft", "crossed"}:
            continue
        if asked.rule.endpoint in BY_POSSESSION and which != "crossed":
            continue
        if who in (EVERYTHING if which == "foreign" else OUR_STAFF) and which != "crossed":
            continue
        if asked.rule.endpoint in AUDIT and who == "auditor" and which != "crossed":
            continue
        lost = "own-missing" if which == "crossed" else "missing"
        missing = walk.asked[method, rule, lost, who]
        if _plain(asked, walk.world) != _plain(missing, walk.world):
            told.append(f"{asked.place}: {asked.outcome}, missing {missing.outcome}")
    assert told == []


def _leaks(walk: Walk, word: str, knowing: frozenset[str]) -> list[str]:
    return [
        asked.place
        for asked in walk.asked.values()
        if word in asked.answer.text
        if asked.who not in knowing and asked.rule.endpoint not in BY_POSSESSION
        if not (asked.rule.endpoint in AUDIT and asked.who == "auditor")
    ]


def test_nothing_of_a_hidden_course_is_in_any_answer(walk: Walk) -> None:
    assert _leaks(walk, CANARY, EVERYTHING) == []


def test_nothing_of_a_draft_is_in_any_answer_but_to_its_staff(walk: Walk) -> None:
    assert _leaks(walk, DRAFT, OUR_STAFF) == []


def test_what_is_private_is_told_to_its_person_and_to_staff_only(walk: Walk) -> None:
    captions = ["GET /media/<token>/<recording_id>/captions/<language>.vtt [own] as trainee"]
    # The words of captions are for whoever may play the film, as a transcript too.
    read = [
        f"GET {address} [own] as {who}"
        for address in (
            "/api/v1/recordings/<recording_id>/transcript",
            "/recordings/<recording_id>/transcript",
        )
        for who in ("trainee", "overseas")
    ]
    assert sorted(_leaks(walk, PRIVATE, OUR_STAFF)) == sorted(captions + read)


def test_the_way_into_a_meeting_is_told_to_staff_and_by_joining_only(walk: Walk) -> None:
    leaks = _leaks(walk, WEB_SECRET, OUR_STAFF)
    joined = [
        f"POST /live-sessions/<live_session_id>/join [own] as {who}"
        for who in ("trainee", "speaker")  # overseas comes to the room, and changes over first
    ]
    assert leaks == joined


def test_the_words_are_where_staff_look_for_them(walk: Walk) -> None:
    """The canary sings: a word that is nowhere could not be missed anywhere."""
    for word in (CANARY, DRAFT, PRIVATE, WEB_SECRET):
        seen = {a.rule.endpoint for a in walk.asked.values() if word in a.answer.text}
        assert len(seen) > 1, word


#: What is the same for everybody, and a calendar that its own reader's program asks for again.
KEPT = frozenset({"web.theme_css", "web.logo", "sessions.feed"})


def test_every_answer_carries_the_policy_and_is_kept_by_no_cache(walk: Walk) -> None:
    bare = []
    for asked in walk.asked.values():
        headers = asked.answer.headers
        policy = headers.get("Content-Security-Policy", "")
        if (
            not policy.startswith("default-src 'none'; script-src 'nonce-")
            or "unsafe" in policy
            or "frame-ancestors 'none'" not in policy
            or headers.get("X-Content-Type-Options") != "nosniff"
        ):
            bare.append(f"{asked.place}: {policy}")
        kept = headers.get("Cache-Control", "")
        if "no-store" not in kept and asked.rule.endpoint not in KEPT:
            bare.append(f"{asked.place}: {kept}")
    assert bare == []
