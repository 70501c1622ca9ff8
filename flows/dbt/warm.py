"""dbt as one process for a whole run: it imports dbt, loads the parsed project once, and forks for each call.

    python -m flows.dbt.warm <dbt's vars as JSON>

A line of JSON on standard input asks for a call of dbt: its `arguments`, its `environment`, and the file for
its `results`. A fork makes the call and writes dbt's log to standard output, where `{"ended": <exit code>}`
follows it. The fork takes the warehouse's lock and its memory with it. When it is made there is one thread,
and no connection.

Both are one process group, which ends with its parent: whoever has nothing else to do watches standard input.
"""

import gc
import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from flows import child


def main() -> None:
    """Forks for each line, until there are no more."""
    asked: list[str] = []
    # While dbt is loaded; it is gone when the first call has come, so before the first fork.
    watch = threading.Thread(target=lambda: asked.append(_next()))
    watch.start()
    # What dbt is made of stays to the end: looking through it for garbage takes a fifth of the time.
    gc.disable()
    from flows.dbt import invocation

    loaded = invocation.load(sys.argv[1])
    gc.freeze()
    watch.join()
    line = asked[0]
    while True:
        exit_code = _fork(json.loads(line), loaded)
        # One that was killed may have left half a line.
        print(f"\n{json.dumps({'ended': exit_code})}", flush=True)
        line = _next()


def _next() -> str:
    line = sys.stdin.readline()
    if not line:
        os.killpg(0, signal.SIGKILL)
    return line


def _fork(call: dict[str, Any], loaded: Any) -> int:
    from flows.dbt import invocation

    number = os.fork()
    if number == 0:
        exit_code = 2
        try:
            threading.Thread(target=child.end_with_parent, daemon=True).start()
            os.environ.clear()
            os.environ.update(call["environment"])
            gc.enable()
            exit_code = invocation.invoke(Path(call["results"]), call["arguments"], loaded)
        except BaseException:
            traceback.print_exc()
        finally:
            invocation.leave(exit_code)
    _, status = os.waitpid(number, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
