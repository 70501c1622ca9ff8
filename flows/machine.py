"""How much of the machine a run uses: a worker for each core, a quarter of the memory for DuckDB.

Both are those of the container, where there is one. AFORO_WORKERS and AFORO_MEMORY say otherwise. The results
are the same, to the last bit: a query has one thread, and workers share models, not a sum. AFORO_ENGINE has a
cluster fit them (python_models/forecasting/engine.py).
"""

import importlib.util
import os
import re
from pathlib import Path

from flows.errors import AforoError, Problem
from flows.language import t

GIB = 1024**3
# The other three are for Python's models, Prefect, and whatever else the machine does.
SHARE_OF_MEMORY = 4
_LAST_PORT = 65535
_CONTAINER_MEMORY = Path("/sys/fs/cgroup/memory.max")


def environment() -> dict[str, str]:
    """The variables of the machine as dbt's process gets them; AforoError where one can't be understood."""
    engine()
    return {"AFORO_WORKERS": str(workers()), "AFORO_MEMORY": memory()}


def workers() -> int:
    """How many models are made at once: AFORO_WORKERS, else the cores that this process may use."""
    given = os.environ.get("AFORO_WORKERS", "")
    if not given:
        # It knows of affinities and of containers' limits.
        from joblib import cpu_count

        return int(cpu_count())
    if not re.fullmatch(r"[1-9]\d{0,3}", given):
        what = t("{variable}: '{said}' is no number of workers", variable="AFORO_WORKERS", said=given)
        raise AforoError([Problem(what, t("give a whole number from 1 on, or unset it"))])
    return int(given)


def memory() -> str:
    """What DuckDB may take before it writes to the disk, in its words: AFORO_MEMORY, or a share of all."""
    given = os.environ.get("AFORO_MEMORY", "")
    if not given:
        return f"{max(_memory_there_is() // SHARE_OF_MEMORY, GIB) // 1024**2}MiB"
    if not re.fullmatch(r"[1-9]\d*(\.\d+)? ?[KMGT]i?B", given):
        what = t("{variable}: '{said}' is no amount of memory", variable="AFORO_MEMORY", said=given)
        raise AforoError([Problem(what, t("give it with its unit, such as 2GB, or unset it"))])
    return given


def engine() -> str | None:
    """AFORO_ENGINE, the address of a Dask scheduler; None where the models are fitted on this machine."""
    given = os.environ.get("AFORO_ENGINE", "")
    if not given:
        return None
    found = re.fullmatch(r"dask://([\w.-]+|\[[\da-fA-F:]+\]):(\d{1,5})", given)
    if not found or int(found[2]) > _LAST_PORT:
        what = t(
            "{variable}: '{said}' is no address of a Dask scheduler", variable="AFORO_ENGINE", said=given
        )
        remedy = t("give it as dask://host:port, or unset it to fit the models on this machine")
        raise AforoError([Problem(what, remedy)])
    if importlib.util.find_spec("distributed") is None:
        what = t("AFORO_ENGINE names a Dask cluster, and the package distributed is not installed")
        remedy = t("run `pip install -r requirements.lock` in the environment of aforo")
        raise AforoError([Problem(what, remedy)])
    return given


def engine_problems() -> list[Problem]:
    """That no scheduler answers at the address of AFORO_ENGINE; empty where one does, or none is named."""
    address = engine()
    if address is None:
        return []
    # pandas comes with it.
    from python_models.forecasting.engine import answers

    if answers(address):
        return []
    what = t("no Dask scheduler answers at {address}", address=address)
    return [Problem(what, t("start it, or unset AFORO_ENGINE to fit the models on this machine"))]


def _memory_there_is() -> int:
    """Bytes of the machine, or of the container where that has fewer."""
    there_is = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        # "max" where nothing limits it.
        return min(there_is, int(_CONTAINER_MEMORY.read_text()))
    except (OSError, ValueError):
        return there_is
