"""What the commands share: their flags, and how an exception becomes a problem that a person reads."""

import contextlib
import json
import sys
import traceback
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from flows.settings import Home as HomeFolder

Source = Annotated[
    str | None,
    typer.Option(
        help="A folder, a DuckDB file, a Postgres URL or an https/s3 folder with the institute's tables "
        "(docs/contract.md). Else AFORO_SOURCE, else the demo institute.",
        metavar="SOURCE",
    ),
]
Mapping = Annotated[
    str | None,
    typer.Option(
        help="Folder with a <table>.sql for each table that the source names otherwise. "
        "Else AFORO_MAPPING. SQL in the source's own folder is run only where it is named.",
        metavar="DIR",
    ),
]
Home = Annotated[
    str | None,
    typer.Option(
        help="Folder of the warehouse and the published files. Else AFORO_HOME, else data/.", metavar="DIR"
    ),
]
Horizon = Annotated[int, typer.Option(help="How many periods to forecast, 1 to 12.")]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        help="Take this table even if it has lost more than is usual since its last capture.",
        metavar="TABLE",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]


def echo(found: Any, text: list[str], as_json: bool) -> None:
    """Prints what a command found: as one JSON document, or as lines for a person."""
    print(document(found) if as_json else "\n".join(text))


def document(found: Any) -> str:
    """The JSON document of what was found; in escapes where standard output can't carry every sign."""
    can_all = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(found, indent=2, ensure_ascii=not can_all)


@contextlib.contextmanager
def explained(home: HomeFolder) -> Iterator[None]:
    """Any exception becomes an AforoError; the traceback goes to the log."""
    from flows.dbt import diagnosis
    from flows.home import marker

    marker.look(home)
    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:
        if marker.is_home(home):
            with contextlib.suppress(OSError):
                home.logs.mkdir(parents=True, exist_ok=True)
                with home.log.open("a") as log:
                    traceback.print_exc(file=log)
        raise diagnosis.explain_exception(error, home) from error
