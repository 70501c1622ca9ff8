"""A source as dbt lands it, and the files that people write: for the tests of what is read."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb
import pandas as pd

from flows.dbt.extensions import extension_file
from flows.project import contract_tables

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Landed:
    """What a landing left: its tables' rows without where they are from, and the warehouse to ask more."""

    warehouse: Path
    output: str

    def query(self, sql: str) -> Rows:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    @property
    def tables(self) -> dict[str, Rows]:
        landed = self.query("select table_name from duckdb_tables() where schema_name = 'landing'")
        return {
            name: self.query(f"select * exclude (archivo, fila) from landing.{name} order by all")
            for name in sorted(contract_tables())
            if (name,) in landed
        }


Land = Callable[..., Landed]


def as_people_write(table: pd.DataFrame) -> pd.DataFrame:
    """The table as a Spanish spreadsheet shows it: 8,5 and 09/01/2024 08:05:30 and sí."""
    shown = table.copy()
    for name in shown:
        if shown[name].dtype == float:
            shown[name] = shown[name].map(lambda value: f"{value}".replace(".", ","))
        elif shown[name].dtype.kind == "M":
            shown[name] = shown[name].dt.strftime("%d/%m/%Y %H:%M:%S")
        elif shown[name].dtype == bool:
            shown[name] = shown[name].map({True: "Sí", False: "no"})
    return shown


def write_workbook(table: pd.DataFrame, file: Path, title: str | None = None) -> None:
    """The table as an .xlsx of text cells, below a title if there is one."""
    with duckdb.connect() as connection:
        connection.execute(f"load '{extension_file('excel')}'")
        connection.register("written", table)
        heading = ", ".join(f"'{name}' as c{position}" for position, name in enumerate(table))
        body = ", ".join(f'"{name}"::varchar as c{position}' for position, name in enumerate(table))
        rows = f"select 2 as o, {heading} union all by name (select 3 as o, {body} from written)"
        if title:
            rows = f"select 1 as o, '{title}' as c0 union all by name {rows}"
        connection.execute(
            f"copy (select * exclude (o) from ({rows}) order by o) to '{file}' (format xlsx, header false)"
        )


Cell = str | float | None


def write_xlsx(file: Path, sheets: dict[str, list[list[Cell]]], merged: str = "") -> Path:
    """A workbook by its parts; a number below 1 is a time of the day, as Excel keeps one."""
    office = "http://schemas.openxmlformats.org"
    main, relations = f"{office}/spreadsheetml/2006/main", f"{office}/officeDocument/2006/relationships"
    names = list(sheets)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{office}/package/2006/relationships">'
        f'<Relationship Id="r" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        + "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(names, 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{office}/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="r{i}" Type="{relations}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(1, len(names) + 1)
        )
        + f'<Relationship Id="s" Type="{relations}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="20" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    for number, rows in enumerate(sheets.values(), 1):
        body = "".join(
            f'<row r="{r}">' + "".join(_cell(cell, r, c) for c, cell in enumerate(row)) + "</row>"
            for r, row in enumerate(rows, 1)
        )
        cells = f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>' if merged and number == 1 else ""
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData>{cells}</worksheet>'
        )
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return file


def _cell(value: Cell, row: int, column: int) -> str:
    place = f"{chr(65 + column)}{row}"
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}" s="{int(0 < value < 1)}"><v>{value!r}</v></c>'
