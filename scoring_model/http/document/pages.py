"""The page at `/docs`: its files, and the policy by which browsers load only these files."""

from pathlib import Path

from scoring_model.http.messages import Reply

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".html": b"text/html; charset=utf-8", ".css": b"text/css", ".js": b"text/javascript"}
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PATHS = {"/docs": "docs.html", "/docs/docs.css": "docs.css", "/docs/docs.js": "docs.js"}
"""The paths of the page and the file that each returns."""


def read_page(path: str) -> Reply:
    """Return the file of one of the `PATHS`."""
    file = _FOLDER / PATHS[path]
    return Reply(200, file.read_bytes(), _TYPES[file.suffix], policy=POLICY)
