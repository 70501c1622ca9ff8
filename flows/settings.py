"""Where things are: the project, the source that is read and the home that is written.

Nothing here imports dbt or Prefect: `prepare_environment` must run before they are imported.
"""

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.errors import AforoError, Problem
from flows.language import t
from flows.project import PROJECT, contract_tables
from flows.source import Source, full_path, parse

DEFAULT_SOURCE = PROJECT / "seeds" / "demo_institute"
DEFAULT_HOME = PROJECT / "data"
HORIZONS = range(1, 13)
DEFAULT_HORIZON = 3
# The checks of models/marts/compuerta.sql that can refuse a publication.
GATE_CHECKS = ("total_fuera_de_rango", "sede_fuera_de_rango", "celdas_de_respaldo", "retroceso")
# The DuckDB file of a release.
MARTS_FILE = "aforo_marts.duckdb"
# Waits before the source is tried again, and how long one reading of it may take.
DEFAULT_RETRY_SECONDS = "5,20"
DEFAULT_SOURCE_TIMEOUT = "900"
# The first line of a mapping that was drafted says for which source.
SOURCE_LINE = "-- source: "

# Usage reporting off (Prefect's and dbt's); a server that is slow to start on a busy machine is waited for.
ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    # Its server deletes what is older than ninety days, also runs and their logs.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs,orphans",
    "PREFECT_LOGGING_COLORS": "false",
}


@dataclass(frozen=True)
class Home:
    """The folder of one institute's warehouse, publications and records (AFORO_HOME)."""

    root: Path

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that only the pipeline opens."""
        return self.root / "aforo_warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The symbolic link to the release that readers see."""
        return self.root / "published"

    @property
    def published_file(self) -> Path:
        """The DuckDB file that readers open."""
        return self.published / MARTS_FILE

    @property
    def releases(self) -> Path:
        """One folder a published run, the newest few."""
        return self.root / "releases"

    @property
    def history(self) -> Path:
        """One Parquet file a published run, never rewritten."""
        return self.root / "history"

    @property
    def history_copy(self) -> Path:
        """The copy of the source's history that `aforo restore` makes a warehouse from."""
        return self.root / "backup" / "aforo_history.duckdb"

    @property
    def last_backup(self) -> Path:
        """When `aforo backup` last wrote one, and where."""
        return self.root / "backup" / "last_backup.json"

    @property
    def runs(self) -> Path:
        """One record a run."""
        return self.root / "runs"

    @property
    def logs(self) -> Path:
        """The logs of the flow and of dbt."""
        return self.root / "logs"

    @property
    def log(self) -> Path:
        """The flow's log: what the libraries print and every traceback."""
        return self.logs / "aforo.log"

    @property
    def mapping(self) -> Path:
        """The mapping that `aforo init-source` drafts, of the one source that it names."""
        return self.root / "mapping"

    @property
    def prefect(self) -> Path:
        """Prefect's own folder, its database among it."""
        return self.root / "prefect"

    @property
    def docs_page(self) -> Path:
        """The dbt docs site, one page."""
        return self.root / "docs" / "index.html"


@dataclass(frozen=True)
class Settings:
    """What one run works on and is asked for."""

    source: Source
    home: Home
    mapping: Path | None = None
    period: int | None = None
    horizon: int = DEFAULT_HORIZON
    as_of: str | None = None
    offline: bool = False
    accepted: tuple[str, ...] = ()
    accepted_gate: tuple[str, ...] = ()
    # The challenger that is run beside what is published; None: what serves.
    experiment: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What dbt's process is told through its environment: where things are, and the source's password."""
        mapping = {} if self.mapping is None else {"AFORO_MAPPING": str(self.mapping)}
        return self.source.environment | mapping | {"AFORO_HOME": str(self.home.root)}

    @property
    def reads_source(self) -> bool:
        """Whether the source is read: not offline, and not when a past state is rebuilt."""
        return not self.offline and self.as_of is None

    @property
    def source_name(self) -> str:
        """The source as records and the log of captures call it."""
        return str(self.source)

    @property
    def is_demo(self) -> bool:
        """Whether the source is the demo institute."""
        return is_demo(self.source_name)


def resolve(
    source: str | None = None,
    home: str | None = None,
    period: int | None = None,
    horizon: int = DEFAULT_HORIZON,
    as_of: str | None = None,
    offline: bool = False,
    accepted: tuple[str, ...] = (),
    mapping: str | None = None,
    accepted_gate: tuple[str, ...] = (),
    experiment: str | None = None,
) -> Settings:
    """Settings from flags, then AFORO_SOURCE, AFORO_MAPPING and AFORO_HOME, then the defaults. The default
    mapping is what was drafted in the home for this source.

    AforoError for a bad flag, or for one or a variable that is set to nothing.
    """
    problems = []
    found = {}
    for flag, value in {"source": source, "home": home, "mapping": mapping}.items():
        try:
            found[flag] = given(flag, value, f"AFORO_{flag.upper()}")
        except AforoError as error:
            problems += error.problems
    if horizon not in HORIZONS:
        problems.append(
            Problem(
                t(
                    "the horizon {horizon} is not between {first} and {last} periods",
                    horizon=horizon,
                    first=HORIZONS[0],
                    last=HORIZONS[-1],
                ),
                t("give --horizon a number in that range"),
            )
        )
    if period is not None and period <= 0:
        problems.append(
            Problem(
                t("the period must be positive, not {period}", period=period),
                t("give --period as the source numbers it, such as 202506"),
            )
        )
    unknown = ", ".join(table for table in accepted if table not in contract_tables())
    if unknown:
        problems.append(
            Problem(
                t("--accept {unknown}: the contract has no such table", unknown=unknown),
                t("give one of {tables}", tables=", ".join(contract_tables())),
            )
        )
    unchecked = ", ".join(check for check in accepted_gate if check.partition(":")[0] not in GATE_CHECKS)
    if unchecked:
        problems.append(
            Problem(
                t("--accept-gate {unknown}: the gate has no such check", unknown=unchecked),
                t("give one of {checks}", checks=", ".join(GATE_CHECKS)),
            )
        )
    moment = None
    if as_of is not None:
        try:
            moment = utc_text(as_of)
        except ValueError as error:
            problems.append(
                Problem(
                    t("--as-of: {error}", error=error),
                    t("give a moment such as 2025-06-05 or 2025-06-05T10:15:00"),
                )
            )
    if problems:
        raise AforoError(problems)
    read, written = parse(found["source"] or str(DEFAULT_SOURCE)), _home(found["home"])
    return Settings(
        source=read,
        home=written,
        mapping=_folder(found["mapping"]) if found["mapping"] else _drafted(written, read),
        period=period,
        horizon=horizon,
        as_of=moment,
        offline=offline,
        accepted=accepted,
        accepted_gate=accepted_gate,
        experiment=experiment,
    )


def drafted_for(mapping: Path) -> str | None:
    """The source that a mapping's file was drafted for; None where it does not say so."""
    with contextlib.suppress(OSError), mapping.open(encoding="utf-8", errors="replace") as file:
        first = file.readline()
        return first.removeprefix(SOURCE_LINE).strip() if first.startswith(SOURCE_LINE) else None
    return None


def _drafted(home: Home, source: Source) -> Path | None:
    """The home's mapping, where it is of this source: another's would be taken for it in silence."""
    drafts = list(home.mapping.glob("*.sql"))
    named = {drafted_for(draft) for draft in drafts} - {None}
    return home.mapping if named == {str(source)} else None


def resolve_home(home: str | None = None) -> Home:
    """The home from the flag, then AFORO_HOME, then the default."""
    return _home(given("home", home, "AFORO_HOME"))


def is_demo(source_name: str) -> bool:
    """Whether a source of this name is the demo institute, of this or another copy of the project."""
    return Path(source_name).parts[-2:] == DEFAULT_SOURCE.parts[-2:]


def retry_seconds() -> list[float]:
    """The waits before the source is tried again (AFORO_RETRY_SECONDS: with commas; empty for none)."""
    given = os.environ.get("AFORO_RETRY_SECONDS", DEFAULT_RETRY_SECONDS)
    return [_seconds("AFORO_RETRY_SECONDS", part) for part in given.split(",") if part.strip()]


def source_timeout() -> float:
    """How many seconds one reading of the whole source may take (AFORO_SOURCE_TIMEOUT)."""
    given = os.environ.get("AFORO_SOURCE_TIMEOUT", DEFAULT_SOURCE_TIMEOUT)
    return _seconds("AFORO_SOURCE_TIMEOUT", given)


def _seconds(variable: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        problem = Problem(
            t("{variable}: must be a number of seconds, not '{said}'", variable=variable, said=text),
            t("give seconds, such as 5 or 0.5"),
        )
        raise AforoError([problem]) from None


def utc_text(moment: str) -> str:
    """An ISO moment (UTC where it names no zone) as 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC; else ValueError."""
    try:
        parsed = datetime.fromisoformat(moment.strip())
    except ValueError:
        raise ValueError(f"'{moment}' is not a moment in time") from None
    aware = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    if aware > datetime.now(UTC):
        raise ValueError(f"'{moment}' is in the future")
    return aware.strftime("%Y-%m-%d %H:%M:%S.%f")


def prepare_environment(home: Home, source: Source | None = None) -> None:
    """Sets what Prefect and dbt read when they are imported; what the user has set stays.

    The source's password goes with it, for the processes that this one starts.
    """
    if source:
        os.environ.update(source.environment)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("PREFECT_HOME", str(home.prefect))


def given(flag: str, value: str | None, variable: str) -> str | None:
    """The flag, else its variable; None where neither is set.

    Set to nothing is a mistake, most often a variable of a script that has no value: the default would be
    taken in silence.
    """
    name = variable if value is None else f"--{flag}"
    text = os.environ.get(variable) if value is None else value
    if text is not None and not text.strip():
        remedy = t(
            "give it a value; for the default leave --{flag} out and unset {variable}",
            flag=flag,
            variable=variable,
        )
        raise AforoError([Problem(t("{name} is empty", name=name), remedy)])
    return text


def _home(named: str | None) -> Home:
    return Home(_folder(named) if named else DEFAULT_HOME)


def _folder(named: str) -> Path:
    return full_path(named)
