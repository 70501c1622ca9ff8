"""Where published marts are pushed to: a Postgres database, or a DuckLake whose catalogue is in one.

`postgresql://user@host/database`: the schema `marts` of that database (flows/push.py).
`ducklake:postgresql://user@host/database?data=/folder&institute=norte`: a lake (flows/lake.py). `data` is
where its files go, which the catalogue knows after the first push; `institute` names this home's schema.
"""

import os
import re
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from flows import source
from flows.errors import AforoError, Problem
from flows.language import marked, t

SCHEMA = "marts"
# The table that says what was pushed; beside the marts.
LOG = "aforo_publicacion"
AGAIN = marked("then run `aforo push` with the same address")
LAKE = "ducklake:"
_ADDRESS = marked("give postgresql://user@host:port/database, and the password in PGPASSWORD or ~/.pgpass")
_LAKE_ADDRESS = marked(
    "give ducklake:postgresql://user@host:port/database?data=/folder&institute=name, "
    "and the password in PGPASSWORD or ~/.pgpass"
)
# What of an attached published file is pushed, as a condition on DuckDB's lists.
PUBLISHED = f"database_name = 'published' and schema_name = '{SCHEMA}'"
_INSTITUTE = re.compile(r"[a-z][a-z0-9_]{0,62}")
# Schemas that DuckDB has itself.
_TAKEN = ("main", "temp", "system", "information_schema", "pg_catalog")


@dataclass(frozen=True)
class Target:
    """What an address names. `name` is the whole of it but the password, `database` its Postgres alone.

    schema: of the marts; in a lake, the institute's. data: folder or s3:// address of its files, if named.
    holds_password: whether the address as it was given did.
    """

    name: str
    database: str
    password: str | None = field(default=None, repr=False)
    schema: str = SCHEMA
    data: str | None = None
    holds_password: bool = False

    @property
    def is_lake(self) -> bool:
        """Whether it is a DuckLake."""
        return self.name.startswith(LAKE)


def target(address: str) -> Target:
    """What an address names; AforoError, without a part of its password, for another text."""
    of_lake = address.startswith(LAKE)
    remedy = t(_LAKE_ADDRESS) if of_lake else t(_ADDRESS)
    if not re.match(r"postgres(ql)?://", address.removeprefix(LAKE)):
        what = t("--push takes the address of a Postgres database, or of a lake in one")
        raise AforoError([Problem(what, remedy)])
    try:
        found = source.postgres(address.removeprefix(LAKE))
    except ValueError as error:
        raise AforoError(
            [Problem(t("the address of --push can't be read: {error}", error=error), remedy)]
        ) from None
    # What PGPASSWORD is now: a source may set it to its own.
    password = found.password or os.environ.get("PGPASSWORD")
    made = _lake(found.name, password) if of_lake else Target(found.name, found.name, password)
    return replace(made, holds_password=found.password is not None)


def _lake(address: str, password: str | None) -> Target:
    """The lake of an address that holds no password."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    institute = options.pop("institute", SCHEMA)
    data = options.pop("data", None)
    if not _INSTITUTE.fullmatch(institute) or institute in _TAKEN:
        raise AforoError(
            [
                Problem(
                    t("{institute} can't be the name of an institute in a lake", institute=repr(institute)),
                    t("name it with small letters a-z, digits and _, a letter first: institute=lima_norte"),
                )
            ]
        )
    if data is not None and "://" not in data:
        data = str(source.full_path(data)) if data.strip() else None
    named = ({"data": data} if data else {}) | {"institute": institute}
    database = parts._replace(query=_query(options)).geturl()
    name = parts._replace(query=_query(options | named)).geturl()
    return Target(f"{LAKE}{name}", database, password, institute, data)


def _query(options: dict[str, str]) -> str:
    return urlencode(options, quote_via=quote, safe="/:")
