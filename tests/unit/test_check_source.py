"""What `aforo check-source` repeats of a home that it throws away."""

import pytest

from flows.commands import check_source
from flows.dbt.runner import DbtResult
from flows.errors import AforoError
from flows.screen.progress import LogProgress
from flows.settings import resolve


@pytest.mark.parametrize("result", [DbtResult(2, errors=["something new"]), DbtResult(-9)])
def test_no_message_names_a_log_that_is_thrown_away(
    result: DbtResult, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(check_source, "run_dbt", lambda *_: result)
    with pytest.raises(AforoError) as caught:
        check_source.check(resolve(home=str(tmp_path)), LogProgress())
    for problem in caught.value.problems:
        assert check_source.SCRATCH not in problem.what + problem.remedy
