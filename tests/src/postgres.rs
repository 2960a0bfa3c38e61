//! A PostgreSQL server for tests: started once per test binary in a temporary directory as an
//! unprivileged user, stopped by a watcher when the binary ends, however it ends.
//!
//! `DATABASE_URL` names a server that is there already. Where neither can be had the tests
//! fail and say so; with `SWITCHBOARD_SKIP_POSTGRES=1` they go without, aloud.

use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where Debian puts the versions side by side.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Sessions of a server of ours: every test of a binary holds a few at a time.
const CONNECTIONS: &str = "300";

/// Between columns and between rows: characters that no text of ours has in it.
const COLUMN: &str = "\u{1f}";
const ROW: &str = "\u{1e}";

/// Starts the server, says `ready`, and stops it when told how or when nobody is there any
/// more; then nobody needs its files either. Arguments: directory, programs, settings.
const WATCHER: &str = r#"
trap : INT TERM HUP
"$2/pg_ctl" -D "$1/data" -l "$1/server.log" -w -t 60 -o "$3" start >/dev/null || exit 1
echo ready
read -r how
"$2/pg_ctl" -D "$1/data" -w -t 60 -m "${how:-immediate}" stop >/dev/null
[ -n "$how" ] || rm -rf "$1"
"#;

/// A server, and the way to reach it.
pub struct Postgres {
    url: String,
    cluster: Option<Cluster>,
}

/// A database of one's own within a server: a schema that goes with this handle.
pub struct Schema {
    /// Reaches the server, with the schema as the place of every table.
    pub url: String,
    name: String,
    server: String,
    is_dropped: bool,
}

/// A server of ours.
struct Cluster {
    dir: PathBuf,
    programs: PathBuf,
    /// `fsync` and what else is to be set.
    settings: String,
    watcher: Option<(Child, ChildStdin)>,
}

impl Postgres {
    /// The server that all tests of this binary share; `None` when the environment says that
    /// the tests are to go without.
    ///
    /// # Errors
    /// When no server can be had; says how to get one.
    pub fn shared() -> Result<Option<&'static Self>> {
        static SHARED: OnceLock<Result<Option<Postgres>, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| find().map_err(|error| format!("{error:#}")));
        match shared {
            Ok(server) => Ok(server.as_ref()),
            Err(reason) => bail!("{reason}"),
        }
    }

    /// A server for one test alone, which may stop and start it. What it has committed is on
    /// disk when `durable`; otherwise it survives the server's death, not the machine's.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start(durable: bool) -> Result<Self> {
        let cluster = Cluster::new(durable)?;
        let host = cluster.dir.display().to_string().replace('/', "%2F");
        Ok(Self {
            url: format!("postgres://switchboard@{host}/postgres"),
            cluster: Some(cluster),
        })
    }

    /// The server as it is: no test uses its tables.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the files of a server of ours lie.
    pub fn data_dir(&self) -> Option<PathBuf> {
        let cluster = self.cluster.as_ref()?;
        Some(cluster.dir.join("data"))
    }

    /// A fresh place for tables.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn schema(&self) -> Result<Schema> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        sql(
            &self.url,
            &format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"),
        )?;
        let separator = if self.url.contains('?') { '&' } else { '?' };
        Ok(Schema {
            url: format!("{}{separator}options=-csearch_path%3D{name}", self.url),
            name,
            server: self.url.clone(),
            // A server of ours goes with everything in it.
            is_dropped: self.cluster.is_none(),
        })
    }

    /// The server dies without a word to its clients, as with the machine it runs on.
    ///
    /// # Errors
    /// When it is not ours, or does not run.
    pub fn stop_at_once(&mut self) -> Result<()> {
        let cluster = self.cluster.as_mut().context("the server is not ours")?;
        cluster.stop("immediate")
    }

    /// The server comes back with what it had committed.
    ///
    /// # Errors
    /// When it is not ours, or does not start.
    pub fn start_again(&mut self) -> Result<()> {
        let cluster = self.cluster.as_mut().context("the server is not ours")?;
        cluster.run()
    }
}

/// What the server answers, a row a line, columns between `|`.
///
/// # Errors
/// With what the server said, when it refuses.
pub fn sql(url: &str, text: &str) -> Result<String> {
    let told = Command::new("psql")
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, "-d", url])
        .output()
        .context("`psql` is missing: apt-get install postgresql-client")?;
    let errors = String::from_utf8_lossy(&told.stderr);
    ensure!(told.status.success(), "`{text}`: {errors}");
    Ok(String::from_utf8(told.stdout)?.trim_end().to_owned())
}

/// What the server answers, row by row; NULL is an empty text.
///
/// # Errors
/// With what the server said, when it refuses.
pub fn rows(url: &str, text: &str) -> Result<Vec<Vec<String>>> {
    let told = Command::new("psql")
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-F", COLUMN, "-R", ROW])
        .args(["-c", text, "-d", url])
        .output()
        .context("`psql` is missing: apt-get install postgresql-client")?;
    let errors = String::from_utf8_lossy(&told.stderr);
    ensure!(told.status.success(), "`{text}`: {errors}");
    let answer = String::from_utf8(told.stdout)?;
    let answer = answer.trim_end_matches(['\n', '\u{1e}']);
    if answer.is_empty() {
        return Ok(vec![]);
    }
    let columns = |row: &str| row.split(COLUMN).map(str::to_owned).collect();
    Ok(answer.split(ROW).map(columns).collect())
}

impl Drop for Schema {
    fn drop(&mut self) {
        if self.is_dropped {
            // Left behind when the server is gone; the next run of the same name clears it.
            let _ = sql(&self.server, &format!("DROP SCHEMA {} CASCADE", self.name));
        }
    }
}

fn find() -> Result<Option<Postgres>> {
    if let Some(url) = variable("DATABASE_URL") {
        let url = url.into_string().ok().context("DATABASE_URL is no text")?;
        sql(&url, "SELECT 1").context("DATABASE_URL names no server that answers")?;
        return Ok(Some(Postgres { url, cluster: None }));
    }
    if variable("SWITCHBOARD_SKIP_POSTGRES").is_some_and(|value| value == "1") {
        // Past the test harness, which would keep it to itself.
        let aloud = "SKIPPED: SWITCHBOARD_SKIP_POSTGRES is set, nothing is tested on PostgreSQL\n";
        std::io::stderr().write_all(aloud.as_bytes())?;
        return Ok(None);
    }
    Postgres::start(false).map(Some)
}

fn variable(name: &str) -> Option<OsString> {
    let mut variables = std::env::vars_os();
    variables
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// The newest version that is installed.
fn programs() -> Result<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .map(|version| version.path().join("bin"))
        .filter(|path| path.join("initdb").exists())
        .max();
    newest.context(
        "PostgreSQL is not installed: apt-get install postgresql, or let DATABASE_URL name a \
         server, or set SWITCHBOARD_SKIP_POSTGRES=1 to go without",
    )
}

impl Cluster {
    fn new(durable: bool) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("swpg-").tempdir()?.keep();
        if let Some((user, group)) = unprivileged()? {
            chown(&dir, Some(user), Some(group))?;
        }
        let fsync = if durable { "on" } else { "off" };
        let mut cluster = Self {
            settings: format!(
                "-c fsync={fsync} -c listen_addresses= -c unix_socket_directories={} \
                 -c max_connections={CONNECTIONS} -c max_wal_size=4GB",
                dir.display()
            ),
            dir,
            programs: programs()?,
            watcher: None,
        };
        cluster.create()?;
        cluster.run()?;
        Ok(cluster)
    }

    fn create(&self) -> Result<()> {
        let made = as_nobody(&self.programs.join("initdb"))?
            .arg("-D")
            .arg(self.dir.join("data"))
            .args(["-U", "switchboard", "-A", "trust", "-E", "UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync"])
            .current_dir("/")
            .output()?;
        let errors = String::from_utf8_lossy(&made.stderr);
        ensure!(made.status.success(), "initdb: {errors}");
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let mut watcher = as_nobody(Path::new("/bin/sh"))?
            .args(["-c", WATCHER, "watcher"])
            .arg(&self.dir)
            .arg(&self.programs)
            .arg(&self.settings)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = watcher.stdin.take().context("no way to the watcher")?;
        let output = watcher.stdout.take().context("no word of the watcher")?;
        let mut word = String::new();
        BufReader::new(output).read_line(&mut word)?;
        if word.trim() != "ready" {
            bail!("the server does not start:\n{}", self.last_words());
        }
        self.watcher = Some((watcher, input));
        Ok(())
    }

    fn stop(&mut self, how: &str) -> Result<()> {
        let running = self.watcher.take();
        let (mut watcher, mut input) = running.context("the server does not run")?;
        writeln!(input, "{how}")?;
        watcher.wait()?;
        Ok(())
    }

    fn last_words(&self) -> String {
        let mut text = String::new();
        if let Ok(mut log) = std::fs::File::open(self.dir.join("server.log")) {
            let _ = log.read_to_string(&mut text);
        }
        text
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        match self.watcher.take() {
            Some((mut watcher, input)) => {
                drop(input);
                let _ = watcher.wait();
            }
            None => {
                let _ = std::fs::remove_dir_all(&self.dir);
            }
        }
    }
}

/// A program run by somebody who is not root: PostgreSQL refuses root.
fn as_nobody(program: &Path) -> Result<Command> {
    let Some((user, group)) = unprivileged()? else {
        return Ok(Command::new(program));
    };
    let mut command = Command::new("setpriv");
    command
        .args([format!("--reuid={user}"), format!("--regid={group}")])
        .arg("--clear-groups")
        .arg(program);
    Ok(command)
}

/// Whom to be instead of root; `None` for who is not root.
fn unprivileged() -> Result<Option<(u32, u32)>> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = ids("postgres").or_else(|| ids("nobody"));
    found
        .map(Some)
        .context("there is neither a user `postgres` nor `nobody` to run PostgreSQL")
}
