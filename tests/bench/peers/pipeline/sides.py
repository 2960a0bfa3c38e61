"""The two sides: how each is started, and how far it has come.

Both read the same records from `<prefix>mention.received` of the same broker, keep their
tables in a database of their own on the same server, and are asked the same questions.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from servers import WORKSPACE, end, processor_seconds, spawn

HERE = Path(__file__).parent
PARTITIONS = 4
ASK_SECONDS = 10


class Side:
    """One pipeline on a corner of its own of the servers."""

    def __init__(self, name, place):
        self.prefix = f"{name}."
        self.bootstrap = place.kafka.bootstrap
        self.database = place.postgres.new_database(name.replace("-", "_"))
        self.folder = place.folder / name
        self.folder.mkdir()
        self.processes = {}
        self.observer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": f"{self.prefix}classify",
                "enable.auto.commit": False,
            }
        )
        self.store = None

    def spawn(self, name, command, environment, stdout=None):
        variables = {"PATH": os.environ["PATH"], **environment}
        with (self.folder / f"{name}.log").open("ab") as log:
            places = {"stdout": stdout or log, "stderr": log, "cwd": self.folder}
            self.processes[name] = spawn(command, "TERM", env=variables, **places)
        return self.processes[name]

    @property
    def received(self):
        return f"{self.prefix}mention.received"

    def classified(self):
        """Records that the classify stage has committed."""
        partitions = [TopicPartition(self.received, index) for index in range(PARTITIONS)]
        committed = self.observer.committed(partitions, timeout=ASK_SECONDS)
        return sum(max(partition.offset, 0) for partition in committed)

    def routed(self):
        """Mentions whose effect is committed, once every event of theirs is told; else 0."""
        if self.store is None:
            self.store = psycopg.connect(self.database, autocommit=True)
        waiting = self.store.execute("SELECT EXISTS (SELECT FROM outbox)").fetchone()[0]
        counted = "SELECT coalesce(sum(next), 0) FROM consumer_offset WHERE consumer = 'route'"
        return 0 if waiting else int(self.store.execute(counted).fetchone()[0])

    def tickets(self):
        return self.store.execute("SELECT count(*) FROM ticket").fetchone()[0]

    def processor_seconds(self):
        """Of each process by its name."""
        return {name: processor_seconds(kid.pid) for name, kid in self.processes.items()}

    def check(self):
        for name, process in self.processes.items():
            if process.poll() is not None:
                said = (self.folder / f"{name}.log").read_text()[-4000:]
                raise RuntimeError(f"{self.prefix}{name} has ended:\n{said}")

    def stop(self):
        for process in self.processes.values():
            end(process)
        self.observer.close()
        if self.store is not None:
            self.store.close()


class Peer(Side):
    """Python, quixstreams, scikit-learn, psycopg."""

    NAME = "python"
    # The linear algebra is to stay on the core that is counted.
    ENVIRONMENT = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def start(self, place, stages, copies):
        topics = ["mention.received", "mention.classified", "ticket.events"]
        new = [NewTopic(f"{self.prefix}{name}", PARTITIONS, 1) for name in topics]
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for done in admin.create_topics(new).values():
            done.result(ASK_SECONDS)
        with psycopg.connect(self.database) as store:
            store.execute((HERE / "schema.sql").read_text())
        python = [sys.executable, HERE / "classify.py", self.bootstrap, self.prefix]
        for copy in range(copies):
            command = [*python, place.rules, place.model]
            self.spawn(f"classify-{copy + 1}", command, self.ENVIRONMENT)
        if "route" in stages:
            command = [sys.executable, HERE / "route.py", self.bootstrap, self.prefix]
            self.spawn("route", [*command, self.database], self.ENVIRONMENT)


class Ours(Side):
    """The binary, one process for each of the two roles.

    The outbox is relayed by whichever of them holds the lease: as a rule the first, classify.
    """

    NAME = "ours"

    def start(self, place, stages, _copies):
        config = self.folder / "switchboard.toml"
        config.write_text(
            f'[log]\nurl = "kafka://{self.bootstrap}"\npartitions = {PARTITIONS}\n'
            f'[log.kafka]\nprefix = "{self.prefix}"\n'
            f'[classify]\nrules = "{place.rules}"\n'
            '[store]\nurl = "env:DATABASE_URL"\n'
        )
        for role in stages:
            command = [place.binary, "run", "--json", "--roles", role, "--config", config]
            command += ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]
            command += ["--data-dir", self.folder / role]
            environment = {"DATABASE_URL": self.database}
            process = self.spawn(role, command, environment, subprocess.PIPE)
            line = process.stdout.readline()
            if not line:
                process.wait()
                self.check()
            json.loads(line)


def binary():
    """The release build, unless `SWITCHBOARD_BIN` names another."""
    return Path(os.environ.get("SWITCHBOARD_BIN", WORKSPACE / "target/release/switchboard"))
