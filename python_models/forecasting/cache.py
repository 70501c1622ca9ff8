"""What earlier runs have made, kept by what went into it: what is as it was is not made again.

A model is deterministic (same rows, same bits), so its forecasts are a function of the data it is given, of
this package's code and of the libraries' versions. Their hash names a Parquet file with the forecasts. A new
month, or a correction in one, is forecast anew from the origins that know of it; the other origins of the
backtest are read.

Not joblib.Memory, whose hash this uses: it looks at the code of the function that it wraps, not at what that
calls nor at the libraries' versions, so the key would be ours all the same; and it keeps pickles, which run
code when they are read and don't survive another version of pandas. Parquet is data alone.
"""

import contextlib
import functools
import hashlib
import os
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import joblib
import pandas as pd
from pyarrow import ArrowException

LIBRARIES = ("lightgbm", "numpy", "pandas", "scipy", "statsforecast")
KEPT_SECONDS = 60 * 86_400
DRAFT_SECONDS = 3_600


class Cache:
    """What is kept in `folder`; without one, everything is made."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def get(self, inputs: list[object], make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """What `make` returns, from an earlier call with the same inputs where there was one.

        inputs: all that the result depends on, but for code: numbers, texts, arrays, frames. The result must
        be a frame with a plain index. A file that can't be read is made anew.
        """
        if self._folder is None:
            return make()
        file = self._folder / f"{joblib.hash([code(), libraries(), *inputs])}.parquet"
        try:
            found = pd.read_parquet(file)
            file.touch()
        except (OSError, ArrowException):
            found = make()
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(f".{os.getpid()}.tmp")
            found.to_parquet(draft, index=False)
            draft.replace(file)
        return found

    def prune(self) -> None:
        """Deletes what no run has used for long, and what killed ones have left half-written.

        A young draft stays: another model of the same run may be writing it.
        """
        if self._folder is None or not self._folder.exists():
            return
        now = time.time()
        for file in self._folder.iterdir():
            kept = DRAFT_SECONDS if file.suffix == ".tmp" else KEPT_SECONDS
            with contextlib.suppress(FileNotFoundError):  # Another model has just named or deleted it.
                if file.stat().st_mtime < now - kept:
                    file.unlink()


def of_home() -> Cache:
    """The cache of AFORO_HOME, pruned."""
    cache = Cache(Path(os.environ.get("AFORO_HOME", "data")) / "cache")
    cache.prune()
    return cache


def libraries() -> list[str]:
    """The versions of the libraries that forecasts come from."""
    found = []
    for library in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):  # LightGBM may be left out.
            found.append(f"{library} {version(library)}")
    return found


@functools.cache
def code() -> str:
    """What tells this package's code from any other."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
