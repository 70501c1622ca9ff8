"""What `aforo init-source` sees and drafts, for its tests."""

from pathlib import Path

import duckdb

from flows.commands import init_source
from flows.settings import resolve


def looked_at(source: Path) -> tuple[init_source.Seen, dict[str, str]]:
    """What was seen of a source, and the drafts by their table."""
    asked = resolve(str(source))
    seen = init_source.see(asked)
    return seen, init_source.texts(seen, asked)


def said_of(source: Path) -> str:
    asked = resolve(str(source))
    return "\n".join(init_source.as_text(asked, init_source.see(asked), [], []))


def rows_of(draft: str, text: str) -> list[dict[str, object]]:
    """What a draft makes of an export that is this text."""
    with duckdb.connect() as connection:
        heading, *rows = [line.split(",") for line in text.strip().splitlines()]
        columns = ", ".join(f'"{name}" varchar' for name in heading)
        connection.execute(f"create table export ({columns})")
        connection.executemany(f"insert into export values ({', '.join('?' * len(heading))})", rows)
        connection.execute("create view entrega as select *, 'x' as archivo, rowid as fila from export")
        answer = connection.execute(draft)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
