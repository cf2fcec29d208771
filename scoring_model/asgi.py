"""The ASGI application of `uvicorn scoring_model.asgi:app`, set up from the environment."""

import os

from scoring_model.http import create_app
from scoring_model.settings import read_settings

app = create_app(read_settings(os.environ))
