//! The broker's jars, brought by Maven once and kept in `target/kafka`.

use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Pinned, so that the same command brings the same files everywhere.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// What is asked for; another version gets a folder of its own.
const POM: &str = include_str!("../../kafka/pom.xml");

const JAVA_MISSING: &str = "these tests start a real Apache Kafka, which needs Java 17 \
    (Debian: apt-get install openjdk-17-jre-headless); SWITCHBOARD_SKIP_KAFKA=1 leaves them out";
const MAVEN_MISSING: &str = "these tests start a real Apache Kafka, whose files Maven brings \
    (Debian: apt-get install maven); SWITCHBOARD_SKIP_KAFKA=1 leaves them out";

/// What goes behind `java -cp`.
pub(super) fn class_path() -> Result<String> {
    answers("java", JAVA_MISSING)?;
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/kafka");
    fs::create_dir_all(&cache).context("cannot make `target/kafka`")?;
    let lock = File::create(cache.join("lock")).context("cannot lock `target/kafka`")?;
    // Several test binaries may start at once; one of them fetches.
    lock.lock().context("cannot lock `target/kafka`")?;
    let jars = cache.join(format!("jars-{}", version()));
    if !jars.is_dir() {
        fetch(&cache, &jars)?;
    }
    Ok(format!("{}/*", jars.display()))
}

fn fetch(cache: &Path, jars: &Path) -> Result<()> {
    answers("mvn", MAVEN_MISSING)?;
    let half_way: PathBuf = cache.join("fetching");
    // What an interrupted fetch left behind; nothing else lies there.
    let _cleared = fs::remove_dir_all(&half_way);
    let pom = Path::new(env!("CARGO_MANIFEST_DIR")).join("kafka/pom.xml");
    let fetched = Command::new("mvn")
        .args(["--batch-mode", "--quiet", COPY, "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", half_way.display()))
        .arg("--file")
        .arg(pom)
        .output()
        .context(MAVEN_MISSING)?;
    ensure!(
        fetched.status.success(),
        "Maven could not bring Apache Kafka's files (it needs Maven Central):\n{}",
        String::from_utf8_lossy(&fetched.stdout)
    );
    fs::rename(&half_way, jars).context("cannot keep Kafka's files in `target/kafka`")
}

fn version() -> &'static str {
    let after = |text: &'static str, tag: &str| text.split_once(tag).map(|(_, rest)| rest);
    after(POM, "kafka_2.13</artifactId>")
        .and_then(|rest| after(rest, "<version>"))
        .and_then(|rest| rest.split_once('<'))
        .map_or("unknown", |(version, _)| version)
}

fn answers(program: &str, otherwise: &'static str) -> Result<()> {
    let asked = Command::new(program)
        .arg("-version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ensure!(asked.is_ok_and(|status| status.success()), otherwise);
    Ok(())
}
