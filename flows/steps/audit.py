"""Reading the source: each table is landed and audited; then it is taken, or falls back alone.

A table that passes is captured. For one that does not, its last good capture stands in, and the run goes on;
where there is none, the run stops with what is wrong. What may pass by itself (a source that is away, a file
that is being written) is tried again first.

A home is one institute's. What it has captured stands in for a source of any name, as soon as programacion is
seen to be of that institute (test mismo_instituto); a source of another institute is refused whole.
"""

from dataclasses import dataclass, field, replace

from flows.dbt import diagnosis
from flows.dbt.runner import DbtResult, NodeFailure
from flows.errors import AforoError, Problem, as_text
from flows.home import warehouse
from flows.language import t
from flows.settings import Home, Settings

REASON_LENGTH = 400
INSTITUTE_TEST = "mismo_instituto"
_UNCHECKED = Problem(
    t("its periods could not be checked, as calendario could not be read"),
    t("correct the table calendario"),
)


@dataclass
class Audit:
    """The tables that did not pass, and what is wrong with them.

    transient: some of it may be gone at the next attempt. down: nothing of the source could be read.
    same_institute: whether programacion is of the institute that the home holds; None where it could not be
    read.
    """

    failed: dict[str, list[Problem]] = field(default_factory=dict)
    transient: bool = False
    down: bool = False
    same_institute: bool | None = None

    @property
    def problems(self) -> list[Problem]:
        """Every problem, once."""
        return list(dict.fromkeys(problem for found in self.failed.values() for problem in found))


def read(result: DbtResult, home: Home, tables: list[str]) -> Audit:
    """The audit of an invocation that landed and tested the tables; AforoError where dbt itself failed."""
    if result.ok:
        return Audit(same_institute=True)
    if not result.failures:
        if not result.timed_out:
            raise diagnosis.failure(result, home)
        what = t(
            "the reading of the source did not end within {seconds} seconds",
            seconds=f"{result.seconds_allowed:.0f}",
        )
        remedy = t("see what holds it up; AFORO_SOURCE_TIMEOUT allows more seconds")
        # Not tried again: it has had its time.
        return replace(unreachable(Problem(what, remedy), tables), transient=False)
    audit = Audit(same_institute=_same_institute(result))
    transient = []
    if not {_table_of(node) for node in result.failures} <= set(tables):
        raise diagnosis.failure(result, home)
    for node in sorted(result.failures, key=lambda node: INSTITUTE_TEST not in node.unique_id):
        problems, is_transient = diagnosis.explain_node(node, home)
        found = audit.failed.setdefault(_table_of(node), [])
        found += [problem for problem in problems if problem not in found]
        transient.append(is_transient)
    for node in result.skipped:
        # Codes that could not be checked are set aside later, one by one; periods would be lost in silence.
        if "periodos_en_calendario" in node.unique_id and _table_of(node) not in audit.failed:
            audit.failed[_table_of(node)] = [_UNCHECKED]
    audit.transient = any(transient)
    # Every table for one and the same reason: it is the source that fails, not its tables.
    audit.down = set(audit.failed) == set(tables) and len(audit.problems) == 1
    return audit


def unreachable(problem: Problem, tables: list[str]) -> Audit:
    """The audit of a source of which nothing could be read."""
    return Audit({table: [problem] for table in tables}, transient=True, down=True)


def is_worth_another_attempt(audit: Audit, settings: Settings) -> bool:
    """Whether it may pass by itself; a source that says nothing at all and never was captured is misspelt."""
    return audit.transient and (not audit.down or settings.source_name in warehouse.sources(settings.home))


def fall_back(audit: Audit, settings: Settings) -> dict[str, str]:
    """table -> reason, of the tables that their last good capture stands in for.

    AforoError where a table has none, with what is wrong with it and that there is nothing to fall back on;
    and where the source is another institute's, or can't be told to be the same.
    """
    captured = {found.table: found.rows for found in warehouse.captures(settings.home)}
    names = warehouse.sources(settings.home)
    if audit.same_institute is False:
        # What else differs follows from that.
        raise AforoError(audit.failed["programacion"][:1])
    if names and audit.same_institute is None and settings.source_name not in names:
        raise AforoError([*audit.problems, _unknown(settings, names)])
    lost = [table for table in audit.failed if table not in captured]
    if not lost:
        # A source that is down says nothing of the tables that it never delivered.
        failed = [table for table in audit.failed if captured[table] or not audit.down]
        return {table: _reason(audit.failed[table]) for table in failed}
    problems = list(dict.fromkeys(problem for table in lost for problem in audit.failed[table]))
    what = (
        t("{tables}: never captured", tables=", ".join(lost))
        if captured
        else t("nothing was captured of this source yet")
    )
    problems.append(
        Problem(
            t("{what}, so there is no earlier capture to fall back on", what=what),
            t(
                "correct what is said above and run again; from its first capture on, a "
                "table that fails falls back on the last"
            ),
        )
    )
    raise AforoError(problems)


def _same_institute(result: DbtResult) -> bool | None:
    ended = [node.status for node in result.failures + result.skipped if INSTITUTE_TEST in node.unique_id]
    if not ended:
        return True
    return False if ended == ["fail"] else None


def _unknown(settings: Settings, names: set[str]) -> Problem:
    return Problem(
        t(
            "nothing was captured of this source yet, so there is no earlier capture "
            "to fall back on: {root} holds those of {sources}",
            root=settings.home.root,
            sources=", ".join(sorted(names)),
        ),
        t(
            "name the source that was captured with --source; or set right what is "
            "said above, so that it can be seen to be the same institute"
        ),
    )


def _table_of(node: NodeFailure) -> str:
    return (node.attached or node.unique_id).rpartition("__")[2]


def _reason(problems: list[Problem]) -> str:
    text = "; ".join(" ".join(line.strip() for line in as_text(p)[:-1]) for p in problems)
    return text if len(text) <= REASON_LENGTH else f"{text[: REASON_LENGTH - 2]} …"
