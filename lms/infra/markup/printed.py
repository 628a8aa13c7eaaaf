"""Figures as pictures of their own, for paper and slides: SVG that brings its colours with it."""

from dataclasses import dataclass

from lms.infra.markup.blocks import Chart, Diagram
from lms.infra.markup.chart import draw, legend_keys
from lms.infra.markup.diagram import draw_diagram

_FONT = "Noto Sans JP"
_TONES = ("#21406b", "#8a6414", "#2f6b57", "#21406b", "#4d5866")
_TINTS = ("#21406b", "#c9b184", "#6f9a8b", "#c6d0df", "#949ca6")
_DASHES = ("", "8 5", "2 5", "10 4 2 4", "5 3")
_STYLE = (
    f"text{{font-family:'{_FONT}';font-size:13px;fill:#4d5866}}"
    ".chart__value,.chart__label,.chart__word{fill:#1c2530}"
    ".chart__middle{text-anchor:middle}.chart__end{text-anchor:end}"
    ".chart__grid{stroke:#dfe3e9;stroke-width:1}.chart__axis{stroke:#8a95a5;stroke-width:1.25}"
    ".chart__line{fill:none;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}"
    ".chart__mark{fill:#ffffff;stroke-width:2}.chart__bar{stroke-width:1}"
    ".chart__box{fill:#eef2f8;stroke:#a9b8cd;stroke-width:1.25}"
    ".chart__way{fill:none;stroke:#4d5866;stroke-width:1.5}.chart__head{fill:#4d5866}"
    ".chart__word{font-weight:700}"
) + "".join(
    f".chart__s{number}{{stroke:{tone}}}.chart__bar.chart__s{number}{{fill:{tint}}}"
    + (f".chart__line.chart__s{number}{{stroke-dasharray:{dash}}}" if dash else "")
    for number, (tone, tint, dash) in enumerate(zip(_TONES, _TINTS, _DASHES, strict=True), 1)
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure to be printed: SVG, and of a chart with several series their keys with names."""

    svg: str
    keys: tuple[tuple[str, str], ...] = ()


def printed(figure: Chart | Diagram) -> Picture:
    """Return a figure as it is drawn on a wide page, in the colours of a light one."""
    if isinstance(figure, Diagram):
        return Picture(_document(*draw_diagram(figure, narrow=False)))
    keys = legend_keys(figure)
    return Picture(
        _document(*draw(figure, narrow=False)),
        tuple((_document(width, 16, marks), name) for width, marks, name in keys),
    )


def _document(width: float, height: float, marks: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}"><style>{_STYLE}</style>{marks}</svg>'
    )
