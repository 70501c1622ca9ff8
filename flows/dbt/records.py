"""The records of the runs as SQL may read them (model corridas_registradas)."""

import json
from dataclasses import asdict
from pathlib import Path

from flows.home import lineage, record
from flows.settings import Home

# The packages whose versions the mart names; the hash of the set tells whether any other differs.
PACKAGES = ("python", "dbt-core", "duckdb", "statsforecast", "lightgbm")


def as_json(root: Path) -> str:
    """The records of a home, the oldest first, as one JSON text; a file that is no record is passed over.

    Beside the record's own fields: `failed_step`, and `packages` of PACKAGES, empty where they are not kept.
    """
    home = Home(root)
    records = record.read_all(home)[0]
    sets = {each.package_set for each in records if each.package_set}
    kept = {name: lineage.kept_packages(home, name) or {} for name in sets}
    found = []
    for each in records:
        packages = kept.get(each.package_set or "", {})
        named = {name: packages.get(name) for name in PACKAGES}
        found.append(asdict(each) | {"failed_step": each.failed_step, "packages": named})
    return json.dumps(found)
