"""What publishing into a DuckLake costs, beside the files of a release and a copy into Postgres.

`python -m benchmarks.bench_lake HOME` takes the marts that HOME has published, as they are, then ten and a
hundred times their rows, and publishes each of the three ways with a real Postgres on this machine: seconds
of wall and of processor time (Postgres's own not counted), the bytes, and a query on one mart. The second
publication counts: the first makes the tables.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from flows import lake, push, push_target
from flows.dbt.extensions import extension_file
from flows.home import tables
from flows.quoting import identifier, literal
from flows.settings import MARTS_FILE, Home
from flows.steps import publish
from tests import postgres

RUN = "20250101T000000Z-abcdef"
QUERY = "select sede, sum(media) from {}.prediccion_detalle group by all"


def larger(file: Path, folder: Path, times: int) -> Path:
    """The file with every mart's rows `times` times, without keys (they would be there twice)."""
    target = folder / f"x{times}.duckdb"
    with duckdb.connect(str(target), config=tables.CONNECTION) as connection:
        connection.execute(f"attach {literal(str(file))} as once (read_only)")
        connection.execute("create schema marts")
        for mart in tables.read(connection, "once", "schema_name = 'marts'"):
            source = f"once.marts.{identifier(mart.name)}"
            connection.execute(f"create table {mart.relation} as select t.* from {source} t, range({times})")
    return target


def measured(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall and of this process's processor time."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    act()
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def released(file: Path, folder: Path) -> None:
    """The files of a release, verified, as a run writes them."""
    (folder / "parquet").mkdir(parents=True)
    publish.verify(folder, publish.copy_marts(file, folder, RUN))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    published = Home(parser.parse_args().home).published_file.resolve()
    print(f"{'rows':>12}  {'way':10} {'wall s':>7} {'cpu s':>6} {'MB':>6} {'query s':>8}")
    with tempfile.TemporaryDirectory(prefix="aforo-lake-") as name:
        folder = Path(name)
        server = postgres.create(folder / "postgres")
        try:
            for times in (1, 10, 100):
                show(larger(published, folder, times), folder / f"out{times}", server.admin_url, times)
        finally:
            server.stop()


def show(file: Path, out: Path, database: str, times: int) -> None:
    """The three lines of a size."""
    institute = push_target.target(f"ducklake:{database}?data={out.parent / 'lago'}&institute=x{times}")
    extensions = "; ".join(f"load '{extension_file(one)}'" for one in ("postgres_scanner", "ducklake"))
    ways: list[tuple[str, Callable[[int], object], str, str, Path]] = [
        (
            "files",
            lambda turn: released(file, out / str(turn)),
            f"attach '{out}/2/{MARTS_FILE}' as p (read_only)",
            "p.marts",
            out / "2",
        ),
        (
            "lake",
            lambda turn: lake.write(file, f"{RUN}{turn}", institute),
            f"{extensions}; attach 'ducklake:postgres:{database}' as p (read_only)",
            f"p.x{times}",
            out.parent / "lago" / f"x{times}",
        ),
        (
            "postgres",
            lambda turn: push.write(file, f"{RUN}{turn}", database),
            f"{extensions}; attach '{database}' as p (type postgres, read_only)",
            "p.marts",
            out / "none",
        ),
    ]
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = sum(mart.rows for mart in tables.read(connection, file.stem, "schema_name = 'marts'"))
    for way, write, attach, schema, place in ways:
        write(1)
        before = _bytes(place)
        wall, cpu = measured(lambda write=write: write(2))  # type: ignore[misc]
        written = _bytes(place) - (before if way == "lake" else 0)
        with duckdb.connect() as connection:
            connection.execute(attach)
            asked, _ = measured(lambda c=connection, s=schema: c.execute(QUERY.format(s)).fetchall())  # type: ignore[misc]
        size = f"{written / 1e6:.1f}" if written else "-"
        print(f"{rows:>12,}  {way:10} {wall:7.1f} {cpu:6.1f} {size:>6} {asked:8.2f}", flush=True)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
