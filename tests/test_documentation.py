"""The site in `docs/`: it builds strictly, loads nothing from elsewhere, and leaves nothing out."""

import dataclasses
import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from docs._ext.reference import GENERATED
from scoring_model.errors import ScoringError
from scoring_model.http.routes import TABLE
from scoring_model.settings import VARIABLES
from scoring_model.telemetry.metric_names import METRICS
from tests.conftest import ROOT
from train.portfolio import PortfolioFile
from train.portfolio.sections import GateLimits

DOCS = ROOT / "docs"
# where a page could load something from: a script, a style, a font, a picture
LOADED = re.compile(r"<(?:script|img|iframe|source|audio|video)\b[^>]*\bsrc=[\"']([^\"']*)")
LINKED = re.compile(r"<link\b[^>]*>")
IN_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s]*)")
ELSEWHERE = re.compile(r"^(?:https?:)?//")


def build(source: Path, output: Path) -> "subprocess.CompletedProcess[str]":
    """Run Sphinx as `make docs` does, for a folder and an output of the test's own."""
    recipe = re.search(r"^\tsphinx-build (.*) docs docs/_build/html$", _makefile(), re.MULTILINE)
    assert recipe
    command = [sys.executable, "-m", "sphinx", *recipe[1].split()]
    return subprocess.run(
        [*command, str(source), str(output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site."""
    output = tmp_path_factory.mktemp("site")
    result = build(DOCS, output)
    assert result.returncode == 0, result.stdout + result.stderr
    return output


@pytest.mark.slow
def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text(encoding="utf-8")
        links = [link for link in LINKED.findall(text) if 'rel="canonical"' not in link]
        hrefs = [found for link in links for found in re.findall(r'href="([^"]*)"', link)]
        outside = [place for place in LOADED.findall(text) + hrefs if ELSEWHERE.match(place)]
        assert not outside, f"{page}: {outside}"
    for file in [*pages, *site.rglob("*.css")]:
        assert not IN_STYLES.search(file.read_text(encoding="utf-8")), file


@pytest.mark.slow
def test_search_works_on_the_reader_s_machine(site: Path) -> None:
    assert (site / "search.html").is_file()
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert "rollback" in index
    assert '"promotion"' in index


@pytest.mark.slow
def test_the_site_shows_the_version(site: Path) -> None:
    (version,) = re.findall(
        r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert version in (site / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    "link", ["[gone](no-such-page.md)", "[gone](promotion.md#no-such-heading)", "{ref}`no-such`"]
)
def test_a_dead_link_fails_the_build(link: str, tmp_path: Path) -> None:
    source = small_site(tmp_path, f"# Test\n\n{link}\n\n```{{toctree}}\npromotion\n```\n")
    shutil.copy(DOCS / "promotion.md", source)
    promotion = source / "promotion.md"
    # its own links lead to pages that are not there
    promotion.write_text(re.sub(r"\]\(.*?\)", "]", promotion.read_text(encoding="utf-8")))
    result = build(source, tmp_path / "html")
    assert result.returncode != 0
    assert "index.md:3" in result.stderr


def small_site(folder: Path, page: str) -> Path:
    """Write a site of one page, with the settings of the real one."""
    source = folder / "docs"
    source.mkdir()
    settings = (DOCS / "conf.py").read_text(encoding="utf-8")
    # the settings find the project by their own place
    (source / "conf.py").write_text(settings.replace("__file__", repr(str(DOCS / "conf.py"))))
    (source / "index.md").write_text(page)
    return source


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the part of a page that Sphinx makes of each directive."""
    folder = tmp_path_factory.mktemp("generated")
    sections = [f"## Part {name}\n\n```{{{name}}}\n```\n" for name in GENERATED]
    source = small_site(folder, "# Test\n\n" + "\n".join(sections))
    result = build(source, folder / "html")
    assert result.returncode == 0, result.stdout + result.stderr
    text = html.unescape((folder / "html" / "index.html").read_text(encoding="utf-8"))
    parts = re.split(r"<h2>Part ([\w-]+)", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def keys_of(kind: object) -> Iterator[str]:
    """Yield the keys of a section's dataclass, or of all that its type is made of."""
    if dataclasses.is_dataclass(kind):
        yield from (field.name for field in dataclasses.fields(kind))
    for part in getattr(kind, "__args__", ()):
        yield from keys_of(part)


def test_every_section_and_key_of_a_portfolio_is_there(generated: dict[str, str]) -> None:
    assert issubclass(PortfolioFile, BaseModel)
    text = generated["portfolio-reference"]
    keys = set()
    for name, field in PortfolioFile.model_fields.items():
        assert f"[{name}]" in text, name
        assert str(field.description).split()[0] in text
        keys |= set(keys_of(field.annotation))
    assert {"target", "test_from", "false_negative", "max_ece", "table"} <= keys
    for key in keys:
        assert f">{key}<" in text, key


def test_every_variable_of_the_server_is_there(generated: dict[str, str]) -> None:
    for name, variable in VARIABLES.items():
        kind = "limits-reference" if variable.beyond else "settings-reference"
        assert f">{name}<" in generated[kind]
        assert variable.default in generated[kind]


def test_every_parameter_of_mlflow_run_is_there(generated: dict[str, str]) -> None:
    text = generated["entry-points-reference"]
    project = yaml.safe_load((ROOT / "MLproject").read_text(encoding="utf-8"))
    for entry, content in project["entry_points"].items():
        assert f">{entry}<" in text
        for name in content["parameters"]:
            assert f">{name}<" in text, name


def test_every_error_of_the_server_is_there(generated: dict[str, str]) -> None:
    kinds: list[type[ScoringError]] = [ScoringError, *ScoringError.__subclasses__()]
    for kind in kinds:
        assert f">{kind.code}<" in generated["errors-reference"]
        assert str(kind.status) in generated["errors-reference"]


def test_every_metric_of_the_server_is_there(generated: dict[str, str]) -> None:
    for name in METRICS:
        assert name in generated["metrics-reference"]


def test_every_route_is_described() -> None:
    text = (DOCS / "serving.md").read_text(encoding="utf-8")
    for path in TABLE:
        assert re.search(rf"^\|.*{path}`", text, re.MULTILINE), path


def test_the_page_on_promotion_names_the_gate_s_defaults() -> None:
    text = (DOCS / "promotion.md").read_text(encoding="utf-8")
    for field in dataclasses.fields(GateLimits):
        limit = getattr(GateLimits(), field.name)
        shown = re.search(rf"`{field.name}` (?:\| |\(default )([\d.]+)", text)
        assert shown, field.name
        assert float(shown[1]) == limit


def test_every_room_is_in_the_api_reference() -> None:
    pages = {file: file.read_text(encoding="utf-8") for file in (DOCS / "api").glob("*.rst")}
    described = set(re.findall(r"automodule:: (\S+)", "\n".join(pages.values())))
    rooms = {
        ".".join(file.parent.relative_to(ROOT).parts)
        for package in ("scoring_model", "train")
        for file in (ROOT / package).rglob("__init__.py")
    }
    assert rooms - {"scoring_model", "train"} <= described
    index = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    for file in pages:
        assert file.stem in index.splitlines()
