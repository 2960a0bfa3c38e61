//! One broker: its settings, its process.

use super::guard::Guard;
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A start takes five seconds on a quiet machine of two cores.
const START_LIMIT: Duration = Duration::from_mins(2);

/// Runs Java until standard input ends, which it does when the process that holds its other
/// end is gone: no broker outlives its test.
const WRAPPER: &str = r#"java "$@" </dev/null & broker=$!
read -r _
kill -s KILL "$broker"
wait "$broker"
if [ -n "$REMOVE" ]; then rm -rf "$REMOVE"; fi
"#;

/// Small and quick: two cores carry three of these and the tests. Retention by the wall clock
/// is put off, for records of tests bear any date.
const SETTINGS: &str = "\
process.roles=broker,controller
controller.listener.names=CONTROLLER
auto.create.topics.enable=false
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
num.network.threads=1
num.io.threads=2
num.recovery.threads.per.data.dir=1
background.threads=1
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=2097152
log.retention.check.interval.ms=3600000
log.initial.task.delay.ms=3600000
";

const LOGGING: &str = "\
rootLogger.level=WARN
rootLogger.appenderRefs=out
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c %m%n
";

/// What the nodes have in common.
#[derive(Clone)]
pub(super) struct Cluster {
    /// 22 characters of base64.
    pub(super) id: String,
    pub(super) class_path: String,
    pub(super) dir: PathBuf,
    pub(super) brokers: Vec<u16>,
    pub(super) controllers: Vec<u16>,
    /// Whether the data go with the process, for a cluster nobody will drop.
    pub(super) is_fleeting: bool,
    /// What it asks for beside its open listeners.
    pub(super) guard: Option<Guard>,
}

pub(super) struct Node {
    port: u16,
    dir: PathBuf,
    class_path: String,
    is_fleeting: bool,
    process: Option<Child>,
}

impl Node {
    /// Writes what the node needs, and runs it.
    pub(super) fn start(cluster: &Cluster, index: usize) -> Result<Self> {
        let dir = cluster.dir.join(index.to_string());
        let data = dir.join("data");
        fs::create_dir_all(&data)?;
        // What `kafka-storage.sh format` writes, without starting Java for it.
        let id = index + 1;
        let cluster_id = &cluster.id;
        let directory = format!("c3dpdGNoYm9hcmQtZGly{id}A");
        let properties =
            format!("version=1\ncluster.id={cluster_id}\nnode.id={id}\ndirectory.id={directory}\n");
        fs::write(data.join("meta.properties"), properties)?;
        fs::write(dir.join("server.properties"), cluster.settings(index))?;
        fs::write(dir.join("log4j2.properties"), LOGGING)?;
        let mut node = Self {
            port: cluster.brokers[index],
            dir,
            class_path: cluster.class_path.clone(),
            is_fleeting: cluster.is_fleeting,
            process: None,
        };
        node.run()?;
        Ok(node)
    }

    pub(super) fn run(&mut self) -> Result<()> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(self.dir.join("output"))?;
        let logging = self.dir.join("log4j2.properties");
        let remove = if self.is_fleeting {
            self.dir.as_path()
        } else {
            Path::new("")
        };
        let process = Command::new("sh")
            .env("REMOVE", remove)
            .args(["-c", WRAPPER, "kafka"])
            .args(["-Xmx384m", "-Xms96m", "-XX:+UseSerialGC"])
            .args(["-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"])
            .arg(format!("-Dlog4j2.configurationFile={}", logging.display()))
            .args(["-cp", &self.class_path, "kafka.Kafka"])
            .arg(self.dir.join("server.properties"))
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot run a shell for Kafka")?;
        self.process = Some(process);
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the harness waits for another program that tells nobody when it is ready"
    )]
    pub(super) fn wait_until_ready(&self) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < START_LIMIT {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let said = fs::read_to_string(self.dir.join("output")).unwrap_or_default();
        bail!("Kafka did not start within {START_LIMIT:?}; it said:\n{said}")
    }

    pub(super) const fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// At once, as a power cut does; what it acknowledged is its own affair.
    pub(super) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        drop(process.stdin.take());
        // It was told; an error means that it is gone already.
        let _gone = process.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Cluster {
    fn settings(&self, index: usize) -> String {
        let (id, count) = (index + 1, self.brokers.len());
        let (broker, controller) = (self.brokers[index], self.controllers[index]);
        let voters: Vec<String> = (1..)
            .zip(&self.controllers)
            .map(|(id, port)| format!("{id}@127.0.0.1:{port}"))
            .collect();
        let mut text = SETTINGS.to_owned();
        let doors = self.guard.as_ref().map(Guard::listeners);
        let doors = doors.unwrap_or_default();
        // Writing to a string does not fail.
        let _written = write!(
            text,
            "node.id={id}\n\
             controller.quorum.voters={voters}\n\
             listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}{doors}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{broker}{doors}\n\
             log.dirs={dir}/{index}/data\n\
             offsets.topic.replication.factor={count}\n\
             transaction.state.log.replication.factor={count}\n\
             transaction.state.log.min.isr=1\n\
             share.coordinator.state.topic.replication.factor={count}\n\
             share.coordinator.state.topic.min.isr=1\n",
            voters = voters.join(","),
            dir = self.dir.display(),
        );
        if let Some(guard) = &self.guard {
            text.push_str(&guard.settings());
        }
        text
    }
}
