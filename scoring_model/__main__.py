"""`python -m scoring_model` starts the scoring server."""

import sys

from scoring_model.start import start

# a worker process imports this module too, under another name
if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
