"""What tests of mails about sessions share: a clock that stands, and a published course."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from tests.conftest import NOW, Cast
from tests.sessions.conftest import World, add_edition


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(app: Flask, cast: Cast) -> World:
    del app
    programme, edition = add_edition("labour-lectures", "published", NOW)
    return World(cast, programme, edition, NOW)
