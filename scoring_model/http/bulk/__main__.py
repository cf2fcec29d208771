"""`python -m scoring_model.http.bulk`: the child process; only the server starts it."""

import sys

from scoring_model.http.bulk.worker import run_worker

if __name__ == "__main__":
    run_worker(int(sys.argv[1]))
