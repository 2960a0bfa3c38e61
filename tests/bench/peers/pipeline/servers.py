"""Apache Kafka and PostgreSQL in a temporary directory, and what processor time anything took.

Everything is run beside a shell that waits for its standard input to end, so that no process
outlives whoever started it, however that one ends.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg

WORKSPACE = Path(__file__).resolve().parents[4]

# A start takes five seconds on a quiet machine of two cores.
START_SECONDS = 120
LOOK_SECONDS = 0.05

# A process that does not end when it is told to is killed after this.
STOP_SECONDS = 30

WRAPPER = """
signal=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & process=$!
{ read -r _ <&3; kill -s "$signal" "$process"; } & watcher=$!
wait "$process"; status=$?
kill "$watcher" 2>/dev/null
exit $status
"""

# As the product's own tests run it: small, one node, broker and controller in one.
KAFKA_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=1
num.io.threads=2
"""
LOGGING = """\
rootLogger.level=WARN
rootLogger.appenderRefs=out
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c %m%n
"""
# What `kafka-storage.sh format` writes, without starting Java for it.
META = (
    "version=1\ncluster.id=cGVlci1vZi1waXBlbGluZQ\nnode.id=1\ndirectory.id=cGVlci1kaXJlY3RvcnlfXw\n"
)


def spawn(command, signal_at_end, **places):
    """Runs it in a session of its own: signals of the terminal are this program's affair."""
    wrapped = ["sh", "-c", WRAPPER, "kept", signal_at_end, *map(str, command)]
    return subprocess.Popen(wrapped, stdin=subprocess.PIPE, start_new_session=True, **places)


def end(process):
    """Tells it to end, and sees to it."""
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Server:
    """A process that ends with this object, or with this program."""

    def __init__(self, name, command, folder, signal_at_end="KILL"):
        self.output = folder / f"{name}.output"
        with self.output.open("ab") as output:
            self.process = spawn(command, signal_at_end, stdout=output, stderr=output, cwd="/")

    def processor_seconds(self):
        return processor_seconds(self.process.pid)

    def stop(self):
        end(self.process)

    def wait_until(self, is_ready):
        end = time.monotonic() + START_SECONDS
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"it did not start:\n{self.output.read_text()[-4000:]}")
            time.sleep(LOOK_SECONDS)


class Kafka(Server):
    """One node on free ports of 127.0.0.1."""

    def __init__(self, folder):
        data = folder / "kafka"
        data.mkdir()
        broker, controller = free_ports(2)
        settings = KAFKA_SETTINGS.format(broker=broker, controller=controller, data=data)
        (folder / "server.properties").write_text(settings)
        (folder / "log4j2.properties").write_text(LOGGING)
        (data / "meta.properties").write_text(META)
        self.bootstrap = f"127.0.0.1:{broker}"
        super().__init__("kafka", kafka_command(folder), folder)
        self.wait_until(lambda: answers(broker))


class Postgres(Server):
    """On a socket in its own folder, with `fsync`; run by somebody who is not root."""

    def __init__(self, folder):
        self.folder = folder / "postgres"
        self.folder.mkdir()
        programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
        data, somebody = self.folder / "data", []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            somebody = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"]
            somebody.append("--clear-groups")
        initdb = [programs / "initdb", "-D", data, "-U", "switchboard", "-A", "trust"]
        initdb += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*somebody, *initdb], check=True, stdout=subprocess.DEVNULL, cwd="/")
        settings = ["-c", "fsync=on", "-c", "listen_addresses=", "-c", "max_wal_size=4GB"]
        settings += ["-c", f"unix_socket_directories={self.folder}"]
        # QUIT is PostgreSQL's word for "at once".
        command = [*somebody, programs / "postgres", "-D", data, *settings]
        super().__init__("postgres", command, folder, "QUIT")
        self.wait_until(self.is_ready)

    def is_ready(self):
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def new_database(self, name):
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database):
        host = str(self.folder).replace("/", "%2F")
        return f"postgres://switchboard@{host}/{database}"


def kafka_command(folder):
    jars = sorted((WORKSPACE / "target/kafka").glob("jars-*"))
    if not jars or shutil.which("java") is None:
        raise RuntimeError("Java 17 and `target/kafka` have to be there: run `make test` once")
    return [
        *["java", "-Xmx384m", "-Xms96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
        f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
        *["-cp", f"{jars[-1]}/*", "kafka.Kafka", str(folder / "server.properties")],
    ]


def free_ports(count):
    """Ports nobody has now. Held all at once, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return ports


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def processor_seconds(pid):
    """User and system time of a process, its children, and those of them that have ended."""
    tree, ticks = [pid], 0
    for known in tree:
        try:
            stat = Path(f"/proc/{known}/stat").read_text()
            tree.extend(children(known))
        except FileNotFoundError:
            continue
        # Behind the name, which may hold anything: utime, stime, cutime, cstime.
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def children(pid):
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listed in found for child in listed.read_text().split()]
