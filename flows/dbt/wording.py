"""What DuckDB and the databases behind it say, without the values that they quote.

Errors about the query are kept: they name tables and columns. Of errors about the data only what is known to
be none of the data is kept: kind, line, file, counts, types.
"""

import re
from collections.abc import Callable

from flows.dbt.personal import looks_like_a_value

HIDDEN = "its words may quote a value, and are not kept"
# DuckDB's way of handing on what a function of ours raised; ours quote nothing.
_OURS = re.compile(
    r"^(?:Invalid Input Error: )?Python exception occurred while executing the UDF: (?:\w+: )?(.*)", re.DOTALL
)
_KIND = re.compile(r"([A-Z][A-Za-z_ /]*? Error): ")
_ABOUT_THE_QUERY = {"Binder Error", "Catalog Error", "Parser Error"}
_ABOUT_THE_DATA = {
    "Conversion Error",
    "Invalid Input Error",
    "Out of Range Error",
    "Constraint Error",
    "Mismatch Type Error",
    "Invalid type Error",
    "Decimal Error",
    "Serialization Error",
    "Executor Error",
    "Error",
    "Unknown",
}
_FATAL = re.compile(r"FATAL:[^\n]*")
_SERVER = re.compile(
    r"permission denied for [\w ]+|canceling statement due to [\w ]+|terminating connection[^\n]*|"
    r'(?:relation|schema|database|role|column) "[^"\n]*" does not exist|'
    r"too many [\w ]+|out of (?:memory|shared memory)"
)
_SAFE_PARTS = (
    re.compile(r"CSV Error on Line: \d+"),
    re.compile(r'Error when sniffing file "[^"\n]*"'),
    re.compile(r"Expected Number of Columns: \d+ Found: \d+"),
    re.compile(r"Value with unterminated quote found"),
    re.compile(r"Invalid unicode \(byte sequence mismatch\) detected"),
    re.compile(r"Maximum line size of \d+ bytes exceeded"),
    re.compile(r"No magic bytes found at end of file '[^'\n]*'"),
    re.compile(r"File '[^'\n]*' too small to be a Parquet file"),
    re.compile(r"Invalid thrift|Parquet file [^\n]* corrupt"),
    re.compile(r'Cannot execute statement of type "[A-Z ]+"'),
)
_TYPE = re.compile(r"' to (U?INT\d+|HUGEINT|DOUBLE|FLOAT|DECIMAL|BOOL|DATE|TIMESTAMP|TIME)\b")


def without_values(text: str) -> str:
    """The text of an error of DuckDB without the values that it may quote; other texts as they are."""
    ours = _OURS.match(text)
    if ours:
        return ours[1].split("\n\nAt:\n")[0].strip()
    found = _KIND.match(text)
    if not found:
        return text
    kind = found[1]
    if kind in _ABOUT_THE_QUERY:
        query = re.split(r"\n+LINE \d+:", text)[0]
        return re.sub(r'"([^"]*)"', _masked, query)
    if kind in _ABOUT_THE_DATA:
        return _about_the_data(kind, text)
    if "ERROR:" in text:
        return _of_the_server(kind, text)
    return text


def _masked(found: "re.Match[str]") -> str:
    return '"…"' if looks_like_a_value(found[1]) else found[0]


def _about_the_data(kind: str, text: str) -> str:
    kept = [part[0] for pattern in _SAFE_PARTS if (part := pattern.search(text))]
    kind_of_value = _TYPE.findall(text) if kind == "Conversion Error" else []
    if kind_of_value:
        kept.append(f"a value could not be converted to {kind_of_value[-1]}")
    # The last: a line that DuckDB quotes may hold one like it.
    files = re.findall(r"^\s*file ?= ?(.+)$", text, re.MULTILINE) if "CSV Error" in text else []
    if files:
        kept.append(f"  file = {files[-1].strip()}")
    return f"{kind}: " + ("\n".join(kept) if kept else HIDDEN)


def _of_the_server(kind: str, text: str) -> str:
    for pattern in (_FATAL, _SERVER):
        found = pattern.search(text)
        if found:
            return f"{kind}: the source's server says: ERROR: {found[0]}"
    return f"{kind}: the source's server refuses the query: ERROR: {HIDDEN}; the server's own log has them"


def quiet(call: Callable[..., object]) -> Callable[..., object]:
    """The call, whose errors of DuckDB come without values, and are of the same class."""

    def quietly(*arguments: object, **named: object) -> object:
        try:
            return call(*arguments, **named)
        except Exception as error:
            said = str(error)
            kept = without_values(said)
            if kept == said:
                raise
            raise type(error)(kept) from None

    return quietly
