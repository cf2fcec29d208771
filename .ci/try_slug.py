"""Build and start the server as Heroku does, and check its answer.

`python .ci/try_slug.py <folder of the model>` copies the committed files and the model, installs
the lock `requirements.txt` into a new environment, and runs the line of `Procfile`.
"""

import hashlib
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from ask import is_right, send

ROOT = Path(__file__).parent.parent
# Heroku ends a server by force 30 seconds after SIGTERM
STOP_SECONDS = 20
# packages that only training needs
UNWANTED = ("hyperopt", "imblearn", "matplotlib", "shap", "sklearn")


def build(model: Path, slug: Path) -> Path:
    """Copy the committed files and the model, and install an environment; return its folder."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", slug], input=archive.stdout, check=True)
    for line in (slug / ".slugignore").read_text(encoding="utf-8").split():
        path = slug / line.lstrip("/")
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    shutil.copytree(model, slug / "model")
    environment = slug / ".heroku"
    python = str(environment / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--require-hashes", "-r", "requirements.txt"], cwd=slug, check=True)
    return environment


def start(slug: Path, environment: Path, key: str, port: int) -> "subprocess.Popen[bytes]":
    """Run the line of `Procfile` with the environment variables of the platform only."""
    lines = (slug / "Procfile").read_text(encoding="utf-8").splitlines()
    line = next(line.partition(":")[2].strip() for line in lines if line.startswith("web:"))
    variables = {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin",
        "PORT": str(port),
        "SCORING_API_KEYS": hashlib.sha256(key.encode()).hexdigest(),
        # Heroku sets this by the size of the dyno; the line must still start only one worker
        "WEB_CONCURRENCY": "2",
    }
    return subprocess.Popen(["/bin/sh", "-c", line], cwd=slug, env=variables)


def try_it(slug: Path, environment: Path, model: Path) -> list[str]:
    """Start the server, send requests, stop it; return the faults found."""
    key = secrets.token_urlsafe(32)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = start(slug, environment, key, port)
    faults = []
    try:
        if not is_right(url, model, key):
            faults.append("the server does not give the logged answer")
        if (status := send(f"{url}/predict", b"{}", "")[0]) != 401:
            faults.append(f"a request without a key got status {status}, expected 401")
        print(f"memory {resident_megabytes(server.pid):.0f} MB")
        server.send_signal(signal.SIGTERM)
        status = server.wait(STOP_SECONDS)
        if status != 0:
            faults.append(f"the server ended with exit status {status} after SIGTERM")
    except subprocess.TimeoutExpired:
        faults.append(f"the server did not end within {STOP_SECONDS} s after SIGTERM")
    finally:
        server.kill()
        server.wait()
    return faults


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process in MB; needs Linux."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def installed_megabytes(environment: Path) -> float:
    """Return the size of an environment's packages in MB, without byte code."""
    files = (path for path in environment.glob("lib/*/site-packages/**/*") if path.is_file())
    return sum(path.stat().st_size for path in files if "__pycache__" not in path.parts) / 1e6


def has(environment: Path, name: str) -> bool:
    """Return whether an environment holds a package."""
    return any(environment.glob(f"lib/*/site-packages/{name}"))


def main() -> int:
    """Try the model that the command line names."""
    model = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as directory:
        slug = Path(directory)
        environment = build(model, slug)
        print(f"packages {installed_megabytes(environment):.0f} MB")
        faults = [f"{name} must not be installed" for name in UNWANTED if has(environment, name)]
        faults += try_it(slug, environment, model)
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if not faults:
        print(f"{shlex.quote(str(model))}: the answer is right, a key is needed, the stop is clean")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
