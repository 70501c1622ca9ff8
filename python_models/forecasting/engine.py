"""Where models are fitted: by this process, or as tasks of the Dask cluster that AFORO_ENGINE names.

A fit is a function of its arguments alone, so who makes it changes no bit. The cache stays here: what an
earlier run has made goes to no worker.

Not StatsForecast's own backend for clusters, which is Fugue's: it rounds to 4 bytes, and takes every series
for a group of its own (docs/performance.md).
"""

import functools
import os
import platform
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from python_models.forecasting import cache

# A package that only who names a cluster needs.
if TYPE_CHECKING:
    from distributed import Client, Future

VARIABLE = "AFORO_ENGINE"
CONNECT_SECONDS = 5
# How long a cluster may be without any worker: one that has crashed is started again within a few.
ALONE_SECONDS = 30
LOOK_SECONDS = 1
# Items under way at once on a cluster, each with its inputs in this process's memory.
AT_ONCE = 16

Item = TypeVar("Item")
Made = TypeVar("Made")
# Takes a function and the arguments of each of its calls; returns what they give, in order.
Fit = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Any]]


class EngineError(Exception):
    """Why the cluster can't make the fits, as flows/dbt/diagnosis.py reads it."""


def each(one: Callable[[Item, Fit], Made], items: Sequence[Item], threads: int) -> list[Made]:
    """`one` of every item, in order; it is handed the function that makes its fits.

    threads: how many items at once, where this machine makes the fits. Raises EngineError where a cluster is
    named and can't make them.
    """
    address = os.environ.get(VARIABLE)
    if not address:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda item: one(item, _here), items))
    with _connected(address) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        fit = functools.partial(_there, client, address)
        return list(pool.map(lambda item: one(item, fit), items))


def answers(address: str) -> bool:
    """Whether a scheduler is there: it greets whoever connects. Dask itself would wait for that for ever."""
    place = urlsplit(address)
    try:
        with socket.create_connection((str(place.hostname), place.port or 0), CONNECT_SECONDS) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def environment() -> dict[str, str]:
    """What decides the bits of a fit: a worker must have all of it as the machine that asks."""
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "machine": platform.machine(),
        "distributed": version("distributed"),
        **dict(library.split(" ") for library in cache.libraries()),
        "aforo": cache.code(),
    }


def _here(work: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    return [work(*arguments) for arguments in calls]


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    """The cluster, with a worker at least."""
    import dask
    from distributed import Client

    # Inputs are part of their task: so the scheduler has them, whichever worker is lost.
    quiet = {"distributed.admin.large-graph-warning-threshold": "1GB"}
    with dask.config.set(quiet | {"distributed.comm.timeouts.connect": CONNECT_SECONDS}):
        if not answers(address):
            raise _no_scheduler(address)
        scheduler = address.replace("dask://", "tcp://")
        with Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False) as client:
            try:
                client.wait_for_workers(1, ALONE_SECONDS)
            except TimeoutError as error:
                raise _no_worker(address) from error
            yield client


def _there(
    client: "Client", address: str, work: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
) -> list[Any]:
    """The calls as tasks; one whose worker is lost is given to another."""
    import cloudpickle
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    # As bytes, which a worker opens only once it knows that its packages are those that wrote them.
    tasks = [cloudpickle.dumps((work, arguments)) for arguments in calls]
    try:
        futures = client.map(_made_there, tasks, expected=environment(), pure=False, key="aforo-fit")
        _wait(client, address, futures)
        return list(client.gather(futures))
    except KilledWorker as error:
        what = f"the same fit has ended several workers of {address}"
        raise _error(what, "look at their logs; they may need more memory") from error
    except ModuleNotFoundError as error:
        what = f"a worker of {address} has no code of aforo: {error}"
        raise _error(what, "install this release of aforo there") from error
    except (CancelledError, CommClosedError) as error:
        raise _no_scheduler(address) from error


def _wait(client: "Client", address: str, futures: list["Future[Any]"]) -> None:
    """Until all have ended. The scheduler itself would wait for a worker for ever."""
    from distributed import wait

    seen = time.monotonic()
    while True:
        try:
            with client.as_current():
                wait(futures, timeout=LOOK_SECONDS)
            return
        except TimeoutError:
            if _has_workers(client, address):
                seen = time.monotonic()
            elif time.monotonic() - seen > ALONE_SECONDS:
                raise _no_worker(address) from None


def _has_workers(client: "Client", address: str) -> bool:
    try:
        return bool(client.scheduler_info(n_workers=1)["workers"])
    except OSError as error:
        raise _no_scheduler(address) from error


def _made_there(task: bytes, expected: dict[str, str]) -> Any:
    """What the call gives, on a worker; EngineError where it would be another's bits."""
    import cloudpickle
    from distributed import get_worker

    found = environment()
    other = [
        f"{name} is {found.get(name, 'missing')}, not {value}"
        for name, value in expected.items()
        if found.get(name) != value
    ]
    if other:
        what = f"the worker {get_worker().address} is not as this machine: {', '.join(other)}"
        raise _error(what, "install the same release of aforo there, from its requirements.lock")
    work, arguments = cloudpickle.loads(task)
    return work(*arguments)


def _no_scheduler(address: str) -> EngineError:
    what = f"no Dask scheduler answers at {address}"
    return _error(what, "start it, or unset AFORO_ENGINE to fit the models on this machine")


def _no_worker(address: str) -> EngineError:
    what = f"the cluster {address} has had no worker for {ALONE_SECONDS} seconds"
    return _error(what, "start workers there, or unset AFORO_ENGINE to fit the models on this machine")


def _error(what: str, remedy: str) -> EngineError:
    return EngineError(f"[aforo] {what}. {remedy}")
