"""Sphinx's settings: `make docs` builds the site, strictly and without the network."""

import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
# autodoc imports the packages, and the directives are generated from them
sys.path[:0] = [str(ROOT), str(Path(__file__).parent / "_ext")]

_project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
project = "Credit scoring inside MLflow"
project_copyright = "the authors; Apache-2.0"
# pyproject.toml is the only place that holds the version
version = release = _project["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "reference"]
exclude_patterns = ["_build", "_ext"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# an indented block without a language is shown as it is
highlight_language = "none"

# so that a link to a heading of another page, such as `serving.md#keys`, is checked
myst_heading_anchors = 3

# docstrings mark code with single backquotes
default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
# autodoc lists the members itself
numpydoc_show_class_members = False
# A signature links to types of this project only: no other project's index is at hand offline.
# `Loaded` is a type variable, which has no page.
nitpick_ignore = [("py:class", "scoring_model.version.follower.Loaded")]
nitpick_ignore_regex = [(r"py:.*", r"(?!(?:scoring_model|train)\.).*")]

html_theme = "furo"
html_title = f"{project} {release}"
html_copy_source = False
html_show_sphinx = False


def skip_generated(
    _app: Any, _what: str, _name: str, member: Any, skip: bool, _options: Any
) -> bool | None:
    """Leave out the fields of named tuples: their class describes them."""
    return True if type(member).__name__ == "_tuplegetter" else (skip or None)


def setup(app: Any) -> None:
    """Connect the functions of this file."""
    app.connect("autodoc-skip-member", skip_generated)
