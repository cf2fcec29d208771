"""Write the locks: every package beneath the requirements, with version, hashes and marker.

`make lock` runs this. It keeps the versions that are locked already, as long as they fit; options
such as `--upgrade` and `--upgrade-package <name>` are handed to `uv pip compile`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
# each one is held to the versions of those before it, by a line `-c` in its input
LOCKS = ("requirements", "requirements-dev", "requirements-cluster")
PIP = "  - pip:\n"


def run_uv(*arguments: str) -> None:
    """Resolve requirements for every platform, from the oldest Python on."""
    python = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    options = ("--universal", "--python-version", python)
    # Dependabot reads the options from the header
    header = " ".join(("make lock, which runs uv pip compile", *options, "--generate-hashes"))
    command = ["uv", "pip", "compile", "--quiet", "--custom-compile-command", header]
    subprocess.run([*command, *options, *arguments], cwd=ROOT, check=True)


def write_conda_environment() -> None:
    """Write what a training needs into `conda.yaml`, in the versions of the lock.

    The lines have no hashes: MLflow installs them together with lines of its own, and pip takes
    hashes for all packages or for none.
    """
    with tempfile.TemporaryDirectory() as directory:
        pins = Path(directory) / "pins.txt"
        held = ("-c", "requirements-dev.txt", "requirements-train.in")
        run_uv("--no-header", "--no-annotate", *held, "--output-file", str(pins))
        lines = pins.read_text(encoding="utf-8").splitlines(keepends=True)
    conda = ROOT / "conda.yaml"
    above = conda.read_text(encoding="utf-8").partition(PIP)[0]
    conda.write_text(above + PIP + "".join(f"      - {line}" for line in lines), encoding="utf-8")


def main() -> int:
    """Write all locks with the options that the command line gives."""
    try:
        for name in LOCKS:
            files = (f"{name}.in", "--output-file", f"{name}.txt")
            run_uv("--generate-hashes", *sys.argv[1:], *files)
        write_conda_environment()
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    return 0


if __name__ == "__main__":
    sys.exit(main())
