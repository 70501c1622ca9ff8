"""How long a flow may take, and how long one that nobody sits before waits for the home."""

import asyncio
import contextlib
from collections.abc import Iterator

from prefect import runtime

from flows.errors import AforoError, Problem
from flows.home import lock
from flows.language import t
from flows.settings import Home

# More than all that a run's steps are allowed, with their retries; then it hangs.
RUN_SECONDS = 4 * 3600
# A run of the largest institute tried takes a few minutes: after this long the one that has the home hangs.
HOME_SECONDS = 3600


@contextlib.contextmanager
def patience(home: Home) -> Iterator[None]:
    """Within a flow: the run of a deployment waits its turn; a person is told at once who has the home."""
    if runtime.deployment.id:
        with lock.patient(home, str(runtime.flow_run.id), HOME_SECONDS):
            yield
    else:
        yield


def explain(error: BaseException) -> AforoError | None:
    """What to say where Prefect has ended the flow because its time was over; None for anything else."""
    if not isinstance(error, asyncio.CancelledError):
        return None
    what = t("the run did not end within {hours} hours and was ended", hours=RUN_SECONDS // 3600)
    return AforoError([Problem(what, t("see in the log what held it up, and run again"))])
