"""Which past states of the source's tables can be rebuilt."""

from datetime import datetime

import duckdb

from flows.errors import Problem
from flows.language import t
from flows.settings import Home

MOMENTS_SHOWN = 12
# moments (momento) -> the last capture that each knows; a run is known from its first capture on.
STATES = """
    select distinct max(c.hasta)
    from ({moments}) as m
    inner join (
        select min(capturada_en) as desde, max(capturada_en) as hasta from landing.capturas group by run_id
    ) as c on c.desde <= m.momento
    group by m.momento
"""


def refusal(home: Home, as_of: str) -> Problem | None:
    """Why the state as of a moment (UTC) can't be rebuilt; None where it can."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select max(corte), arg_max(momentos, vaciado_en) from landing.vaciados"
        ).fetchone()
        state = state_at(connection, datetime.fromisoformat(as_of))
    cut, moments = found or (None, [])
    if cut is None or state is None or state >= cut or state in moments:
        return None
    kept = sorted(moment for moment in moments if moment < cut)
    shown = ", ".join(f"{moment:%Y-%m-%dT%H:%M:%S.%f}" for moment in kept[-MOMENTS_SHOWN:])
    more = (
        t(" and {count} earlier ones", count=len(kept) - MOMENTS_SHOWN) if len(kept) > MOMENTS_SHOWN else ""
    )
    older = t(", or one of the published forecasts: {shown}{more}", shown=shown, more=more) if kept else ""
    return Problem(
        t(
            "what was known at {as_of} UTC is not kept: `aforo vacuum` has folded the history up to then",
            as_of=as_of,
        ),
        t("give --as-of a moment (UTC) from {cut:%Y-%m-%dT%H:%M:%S.%f} on{older}", cut=cut, older=older),
    )


def state_at(connection: duckdb.DuckDBPyConnection, moment: datetime) -> datetime | None:
    """The last capture that is known at a moment (UTC); None before the first."""
    query = STATES.format(moments="select cast($moment as timestamp) as momento")
    found = connection.execute(query, {"moment": moment}).fetchone()
    return found[0] if found else None
