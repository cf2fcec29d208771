"""Push commit and model to Heroku, check the app's answer, and roll back if it is wrong.

`python .ci/release.py <folder of the model>` reads HEROKU_APP, HEROKU_API_KEY and SCORING_API_KEY
from the environment. The keys are passed in the environment and in headers only, so that no command
line and no log shows them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from ask import is_right

ROOT = Path(__file__).parent.parent
START_SECONDS = 300
API = os.environ.get("HEROKU_API", "https://api.heroku.com")
GIT = os.environ.get("HEROKU_GIT", "https://git.heroku.com/{app}.git")
CREDENTIALS = '!f() { echo username=heroku; echo "password=$HEROKU_API_KEY"; }; f'


def call(path: str, body: dict[str, str] | None = None) -> Any:
    """Call Heroku's platform API and return its answer."""
    headers = {
        "Accept": "application/vnd.heroku+json; version=3",
        "Authorization": f"Bearer {os.environ['HEROKU_API_KEY']}",
        "Content-Type": "application/json",
        # the newest release first
        "Range": "version ..; order=desc, max=10",
    }
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{API}{path}", data, headers)) as answer:
        return json.load(answer)


def newest_release(app: str) -> dict[str, Any] | None:
    """Return the newest release that succeeded, or None if there is none."""
    releases = call(f"/apps/{app}/releases")
    return next((release for release in releases if release["status"] == "succeeded"), None)


def runs_newest(app: str) -> bool:
    """Wait until all web processes run the newest release; return whether they do in time."""
    newest = call(f"/apps/{app}/releases")[0]["version"]
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        web = [dyno for dyno in call(f"/apps/{app}/dynos") if dyno["type"] == "web"]
        # until then the previous release answers, and its answer would be checked by mistake
        if web and all(d["release"]["version"] == newest and d["state"] == "up" for d in web):
            return True
        if any(dyno["state"] == "crashed" for dyno in web):
            break
        time.sleep(2)
    print("the new release does not start")
    return False


def push(app: str, model: Path) -> None:
    """Push the current commit with the model in it; the checkout is not changed."""
    with tempfile.TemporaryDirectory() as directory:
        tree = Path(directory) / "tree"
        run("git", "worktree", "add", "--quiet", "--detach", str(tree), "HEAD", cwd=ROOT)
        try:
            shutil.copytree(model, tree / "model")
            run("git", "add", "--force", "model", cwd=tree)
            author = ("-c", "user.name=deployment", "-c", "user.email=deployment@localhost")
            run("git", *author, "commit", "--quiet", "-m", "Add the champion", cwd=tree)
            helper = ("-c", "credential.helper=", "-c", f"credential.helper={CREDENTIALS}")
            target = GIT.format(app=app)
            run("git", *helper, "push", "--force", target, "HEAD:refs/heads/main", cwd=tree)
        finally:
            run("git", "worktree", "remove", "--force", str(tree), cwd=ROOT)


def run(*command: str, cwd: Path) -> None:
    """Run a command; raise an error if it fails."""
    subprocess.run(command, cwd=cwd, check=True)


def main() -> int:
    """Release the model that the command line names."""
    model = Path(sys.argv[1]).resolve()
    app = os.environ.get("HEROKU_APP", "")
    if not app:
        print("HEROKU_APP is not set: nothing is deployed")
        return 0
    if not os.environ.get("HEROKU_API_KEY"):
        print("error: HEROKU_APP is set, but no HEROKU_API_KEY: set both", file=sys.stderr)
        return 1
    before = newest_release(app)
    push(app, model)
    url = call(f"/apps/{app}")["web_url"].rstrip("/")
    key = os.environ.get("SCORING_API_KEY", "")
    if runs_newest(app) and is_right(url, model, key):
        print(f"{url} gives the logged answer")
        return 0
    if before is None:
        print(
            f"error: {url} gives a wrong answer, and there is no release to go back to",
            file=sys.stderr,
        )
        return 1
    call(f"/apps/{app}/releases", {"release": before["id"]})
    print(f"error: {url} gave a wrong answer: rolled back to v{before['version']}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
