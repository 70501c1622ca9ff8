"""What a person reads, in their language: English as it is written, or Spanish from flows/locale.

The catalogue is gettext's: a .po file, read as it is, so that nothing has to be compiled. Values are named
placeholders of the text: `t("the period must be positive, not {period}", period=period)`.
"""

import functools
import os
import re
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).parent / "locale"
# As gettext has them, after our own.
_VARIABLES = ("AFORO_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_SPANISH = ("es_", "es-", "es.")


def language() -> str:
    """'es' or 'en': AFORO_LANG, else the locale of the environment."""
    asked = next((value for value in map(os.environ.get, _VARIABLES) if value), "en").lower()
    return "es" if asked == "es" or asked.startswith(_SPANISH) else "en"


def t(text: str, **values: object) -> str:
    """The text in the reader's language, with its placeholders filled; in English where none is known."""
    said = _catalogue(language()).get(text, text)
    return said.format(**values) if values else said


def marked(text: str) -> str:
    """The text as it is: one that is translated where it is shown."""
    return text


def of_sql(text: str, spoken: str | None = None) -> str:
    """A text of dbt's SQL in the reader's language or `spoken`: one of the catalogue, or made of it."""
    spoken = spoken or language()
    said = _catalogue(spoken).get(text)
    if said is not None:
        return said
    for form, translation in _forms(spoken):
        found = form.fullmatch(text)
        if found:
            return translation.format(
                **{name: _catalogue(spoken).get(value, value) for name, value in found.groupdict().items()}
            )
    return text


@functools.cache
def _catalogue(spoken: str) -> dict[str, str]:
    return {m.id: m.string for m in _messages(spoken) if m.context is None}


@functools.cache
def _forms(spoken: str) -> list[tuple[re.Pattern[str], str]]:
    """The texts with placeholders that SQL fills, as patterns, and their translations."""
    return [
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(m.id))), m.string)
        for m in _messages(spoken)
        if m.context == "sql"
    ]


@functools.cache
def _messages(spoken: str) -> list[Any]:
    file = LOCALE / spoken / "LC_MESSAGES" / "aforo.po"
    if not file.exists():
        return []
    # Only who reads Spanish waits for it.
    from babel.messages.pofile import read_po

    with file.open("rb") as opened:
        return [message for message in read_po(opened, locale=spoken) if message.id and message.string]
