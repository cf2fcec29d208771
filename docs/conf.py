"""Sphinx's settings: `make docs` builds the site, strictly and without the network."""

import inspect
import re
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
nitpick_ignore_regex = [(r"py:.*", r"(?!(?:scoring_model|train|monitoring)\.).*")]

html_theme = "furo"
html_static_path = [str(Path(__file__).parent / "_static")]
html_css_files = ["site.css"]
html_title = f"{project} {release}"
html_copy_source = False
html_show_sphinx = False


# how arrays are called in the code
_ARRAY = re.compile(
    r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], "
    r"~?numpy\.dtype\[~?numpy\.(\w+)\]\]"
)
_ARRAYS = {
    "float64": "FloatArray",
    "int8": "LabelArray",
    "bool": "BoolArray",
    "int64": "RowNumbers",
}
# at the beginning of a line the initial of an author would begin a list
_INITIAL = re.compile(r"^(\s*[A-Z])\. (?=[A-Z])")


def skip_generated(
    _app: Any, _what: str, _name: str, member: Any, skip: bool, _options: Any
) -> bool | None:
    """Leave out the fields of named tuples: their class describes them."""
    return True if type(member).__name__ == "_tuplegetter" else (skip or None)


def shorten_signature(
    _app: Any,
    _what: str,
    _name: str,
    member: Any,
    _options: Any,
    signature: str,
    result: str | None,
) -> tuple[str, str | None] | None:
    """Name arrays as the code does, and leave out pydantic's rules: a reference describes them."""
    if signature is None:
        return None
    # Sphinx reads a signature as Python, which the default of a dataclass field may not be
    signature = signature.replace("<factory>", "...")
    if "pydantic" in signature:
        return f"({', '.join(inspect.signature(member).parameters)})", result
    arrays = [
        _ARRAY.sub(lambda found: _ARRAYS.get(found[1], "ndarray"), text or "")
        for text in (signature, result)
    ]
    return arrays[0], arrays[1] or None


def escape_initials(
    _app: Any, _what: str, _name: str, _member: Any, _options: Any, lines: list[str]
) -> None:
    """Keep the initial of an author from beginning a list."""
    lines[:] = [_INITIAL.sub(r"\1\\. ", line) for line in lines]


def setup(app: Any) -> None:
    """Connect the functions of this file."""
    app.connect("autodoc-skip-member", skip_generated)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", escape_initials)
