"""Take the README's picture: the top of the champion's report, as a browser shows it.

`make screenshot` runs it after `make run`. It needs Debian's `chromium`.
"""

import subprocess
import tempfile
from pathlib import Path

import mlflow

from train.promotion import DEFAULT_MODEL, Registry

PICTURE = Path(__file__).parent / "images" / "report.png"


def main() -> None:
    """Fetch the report of the champion's run and take its picture."""
    version = Registry(DEFAULT_MODEL).champion()
    if version is None:
        raise SystemExit("no version is in production: run `make run` first")
    with tempfile.TemporaryDirectory() as folder:
        report = mlflow.artifacts.download_artifacts(
            run_id=version.run_id, artifact_path="report.html", dst_path=folder
        )
        command = ["chromium", "--headless", "--no-sandbox", "--disable-background-networking"]
        command += ["--hide-scrollbars", "--window-size=1000,655", f"--screenshot={PICTURE}"]
        subprocess.run([*command, Path(report).as_uri()], check=True)


if __name__ == "__main__":
    main()
