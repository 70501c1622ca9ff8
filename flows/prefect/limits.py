"""How long a flow may take, and what is different where nobody sits before it."""

import asyncio
import contextlib
from collections.abc import Iterator

from prefect import runtime

from flows import alerts
from flows.errors import AforoError, Problem
from flows.home import lock
from flows.language import t
from flows.settings import Home

# More than all that a run's steps are allowed, with their retries; then it hangs.
RUN_SECONDS = 4 * 3600
# A run of the largest institute tried takes a few minutes: after this long the one that has the home hangs.
HOME_SECONDS = 3600


@contextlib.contextmanager
def unattended(home: Home) -> Iterator[None]:
    """Around a flow: a deployment's run, which nobody sits before, waits its turn on the home, and alerts
    tell that it failed. A person is told at once who has the home, and sees what fails."""
    if not runtime.deployment.id:
        yield
        return
    flow = str(runtime.flow_run.flow_name)
    with lock.patient(home, str(runtime.flow_run.id), HOME_SECONDS):
        try:
            yield
        except (AforoError, asyncio.CancelledError) as error:
            explained = error if isinstance(error, AforoError) else explain(error)
            alerts.tell_of_run(home, flow, explained.problems if explained else [])
            raise
        alerts.tell_of_run(home, flow, [])


def explain(error: BaseException) -> AforoError | None:
    """What to say where Prefect has ended the flow because its time was over; None for anything else."""
    if not isinstance(error, asyncio.CancelledError):
        return None
    what = t("the run did not end within {hours} hours and was ended", hours=RUN_SECONDS // 3600)
    return AforoError([Problem(what, t("see in the log what held it up, and run again"))])
