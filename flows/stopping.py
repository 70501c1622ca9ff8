"""Being told to stop: once, in order, with the exit code that a shell expects of the signal."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from flows.language import marked

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WORDS = {
    signal.SIGINT: marked("stopped by Ctrl-C"),
    signal.SIGTERM: marked("stopped by SIGTERM"),
    signal.SIGHUP: marked("stopped by the end of its terminal"),
}


class Stopped(BaseException):
    """A signal has asked this process to end."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(_WORDS[number])
        self.exit_code = 128 + number


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Raises Stopped at the first signal; a second one does not break the cleanup of the first.

    A signal that is ignored stays so: `nohup`, or a job that a script left in the background.
    """

    def stop(number: int, _: FrameType | None) -> None:
        for each in kept:
            # Not SIG_IGN: the processes that are started from here would inherit it.
            signal.signal(each, lambda *_: None)
        asked.append(Stopped(signal.Signals(number)))
        raise asked[0]

    asked: list[Stopped] = []
    kept = {each: signal.getsignal(each) for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN}
    for each in kept:
        signal.signal(each, stop)
    try:
        yield
    except Exception as error:
        # DuckDB makes 'Query interrupted' of it.
        if asked:
            raise asked[0] from error
        raise
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)


class Asked:
    """Whether a run was asked to stop, for errors that come of it in other words ('Query interrupted')."""

    def __init__(self) -> None:
        self.to_stop = False


@contextlib.contextmanager
def spared(done: Callable[[], bool]) -> Iterator[Asked]:
    """Within Prefect's engine: SIGTERM is heard once, and not once `done`: then the run goes to its end.

    Prefect raises at every SIGTERM, also while it closes the run. Its engine sets back what stands here.
    """
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.getsignal(signal.SIGTERM)

    def hear(number: int, frame: FrameType | None) -> None:
        if asked.to_stop or done():
            return
        asked.to_stop = True
        if not callable(before):
            raise Stopped(signal.Signals(number))
        before(number, frame)

    signal.signal(signal.SIGTERM, hear)
    yield asked
