"""A command as a process that ends with the one that started it, however that one ends.

`python -m flows.child module:function <arguments>`, as the leader of a process group, with a pipe as standard
input that the parent keeps open and never writes to. The pipe closes when the parent dies, also by SIGKILL,
and then the whole group goes: no dbt is left behind that holds the warehouse's lock.
"""

import importlib
import os
import signal
import sys
import threading


def main() -> None:
    """Calls the function, as its console script would, under that watch."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, _, function = sys.argv.pop(1).partition(":")
    getattr(importlib.import_module(module), function)()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
