"""The command line `aforo`: every command is a file in flows/commands and a line here.

What takes long to import (Prefect, dbt) is imported inside the commands, so that `--help` answers at once.
"""

import inspect
import io
import sys
from importlib import metadata
from types import ModuleType
from typing import Annotated

import typer
from typer.exceptions import TyperException

from flows.commands import (
    alerts,
    backtest,
    backup,
    check_source,
    docs,
    doctor,
    export,
    init_source,
    monitor,
    path,
    plan,
    promote,
    push,
    reproduce,
    restore,
    rollback,
    run,
    serve,
    status,
    vacuum,
    version,
)
from flows.errors import AforoError
from flows.language import t
from flows.screen import terminal
from flows.stopping import Stopped, heard

EXAMPLES = """Examples:

\b
  aforo run                            forecast the demo institute
  aforo init-source --source exports/  what is recognised in your own tables
  aforo check-source --source exports/ what is wrong with them
  aforo run --source exports/          forecast from them
  aforo status                         what was published, and from what
  aforo serve                          the same on every forecast date
"""

app = typer.Typer(
    help="Forecasts how many students will come to every class of a language institute.",
    epilog=EXAMPLES,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add(name: str, module: ModuleType) -> None:
    # As short help the whole text is shown: what is taken from the long help is cut off at the line's end.
    text = inspect.getdoc(module.command)
    app.command(name, short_help=text, epilog=getattr(module, "EXAMPLES", None))(module.command)


_add("run", run)
_add("check-source", check_source)
_add("init-source", init_source)
_add("backtest", backtest)
_add("monitor", monitor)
_add("status", status)
_add("alerts", alerts)
_add("plan", plan)
_add("export", export)
_add("vacuum", vacuum)
_add("path", path)
_add("push", push)
_add("backup", backup)
_add("restore", restore)
_add("rollback", rollback)
_add("promote", promote)
_add("reproduce", reproduce)
_add("doctor", doctor)
_add("docs", docs)
_add("serve", serve)
app.add_typer(version.app, name="version", short_help="The versions of the layers: check them, or raise one.")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"aforo {metadata.version('aforo')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """What comes before a command."""


def main() -> None:
    """The console script: problems are shown as text, never as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a sign shows another one.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with heard():
            sys.exit(app(sys.argv[1:] or ["--help"], standalone_mode=False))
    except TyperException as error:
        terminal.show_wrong_use(error)
        sys.exit(2)
    except AforoError as error:
        terminal.show_problems(t("can't do that."), error.problems, [])
        sys.exit(1)
    except Stopped as stopped:
        terminal.say(f"aforo: {t(str(stopped))}.")
        sys.exit(stopped.exit_code)


if __name__ == "__main__":
    main()
