"""Handouts: pages as pictures, stamps, and what is given away as a file."""

import io
from collections.abc import Callable

import pikepdf
import pypdf
from flask.testing import FlaskClient
from PIL import Image

from lms.people.models import Person
from tests.conftest import Cast
from tests.watching.conftest import Shelf

SignIn = Callable[[Person], FlaskClient]


def picture(client: FlaskClient, address: str) -> Image.Image:
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "private, no-store"
    return Image.open(io.BytesIO(answer.data)).convert("RGB")


def test_a_handout_is_read_page_by_page_without_javascript(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper, actions=["display"])
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    first = client.get(f"/recordings/{paper.id}")
    second = client.get(f"/recordings/{paper.id}?page=2").text

    assert first.status_code == 200
    assert 'data-testid="next"' in first.text
    assert 'data-testid="previous"' not in first.text
    assert f"/recordings/{paper.id}/pages/2.png" in second
    assert 'data-testid="download"' not in second
    page = picture(client, f"/recordings/{paper.id}/pages/1.png")
    assert page.width == 1400
    assert page.getextrema() == ((255, 255),) * 3  # a blank page, no stamp
    assert picture(client, f"/recordings/{paper.id}/pages/1.png").tobytes() == page.tobytes()
    assert client.get(f"/recordings/{paper.id}/pages/4.png").status_code == 404
    assert client.get(f"/recordings/{paper.id}/pages/0.png").status_code == 404
    refused = client.get(f"/recordings/{paper.id}/file.pdf")
    assert (refused.status_code, refused.mimetype) == (403, "application/json")
    # A page number that is none shows a page all the same.
    assert client.get(f"/recordings/{paper.id}?page=x").status_code == 200
    assert client.get(f"/recordings/{paper.id}?page=99").status_code == 200


def test_name_and_time_stand_on_what_must_be_marked(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper, obligations=["watermark"])
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    marked = picture(client, f"/recordings/{paper.id}/pages/1.png")
    darkest, _lightest = marked.convert("L").getextrema()
    assert isinstance(darkest, (int, float))
    assert darkest < 200

    answer = client.get(f"/recordings/{paper.id}/file.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert "attachment" in answer.headers["Content-Disposition"]
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert len(pdf.pages) == 3
    words = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.data)).pages]
    assert all("山瀬" in text and "20" in text for text in words)


def test_a_file_is_given_as_it_is_where_nothing_must_be_marked(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    with client.get(f"/recordings/{paper.id}/file.pdf") as answer:
        whole = answer.data
    with client.get(f"/recordings/{paper.id}/file.pdf", headers={"Range": "bytes=0-3"}) as part:
        assert (part.status_code, part.data) == (206, whole[:4])
    assert whole == (shelf.papers / "three.pdf").read_bytes()


def test_a_handout_taken_down_shows_no_page(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    assert client.get(f"/recordings/{paper.id}/pages/1.png").status_code == 200

    shelf.take_down(paper)

    for address in ("", "/pages/1.png", "/file.pdf"):
        assert client.get(f"/recordings/{paper.id}{address}").status_code in (403, 404), address


def test_a_preview_gives_no_file_away(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    client = sign_in(cast.organiser)

    page = client.get(f"/recordings/{paper.id}")

    assert page.status_code == 200
    assert 'data-testid="download"' not in page.text
    assert client.get(f"/recordings/{paper.id}/file.pdf").status_code == 403
