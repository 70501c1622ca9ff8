"""The command line `aforo`: every command is a file in flows/commands and a line here.

What takes long to import (Prefect, dbt) is imported inside the commands, so that `--help` answers at once.
"""

import sys

import typer

from flows.commands import backtest, check_source, docs, init_source, run, serve, status, vacuum, version
from flows.errors import AforoError

app = typer.Typer(
    help="Forecasts how many students will come to every class of a language institute.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", epilog=run.EXAMPLES)(run.command)
app.command("check-source")(check_source.command)
app.command("init-source")(init_source.command)
app.command("backtest")(backtest.command)
app.command("status")(status.command)
app.command("vacuum", epilog=vacuum.EXAMPLES)(vacuum.command)
app.command("docs")(docs.command)
app.command("serve")(serve.command)
app.add_typer(version.app, name="version")


def main() -> None:
    """The console script: problems are shown as text, never as a traceback."""
    try:
        app()
    except AforoError as error:
        from flows.screen import terminal

        terminal.show_problems("can't do that.", error.problems, [])
        sys.exit(1)


if __name__ == "__main__":
    main()
