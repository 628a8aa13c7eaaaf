"""The rights desk and the rightsholders' page in the browser's shoes."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Role
from lms.kernel.clock import to_ms
from lms.people.queries import find_actor
from lms.recordings.models import Recording
from lms.rights.models import Agreement, AgreementTerm, Publication, Takedown, Withdrawal
from lms.rights.operations import OverrideDetails, request_override, take_down
from lms.rights.queries import Supposed, simulate, supposed_facts
from lms.rights.rules import Code, Decision, decide_access
from tests.conftest import NOW, Cast, grant
from tests.rights.conftest import Course, Desk, granted

SignIn = Callable[[Any], FlaskClient]
Ask = Callable[..., Decision]


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(sign_in: SignIn, cast: Cast) -> FlaskClient:
    return sign_in(cast.organiser)


def page(course: Course, rest: str = "") -> str:
    return f"/desk/recordings/{course.recording_id}/rights{rest}"


FORM = {
    "holder_name": "白浜 汐里",
    "kind": "speaker",
    "status": "signed",
    "signed_on": "令和8年10月1日",
    "recording_consent": "y",
    "actions": ["play"],
    "reach": "affiliate",
    "last_on": "2026-12-31",
    "watermark": "y",
    "attribution": "講師 白浜汐里",
}


def test_from_nothing_to_published(office: FlaskClient, course: Course, ask: Ask) -> None:
    first = office.get(page(course)).text
    assert "許諾が登録されていません" in first or "No agreement is on file" in first
    assert 'data-testid="gaps"' in first
    assert 'data-testid="publish"' not in first
    entered = office.post(page(course, "/agreements/new"), data=FORM)
    assert entered.status_code == 303
    term = db.session.scalars(select(AgreementTerm)).one()
    assert term.conditions == {
        "actions": ["play"],
        "audience": {"reach": "affiliate"},
        "obligations": ["watermark", "attribution:講師 白浜汐里"],
    }
    assert term.until_at == datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    agreed = office.get(page(course)).text
    assert 'data-testid="publish"' in agreed
    assert 'data-testid="gaps"' not in agreed
    published = office.post(
        page(course, "/publish"),
        data={
            "publish-actions": ["play"],
            "publish-reach": "outside",
            "publish-enrolled_only": "y",
            "how": "within",
        },
    )
    assert published.status_code == 303
    decision = ask("trainee")
    assert decision.code is Code.ALLOW
    assert decision.obligations.attribution == ("講師 白浜汐里",)
    assert 'data-testid="exceeds"' not in office.get(page(course)).text


def test_a_paper_that_may_be_read_can_be_published(office: FlaskClient, course: Course) -> None:
    paper = f"/desk/recordings/{course.paper_id}/rights"
    data = {**FORM, "kind": "slides", "actions": ["display", "print"]}
    assert office.post(f"{paper}/agreements/new", data=data).status_code == 303
    agreed = office.get(paper).text
    assert 'data-testid="gaps"' not in agreed
    assert 'data-testid="publish"' in agreed


def test_published_as_set_warns(office: FlaskClient, course: Course, desk: Desk) -> None:
    desk.agree()
    data = {"publish-actions": ["play"], "publish-reach": "outside", "how": "as_set"}
    assert office.post(page(course, "/publish"), data=data).status_code == 303
    assert 'data-testid="exceeds"' in office.get(page(course)).text


def test_publishing_without_an_agreement_is_refused_in_words(
    office: FlaskClient, course: Course
) -> None:
    office.get("/?lang=en")
    answer = office.post(
        page(course, "/publish"), data={"publish-actions": ["play"], "publish-reach": "hq"}
    )
    assert answer.status_code == 422
    assert 'data-testid="error-summary"' in answer.text
    assert db.session.scalars(select(Publication)).all() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"holder_name": " "}, "holder_name"),
        ({"holder_name": "x" * 201}, "holder_name"),
        ({"kind": "ghost"}, "kind"),
        ({"status": "x"}, "status"),
        ({"signed_on": "2026-02-30"}, "signed_on"),
        ({"signed_on": "yesterday"}, "signed_on"),
        ({"signed_on": ""}, "signed_on"),
        ({"signed_on": "2027-01-01"}, "signed_on"),
        ({"actions": []}, "actions"),
        ({"actions": ["fly"]}, "actions"),
        ({"reach": "moon"}, "reach"),
        ({"reach": "named"}, "organisations"),
        ({"organisations": ["x"]}, "organisations"),
        ({"first_on": "2026-12-31", "last_on": "2026-12-30"}, "last_on"),
        ({"holder_account": "nobody-here"}, "holder_account"),
        ({"territory": "Japan"}, "territory"),
        ({"max_views": "0"}, "max_views"),
        ({"max_views": "many"}, "max_views"),
        ({"renews": "x"}, "renews"),
        ({"prohibited_organisations": ["x"]}, "prohibited_organisations"),
    ],
)
def test_bad_input_is_told_at_the_field(
    office: FlaskClient, course: Course, change: dict[str, Any], field: str
) -> None:
    answer = office.post(page(course, "/agreements/new"), data={**FORM, **change})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.scalars(select(Agreement)).all() == []


def test_all_conditions_of_the_form(office: FlaskClient, course: Course, cast: Cast) -> None:
    partner = cast.partner.id
    more = {
        "holder_account": "speaker",
        "organisations": [partner],
        "reach": "industrial",
        "territory": "jp、MY",
        "purposes": ["education"],
        "channels": ["lms_web"],
        "max_views": "３",
        "enrolled_only": "y",
        "stream_only": "y",
        "prohibited_actions": ["embed"],
        "prohibited_organisations": [partner],
    }
    assert office.post(page(course, "/agreements/new"), data={**FORM, **more}).status_code == 303
    assert db.session.scalars(select(Agreement)).one().holder_person_id == cast.speaker.id
    terms = db.session.scalars(select(AgreementTerm).order_by(AgreementTerm.kind)).all()
    audiences = [term.conditions["audience"] for term in terms]
    assert {"reach": "industrial"} in audiences
    assert audiences.count({"reach": "outside", "orgs": [partner]}) == 2
    by_kind = {term.kind: term.conditions for term in terms}
    assert by_kind["prohibition"] == {
        "actions": ["embed"],
        "audience": {"reach": "outside", "orgs": [partner]},
    }
    assert by_kind["grant"]["territory"] == ["JP", "MY"]
    assert by_kind["grant"]["max_views"] == 3
    assert by_kind["grant"]["enrolled"] == {"course": course.edition_id}
    assert office.get(page(course)).status_code == 200


def test_withdraw_and_answer_at_the_desk(
    office: FlaskClient, course: Course, desk: Desk, ask: Ask
) -> None:
    key = desk.agree(status="requested", signed_on=None).id
    answer = page(course, f"/agreements/{key}/answer")
    unsigned = office.post(answer, data={f"answer-{key}-status": "signed"})
    assert unsigned.status_code == 422
    assert f'id="answer-{key}-signed_on-error"' in unsigned.text
    signed = {f"answer-{key}-status": "signed", f"answer-{key}-signed_on": "2026/10/10"}
    assert office.post(answer, data=signed).status_code == 303
    assert office.post(answer, data=signed).status_code == 409
    desk.publish()
    assert ask("trainee").allowed
    withdraw = page(course, f"/agreements/{key}/withdraw")
    assert office.post(withdraw, data={}).status_code == 422
    assert office.post(withdraw, data={f"withdraw-{key}-reason": "手紙"}).status_code == 303
    assert ask("trainee").code is Code.RIGHTS_WITHDRAWN
    assert office.get(page(course)).status_code == 200


def test_takedown_and_lift_in_one_click(
    office: FlaskClient, course: Course, desk: Desk, ask: Ask
) -> None:
    desk.agree()
    desk.publish()
    assert office.post(page(course, "/takedown"), data={}).status_code == 422
    assert (
        office.post(page(course, "/takedown"), data={"takedown-reason": "苦情"}).status_code == 303
    )
    assert ask("trainee").code is Code.TAKEDOWN
    assert 'data-testid="takedown-notice"' in office.get(page(course)).text
    assert office.post(page(course, "/lift-takedown")).status_code == 303
    assert office.post(page(course, "/lift-takedown")).status_code == 409
    assert ask("trainee").allowed
    assert office.post(page(course, "/end-publication")).status_code == 303
    assert office.post(page(course, "/end-publication")).status_code == 409


@pytest.mark.parametrize("who", ["trainee", "overseas", "coordinator", "speaker", "auditor"])
def test_the_desk_is_not_there_for_others(
    sign_in: SignIn, cast: Cast, course: Course, desk: Desk, who: str
) -> None:
    key = desk.agree().id
    client = sign_in(getattr(cast, who))
    for address in (page(course), page(course, "/agreements/new")):
        assert client.get(address).status_code == 404
    for rest in (
        "/agreements/new", f"/agreements/{key}/answer", f"/agreements/{key}/withdraw",
        "/publish", "/end-publication", "/takedown", "/lift-takedown",
    ):  # fmt: skip
        assert client.post(page(course, rest), data={}).status_code == 404
    assert client.post(f"/my/consents/{key}/withdraw").status_code == 404
    assert db.session.scalars(select(Withdrawal)).all() == []
    assert db.session.scalars(select(Takedown)).all() == []


def test_an_organiser_of_another_programme_sees_nothing(
    sign_in: SignIn, cast: Cast, course: Course
) -> None:
    with unit_of_work():
        grant(cast.stranger, Role.ORGANISER, "programme:" + "0" * 26)
        grant(cast.front_desk, Role.RIGHTS_OFFICER)
    assert sign_in(cast.stranger).get(page(course)).status_code == 404
    assert sign_in(cast.front_desk).get(page(course)).status_code == 200


@pytest.mark.parametrize("key", ["0" * 26, "x", "%00", "0" * 400])
def test_ids_of_nothing(office: FlaskClient, course: Course, key: str) -> None:
    assert office.get(f"/desk/recordings/{key}/rights").status_code == 404
    assert office.post(f"/desk/recordings/{key}/rights/publish").status_code == 404
    assert office.post(page(course, f"/agreements/{key}/withdraw")).status_code == 404
    assert office.post(f"/my/consents/{key}/withdraw").status_code == 404


def test_an_agreement_of_another_recording_is_not_there(
    office: FlaskClient, course: Course, desk: Desk
) -> None:
    key = desk.agree(recording_id=course.paper_id).id
    data = {f"withdraw-{key}-reason": "x"}
    assert office.post(page(course, f"/agreements/{key}/withdraw"), data=data).status_code == 404


@pytest.mark.parametrize("organisation", ["", "anonymous", "affiliate_a", "hq", "partner"])
@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.parametrize("moment", ["2026-12-31 23:59", "2027-01-01 00:00"])
def test_the_simulator_is_the_gate(  # noqa: PLR0917 - pytest passes by name
    office: FlaskClient, course: Course, cast: Cast, desk: Desk,
    organisation: str, enrolled: bool, moment: str,
) -> None:  # fmt: skip
    desk.agree(grants=(granted("affiliate", last_on=date(2026, 12, 31), territory=["JP"]),))
    desk.publish(enrolled_only=True)
    unit = getattr(cast, organisation, None)
    key = organisation if unit is None else unit.id
    at = datetime.fromisoformat(f"{moment}+09:00")
    supposed = Supposed(
        organisation_id=None if unit is None else unit.id,
        at=at,
        country="JP",
        enrolled=enrolled,
        signed_in=organisation != "anonymous",
    )
    expected = decide_access(supposed_facts(course.recording_id, supposed), to_ms(at))
    assert simulate(course.recording_id, supposed) == expected
    query = {"organisation": key, "moment": moment, "country": "JP", "action": "play"}
    if enrolled:
        query["enrolled"] = "y"
    shown = office.get(page(course), query_string=query)
    assert shown.status_code == 200
    codes = re.findall(r"<code>(\w+)</code>", shown.text)
    assert codes == [expected.code.value]
    inside = moment.startswith("2026") and organisation in ("affiliate_a", "hq")
    assert expected.allowed == (inside and enrolled)


@pytest.mark.parametrize(
    "query",
    [
        {"organisation": "x"},
        {"organisation": "", "moment": "soon", "country": "JP", "action": "play"},
        {"organisation": "", "moment": "9999-12-31 23:59", "country": "JP", "action": "play"},
        {"organisation": "", "moment": "0001-01-01 00:00", "country": "JP", "action": "play"},
        {"organisation": "", "moment": "2026-10-12 10:00", "country": "XX1", "action": "play"},
        {"organisation": "", "moment": "2026-10-12 10:00", "country": "JP", "action": "fly"},
    ],
)
def test_nonsense_for_the_simulator_is_told(
    office: FlaskClient, course: Course, query: dict[str, str]
) -> None:
    shown = office.get(page(course), query_string=query)
    assert shown.status_code == 200
    assert 'data-testid="simulator-answer"' not in shown.text
    assert 'aria-invalid="true"' in shown.text


def test_a_rightsholder_sees_and_withdraws_only_their_own(
    sign_in: SignIn, cast: Cast, desk: Desk, ask: Ask
) -> None:
    mine = desk.agree(holder_person_id=cast.speaker.id)
    desk.agree(kind="slides", holder_name="canary-of-another")
    desk.publish()
    client = sign_in(cast.speaker)
    shown = client.get("/my/consents").text
    assert shown.count('data-testid="consent"') == 1
    assert "canary-of-another" not in shown
    assert client.post(f"/my/consents/{mine.id}/withdraw").status_code == 303
    assert ask("trainee").code is Code.RIGHTS_WITHDRAWN
    assert client.post(f"/my/consents/{mine.id}/withdraw").status_code == 409
    assert 'data-testid="withdraw"' not in client.get("/my/consents").text
    assert 'data-testid="consent"' not in sign_in(cast.trainee).get("/my/consents").text


def test_a_taken_down_recording_shows_no_takedown_form(
    office: FlaskClient, course: Course, desk: Desk
) -> None:
    with unit_of_work():
        take_down(desk.actor, course.recording_id, "x", NOW)
        db.session.get_one(Recording, course.recording_id).stage = "draft"
    assert 'data-testid="takedown-form"' not in office.get(page(course)).text


def test_every_field_of_several_decisions_has_a_label_of_its_own(
    office: FlaskClient, course: Course, cast: Cast
) -> None:
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER)
    officer = find_actor(cast.front_desk.id, cast.front_desk.session_epoch, NOW)
    assert officer is not None
    for person in (cast.trainee, cast.overseas):
        with unit_of_work():
            request_override(
                officer, course.recording_id,
                OverrideDetails(person.id, ("play",), NOW.date(), NOW.date(), "欠席のため"), NOW,
            )  # fmt: skip
    shown = office.get(page(course)).text
    assert shown.count('data-testid="override-number"') == 2
    names = [tag for tag in re.findall("<input[^>]*>", shown) if 'name="number"' in tag]
    ids = {match[1] for tag in names if (match := re.search(' id="([^"]+)"', tag))}
    assert len(ids) == 2
    assert all(f'<label class="label" for="{one}"' in shown for one in ids)


def test_each_place_of_the_rights_desk_is_marked_as_the_present_one(office: FlaskClient) -> None:
    for place in ("register", "expiry", "clearing", "requests", "holders", "backlog", "forms"):
        shown = office.get(f"/desk/rights/{place}").text
        tabs = shown.partition('<nav class="tabs"')[2].partition("</nav>")[0]
        current = re.findall('href="([^"]+)" aria-current="page"', tabs)
        assert current == [f"/desk/rights/{place}"]
