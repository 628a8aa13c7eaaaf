"""Who is told that a decision waits for a second person, and who of an exception."""

import pytest
from flask import Flask

from lms.kernel.ids import PersonId
from lms.rights.events import OverrideApproved, OverrideAsked, PublicationProposed
from tests.conftest import NOW, Cast
from tests.notifications.test_telling import World, clock

__all__ = ["clock"]


@pytest.fixture
def world(app: Flask, cast: Cast) -> World:
    return World(app, cast)


def test_who_looks_after_it_is_asked_to_decide(world: World) -> None:
    world.enrol(world.cast.trainee)
    place = (world.recording_id, world.edition_id, NOW)
    world.hear(PublicationProposed("p1", *place), OverrideAsked("o1", *place))
    for template in ("publication_proposed", "override_asked"):
        [mail] = world.mails(template)
        assert mail.to_address == "organiser@demo.example"
        subject, text = world.read(mail)
        assert "賃金の話" in subject
        assert f"/desk/recordings/{world.recording_id}/rights" in text


def test_the_person_alone_is_told_what_they_may_see(world: World) -> None:
    world.enrol(world.cast.trainee, world.cast.overseas)
    event = OverrideApproved(
        "o1", world.recording_id, world.edition_id, PersonId(world.cast.overseas.id), NOW
    )
    world.hear(event)
    world.hear(event)  # never twice
    [mail] = world.mails("override_approved")
    assert mail.to_address == "overseas@demo.example"
    subject, text = world.read(mail)
    assert subject == "You may now use: On wages"
    assert f"/recordings/{world.recording_id}" in text
