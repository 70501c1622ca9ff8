"""The checks of what is around a home: the environment, the packages, Prefect, the source and its mapping."""

import contextlib
import os
import re
import socket
import sqlite3
import urllib.error
import urllib.request
from importlib import metadata
from urllib.parse import urlsplit

from flows.doctor.check import Finding, fine, warning, wrong
from flows.errors import Problem
from flows.language import t
from flows.machine import engine_problems
from flows.project import PROJECT
from flows.settings import Settings, retry_seconds, source_timeout
from flows.steps import preflight

SECONDS = 5
PORTS = {"postgresql": 5432, "postgres": 5432, "http": 80, "https": 443}


def environment(_: Settings) -> Finding:
    """Whether the variables that a run reads hold what they should."""
    empty = sorted(
        name for name, value in os.environ.items() if name.startswith("AFORO_") and not value.strip()
    )
    # Set to nothing, AFORO_RETRY_SECONDS means: no second attempt.
    empty = [name for name in empty if name != "AFORO_RETRY_SECONDS"]
    if empty:
        what = t("{names}: set to nothing", names=", ".join(empty))
        return wrong(Problem(what, t("give it a value, or unset it for the default")))
    retry_seconds()
    source_timeout()
    problems = engine_problems()
    return wrong(problems[0]) if problems else fine(t("the variables can be read"))


def packages(_: Settings) -> Finding:
    """Whether the packages are the ones that were tried together (requirements.lock)."""
    other = []
    for line in (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        pinned = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line)
        if not pinned:
            continue
        name, version = pinned.groups()
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            other.append(t("{name} is missing", name=name))
            continue
        if installed != version:
            other.append(
                t("{name} is {installed}, not {version}", name=name, installed=installed, version=version)
            )
    if other:
        return warning(
            "; ".join(other), t("run `pip install -r requirements.lock` in the environment of aforo")
        )
    return fine(t("as in requirements.lock"))


def prefect(settings: Settings) -> Finding:
    """Whether Prefect's server answers, or the home's own database of it is whole."""
    named = os.environ.get("PREFECT_API_URL")
    if named:
        try:
            with urllib.request.urlopen(f"{named.rstrip('/')}/health", timeout=SECONDS):
                return fine(t("its server answers"))
        except (OSError, ValueError):
            what = t("the server that PREFECT_API_URL names does not answer")
            return wrong(Problem(what, t("start it, or unset PREFECT_API_URL: a run has its own")))
    file = settings.home.prefect / "prefect.db"
    if not file.exists():
        return fine(t("there is nothing yet"))
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=SECONDS)
        ) as database:
            [(said,)] = database.execute("pragma quick_check(1)").fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return fine(t("it is in use"))
        said = str(error)
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said == "ok":
        return fine(t("its database can be read"))
    what = t("Prefect's database {file} is damaged: {said}", file=file, said=said)
    return wrong(
        Problem(what, t("move it away: the next run begins a new one; only past flow runs are lost"))
    )


def mapping(settings: Settings) -> Finding:
    """Whether the mapping is there that the settings name."""
    if settings.mapping is None:
        return fine(t("none is named: the source is read as it is"))
    if any(settings.mapping.glob("*.sql")):
        return fine(str(settings.mapping))
    what = t("the mapping folder {mapping} has no <table>.sql in it", mapping=settings.mapping)
    remedy = t("name the right one with --mapping or AFORO_MAPPING, or draft one: aforo init-source")
    return wrong(Problem(what, remedy))


def source(settings: Settings) -> Finding:
    """Whether the source is there: its folder or file, or who listens at its address. Nothing is read."""
    if settings.source.path is not None:
        problems = preflight.source_problems(settings)
        return wrong(problems[0]) if problems else fine(t("it is there"))
    address = urlsplit(settings.source.name)
    port = address.port or PORTS.get(address.scheme)
    if not address.hostname or port is None:
        return "not looked at", t("only a run can tell whether it is there")
    try:
        with socket.create_connection((address.hostname, port), SECONDS):
            return fine(t("{host} answers", host=address.hostname))
    except OSError:
        what = t("{host} does not answer at port {port}", host=address.hostname, port=port)
        remedy = t("start it or name the right one; until then runs stand on the last good captures")
        return wrong(Problem(what, remedy))
