"""The command line `aforo`: every command is a file in flows/commands and a line here.

What takes long to import (Prefect, dbt) is imported inside the commands, so that `--help` answers at once.
"""

import sys

import typer

from flows.commands import backtest, check_source, docs, init_source, run, serve, status, vacuum
from flows.errors import AforoError
from flows.stopping import Stopped, heard

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


def main() -> None:
    """The console script: problems are shown as text, never as a traceback."""
    from flows.screen import terminal

    try:
        with heard():
            app()
    except AforoError as error:
        terminal.show_problems("can't do that.", error.problems, [])
        sys.exit(1)
    except Stopped as stopped:
        terminal.say(f"aforo: {stopped}.")
        sys.exit(stopped.exit_code)


if __name__ == "__main__":
    main()
