"""The target `plan` measures the cost before data sets are prepared or cells trained."""

import pandas as pd
from projects import Project

GROUPS = 2


def test_a_plan_prepares_and_trains_nothing_and_is_made_once(project: Project) -> None:
    project.extra["plan"] = {"max_steps": 2, "max_sec": 5}
    result = project.run("--cores", "2", "--", "plan", timeout=300)
    assert result.rc == 0, result.text[-4000:]
    assert result.jobs == {"measure_cost": GROUPS, "table_plan": 1, "plan": 1}
    table = pd.read_csv(project.path("results", "tables", "plan.csv"))
    assert list(table["cells"]) == [6, 6, 12]
    assert (table["pixels"].iloc[:GROUPS] == "synthetic").all()
    assert (table["steps_per_cell"].iloc[:GROUPS] == 12).all()
    assert table["hours_here"].iloc[GROUPS] > 0
    assert not project.path("results", "data").exists()
    assert not project.records()
    assert "Nothing to be done" in project.run("--cores", "2", "--", "plan").text
    # A different number of seeds changes the table, but not the cost of a step.
    project.extra["studies"]["tiny"]["seeds"] = [0, 1]
    assert project.run("-n", "--cores", "2", "--", "plan").jobs == {"table_plan": 1, "plan": 1}
    # Once the data set is prepared, its images are used.
    assert project.run("--cores", "2", "--", "prepare").rc == 0
    again = project.run("-n", "--cores", "2", "--", "plan")
    assert again.jobs == {"measure_cost": GROUPS, "table_plan": 1, "plan": 1}
