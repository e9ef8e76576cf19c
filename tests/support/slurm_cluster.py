"""A real SLURM cluster of several nodes with GPUs on one machine, for the tests (as root, with Debian's packages).

Every node is a slurmd in PID, host-name and mount namespaces of its own: to kill the first process of one is to pull
the node's plug. GPUs are character devices that nobody opens: SLURM hands them out and sets CUDA_VISIBLE_DEVICES.
All files are in one folder, all sockets on the loopback interface.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "unshare")
NEEDED_FOR_ACCOUNTING = ("slurmdbd", "mariadbd", "mariadb-install-db", "mariadb-admin")
CLIENTS = ("sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun", "sacct", "sacctmgr", "sdiag", "sshare")
ACCOUNT = "grid"

# MinJobAge: finished jobs stay visible to squeue. cred_expire is the delay before a requeued job starts again.
SLURM_CONF = """\
ClusterName=testing
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/slurmd.%n
ProctrackType=proctrack/{confined}
TaskPlugin=task/{tasks}
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
DefMemPerCPU=200
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,bf_interval=2,sched_interval=4
ReturnToService=2
SlurmdTimeout=10
KillWait=5
OverTimeLimit=0
MinJobAge=3600
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobAcctGatherType=jobacct_gather/linux
{accounting}
{nodes}
PartitionName=gpu Nodes=ALL Default=YES PriorityTier=1 MaxTime=INFINITE
PartitionName=urgent Nodes=ALL PriorityTier=9 PreemptMode=OFF MaxTime=INFINITE
"""
ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd_port}
AccountingStoragePass={folder}/munge/socket
AccountingStorageTRES=gres/gpu"""
SLURMDBD_CONF = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CommunicationParameters=NoInAddrAny
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={dbd_port}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
LogFile={folder}/log/slurmdbd
PidFile={folder}/slurmdbd.pid
"""


def why_not(accounting: bool = False) -> str | None:
    """What is missing for a cluster on this machine; None if nothing is."""
    if os.geteuid() != 0:
        return "a SLURM cluster on one machine needs root"
    wanted = NEEDED + (NEEDED_FOR_ACCOUNTING if accounting else ())
    missing = [name for name in wanted if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)} (.ci/run has the packages)" if missing else None


def free_ports(number: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Cluster:
    """A running cluster."""

    folder: Path
    num_nodes: int = 3
    num_gpus: int = 2
    cpus: int = 8
    memory_mb: int = 8000
    accounting: bool = False
    cgroups: bool = False
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def nodes(self) -> list[str]:
        """Names of the nodes."""
        return [f"n{number}" for number in range(1, self.num_nodes + 1)]

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which SLURM's commands talk to this cluster."""
        return {
            **os.environ,
            "SLURM_CONF": str(self.folder / "etc/slurm.conf"),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "MYSQL_UNIX_PORT": str(self.folder / "database.socket"),
        }

    def start(self) -> "Cluster":
        """Start all daemons and wait until every node is idle."""
        self._write_files()
        munge = self.folder / "munge"
        arguments = ["--socket", munge / "socket", "--key-file", munge / "key", "--log-file", munge / "log"]
        self._spawn("munged", "-F", *arguments, "--pid-file", munge / "pid", "--seed-file", munge / "seed")
        self._wait((munge / "socket").exists, "munged")
        if self.accounting:
            self._start_accounting()
        self._spawn("slurmctld", "-D")
        self._wait(lambda: "UP" in self.say("scontrol", "ping"), "slurmctld")
        self.wait_for_nodes()
        return self

    def wait_for_nodes(self) -> None:
        """Switch on the nodes that are off, and wait until every one is idle."""
        for node in self.nodes:
            if node not in self.processes:
                self.boot(node)
        self._wait(lambda: len(self.say("sinfo", "-hN", "-pgpu", "-tidle").split("\n")) > self.num_nodes, "the nodes")

    def stop(self) -> None:
        """End every process and delete the folder."""
        for name in reversed(list(self.processes)):
            self._end(name, signal.SIGKILL if name in self.nodes else signal.SIGTERM)
        for group in sorted(Path("/sys/fs/cgroup").glob("*/slurm_n*/**/"), key=lambda path: -len(path.parts)):
            if group.is_dir():
                try:
                    group.rmdir()
                except OSError:  # another cluster's, or a process of it has not ended yet
                    continue
        shutil.rmtree(self.folder, ignore_errors=True)

    def boot(self, node: str) -> None:
        """Switch a node on."""
        (self.folder / "spool" / node).mkdir(exist_ok=True)
        namespaces = ("--pid", "--fork", "--kill-child", "--mount-proc", "--uts")
        # sh stays the first process of the node, as slurmd would not reap what jobs leave behind.
        script = f"mount --bind {self.folder}/etc/hosts /etc/hosts; hostname {node}; slurmd -D -N {node} & wait"
        self._spawn("unshare", *namespaces, "sh", "-c", script, name=node)

    def crash(self, node: str) -> None:
        """Pull a node's plug."""
        self._end(node, signal.SIGKILL)

    def say(self, *command: str | Path, timeout: float = 60) -> str:
        """What a command prints; a failure is as good as nothing, as states are polled for."""
        try:
            return subprocess.run(
                [str(word) for word in command],
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            ).stdout
        except subprocess.TimeoutExpired:
            return ""

    def jobs(self, states: str = "all") -> list[dict[str, str]]:
        """The jobs that SLURM knows: id, state, comment, node, generic resources, working directory."""
        names = ("id", "state", "comment", "node", "gres", "folder")
        rows = self.say("squeue", "-h", "-t", states, "-o", "%i|%T|%k|%N|%b|%Z")
        return [dict(zip(names, row.split("|"), strict=True)) for row in rows.splitlines()]

    def _spawn(self, program: str, *arguments: str | Path, name: str | None = None) -> None:
        name = name or program
        with open(self.folder / "log" / f"{name}.out", "ab") as output:
            self.processes[name] = subprocess.Popen(
                [program, *map(str, arguments)],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _end(self, name: str, number: signal.Signals) -> None:
        process = self.processes.pop(name)
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in (self.folder / "log").iterdir())
                self.stop()
                raise RuntimeError(f"{what} did not come up in {seconds:.0f} s\n{logs}")
            time.sleep(0.05)

    def _start_accounting(self) -> None:
        database = self.folder / "database"
        self.say("mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={database}", "--skip-test-db")
        options = ("--user=root", "--skip-networking", "--innodb-flush-log-at-trx-commit=0")
        sock = f"--socket={database}.socket"
        self._spawn("mariadbd", "--no-defaults", f"--datadir={database}", sock, *options)
        ping = ("mariadb-admin", "--no-defaults", sock, "ping")
        self._wait(lambda: "alive" in self.say(*ping), "mariadbd")
        self._spawn("slurmdbd", "-D")
        self._wait(lambda: "Cluster" in self.say("sacctmgr", "show", "cluster"), "slurmdbd")
        self.say("sacctmgr", "-i", "add", "cluster", "testing")
        self.say("sacctmgr", "-i", "add", "account", ACCOUNT)
        self.say("sacctmgr", "-i", "add", "user", "root", f"account={ACCOUNT}")

    def _write_files(self) -> None:
        for name in ("bin", "dev", "etc", "log", "munge", "spool", "state"):
            (self.folder / name).mkdir(parents=True)
        # munged wants its socket within everybody's reach and its key in nobody's.
        for path in (self.folder, self.folder / "munge"):
            path.chmod(0o755)
        (self.folder / "munge/key").write_bytes(secrets.token_bytes(256))
        (self.folder / "munge/key").chmod(0o400)
        for number in range(self.num_gpus):  # as /dev/null; SLURM refuses plain files
            os.mknod(self.folder / f"dev/nvidia{number}", 0o020666, os.makedev(1, 3))
        host = socket.gethostname().partition(".")[0]
        ctld_port, dbd_port, *ports = free_ports(self.num_nodes + 2)
        gres = f"Gres=gpu:fake:{self.num_gpus}" if self.num_gpus else ""
        nodes = [
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={self.cpus} "
            f"RealMemory={self.memory_mb} {gres}"
            for node, port in zip(self.nodes, ports, strict=True)
        ]
        values = {"folder": self.folder, "host": host, "ctld_port": ctld_port, "dbd_port": dbd_port}
        values |= {"confined": "cgroup" if self.cgroups else "linuxproc", "tasks": "cgroup" if self.cgroups else "none"}
        values |= {"nodes": "\n".join(nodes), "accounting": ACCOUNTING.format(**values) if self.accounting else ""}
        files = {
            "slurm.conf": SLURM_CONF.format(**values),
            "gres.conf": f"Name=gpu Type=fake File={self.folder}/dev/nvidia[0-{self.num_gpus - 1}]\n",
            "cgroup.conf": f"ConstrainRAMSpace={'yes' if self.cgroups else 'no'}\n",
            "hosts": Path("/etc/hosts").read_text() + f"\n127.0.0.1 {' '.join(self.nodes)}\n",
            "slurmdbd.conf": SLURMDBD_CONF.format(**values),
        }
        for name, text in files.items():
            (self.folder / "etc" / name).write_text(text)
        (self.folder / "etc/slurmdbd.conf").chmod(0o600)
        # The jobstep plugin takes SLURM_CONF out of the environment of the srun that it starts.
        for name in CLIENTS:
            client = self.folder / "bin" / name
            client.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/etc/slurm.conf exec {shutil.which(name)} "$@"\n')
            client.chmod(0o755)
