"""Cells forked from the warm server, and what becomes of them when someone is killed. Real processes throughout."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_cells import MakeJob, result

from lrwd.execution.gpu_lease import take_lease
from lrwd.train.cell import Job, train_cell

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every cell has its own interpreter")
SCRIPT = Path(__file__).parents[3] / "workflow" / "scripts" / "train.py"
DEADLINE_SEC = 60.0
# Minutes of training: such a cell ends by being stopped.
ENDLESS = {"epochs": 20_000, "eval_every": 20_000}


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_SEC
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return value


class Run:
    """What Snakemake is to the cells: an owner process, and a place for the server's socket."""

    def __init__(self) -> None:
        self.owner = subprocess.Popen(["sleep", "1000"])
        self.folder = Path(tempfile.mkdtemp(prefix="w", dir="/tmp"))  # a socket's address must be short
        self.clients: list[subprocess.Popen] = []

    def start(self, job: Job, warm: bool = True, **more: Any) -> subprocess.Popen:
        """Start a cell as the rule does, with further keys of its request."""
        request = {"log": str(log_of(job)), "processes": 1, "server": "warm" if warm else None, "pool": None, **more}
        command = [sys.executable, "-S", "-E", str(SCRIPT), "--job", json.dumps({"job": job.to_json(), **request})]
        environment = {**os.environ, "LRWD_OWNER": str(self.owner.pid), "TMPDIR": str(self.folder)}
        environment["CUDA_VISIBLE_DEVICES"] = ""
        client = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, cwd=job.record.parents[1])
        self.clients.append(client)
        return client

    def processes(self) -> list[int]:
        """The server and the cells that it forked, the server first."""
        parents = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and str(self.folder).encode() in (entry / "cmdline").read_bytes():
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended just now
        return sorted(parents, key=lambda process: parents[process] in parents)

    def end(self) -> None:
        self.owner.kill()
        self.owner.wait()
        for client in self.clients:
            client.kill()
            client.communicate()
        for process in self.processes():
            os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    run = Run()
    yield run
    run.end()


def log_of(job: Job) -> Path:
    return job.record.with_suffix(".log")


def logged(job: Job, words: str) -> Callable[[], bool]:
    return lambda: log_of(job).exists() and words in log_of(job).read_text()


def ended(client: subprocess.Popen) -> tuple[int, str]:
    _, errors = client.communicate(timeout=DEADLINE_SEC)
    return client.returncode, errors.decode()


def record_of(job: Job) -> dict[str, Any]:
    return result(json.loads(job.record.read_text()))


@pytest.mark.usefixtures("on_the_cpu")
def test_a_cell_is_the_same_however_it_is_started(run: Run, make_job: MakeJob) -> None:
    seeds = {f"seed{seed}": make_job(f"seed{seed}", "swin", seed=seed) for seed in (0, 1)}
    cold = make_job("cold", "swin", seed=1)
    clients = [run.start(job) for job in seeds.values()] + [run.start(cold, warm=False)]
    assert [ended(client) for client in clients] == [(0, "")] * 3
    # Alone in a process with others before it; together, forked; in a fresh interpreter.
    here = [result(train_cell(make_job(f"here{seed}", "swin", seed=seed), lambda _: None)) for seed in (0, 1)]
    assert [record_of(job) for job in seeds.values()] == here
    assert record_of(cold) == here[1]
    assert here[0]["weights_sha256"] != here[1]["weights_sha256"]
    # One server for both, which waits for more.
    assert len(list(run.folder.iterdir())) == 1
    wait_for(lambda: len(run.processes()) == 1, "the cells' processes to end")
    assert logged(seeds["seed0"], "ok after")()


def test_a_cell_that_cannot_be_trained(run: Run, make_job: MakeJob) -> None:
    job = make_job("bad", "mixer", batch_size=1000)
    status, _ = ended(run.start(job))
    assert status == 1
    text = log_of(job).read_text()
    assert "Traceback" in text
    assert "failed: ConfigError: batch_size: 1000 is not allowed; train has 200 images" in text
    assert not job.record.exists()


def test_a_cell_stops_when_its_client_is_killed(run: Run, make_job: MakeJob) -> None:
    job = make_job("left", "mixer", **ENDLESS)
    client = run.start(job)
    wait_for(logged(job, "training"), "the cell to start")
    client.kill()
    wait_for(logged(job, "checkpoint written"), "the cell to stop")
    assert job.checkpoint.exists()
    wait_for(lambda: len(run.processes()) == 1, "the cell's process to end")


def test_a_killed_cell_is_a_failed_job_and_the_server_goes_on(run: Run, make_job: MakeJob) -> None:
    job = make_job("killed", "mixer", **ENDLESS)
    client = run.start(job)
    wait_for(logged(job, "training"), "the cell to start")
    server, cell = run.processes()
    os.kill(cell, signal.SIGKILL)
    status, errors = ended(client)
    assert status == 1
    assert "the cell's process was killed" in errors
    following = make_job("following", "mixer")
    assert ended(run.start(following)) == (0, "")
    assert run.processes()[0] == server


def test_a_dead_server_is_replaced(run: Run, make_job: MakeJob) -> None:
    job = make_job("orphan", "mixer", **ENDLESS)
    client = run.start(job)
    wait_for(logged(job, "training"), "the cell to start")
    server = run.processes()[0]
    os.kill(server, signal.SIGKILL)
    # Its cells follow it, and say how far they came.
    assert ended(client)[0] == 143
    assert job.checkpoint.exists()
    following = make_job("following", "mixer")
    assert ended(run.start(following)) == (0, "")
    assert server not in run.processes()


@pytest.mark.parametrize("warm", [True, False])
def test_cells_share_out_the_gpus(run: Run, make_job: MakeJob, tmp_path: Path, warm: bool) -> None:
    """On invented GPUs, which nobody checks: a cell keeps its GPU as long as its own process lives."""
    uuids = ["GPU-a", "GPU-b"]
    lease = {"gpus": uuids, "cells_per_gpu": 1, "folder": str(tmp_path / "leases")}
    jobs = [make_job(name, "mixer", **ENDLESS) for name in ("a", "b")]
    clients = [run.start(job, warm, lease=lease, gpu="optional") for job in jobs]
    for job in jobs:
        wait_for(logged(job, "training"), "the cell to start")
    assert sorted(log_of(job).read_text().split("GPU ")[1].split()[0] for job in jobs) == uuids
    short = make_job("short", "mixer")
    third = run.start(short, warm, lease=lease, gpu="optional")
    time.sleep(1)
    assert not log_of(short).exists()
    clients[0].kill()
    assert ended(third) == (0, "")
    if warm:  # the killed client's cell wrote its checkpoint before the GPU was free
        assert logged(jobs[0], "checkpoint written")()
        lines = (log_of(jobs[0]).read_text() + log_of(short).read_text()).splitlines()
        (stopped,) = [line for line in lines if "checkpoint written" in line]
        (started,) = [line for line in lines if ", GPU " in line and line in log_of(short).read_text()]
        assert stopped[:19] <= started[:19]
    clients[1].terminate() if not warm else clients[1].kill()


def test_a_cell_of_an_owner_that_ended_does_not_wait_for_a_gpu(make_job: MakeJob, tmp_path: Path) -> None:
    run, folder = Run(), tmp_path / "leases"
    lease = take_lease(["GPU-a"], 1, 1, folder)
    try:
        asked = {"gpus": ["GPU-a"], "cells_per_gpu": 1, "folder": str(folder)}
        job = make_job("a", "mixer")
        client = run.start(job, lease=asked, gpu="required")
        time.sleep(0.5)
        run.owner.kill()
        run.owner.wait()
        assert ended(client) == (1, "gave up waiting for a GPU, as Snakemake has ended\n")
        assert not log_of(job).exists()
    finally:
        lease.release()
        run.end()


def test_a_cell_that_needs_a_gpu_does_not_train_on_the_cpu(run: Run, make_job: MakeJob, tmp_path: Path) -> None:
    lease = {"gpus": ["GPU-a"], "cells_per_gpu": 1, "folder": str(tmp_path / "leases")}
    job = make_job("a", "mixer")
    assert ended(run.start(job, lease=lease, gpu="required", keep_failure=True))[0] == 1
    assert "failed: the GPU of node" in log_of(job).read_text()
    assert not job.record.exists()


def test_everything_ends_with_the_owner(run: Run, make_job: MakeJob) -> None:
    # The last to use the server.
    jobs = [make_job(name, "mixer", **ENDLESS) for name in ("a", "b")]
    clients = [run.start(job) for job in jobs]
    for job in jobs:
        wait_for(logged(job, "training"), "the cell to start")
    assert len(run.processes()) == 3
    run.owner.kill()
    run.owner.wait()
    assert [ended(client)[0] for client in clients] == [143, 143]
    assert all(job.checkpoint.exists() for job in jobs)
    wait_for(lambda: not run.processes(), "server and cells to end")
    wait_for(lambda: not list(run.folder.iterdir()), "the socket's folder to be removed")


@pytest.mark.usefixtures("on_the_cpu")
def test_a_time_limit_costs_a_cell_in_its_own_process_nothing(make_job: MakeJob) -> None:
    changes = {"epochs": 200, "eval_every": 200, "checkpoint_sec": 1e9}
    run = Run()
    try:
        job = make_job("limited", "mixer", **changes)
        client = run.start(job, warm=False)
        wait_for(logged(job, "epoch 1:"), "the cell to train")
        client.terminate()  # as a batch system does at the time limit
        assert ended(client)[0] == 143
        assert job.checkpoint.exists()
        assert not job.record.exists()
        assert ended(run.start(job, warm=False))[0] == 0
    finally:
        run.end()
    assert logged(job, "going on from the checkpoint")()
    assert record_of(job) == result(train_cell(make_job("whole", "mixer", **changes), lambda _: None))
