"""Seconds of a run when little or nothing of the source has changed, and Postgres beside the folder.

`make bench-sources` runs ../shared/data/institute (the demo where it is absent) from a folder: the first
time, then with 0, 1 and 5 % of its sections changed, the newest ones; then the month after a first run
without the newest period; then from a real Postgres server with the same tables, and compares the
forecasts. The ratios are to the first run.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.bench_run import DEMO, INSTITUTE, Measured, run_once
from tests import postgres, sources


def read(source: Path) -> sources.Tables:
    """The tables of a folder of Parquet and CSV files."""
    parquet = {file.stem: pd.read_parquet(file) for file in source.glob("*.parquet")}
    return parquet | {file.stem: pd.read_csv(file, dtype=str) for file in source.glob("*.csv")}


def changed(tables: sources.Tables, share: float) -> sources.Tables:
    """The tables with one student more in a share of all sections, the newest ones."""
    sections = tables["programacion"].copy()
    held = sections[sections["matriculados"] > 0]
    sections.loc[held.nlargest(round(share * len(sections)), "periodo").index, "matriculados"] += 1
    return tables | {"programacion": sections}


def without_newest(tables: sources.Tables) -> sources.Tables:
    """The tables as they were before the newest period that has students."""
    sections = tables["programacion"]
    newest = sections.loc[sections["matriculados"] > 0, "periodo"].max()
    return tables | {"programacion": sections[sections["periodo"] < newest]}


def forecast(home: Path) -> pd.DataFrame:
    """The published forecast, in order."""
    with duckdb.connect(str(home / "published" / "aforo_marts.duckdb"), read_only=True) as connection:
        return connection.sql("from marts.prediccion_alumnos order by all").df()


def show(what: str, again: Measured, first: Measured) -> None:
    """A line of the table."""
    steps = ", ".join(f"{name} {seconds:.0f}" for name, seconds in again.steps.items())
    print(f"  {what}: {again.seconds:.0f} s, {again.seconds / first.seconds:.2f} of the first ({steps})")


def main() -> None:
    """Prints the table; exit code 1 where Postgres gives another forecast than the folder."""
    original = INSTITUTE if INSTITUTE.exists() else DEMO
    tables = read(original)
    with tempfile.TemporaryDirectory() as folder:
        source, home = Path(folder, "source"), Path(folder, "home")
        sources.write(tables, source)
        first = run_once(source, home)
        expected = forecast(home)
        print(f"{original}: first run {first.seconds:.0f} s")
        for share in (0.0, 0.01, 0.05):
            sources.write(changed(tables, share), source)
            # Each from the first run's state, not from that of the change before it.
            after_first = Path(shutil.copytree(home, Path(folder, "after_first"), symlinks=True))
            show(f"{share:.0%} changed", run_once(source, after_first), first)
            shutil.rmtree(after_first)
        sources.write(without_newest(tables), source)
        month_before = Path(folder, "month_before")
        run_once(source, month_before)
        sources.write(tables, source)
        show("one new period", run_once(source, month_before), first)
        server = postgres.create(Path(folder, "postgres"))
        try:
            server.load(tables)
            os.environ["PGPASSWORD"] = postgres.PASSWORD
            from_postgres = run_once(server.url, Path(folder, "postgres_home"))
        finally:
            server.stop()
        same = forecast(Path(folder, "postgres_home")).equals(expected)
        ratio = from_postgres.seconds / first.seconds
        print(f"  Postgres, first run: {from_postgres.seconds:.0f} s, {ratio:.2f} of the folder's")
        print(f"  its forecast is {'the same' if same else 'ANOTHER'}: {len(expected):,} rows")
        sys.exit(not same)


if __name__ == "__main__":
    main()
