"""What the gate refuses is not published; what a person accepts is; and readers can go back."""

import json

import pytest

from tests import sources
from tests.harness import Institute

pytestmark = pytest.mark.slow
ALL_CHECKS = (
    "--accept-gate",
    "sede_fuera_de_rango",
    "--accept-gate",
    "total_fuera_de_rango:total",
    "--accept-gate",
    "retroceso",
)


def published(institute: Institute) -> str:
    return (institute.home / "published").readlink().name


def test_a_forecast_that_cannot_be_is_refused_then_accepted_then_taken_back(good: Institute) -> None:
    before = published(good)
    tables = sources.institute()
    newest = tables["programacion"]["periodo"] == 202506
    tables["programacion"].loc[newest, ["matriculados", "vacantes"]] *= 6
    sources.write(tables, good.source)

    refused = good.aforo("run", "--accept", "programacion")
    assert refused.exit_code == 1
    assert "the gate refuses total_fuera_de_rango (total)" in refused.err
    assert "aforo run --accept-gate total_fuera_de_rango:total" in refused.err
    assert published(good) == before

    accepted = good.aforo("run", *ALL_CHECKS)
    assert accepted.exit_code == 0, accepted.err
    assert "the gate would have refused total_fuera_de_rango (total); it was accepted" in accepted.out
    record = good.records()[-1]
    assert {check["verificacion"] for check in record["gate"]["accepted"]} >= {"total_fuera_de_rango"}
    # Nothing was made again.
    assert {step["name"]: step["state"] for step in record["steps"]}["transform"] == "unchanged"
    after = published(good)
    manifest = json.loads((good.home / "published" / "manifest.json").read_text())
    assert (after != before, manifest["gate"]) == (True, record["gate"])

    # What the records say of the refused run, the mart says; of its own run, what is published with it.
    assert good.published(
        "select resultado, paso_fallido, compuerta, verificaciones like '%total_fuera_de_rango%'"
        " from marts.ejecuciones order by inicio"
    ) == [
        ("publicada", None, "pasa", None),
        ("fallida", "publish", "rechazada", True),
        ("publicada", None, "aceptada", True),
    ]

    # The same again need not be accepted again.
    assert good.aforo("run").exit_code == 0

    after = published(good)
    back = good.aforo("rollback", before)
    assert (back.exit_code, published(good)) == (0, before)
    said = good.aforo("status").out
    assert f"Readers were pointed back from {after} to {before}" in said
