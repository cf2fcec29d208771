"""Write the locks: every package beneath the requirements, with version, hashes and marker.

`make lock` runs this. It keeps the versions that are locked already, as long as they fit; options
such as `--upgrade` and `--upgrade-package <name>` are handed to `uv pip compile`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
# holds all that is served and trained with, so it says the version of each package in the others
WIDEST = "requirements-dev"
HELD = ("--constraint", f"{WIDEST}.txt")
PIP = "  - pip:\n"


def run_uv(*arguments: str) -> None:
    """Resolve requirements for every platform, from the oldest Python on."""
    python = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    # with extras: pip looks up the newest version of `coverage[toml]` if only `coverage` is pinned,
    # and refuses it for its missing hash
    options = ("--universal", "--python-version", python, "--no-strip-extras")
    # Dependabot reads the options from the header
    header = " ".join(("make lock, which runs uv pip compile", *options, "--generate-hashes"))
    command = ["uv", "pip", "compile", "--quiet", "--custom-compile-command", header]
    subprocess.run([*command, *options, *arguments], cwd=ROOT, check=True)


def write_lock(name: str, *options: str) -> None:
    """Write the lock of an input with hashes."""
    files = (f"{name}.in", "--output-file", f"{name}.txt")
    run_uv("--generate-hashes", *options, *sys.argv[1:], *files)


def write_conda_environment() -> None:
    """Write what a training needs into `conda.yaml`, in the versions of the lock.

    The lines have no hashes: MLflow installs them together with lines of its own, and pip takes
    hashes for all packages or for none.
    """
    with tempfile.TemporaryDirectory() as directory:
        pins = Path(directory) / "pins.txt"
        plain = ("--no-header", "--no-annotate", "--output-file", str(pins))
        run_uv(*plain, *HELD, "requirements-train.in")
        lines = pins.read_text(encoding="utf-8").splitlines(keepends=True)
    conda = ROOT / "conda.yaml"
    above = conda.read_text(encoding="utf-8").partition(PIP)[0]
    conda.write_text(above + PIP + "".join(f"      - {line}" for line in lines), encoding="utf-8")


def main() -> int:
    """Write all locks with the options that the command line gives."""
    try:
        write_lock(WIDEST)
        write_lock("requirements", *HELD)
        write_lock("requirements-cluster", *HELD)
        write_lock("requirements-notebook", *HELD)
        write_conda_environment()
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    return 0


if __name__ == "__main__":
    sys.exit(main())
