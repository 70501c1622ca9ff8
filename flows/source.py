"""The source that a run reads: a folder, a DuckDB file, a Postgres database or a remote folder.

A password never leaves this module but as PGPASSWORD, which libpq reads: a source is named, in records, logs,
Prefect's parameters and dbt, without it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from flows.errors import AforoError, Problem
from flows.language import t

Kind = Literal["folder", "duckdb", "postgres", "remote"]

_KINDS: dict[str, Kind] = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "http": "remote",
    "https": "remote",
    "s3": "remote",
}
_DUCKDB_ENDINGS = (".duckdb", ".db")
_REMEDY = (
    "name a folder, a DuckDB file (.duckdb, .db), postgresql://user@host:port/database, "
    "or an https:// or s3:// folder (docs/contract.md)"
)


@dataclass(frozen=True)
class Source:
    """Where the tables come from. `name` is the whole of it but the password."""

    name: str
    kind: Kind
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path | None:
        """The folder or file on this machine, where it is one."""
        return Path(self.name) if self.kind in ("folder", "duckdb") else None

    @property
    def environment(self) -> dict[str, str]:
        """What a process that reads the source needs in its environment."""
        secret = {} if self.password is None else {"PGPASSWORD": self.password}
        return {"AFORO_SOURCE": self.name} | secret


def parse(text: str) -> Source:
    """The source that a flag or AFORO_SOURCE names; AforoError for any other text."""
    text = text.strip()
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if scheme is None and (re.search(r"://|\bpassword\s*=", text)):
        raise AforoError(
            [Problem(t("the source can't be read: it is not a folder, a file or a known address"), _REMEDY)]
        )
    if scheme is None:
        path = full_path(text)
        return Source(str(path), "duckdb" if path.suffix.lower() in _DUCKDB_ENDINGS else "folder")
    kind = _KINDS.get(scheme[1].lower())
    if kind is None:
        raise AforoError([Problem(t("a source {scheme}… can't be read", scheme=scheme[0]), _REMEDY)])
    try:
        return _postgres(text) if kind == "postgres" else _remote(text)
    except ValueError as error:
        # The text itself is not shown: it may hold a password.
        raise AforoError(
            [
                Problem(
                    t("the source {scheme}… can't be read: {error}", scheme=scheme[0], error=error), _REMEDY
                )
            ]
        ) from None


def full_path(named: str) -> Path:
    """The path that a flag or variable names, from the root; AforoError where it leads nowhere."""
    try:
        return Path(named).expanduser().resolve()
    except (RuntimeError, OSError):
        # A '~user' that is no user, links that lead to each other.
        what = t("the path {named} leads nowhere: its user or its links do not exist", named=named)
        raise AforoError([Problem(what, t("write it in full, from / on"))]) from None


def _postgres(text: str) -> Source:
    parts = urlsplit(text)
    try:
        _ = parts.port
    except ValueError:
        # Its own words would show a part of the password.
        raise ValueError("its port is not a number (in a password, write / as %2F and @ as %40)") from None
    if "@" in parts.path or "@" in parts.query or "sslpassword" in parts.query.lower():
        raise ValueError(
            "in a password, write / as %2F, ? as %3F and @ as %40; keep sslpassword in a service file"
        )
    user_info, at, host = parts.netloc.rpartition("@")
    user, _, given = user_info.partition(":")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    in_options = options.pop("password", "")
    password = unquote(given) or in_options or None
    query = urlencode(options, quote_via=quote, safe="/")
    name = parts._replace(netloc=f"{user}{at}{host}", query=query, fragment="").geturl()
    return Source(name, "postgres", password)


def _remote(text: str) -> Source:
    parts = urlsplit(text)
    if not parts.netloc:
        raise ValueError("it names no host")
    if "@" in parts.netloc:
        raise ValueError(
            "a user or password in it would be shown; use a signed proxy, or AWS_* variables for S3"
        )
    if parts.query or parts.fragment:
        raise ValueError("what follows a ? or # may be a key, and would be shown; name the folder alone")
    return Source(text.rstrip("/"), "remote")
