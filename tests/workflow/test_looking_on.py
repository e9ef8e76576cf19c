"""`snakemake status` while another Snakemake process trains."""

from pathlib import Path

from projects import PROFILE, new_project, tiny_study


def test_leaves_the_others_lock(tmp_path: Path) -> None:
    """Snakemake removes every lock in the folder when it ends; `status` must not."""
    project = new_project(tmp_path / "project", tiny_study())
    lock = project.path(".snakemake/locks/0.output.lock")
    lock.parent.mkdir(parents=True)
    lock.write_text("results/runs.csv\n")
    project.ok("--", "status")
    refused = project.run(*PROFILE, "--", "results/runs.csv")
    assert refused.rc != 0
    assert "Directory cannot be locked" in refused.text
