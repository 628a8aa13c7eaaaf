"""The pages of completion."""

import io
import re
from collections.abc import Callable
from typing import Any

import pypdf
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.completion.models import CompletionRule
from lms.infra.db import db, unit_of_work
from lms.infra.site import SiteSettings, write_site
from lms.people.models import Person
from tests.completion.conftest import Course
from tests.conftest import add_person

SignIn = Callable[[Person], FlaskClient]


def rule_url(course: Course) -> str:
    return f"/desk/editions/{course.id}/completion"


def entered(course: Course, **more: Any) -> dict[str, Any]:
    values = {
        "act": "save",
        "combine": "all",
        "gives_certificate": "y",
        "requirements-0-title_ja": "第1部",
        "requirements-0-part": course.parts[0].id,
        "requirements-0-attend": "y",
        "requirements-0-watch": "y",
        "requirements-0-percent": "８０",
    }
    return {key: value for key, value in (values | more).items() if value is not None}


def test_the_rule_is_set_in_the_browser(course: Course, sign_in: SignIn) -> None:
    client = sign_in(course.cast.organiser)

    answer = client.post(
        rule_url(course),
        data=entered(
            course,
            combine="at_least",
            needed="２",
            due_on="令和8年12月1日",
            due_time="18時",
            **{
                "requirements-1-title_en": "Report",
                "requirements-1-read": "y",
                "requirements-1-lesson": course.lessons[1].id,
                "requirements-1-confirmed": "y",
            },
        ),
    )

    assert answer.status_code == 303, answer.text
    rule = db.session.get_one(CompletionRule, course.id)
    assert (rule.combine, rule.needed, rule.gives_certificate) == ("at_least", 2, True)
    assert rule.due_at is not None
    assert rule.due_at.isoformat() == "2026-12-01T09:00:00+00:00"
    first, second = course.requirements()
    part = course.parts[0].id
    assert first.title == {"ja": "第1部"}
    assert first.part_id == part
    assert first.routes == [
        {"kind": "attend", "part_id": part},
        {"kind": "watch", "part_id": part, "permille": 800},
    ]
    assert second.title == {"en": "Report"}
    assert second.routes == [
        {"kind": "read", "lesson_id": course.lessons[1].id},
        {"kind": "confirmed"},
    ]
    page = client.get(rule_url(course)).text
    assert 'value="2026-12-01"' in page
    assert 'value="18:00"' in page
    assert f'value="{first.id}"' in page


def test_what_the_editor_cannot_show_stays(course: Course, sign_in: SignIn) -> None:
    other = {"kind": "attend", "part_id": course.parts[1].id}
    course.rule(course.requirement(0, "attend"))
    with unit_of_work():
        (requirement,) = course.requirements()
        requirement.routes = [*requirement.routes, other]

    client = sign_in(course.cast.organiser)
    answer = client.post(
        rule_url(course),
        data=entered(course, **{"requirements-0-id": requirement.id, "requirements-0-watch": None}),
    )

    assert answer.status_code == 303
    assert course.requirements()[0].routes == [
        {"kind": "attend", "part_id": course.parts[0].id},
        other,
    ]


def titles(answer: TestResponse) -> list[str]:
    return re.findall(r'name="requirements-\d+-title_ja"[^>]*value="([^"]*)"', answer.text)


def test_a_share_of_the_sessions_is_set_shown_and_taken_back(
    course: Course, sign_in: SignIn
) -> None:
    client = sign_in(course.cast.organiser)
    route = {"kind": "attend", "part_id": course.parts[0].id}

    for typed, stored in (("８５", {**route, "permille": 850}), ("", route)):
        more = {"requirements-0-share": typed, "requirements-0-watch": None}
        answer = client.post(rule_url(course), data=entered(course, **more))
        assert answer.status_code == 303, answer.text
        assert course.requirements()[0].routes == [stored]
        page = client.get(rule_url(course)).text
        box = re.search(r'<input[^>]*name="requirements-0-share"[^>]*>', page)
        assert box is not None
        assert ('value="85"' in box[0]) is bool(typed)
        db.session.delete(course.requirements()[0])
        db.session.commit()


def test_buttons_arrange_without_saving(course: Course, sign_in: SignIn) -> None:
    client = sign_in(course.cast.organiser)
    two = {
        "requirements-1-title_ja": "第2部",
        "requirements-1-part": course.parts[1].id,
        "requirements-1-percent": "80",
    }

    def press(act: str) -> TestResponse:
        answer = client.post(rule_url(course), data=entered(course, act=act, **two))
        assert answer.status_code == 200
        return answer

    assert titles(press("up-1")) == ["第2部", "第1部"]
    assert titles(press("down-0")) == ["第2部", "第1部"]
    assert titles(press("remove-0")) == ["第2部"]
    assert titles(press("add")) == ["第1部", "第2部", ""]
    for nonsense in ("up-0", "down-1", "remove-7", "remove-x", "remove-99999", "dance"):
        assert titles(press(nonsense)) == ["第1部", "第2部"]
    assert course.requirements() == []


def test_the_default_is_one_click_and_saves_as_shown(course: Course, sign_in: SignIn) -> None:
    client = sign_in(course.cast.organiser)
    answer = client.post(rule_url(course), data={"act": "suggest", "combine": "all"})
    assert titles(answer) == ["第1部 賃金", "第2部 賃金"]
    assert len(re.findall(r"<input checked[^>]*-(?:attend|watch)\"", answer.text)) == 4

    again = client.post(rule_url(course), data=entered(course, act="suggest"))
    assert titles(again) == ["第1部", "第2部 賃金"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"combine": "most"}, "combine"),
        ({"combine": None}, "combine"),
        ({"combine": "at_least", "needed": "3"}, "needed"),
        ({"combine": "at_least", "needed": "many"}, "needed"),
        ({"due_on": "2026-02-30", "due_time": "10:00"}, "due_on"),
        ({"due_on": "2026-02-20"}, "due_time"),
        ({"due_time": "10:00"}, "due_on"),
        ({"requirements-0-title_ja": " "}, "requirements-0-title_ja"),
        ({"requirements-0-title_ja": "長" * 121}, "requirements-0-title_ja"),
        ({"requirements-0-part": ""}, "requirements-0-part"),
        ({"requirements-0-part": "0" * 26}, "requirements-0-part"),
        ({"requirements-0-percent": "81"}, "requirements-0-percent"),
        ({"requirements-0-percent": "105"}, "requirements-0-percent"),
        ({"requirements-0-percent": "half"}, "requirements-0-percent"),
        ({"requirements-0-percent": ""}, "requirements-0-percent"),
        ({"requirements-0-share": "33"}, "requirements-0-share"),
        ({"requirements-0-share": "0"}, "requirements-0-share"),
        ({"requirements-0-share": "105"}, "requirements-0-share"),
        ({"requirements-0-share": "most"}, "requirements-0-share"),
        ({"requirements-0-read": "y", "requirements-0-lesson": "x"}, "requirements-0-lesson"),
        ({"requirements-0-attend": None, "requirements-0-watch": None}, "requirements-0-attend"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_is_saved(
    course: Course, sign_in: SignIn, more: dict[str, Any], place: str
) -> None:
    answer = sign_in(course.cast.organiser).post(rule_url(course), data=entered(course, **more))

    assert answer.status_code == 422
    assert f'id="{place}-error"' in answer.text or f'id="{place}"' in answer.text
    assert 'data-testid="error-summary"' in answer.text
    assert 'class="error"' in answer.text
    assert course.requirements() == []


def test_a_part_of_another_edition_is_refused(course: Course, sign_in: SignIn) -> None:
    answer = sign_in(course.cast.organiser).post(
        rule_url(course),
        data=entered(course, **{"requirements-0-id": "../../etc", "requirements-0-part": "\0"}),
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["trainee", "coordinator", "auditor"])
def test_the_desk_is_for_who_runs_the_edition(course: Course, sign_in: SignIn, name: str) -> None:
    client = sign_in(getattr(course.cast, name))
    for url in (
        rule_url(course),
        f"{rule_url(course)}/people",
        f"{rule_url(course)}/people.csv",
        "/desk/completion/questions",
    ):
        assert client.get(url).status_code == 404


def test_everyone_is_listed_in_eight_queries(course: Course, sign_in: SignIn) -> None:
    from sqlalchemy import event  # noqa: PLC0415 - counted here only

    course.both_parts("any")
    with unit_of_work():
        crowd = [add_person(f"crowd{n}", "群", f"{n}") for n in range(12)]
    for person in crowd:
        course.enrol(person)
    course.attend(course.cast.trainee, 0)
    client = sign_in(course.cast.organiser)
    url = f"{rule_url(course)}/people"
    client.get(url)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        page = client.get(url)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert len(statements) <= 8, statements
    assert page.text.count("<tr>") == 14
    assert "山瀬 春夫" in page.text


def test_confirming_by_hand(course: Course, sign_in: SignIn) -> None:
    course.rule(course.requirement(0, "confirmed"), course.requirement(1, "attend"))
    confirmable, other = course.requirements()
    client = sign_in(course.cast.organiser)
    url = f"{rule_url(course)}/people"
    page = client.get(url).text
    assert page.count('data-testid="confirm"') == 1

    def send(**values: str) -> int:
        wanted = {
            "requirement": confirmable.id, "person": course.cast.trainee.id, "confirmed": "1",
        }  # fmt: skip
        return client.post(f"{url}/confirm", data=wanted | values).status_code

    assert send() == 303
    assert 'data-testid="take-back"' in client.get(url).text
    assert send(confirmed="0") == 303
    assert 'data-testid="confirm"' in client.get(url).text
    assert send(requirement=other.id) == 404
    assert send(requirement="x") == 404
    assert send(person="x") == 404
    assert send(person=course.cast.stranger.id) == 409


def test_the_csv_opens_in_a_spreadsheet(course: Course, sign_in: SignIn) -> None:
    course.both_parts("any")
    with unit_of_work():
        evil = add_person("evil", "=1+1", "髙﨑")
    course.enrol(evil)
    course.attend(course.cast.trainee, 0)

    answer = sign_in(course.cast.organiser).get(f"{rule_url(course)}/people.csv")

    assert answer.data.startswith(b"\xef\xbb\xbf")
    lines = answer.data.decode("utf-8-sig").split("\r\n")
    assert len(lines) == 4
    assert lines[0].endswith("第1部,第2部")
    assert any(line.startswith("山瀬 春夫,ヤマセ ハルオ,") for line in lines)
    assert any(line.startswith("'=1+1 髙﨑,") for line in lines)
    assert "2026-10-12" in answer.text
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]


def test_questions_are_decided_with_a_reason(course: Course, sign_in: SignIn) -> None:
    course.both_parts("any")
    course.attend(course.cast.trainee, 0)
    course.attend(course.cast.trainee, 0, "absent")
    (task,) = course.tasks()
    client = sign_in(course.cast.organiser)
    page = client.get("/desk/completion/questions").text
    assert "山瀬 春夫" in page
    assert "第1部" in page
    url = f"/desk/completion/questions/{task.id}"

    assert client.post(url, data={"choice": "revoke", "reason": " "}).status_code == 422
    assert client.post(url, data={"choice": "burn", "reason": "x"}).status_code == 422
    assert client.post(url, data={"choice": "keep", "reason": "長" * 2001}).status_code == 422
    assert client.post("/desk/completion/questions/x", data={"choice": "keep"}).status_code == 404
    assert course.achievements()[0].revoked_at is None
    assert client.post(url, data={"choice": "revoke", "reason": "訂正"}).status_code == 303
    assert course.achievements()[0].revoked_at is not None
    assert client.post(url, data={"choice": "keep", "reason": "x"}).status_code == 409
    assert "山瀬 春夫" not in client.get("/desk/completion/questions").text


def certified(course: Course) -> Any:
    with unit_of_work():
        write_site(
            SiteSettings(
                issuer={"ja": "東和金属労働組合協議会", "en": "Towa Metal Council"},
                issuer_title={"ja": "議長 山野花子", "en": "President YAMANO Hanako"},
            ),
            at=course.now,
        )
        person = db.session.get_one(Person, course.cast.trainee.id)
        person.family_name, person.given_name = "髙﨑", "𠮷夫"
        person.romanised_family, person.romanised_given = "Takasaki", "Yoshio"
    course.both_parts("any")
    course.attend(course.cast.trainee, 0)
    (certificate,) = course.certificates()
    return certificate


def text_of(answer: TestResponse) -> str:
    reader = pypdf.PdfReader(io.BytesIO(answer.data))
    assert len(reader.pages) == 1
    return re.sub(r"\s+", "", reader.pages[0].extract_text())


def test_the_certificate_is_a_pdf_with_its_fonts(course: Course, sign_in: SignIn) -> None:
    certificate = certified(course)
    client = sign_in(course.cast.trainee)

    japanese = client.get(f"/my/certificates/{certificate.id}.pdf?lang=ja")
    english = client.get(f"/my/certificates/{certificate.id}.pdf?lang=en")

    assert japanese.mimetype == "application/pdf"
    text = text_of(japanese)
    for words in ("髙﨑𠮷夫", "2026-0001", "労働経済学入門第1回", "東和金属労働組合協議会",
                  "議長山野花子", "2026年10月12日"):  # fmt: skip
        assert words in text
    text = text_of(english)
    for words in ("TAKASAKIYoshio", "2026-0001", "CertificateofCompletion",
                  "IntroductiontolaboureconomicsEdition1", "TowaMetalCouncil",
                  "12October2026"):  # fmt: skip
        assert words in text
    for answer in (japanese, english):
        reader = pypdf.PdfReader(io.BytesIO(answer.data))
        fonts = reader.pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
        descriptors = [
            font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            for font in fonts
        ]
        assert descriptors
        assert all("/FontFile3" in one or "/FontFile2" in one for one in descriptors)
        assert b"<pdfaid:part>2" in answer.data
    assert "filename*=UTF-8''" in japanese.headers["Content-Disposition"]


def test_a_certificate_is_made_once_and_anew_when_the_look_changes(
    course: Course, sign_in: SignIn, settings: Any
) -> None:
    certificate = certified(course)
    client = sign_in(course.cast.trainee)
    url = f"/my/certificates/{certificate.id}.pdf?lang=en"
    folder = settings.media_dir / "certificates" / certificate.id

    first, second = client.get(url).data, client.get(url).data
    assert first == second
    assert len(list(folder.iterdir())) == 1
    with unit_of_work():
        write_site(SiteSettings(accent_hex="#7a1f1f"), at=course.now)
    assert client.get(url).data != first


def test_only_the_holder_and_the_desk_fetch_it(course: Course, sign_in: SignIn) -> None:
    certificate = certified(course)
    url = f"/my/certificates/{certificate.id}.pdf"

    assert sign_in(course.cast.organiser).get(url).status_code == 200
    for name in ("other_trainee", "coordinator", "auditor", "stranger"):
        assert sign_in(getattr(course.cast, name)).get(url).status_code == 404
    missing = sign_in(course.cast.trainee).get("/my/certificates/x.pdf")
    assert missing.status_code == 404


def test_a_word_that_the_font_lacks_is_refused_with_a_sentence(
    course: Course, sign_in: SignIn
) -> None:
    certificate = certified(course)
    with unit_of_work():
        db.session.get_one(type(certificate), certificate.id).course = {"ja": "講座한"}

    answer = sign_in(course.cast.trainee).get(f"/my/certificates/{certificate.id}.pdf")

    assert answer.status_code == 409
    assert "한" in answer.text


def test_anyone_verifies_with_the_least_data(course: Course, client: FlaskClient) -> None:
    certificate = certified(course)

    answer = client.get(f"/verify/{certificate.code}", headers={"Accept-Language": "ja"})

    assert answer.status_code == 200
    assert 'data-testid="verify-valid"' in answer.text
    assert "2026-0001" in answer.text
    assert "髙＊ 𠮷＊" in answer.text
    for secret in ("髙﨑", "Takasaki", "TAKASAKI", "trainee", course.cast.trainee.id):
        assert secret not in answer.text
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "noindex" in answer.text


def test_a_revoked_certificate_says_so_and_is_not_given_out(
    course: Course, client: FlaskClient, sign_in: SignIn
) -> None:
    certificate = certified(course)
    course.attend(course.cast.trainee, 0, "absent")
    (task,) = course.tasks()
    sign_in(course.cast.organiser).post(
        f"/desk/completion/questions/{task.id}", data={"choice": "revoke", "reason": "canary-why"}
    )

    page = client.get(f"/verify/{certificate.code}")
    assert 'data-testid="verify-revoked"' in page.text
    assert 'data-testid="verify-valid"' not in page.text
    assert "canary-why" not in page.text
    url = f"/my/certificates/{certificate.id}.pdf"
    assert sign_in(course.cast.trainee).get(url).status_code == 409


@pytest.mark.parametrize("code", ["x", "a" * 300, "%00", "..%2F.."])
def test_an_unknown_address_is_a_404_that_says_what_to_do(client: FlaskClient, code: str) -> None:
    answer = client.get(f"/verify/{code}")

    assert answer.status_code == 404
    if "%2F" not in code:
        assert 'data-testid="verify-unknown"' in answer.text
