"""False alarms of an ordinary past, and whether planted faults are seen in the period in which they begin.

`make bench-alerts` takes the institute at ../shared/data/institute, where that is there, and the demo. A home
captures the source as it was before its newest closed period and forecasts from thirty past origins, one
step ahead (`aforo backtest`); the conditions use nothing later than the period they judge, so the alerts over
these periods are those of a replay. Then the newest period is delivered to copies of that home, once as it
is and once with each fault of alert_faults.py, audited and captured, and the alerts are built.

`--folder` keeps the homes: what was built there is taken as it is, so that other thresholds take seconds.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.alert_faults import Fault, faults, newest_closed, up_to, without_period
from benchmarks.bench_run import DEMO, INSTITUTE, ROOT
from benchmarks.bench_sources import read
from flows import settings
from flows.dbt.runner import AUDIT, MONITOR, DbtResult, Variables, capture_of, run_dbt
from flows.project import contract_tables, schema_of, version_variables
from flows.settings import Home, Settings
from flows.steps import audit
from tests import sources

ORIGINS = 30
FALSE_ALARMS = """
with
looked as (
    select tipo, count(distinct periodo) as periods
    from marts.vigilancia
    group by tipo
),
a_year as (select any_value(estaciones_por_ciclo) as periods from {platinum}.dim_periodos)
select
    l.tipo,
    l.periods as looked_at,
    count(a.alerta_id) as alerts,
    count(distinct a.desde_periodo) as periods_with_one,
    round(count(distinct a.desde_periodo) * any_value(y.periods) / l.periods, 2) as periods_a_year,
    1 as at_most
from looked as l
cross join a_year as y
left join marts.alertas as a on l.tipo = a.tipo
group by l.tipo, l.periods
order by l.tipo
"""
OPENED = """
select tipo, nivel, donde, desde_periodo, hasta_periodo, valor, umbral
from marts.alertas
order by tipo, desde_periodo, donde
"""
# An alert that began earlier, or one in the open period of the calendar, counts where it holds now.
HOLD = """
select tipo, nivel, donde, hasta_periodo
from marts.alertas
where estado <> 'cerrada' or hasta_periodo = {period}
"""
# What a bias that comes on top of each period's own would have shown.
BIASES = """
select
    count(*) as periods,
    count(*) filter (where (1 + valor) * 1.1 - 1 not between umbral_inferior and umbral) as seen_too_high,
    count(*) filter (where (1 + valor) * 0.9 - 1 not between umbral_inferior and umbral) as seen_too_low,
    round(median(umbral), 3) as threshold
from marts.vigilancia
where tipo = 'sesgo' and nivel = 'total'
"""
FORECAST = """
update {predictions}.pronosticos
set punto = punto * {times}, media = media * {times}, q025 = q025 * {times}, q10 = q10 * {times},
    q90 = q90 * {times}, q975 = q975 * {times}
where h = 1 and indice_origen = (select max(indice_origen) from {predictions}.pronosticos)
"""
Alert = tuple[str, str, str, int]


@dataclass(frozen=True)
class Judged:
    """A home after a delivery: its alerts that hold, and why tables of the delivery were refused."""

    alerts: set[Alert]
    refused: dict[str, str]


def captured(home: Home, tables: sources.Tables) -> dict[str, str]:
    """Audits and captures the tables as a source of the home, as `aforo run` does; why which were refused."""
    asked = _settings(home)
    sources.write(tables, _source(home))
    variables = Variables(version_variables(), {"run_id": f"bench-{time.time_ns()}"})
    found = audit.read(run_dbt(AUDIT, asked, variables), home, list(contract_tables()))
    refused = audit.fall_back(found, asked) if found.failed else {}
    variables.of_run["respaldos"] = refused
    _succeed(run_dbt(capture_of([t for t in contract_tables() if t not in refused]), asked, variables))
    return refused


def monitored(home: Home) -> None:
    """Builds the alerts in the home's warehouse."""
    _succeed(run_dbt(MONITOR, _settings(home), Variables(version_variables())))


def rows(home: Home, query: str) -> list[tuple[object, ...]]:
    """What a query of the warehouse gives."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.sql(query).fetchall()


def replayed(source: Path, folder: Path, period: int) -> Home:
    """A home in the folder that knows the source up to before the period, replayed and monitored."""
    home = Home(folder / "before")
    if not home.warehouse.exists():
        print(f"  replaying thirty periods before {period} …", file=sys.stderr)
        captured(home, without_period(read(source), period))
        aforo = Path(sys.executable).with_name("aforo")
        asked = ["backtest", "--origins", str(ORIGINS), "--horizon", "1", "--home", str(home.root), "--quiet"]
        subprocess.run([aforo, *asked], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    monitored(home)
    return home


def delivered(before: Home, fault: Fault, period: int) -> Judged:
    """What is seen when a copy of the home is delivered the newest period with the fault."""
    home = _copy(before)
    refused = captured(home, fault.tables)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            "update landing.capturas set capturada_en = capturada_en - to_days(?)", [fault.days]
        )
        if fault.forecast != 1:
            query = FORECAST.format(times=fault.forecast, predictions=schema_of("predictions"))
            connection.execute(query)
    monitored(home)
    found = rows(home, HOLD.format(period=period))
    return Judged({(str(a), str(b), str(c), int(str(d))) for a, b, c, d in found}, refused)


def seen(fault: Fault, judged: Judged, without_fault: Judged) -> tuple[str, str]:
    """What says that the fault is there, and where; empty texts where nothing does."""
    if judged.refused:
        [(table, reason), *_] = judged.refused.items()
        return "refused", f"{table}: {reason}"
    fitting = [
        alert
        for alert in sorted(judged.alerts - without_fault.alerts)
        if alert[:2] in fault.kinds and fault.place in (None, alert[2])
    ]
    return ", ".join(sorted({alert[0] for alert in fitting})), ", ".join(
        f"{level} {place} in {period}" for _, level, place, period in fitting
    )


def report(name: str, source: Path, folder: Path) -> bool:
    """Prints both tables of an institute; whether every fault was seen."""
    tables = read(source)
    period = newest_closed(tables)
    home = replayed(source, folder, period)
    print(f"{name}: alerts of the periods before {period}")
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        connection.sql(FALSE_ALARMS.format(platinum=schema_of("platinum"))).show(max_rows=100)
        connection.sql(OPENED).show(max_rows=200, max_width=160)
        connection.sql(BIASES).show()
    arrived = up_to(tables, period)
    sound = delivered(home, Fault("none", arrived, ()), period)
    print(f"{name}: what holds when {period} arrives as it is: {sorted(sound.alerts) or 'nothing'}")
    every = True
    for fault in faults(arrived, period):
        by, where = seen(fault, delivered(home, fault, period), sound)
        every = every and bool(by)
        print(f"  {fault.name}: {f'{by} ({where})' if by else 'NOT SEEN'}", flush=True)
    return every


def _source(home: Home) -> Path:
    return home.root.with_name(f"{home.root.name}_source")


def _settings(home: Home) -> Settings:
    settings.prepare_environment(home)
    return settings.resolve(source=str(_source(home)), home=str(home.root))


def _copy(before: Home) -> Home:
    """A copy always at the same place, with what dbt parsed there: it would parse for each place anew."""
    home = Home(before.root.with_name("after"))
    target, aside = home.root / "target", home.root.with_name("target")
    if target.exists():
        target.rename(aside)
    shutil.rmtree(home.root, ignore_errors=True)
    shutil.copytree(before.root, home.root, symlinks=True, ignore=shutil.ignore_patterns("target"))
    if aside.exists():
        aside.rename(target)
    return home


def _succeed(result: DbtResult) -> None:
    if not result.ok:
        raise RuntimeError(f"{result.failures} {result.errors}")


def main() -> None:
    """Exit code 1 where a fault was not seen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, help="keep the replayed homes there, and take those that are")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        every = [
            report(source.name, source, folder / source.name)
            for source in (DEMO, INSTITUTE)
            if source.exists()
        ]
    sys.exit(not all(every))


if __name__ == "__main__":
    main()
