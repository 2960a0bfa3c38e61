//! A full disk under log and store: nothing more is promised, what was promised is kept, people
//! can read, and it goes on by itself once there is room.

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::server::PATIENCE;
use switchboard_tests::{Installation, Server, posts};
use tokio::process::Command;

/// Of the disk, in MiB: what has to stay free for the last words, and as much again.
const DISK_MIB: u64 = 160;

/// Left over by the ballast: less than what has to stay free.
const SHORT_OF_ROOM_BYTES: u64 = 32 << 20;

/// Posts are taken again this long after there is room.
const RECOVERY_LIMIT: Duration = Duration::from_secs(10);

const BALLAST_BLOCK_BYTES: usize = 4096;

/// Posts are refused this long after the room went.
const REFUSAL_LIMIT: Duration = Duration::from_secs(5);

const LOOK_INTERVAL: Duration = Duration::from_millis(100);

const POSTS: usize = 300;

/// A file system in memory, as small as we like.
struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    /// `None`, said aloud, where this process may not mount.
    async fn mount() -> Result<Option<Self>> {
        let dir = tempfile::tempdir()?;
        let size = format!("size={DISK_MIB}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "switchboard-test"]);
        let mounted = mount.arg(dir.path()).output().await?;
        if mounted.status.success() {
            return Ok(Some(Self { dir }));
        }
        let said = String::from_utf8_lossy(&mounted.stderr);
        eprintln!("SKIPPED: a full disk needs the right to mount one: {said}");
        Ok(None)
    }

    fn ballast(&self) -> PathBuf {
        self.dir.path().join("ballast")
    }

    /// Fills the disk until so many bytes are left, or no byte will go.
    fn fill(&self, left_bytes: u64) -> Result<()> {
        let mut ballast = std::fs::File::create(self.ballast())?;
        let found = rustix::fs::statvfs(self.dir.path())?;
        let mut bytes = (found.f_bavail * found.f_frsize).saturating_sub(left_bytes);
        let block = vec![0; BALLAST_BLOCK_BYTES];
        while bytes > 0 {
            // The server writes too, so the last block may not fit.
            match ballast.write_all(&block) {
                Ok(()) => bytes = bytes.saturating_sub(block.len() as u64),
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn clear(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server may still be ending.
        let mut unmount = std::process::Command::new("umount");
        let _unmounted = unmount.arg("-l").arg(self.dir.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_short_of_room_takes_nothing_more_and_goes_on_by_itself() -> Result<()> {
    fills_up(SHORT_OF_ROOM_BYTES).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_a_byte_loses_nothing_that_was_promised() -> Result<()> {
    fills_up(0).await
}

/// Half of the posts, the disk fills up in the middle of their work, the other half.
async fn fills_up(left_bytes: u64) -> Result<()> {
    let Some(disk) = SmallDisk::mount().await? else {
        return Ok(());
    };
    let installation = Installation::on_files_in(disk.dir.path(), SHORT_PROMISES).await?;
    let sent = posts::mixed(POSTS, 11);
    let (first, second) = sent.split_at(sent.len() / 2);
    let mut server = installation.start("only", "").await?;
    ensure!(post(&server, first).await? == StatusCode::ACCEPTED);
    disk.fill(left_bytes)?;
    wait_until_refused(&server, second).await?;
    let (live, _) = server.ops("/livez").await?;
    let (ready, checks) = server.ops("/readyz").await?;
    ensure!(live == StatusCode::OK, "a full disk must not get it killed");
    ensure!(ready == StatusCode::SERVICE_UNAVAILABLE, "ready: {checks}");
    ensure!(checks.contains("bytes are free"), "{checks}");
    server.get("/api/v1/tickets").await?;

    disk.clear()?;
    let begin = Instant::now();
    while post(&server, second).await? != StatusCode::ACCEPTED {
        ensure!(begin.elapsed() < RECOVERY_LIMIT, "still refused");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    eprintln!("room again: taken after {:.1?}", begin.elapsed());
    invariants::wait_until_idle(&installation, &server, PATIENCE).await?;
    invariants::check(&installation, &server, &sent, 0).await?;
    ensure!(
        server.is_running()?,
        "the same process: {}",
        installation.said()
    );
    ensure!(server.stop().await?.success());
    Ok(())
}

async fn post(server: &Server, mentions: &[serde_json::Value]) -> Result<StatusCode> {
    let answer = server.post_mentions(posts::lines(mentions)).await?;
    Ok(answer.status())
}

/// The room is looked at once a second, so the next request may still be taken.
async fn wait_until_refused(server: &Server, mentions: &[serde_json::Value]) -> Result<()> {
    let begin = Instant::now();
    while post(server, mentions).await? != StatusCode::SERVICE_UNAVAILABLE {
        ensure!(
            begin.elapsed() < REFUSAL_LIMIT,
            "posts are taken without room"
        );
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}
