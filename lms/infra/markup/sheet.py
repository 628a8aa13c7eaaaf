"""What all figures are drawn on: a sheet of SVG, and the frame around two of them on a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from markupsafe import Markup, escape

from lms.infra.i18n import N_, translate
from lms.infra.markup.blocks import Chart, Diagram

WIDE, NARROW = 640, 340
SIZE = 13.0  # of all text within a drawing, in its own units
LINE = 17.0
#: Width, height and marks.
Drawn: TypeAlias = tuple[float, float, str]


@dataclass(slots=True)
class Sheet:
    """A drawing being made; it grows downwards."""

    width: float
    height: float = 0.0
    marks: list[str] = field(default_factory=list)

    @property
    def drawn(self) -> Drawn:
        """Return what `frame` asks for."""
        return self.width, self.height, "".join(self.marks)

    def line(self, x1: float, y1: float, x2: float, y2: float, name: str) -> None:
        """Draw a straight line."""
        self.marks.append(
            f'<line class="chart__{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def rect(self, x: float, y: float, width: float, height: float, number: int) -> None:
        """Draw a bar in the colour of a series."""
        self.marks.append(
            f'<rect class="chart__bar chart__s{number}" x="{x:.1f}" y="{y:.1f}"'
            f' width="{max(width, 0.5):.1f}" height="{max(height, 0.5):.1f}"/>'
        )

    def box(self, x: float, y: float, width: float, height: float) -> None:
        """Draw a box that holds words."""
        self.marks.append(
            f'<rect class="chart__box" x="{x:.1f}" y="{y:.1f}" rx="6"'
            f' width="{width:.1f}" height="{height:.1f}"/>'
        )

    def arrow(self, *points: tuple[float, float]) -> None:
        """Draw a line through the points with a head at its end."""
        way = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        (x1, y1), (x, y) = points[-2:]
        if abs(x - x1) > abs(y - y1):
            back = -8 if x > x1 else 8
            head = f"M{x:.1f} {y:.1f}l{back} -5v10z"
        else:
            back = -8 if y > y1 else 8
            head = f"M{x:.1f} {y:.1f}l-5 {back}h10z"
        self.marks.append(
            f'<path class="chart__way" d="M{way}"/><path class="chart__head" d="{head}"/>'
        )

    def text(self, x: float, y: float, text: str, name: str, anchor: str = "start") -> None:
        """Write one line; `y` is its base line."""
        self.marks.append(
            f'<text class="chart__{name} chart__{anchor}" x="{x:.1f}" y="{y:.1f}">'
            f"{escape(text)}</text>"
        )

    def lines(self, x: float, y: float, texts: Sequence[str], name: str, anchor: str) -> None:
        """Write lines one below another."""
        for number, text in enumerate(texts):
            self.text(x, y + number * LINE, text, name, anchor)


def frame(
    figure: Chart | Diagram,
    number: int,
    language: str,
    draw: Callable[[bool], Drawn],
    beside: str,
) -> Markup:
    """Return the figure: title, two drawings of which one is shown, what stands beside, source.

    `draw` is asked for the narrow drawing with true; `beside` is HTML, already escaped.
    """
    anchor = f"figure-{number}"
    drawings = "".join(
        _drawing(figure, f"{anchor}-{name}", name, draw(name == "narrow"))
        for name in ("wide", "narrow")
    )
    label = translate(language, N_("Figure %(number)s"), number=number)
    source = translate(language, N_("Source: %(source)s"), source=figure.source)
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<figure class="chart" id="{anchor}"><figcaption class="chart__title">'
        f'<span class="chart__number">{escape(label)}</span> {escape(figure.title)}</figcaption>'
        f"{drawings}{beside}"
        f'<p class="chart__source">{escape(source)}</p></figure>'
    )


def _drawing(figure: Chart | Diagram, anchor: str, name: str, drawn: Drawn) -> str:
    width, height, marks = drawn
    return (
        f'<svg class="chart__{name}" role="img" aria-labelledby="{anchor}-t {anchor}-d"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">'
        f'<title id="{anchor}-t">{escape(figure.title)}</title>'
        f'<desc id="{anchor}-d">{escape(figure.alt)}</desc>{marks}</svg>'
    )
