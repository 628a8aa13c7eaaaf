"""What a withdrawal and a takedown change at once: every address of a recording and a handout."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from lms.people.models import Person
from lms.recordings.models import Recording
from lms.recordings.rules import Cue
from tests.conftest import Cast
from tests.watching.conftest import Shelf, enrol, stopped_clock
from tests.watching.test_views import fetch, media, report, start

SignIn = Callable[[Person], FlaskClient]

#: Words that would say whose wish it was.
TELLING = ("withdr", "撤回", "取り下げ", "白浜", "rightsholder", "権利者")


def addresses(recording: Recording) -> tuple[str, ...]:
    """Every address of a film that needs no play session."""
    return (
        f"/recordings/{recording.id}",
        f"/recordings/{recording.id}/cover.jpg",
        f"/recordings/{recording.id}/transcript",
        f"/recordings/{recording.id}/transcript?q=wages",
        f"/api/v1/recordings/{recording.id}/transcript",
    )


MEDIA = ("index.m3u8", "media.m3u8", "k0.key", "captions/en.vtt", "poster.jpg")


@pytest.fixture
def recording(cast: Cast, shelf: Shelf) -> Recording:
    recording = shelf.film()
    shelf.caption(recording, Cue(0, 4000, "Wages and prices"), language="en")
    enrol(cast.trainee, shelf.course)
    return recording


def refused(answer: Any) -> None:
    """It answers no, and does not say why."""
    assert answer.status_code in (403, 404)
    said = answer.get_data(as_text=True).lower()
    assert not any(word in said for word in TELLING)
    assert "Wages and prices" not in said


def test_a_withdrawal_changes_every_answer_at_once(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording
) -> None:
    agreement = shelf.agree(recording)
    shelf.publish(recording)
    client = sign_in(cast.trainee)
    probe = f"/api/v1/recordings/{recording.id}/probe"
    begin = f"/api/v1/recordings/{recording.id}/play-sessions"
    with stopped_clock() as at:
        play = start(client, recording)
        for address in addresses(recording):
            assert fetch(client, address).status_code == 200, address
        for name in MEDIA:
            assert media(client, play, name).status_code == 200, name
        assert client.get(probe).get_json()["outcome"].startswith("allow")

        at.shift(1)
        shelf.withdraw(agreement)
        at.shift(1)

        for address in addresses(recording):
            refused(fetch(client, address))
        for name in MEDIA:
            refused(media(client, play, name))
        refused(client.post(begin, json={}))
        told = client.get(probe).get_json()
        assert (told["outcome"], told["code"]) == ("deny", "UNAVAILABLE")
        at.shift(1)
        assert report(client, play, 1, (0, 2000)).get_json()["stop"] is True
        # A signature that comes later lets it be seen again, without anything being loaded anew.
        at.shift(60)
        shelf.renew(recording, agreement)
        at.shift(1)
        assert fetch(client, f"/recordings/{recording.id}").status_code == 200


def test_a_takedown_takes_the_segments_too(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    client = sign_in(cast.trainee)
    play = start(client, recording)
    assert media(client, play, "0.ts").status_code == 200

    shelf.take_down(recording)

    for address in addresses(recording):
        refused(fetch(client, address))
    for name in (*MEDIA, "0.ts", "5.ts"):
        refused(media(client, play, name))


def test_a_withdrawn_handout_is_gone_too(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    paper = shelf.paper()
    agreement = shelf.agree(paper)
    shelf.publish(paper)
    enrol(cast.trainee, shelf.course)
    client = sign_in(cast.trainee)
    places = (f"/recordings/{paper.id}", f"/recordings/{paper.id}/pages/1.png")
    for address in places:
        assert fetch(client, address).status_code == 200, address

    with stopped_clock(1) as at:
        shelf.withdraw(agreement)
        at.shift(1)
        for address in (*places, f"/recordings/{paper.id}/file.pdf"):
            refused(fetch(client, address))


def test_lists_and_search_no_longer_offer_it(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording
) -> None:
    agreement = shelf.agree(recording)
    shelf.publish(recording)
    client = sign_in(cast.trainee)
    course = f"/courses/{shelf.course.programme.slug}/{shelf.course.edition.slug}"
    link = f'href="/recordings/{recording.id}"'
    assert link in client.get(course).text

    with stopped_clock(1) as at:
        shelf.withdraw(agreement)
        at.shift(1)
        assert link not in client.get(course).text
        for question in ("A+lecture", "wages"):
            for address in (f"/recordings?q={question}", f"/courses?q={question}"):
                assert recording.id not in client.get(address).text


@pytest.mark.parametrize("name", ["k0.key", "index.m3u8", "media.m3u8", "captions/en.vtt"])
def test_another_account_replays_nothing(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording, name: str
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    play = start(sign_in(cast.trainee), recording)
    other = sign_in(cast.other_trainee)
    start(other, recording)  # may watch it as well, but not under that play session
    missing = fetch(other, f"/media/none/{recording.id}/{name}")

    answer = media(other, play, name)

    assert (answer.status_code, answer.get_data()) == (404, missing.get_data())


@pytest.mark.parametrize(
    "name",
    [
        "99999.ts", "99999999999999999999999.ts", "-1.ts", "00.ts.ts", "k9.key", "k-1.key",
        "../index.m3u8", "%2e%2e/index.m3u8", "..%2findex.m3u8", "captions/../index.m3u8",
        "captions/%2e%2e%2fsource.vtt", "captions/none.vtt", "source.mp4", "",
    ],
)  # fmt: skip
def test_names_that_are_none_open_nothing(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording, name: str
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    client = sign_in(cast.trainee)
    play = start(client, recording)
    assert media(client, play, name).status_code == 404
