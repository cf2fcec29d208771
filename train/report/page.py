"""`ReportPage`: a report as one self-contained HTML file; writes it and its pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from matplotlib.figure import Figure

from train.report.formatting import Section
from train.report.pictures import save_png, style, to_svg

TEMPLATE = Path(__file__).with_name("report.html.jinja")


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The words of a report, in reading order.

    Attributes
    ----------
    title, subtitle : str
    verdict : str
        What the report says, in one paragraph.
    limits : str
        What it cannot say.
    tiles : sequence of (str, str, str)
        Name of a figure, the figure, and its unit and interval.
    sections : sequence of Section
    captions : mapping of str to str
        By the name of a picture; people who cannot see the picture get this text too.
    doubts : sequence of str
        Lines of the box above all.
    concerns : sequence of str
        Lines of the box after the first section.
    """

    title: str
    subtitle: str
    verdict: str
    limits: str
    tiles: Sequence[tuple[str, str, str]]
    sections: Sequence[Section]
    captions: Mapping[str, str]
    doubts: Sequence[str] = ()
    concerns: Sequence[str] = ()


def save_pictures(figures: Mapping[str, Figure], directory: Path) -> list[Path]:
    """Write figures as PNG files named after them into an existing directory."""
    paths = []
    with style():
        for name, figure in figures.items():
            paths.append(directory / f"{name}.png")
            save_png(figure, paths[-1])
    return paths


def write_page(page: ReportPage, figures: Mapping[str, Figure], path: Path) -> None:
    """Write a report: one self-contained HTML file.

    Parameters
    ----------
    page : ReportPage
    figures : mapping of str to Figure
        The pictures by name; each must have a caption.
    path : Path
    """
    captions = page.captions
    with style():
        drawn = {name: to_svg(figure, name, captions[name]) for name, figure in figures.items()}
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    words = {name: getattr(page, name) for name in ReportPage.__slots__}
    path.write_text(template.render(**words, drawn=drawn), encoding="utf-8")
