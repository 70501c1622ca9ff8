"""`make bi`: Apache Superset on the published file, with the planners' dashboard, until Ctrl-C.

Superset has an environment of its own (`.venv` beside this file): its libraries are older than Aforo's. What
it keeps is in the home's folder `bi`: its database, its secret key, the login's password. Only this machine
reaches it, and it asks nothing of the internet.
"""

import argparse
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from flows import settings
from flows.errors import AforoError, Problem
from flows.home import marker, releases
from flows.screen import terminal
from flows.stopping import Stopped, heard

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"
VENV = HERE / ".venv"
HOST = "127.0.0.1"
LOGIN = "admin"
DASHBOARD = "superset/dashboard/aforo/"
SECONDS_TO_START = 180
GUNICORN = ("--worker-class", "gthread", "--threads", "8", "--timeout", "120", "--graceful-timeout", "3")


def environment() -> Path:
    """The Python of Superset's environment, which is made where it is missing or of another lock."""
    python = VENV / "bin" / "python"
    done = VENV / "installed.lock"
    if not (done.is_file() and done.read_bytes() == LOCK.read_bytes()):
        print(f"Installing Superset into {VENV} (once, some minutes) …", flush=True)
        options = ("--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps")
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", *options, "-r", str(LOCK)], check=True)
        except subprocess.CalledProcessError as error:
            what, remedy = "Superset can't be installed", "set right what pip says above, and try again"
            raise AforoError([Problem(what, remedy)]) from error
        done.write_bytes(LOCK.read_bytes())
    return python


def secret(file: Path, length: int) -> str:
    """A secret of the home, made once; only its owner reads it."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(secrets.token_urlsafe(length))
    return file.read_text(encoding="utf-8")


@contextlib.contextmanager
def serving(home: settings.Home, port: int) -> "Iterator[tuple[str, str, subprocess.Popen[bytes]]]":
    """Superset while this block lasts: its address, the login's password, its process."""
    if releases.published_folder(home) is None:
        raise AforoError([Problem(f"nothing is published in {home.root}", "run `aforo run` once")])
    python = environment()
    folder = home.root / "bi"
    folder.mkdir(exist_ok=True)
    secret(folder / "secret_key", 48)
    password = secret(folder / "password", 12)
    variables = {
        **os.environ,
        "AFORO_BI_FOLDER": str(folder),
        "AFORO_BI_LOGIN": LOGIN,
        # Not resolved: each query opens the file that is published at that moment.
        "AFORO_MARTS": str(home.published_file),
        "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "PYTHONWARNINGS": "ignore",
    }
    log = folder / "superset.log"
    with log.open("a") as output:
        prepared = subprocess.run(
            [python, str(HERE / "prepare.py")],
            input=password,
            text=True,
            env=variables,
            stdout=output,
            stderr=output,
        )
        if prepared.returncode != 0:
            raise AforoError([Problem("Superset can't be prepared", f"the details are in {log}")])
        server = subprocess.Popen(
            [python, "-m", "gunicorn", *GUNICORN, "--bind", f"{HOST}:{port}", "superset.app:create_app()"],
            env=variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(server, port, log)
        yield f"http://{HOST}:{port}/", password, server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5):
            return
        time.sleep(0.5)
    what = f"Superset did not start on port {port}"
    raise AforoError([Problem(what, f"give --port another if that one is taken; the details are in {log}")])


def main() -> int:
    """Starts it, says where it is, and waits for Ctrl-C."""
    parser = argparse.ArgumentParser(description="Apache Superset on the published marts, until Ctrl-C.")
    parser.add_argument("--home", help="The folder of a run's output; else AFORO_HOME, else data/.")
    parser.add_argument("--port", type=int, default=8088)
    asked = parser.parse_args()
    try:
        with heard():
            home = settings.resolve_home(asked.home)
            marker.look(home)
            print("Starting Superset …", flush=True)
            with serving(home, asked.port) as (address, password, server):
                print(f"Dashboard: {address}{DASHBOARD}", f"Login: {LOGIN}, password {password}", sep="\n")
                print("Ctrl-C ends it.", flush=True)
                server.wait()
                raise AforoError([Problem("Superset has ended", f"see {home.root / 'bi' / 'superset.log'}")])
    except Stopped:
        return 0
    except AforoError as error:
        terminal.show_problems("no dashboard.", error.problems, [])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
