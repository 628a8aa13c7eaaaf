"""The register of rights: filters, search, CSV, and what it costs."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.world import counted
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Role
from lms.recordings.models import MediaCopy, Recording
from lms.rights.models import Agreement, Rightsholder, RightsPlan, RightsReminder, Segment
from lms.rights.operations import AgreementDetails, add_agreement, rewrite_facts
from lms.rights.queries.register import PER_PAGE, Show, Wanted, list_places, list_register
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms
from lms.rights.texts.register import article_text
from tests.conftest import NOW, Cast, grant
from tests.rights.conftest import Course, Desk, add_recording, granted

SignIn = Callable[[Any], FlaskClient]
PAGE = "/desk/rights/register"


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def shown(cast: Cast, show: Show = Show.ALL, search: str = "", name: str = "organiser") -> set[str]:
    """Return the ids of the agreements that the register shows ('' for none)."""
    db.session.rollback()
    places = list_places(cast.actor(name), Wanted(show, search), NOW)
    return {place.agreement_id or "" for place in places}


def test_filters_keep_what_they_say(cast: Cast, desk: Desk) -> None:
    ending = desk.agree(grants=(granted(last_on=date(2026, 11, 30)),))
    assert shown(cast, Show.EXPIRING) == {ending.id}
    assert shown(cast, Show.UNSIGNED) == {""}  # the paper, about which nobody was asked
    asked = desk.agree(kind="music", status="requested", signed_on=None, recording_consent=False)
    assert shown(cast, Show.UNSIGNED) == {"", asked.id}
    assert shown(cast) == {ending.id, asked.id}


def test_a_renewed_agreement_does_not_end_soon(cast: Cast, desk: Desk) -> None:
    desk.agree(grants=(granted(last_on=date(2027, 11, 30)),))
    assert shown(cast, Show.EXPIRING) == set()


def test_publication_beyond_the_rights(cast: Cast, desk: Desk) -> None:
    agreement = desk.agree()
    desk.publish()
    assert shown(cast, Show.EXCEEDS) == set()
    desk.publish(within_rights=False)
    assert shown(cast, Show.EXCEEDS) == {agreement.id}


def test_unresolved_segments(cast: Cast, course: Course, desk: Desk) -> None:
    agreement = desk.agree()
    assert shown(cast, Show.UNRESOLVED) == set()
    with unit_of_work():
        db.session.add(
            Segment(recording_id=course.recording_id, a=1000, b=9000, kind="music", created_at=NOW)
        )
        db.session.flush()
        rewrite_facts(course.recording_id, NOW)
    assert shown(cast, Show.UNRESOLVED) == {agreement.id}


def test_viewers_abroad_under_a_limited_territory(cast: Cast, desk: Desk, sign_in: SignIn) -> None:
    free = desk.agree()
    japan = desk.agree(kind="music", grants=(granted("outside", territory=["JP"]),))
    wide = desk.agree(kind="slides", grants=(granted("outside", territory=["JP", "MY"]),))
    assert shown(cast, Show.FOREIGN) == {japan.id}  # Malaysia is where one of the enrolled lives
    assert {free.id, wide.id} <= shown(cast)
    page = sign_in(cast.organiser).get(PAGE, query_string={"show": "foreign"}).text
    assert page.count('data-label="For whom"') + page.count('data-label="誰に"') <= 1
    row = list_register(cast.actor("organiser"), Wanted(Show.FOREIGN), 1, NOW).rows[0]
    assert row.foreign == 1


def test_search_finds_names_however_they_are_written(
    cast: Cast, course: Course, desk: Desk
) -> None:
    with unit_of_work():
        holder = Rightsholder(
            name="髙﨑 譲", kana="タカサキ ユズル", organisation="青空大学", created_at=NOW
        )
        db.session.add(holder)
        db.session.flush()
        agreement = add_agreement(
            cast.actor("organiser"), course.recording_id,
            AgreementDetails(
                holder_name="髙﨑 譲", signed_on=date(2026, 10, 1), grants=(granted(),)
            ),
            NOW,
        )  # fmt: skip
        agreement.rightsholder_id = holder.id
    other = desk.agree()
    for text in ("高崎", "たかさき", "ﾀｶｻｷ", "青空大学"):
        assert shown(cast, search=text) == {agreement.id}, text
    assert shown(cast, search="wages") == {agreement.id, other.id}
    assert shown(cast, search="誰もいない") == set()


def test_who_reads_it(cast: Cast, course: Course, desk: Desk, sign_in: SignIn) -> None:
    agreement = desk.agree()
    assert shown(cast, name="auditor") == {agreement.id}
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER, f"programme:{course.programme_id}")
        grant(cast.stranger, Role.RIGHTS_OFFICER, "programme:01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert shown(cast, name="front_desk") == {agreement.id}
    assert shown(cast, name="stranger") == set()
    assert sign_in(cast.trainee).get(PAGE).status_code == 404
    assert sign_in(cast.coordinator).get(f"{PAGE}.csv").status_code == 404
    assert sign_in(cast.auditor).get(PAGE).status_code == 200


def test_it_costs_the_same_for_one_row_and_for_many(
    cast: Cast, course: Course, desk: Desk, sign_in: SignIn
) -> None:
    desk.agree()
    office = sign_in(cast.organiser)
    office.get(PAGE)
    with counted() as few:
        assert office.get(PAGE).status_code == 200
    with unit_of_work():
        for number in range(30):
            recording = add_recording(course.edition_id, title={"ja": f"第{number}回"})
            rewrite_facts(recording.id, NOW)
            add_agreement(
                cast.actor("organiser"), recording.id,
                AgreementDetails(
                    holder_name=f"権利者{number}", signed_on=date(2026, 10, 1), grants=(granted(),)
                ),
                NOW,
            )  # fmt: skip
    with counted() as many:
        page = office.get(PAGE).text
    assert page.count("権利者") >= 30
    assert len(many) == len(few)
    assert len(many) <= 20


def test_pages_of_fifty(cast: Cast, desk: Desk) -> None:
    for _number in range(PER_PAGE + 1):
        desk.agree()
    actor = cast.actor("organiser")
    first = list_register(actor, Wanted(), 1, NOW)
    last = list_register(actor, Wanted(), 99, NOW)
    assert (len(first.rows), first.pages, first.total) == (PER_PAGE, 2, PER_PAGE + 1)
    assert (len(last.rows), last.page) == (1, 2)


def test_a_row_tells_everything(cast: Cast, course: Course, desk: Desk, sign_in: SignIn) -> None:
    agreement = desk.agree(
        attribution="講師 白浜汐里",
        note="=1+1",
        grants=(
            granted(
                last_on=date(2026, 12, 31), actions=("play", "download"), territory=["JP"],
                max_views=3, obligations=["watermark", "attribution:講師 白浜汐里"],
            ),
        ),
    )  # fmt: skip
    with unit_of_work():
        row = db.session.get(Agreement, agreement.id)
        assert row is not None
        row.citation, row.document_sha256 = "契約 第5条", "ab" * 32
        row.answers = {
            "given": ConsentTerms(
                uses=frozenset({"play"}), captions=True, fee="100円", last_on=date(2026, 12, 31)
            ).to_json()
        }
        recording = db.session.get(Recording, course.recording_id)
        assert recording is not None
        recording.shelf = "本部3階 棚B"
        recording.source_name, recording.source_size = "講演.mp4", 1_234_567
        recording.source_sha256 = "cd" * 32
        db.session.add_all(
            [
                RightsPlan(
                    recording_id=course.recording_id, responsible_id=cast.organiser.id,
                    checklist=[], updated_at=NOW,
                ),
                Segment(
                    recording_id=course.recording_id, a=60_000, b=90_000, kind="quotation",
                    title="統計の図", disposition="exempt", basis="quotation", created_at=NOW,
                ),
                RightsReminder(
                    subject_id=agreement.id, kind="rights", days=60, due_on=date(2026, 12, 31),
                    sent_at=NOW,
                ),
                MediaCopy(
                    recording_id=course.recording_id, media_version=1, cuts=[[0, 1]],
                    state="ready",
                ),
            ]
        )  # fmt: skip
        db.session.flush()
        rewrite_facts(course.recording_id, NOW)
    office = sign_in(cast.organiser)
    office.get("/?lang=en")
    with office.session_transaction() as session:
        session["language"] = "en"
    answer = office.get(f"{PAGE}.csv")
    assert answer.mimetype == "text/csv"
    raw = answer.data
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert len(rows) == 1
    told = rows[0]
    assert told["Rightsholder"] == "白浜 汐里"
    assert told["Citation"] == "契約 第5条"
    assert told["SHA-256 of the document"] == "ab" * 32
    assert told["Signed on"] == "2026-10-01"
    assert told["Territory"] == "JP"
    assert told["Credit"] == "講師 白浜汐里"
    assert told["Obligations"] == "watermark"
    assert told["Views a person at most"] == "3"
    assert told["Responsible"] == "冬木 誠"
    assert "本部3階 棚B" in told["Copies"]
    assert "講演.mp4" in told["Copies"]
    assert "統計の図" in told["Segments"]
    assert "art. 32" in told["Segments"]
    assert told["Law"] == "Copyright Act, art. 23(1); licence: art. 63(2)"
    assert "60 days before" in told["Reminders sent"]
    assert "Fee: 100円" in told["Terms agreed"]
    assert told["Note"] == "'=1+1"  # never a formula


def test_the_file_is_whole_where_older_code_pages_would_lose_characters(
    cast: Cast, desk: Desk, sign_in: SignIn
) -> None:
    names = "𠮷野 髙﨑①"
    desk.agree(holder_name=names)
    answer = sign_in(cast.organiser).get(f"{PAGE}.csv")
    text = answer.data.decode("utf-8-sig")
    assert names in text
    with pytest.raises(UnicodeEncodeError):
        text.encode("cp932")
    head = next(csv.reader(io.StringIO(text, newline="")))
    assert len(head) == len(set(head))


def test_the_law_is_asked_about_where_it_is_unclear() -> None:
    assert article_text("speaker", "form", {"play"}).startswith("Copyright Act")
    assert "Ask" in article_text("music", "form", {"play"})
    assert "Ask" in article_text("person_shown", "form", {"play"})
    assert article_text("speaker", "form", {"embed"}) == "Ask."
    assert "22-2" in article_text("speaker", "form", {"screen"})


def test_agreements_of_what_is_gone_stay(cast: Cast, course: Course, desk: Desk) -> None:
    agreement = desk.agree()
    with unit_of_work():
        recording = db.session.scalars(
            select(Recording).where(Recording.id == course.recording_id)
        ).one()
        recording.stage = "destroyed"
        db.session.flush()
        rewrite_facts(course.recording_id, NOW)
    assert shown(cast) == {agreement.id}
    assert shown(cast, Show.UNSIGNED) == {""}


def test_published_to_everyone_is_within(cast: Cast, desk: Desk) -> None:
    desk.agree(grants=(granted("outside"),))
    desk.publish(reach=Reach.OUTSIDE)
    assert shown(cast, Show.EXCEEDS) == set()
