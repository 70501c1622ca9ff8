"""Several institutes by one command: one that fails stops no other, and the table says how each ended."""

from pathlib import Path

import pytest
import yaml

from tests.harness import Institute

pytestmark = pytest.mark.slow


def test_one_institute_that_fails_stops_no_other(good: Institute, tmp_path: Path) -> None:
    before = good.fingerprint()["release"]
    sound = {"source": str(good.source), "home": str(good.home), "offline": True, "horizon": 1}
    empty = {"source": str(tmp_path / "none"), "home": str(tmp_path / "home")}
    file = tmp_path / "institutes.yml"
    file.write_text(yaml.safe_dump({"vacio": empty, "norte": sound}, sort_keys=False))
    many = Institute(good.source, good.home, good.environment)

    told = many.aforo("run", "--institutes", str(file), "--at-once", "2")
    assert told.exit_code == 1
    assert {"vacio: failed", "norte: published"} <= set(told.err.splitlines())
    rows = {line.split()[0]: line.split()[1] for line in told.out.splitlines()[1:3]}
    assert rows == {"vacio": "failed", "norte": "published"}
    assert str(tmp_path / "none") in told.out
    assert good.fingerprint()["release"] != before

    alone = many.aforo("run", "--institutes", str(file), "--offline")
    assert alone.exit_code == 1
    assert "with --institutes the list says what each run is asked for" in alone.err
