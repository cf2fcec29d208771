"""Take the pictures of README and tutorial: the champion's report, and its run in MLflow's pages.

`make screenshot` runs it after `make run`. It needs Debian's `chromium`.
"""

import subprocess
import tempfile
from pathlib import Path

import mlflow
from PIL import Image

from train.description import TRAININGS_VIEW
from train.promotion import DEFAULT_MODEL, Registry

IMAGES = Path(__file__).parent / "images"
PORT = 5055
# what MLflow shows beside the run stands to the right
RUN_WIDTH, RUN_HEIGHT, WINDOW_WIDTH = 1260, 620, 1700


def main() -> None:
    """Take both pictures."""
    version = Registry(DEFAULT_MODEL).champion()
    if version is None:
        raise SystemExit("no version is in production: run `make run` first")
    with tempfile.TemporaryDirectory() as folder:
        report = mlflow.artifacts.download_artifacts(
            run_id=version.run_id, artifact_path="report.html", dst_path=folder
        )
        take(Path(report).as_uri(), IMAGES / "report.png", "1000,655")
    take_run(str(version.run_id))


def take_run(run_id: str) -> None:
    """Take the picture of a training's run, with MLflow's own server."""
    picture = IMAGES / "run.png"
    experiment = mlflow.get_run(run_id).info.experiment_id
    server = subprocess.Popen(["mlflow", "ui", "--port", str(PORT)])
    try:
        # curl waits until the server listens
        wait = ["curl", "--silent", "--retry", "60", "--retry-connrefused", "--retry-delay", "1"]
        subprocess.run([*wait, f"http://127.0.0.1:{PORT}/health"], check=True)
        page = f"#/experiments/{experiment}/runs/{run_id}{TRAININGS_VIEW}"
        take(f"http://127.0.0.1:{PORT}/{page}", picture, f"{WINDOW_WIDTH},{RUN_HEIGHT}")
    finally:
        server.terminate()
        server.wait()
    with Image.open(picture) as whole:
        small = whole.crop((0, 0, RUN_WIDTH, RUN_HEIGHT)).quantize(64)
    small.save(picture, optimize=True)


def take(url: str, picture: Path, size: str) -> None:
    """Take a picture of a page as a browser shows it."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-background-networking"]
    command += ["--hide-scrollbars", f"--window-size={size}", f"--screenshot={picture}"]
    # MLflow's pages are drawn by scripts, after several requests
    subprocess.run([*command, "--virtual-time-budget=25000", url], check=True)


if __name__ == "__main__":
    main()
