import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from lrwd.analysis.surfaces import checked, groups
from lrwd.errors import DataError

Simulated = Callable[..., pd.DataFrame]


def test_every_run_is_at_its_place(simulated: Simulated) -> None:
    runs = simulated(lrs=(1e-3, 1e-2), wds=(0.0, 0.1, 0.3), seeds=(3, 8)).sample(frac=1, random_state=0)
    first = runs.iloc[0]
    group = next(group for group in groups(runs) if group.arch == first["arch"])
    surface = group.grid
    assert surface is not None
    assert surface.seeds.tolist() == [3, 8]
    for run in group.runs.itertuples():
        place = (
            surface.lr.tolist().index(run.lr),
            surface.wd[0].tolist().index(run.wd),
            surface.seeds.tolist().index(run.seed),
        )
        assert surface.select[place] == run.select_top1


def test_rows_may_have_weight_decays_of_their_own(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], lrs=(1e-3, 1e-2), wds=(0.0, 0.1, 0.3), seeds=(0,))
    runs = runs[~((runs["lr"] == 1e-3) & (runs["wd"] == 0.1))]
    (group,) = groups(runs)
    np.testing.assert_array_equal(group.grid.wd, [[0.0, 0.3, np.nan], [0.0, 0.1, 0.3]])
    assert np.isnan(group.grid.select[0, 2]).all()


def test_missing_and_diverged_are_counted(simulated: Simulated) -> None:
    runs = simulated(lrs=(1e-3, 1e-2), wds=(0.0, 0.1), seeds=(0, 1, 2), kappas=(1.0,))
    mixer = runs["label"] == "MLP-Mixer"
    runs.loc[mixer & (runs["wd"] == 0.1) & (runs["seed"] == 0), "status"] = "diverged"
    gone = mixer & (runs["lr"] == 1e-3) & (runs["wd"] == 0.0)
    resnet, mixer_group = groups(runs[~gone])
    assert (resnet.num_missing, resnet.num_diverged) == (0, 0)
    assert (mixer_group.num_missing, mixer_group.num_diverged) == (3, 2)


def test_a_csv_round_trip_changes_nothing(simulated: Simulated) -> None:
    runs = simulated(lrs=(1e-3, 1e-2), wds=(0.0, 0.1), seeds=(0, 1))
    text = runs.to_csv(index=False)
    back = pd.read_csv(io.StringIO(text))
    as_text = pd.read_csv(io.StringIO(text), dtype={"in_grid": str, "kappa": str})
    for other in (back, as_text):
        for a, b in zip(groups(runs), groups(other), strict=True):
            np.testing.assert_array_equal(a.grid.select, b.grid.select)
            assert a.key == b.key


def test_bad_tables_are_refused(simulated: Simulated) -> None:
    runs = simulated(lrs=(1e-3, 1e-2), wds=(0.0, 0.1), seeds=(0, 1))
    with pytest.raises(DataError, match="column label, wd is missing"):
        checked(runs.drop(columns=["wd", "label"]))
    with pytest.raises(DataError, match="occurs twice"):
        checked(pd.concat([runs, runs.iloc[[3]]]))
    with pytest.raises(DataError, match="in_grid is 'maybe'"):
        checked(runs.assign(in_grid="maybe"))
