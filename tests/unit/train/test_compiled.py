"""Networks whose training is compiled."""

import shutil

import pytest
from tiny_cells import MakeJob, result

from lrwd.train.cell import train_cell

pytestmark = [
    pytest.mark.usefixtures("on_the_cpu"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs g++ on a CPU"),
]


def quiet(_: str) -> None:
    pass


def test_compiled(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.mktemp("kernels")))
    plain = train_cell(make_job("plain", "mixer"), quiet)
    found = [train_cell(make_job(name, "mixer", compile=True), quiet) for name in ("a", "b")]
    assert result(found[0]) == result(found[1])
    # The same mathematics in another rounding.
    assert found[0]["weights_sha256"] != plain["weights_sha256"]
    for compiled, eager in zip(found[0]["history"], plain["history"], strict=True):
        assert compiled["train_loss"] == pytest.approx(eager["train_loss"], rel=1e-4)
        assert compiled["weight_rms"] == pytest.approx(eager["weight_rms"], rel=1e-5)
