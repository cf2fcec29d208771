"""The ASGI application of `uvicorn scoring_model.asgi:app`, set up from the environment."""

import os

from scoring_model.http import create_app
from scoring_model.settings import read_settings

try:
    app = create_app(read_settings(os.environ))
except ValueError as error:
    raise SystemExit(f"error: {error}") from error
