"""dbt as a process that ends with the one that started it, however that one ends.

`python -m flows.dbt_process <dbt arguments>`, with a pipe as standard input that the parent keeps open and
never writes to. It closes when the parent dies, also by SIGKILL, and then the whole process group goes: no
dbt is left behind that holds the warehouse's lock.
"""

import os
import signal
import threading


def main() -> None:
    """dbt's own command line, under that watch."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from dbt.cli.main import cli

    cli()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
