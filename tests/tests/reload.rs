//! SIGHUP: what is right replaces the old at once, what is wrong leaves it as it was.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::Path;
use switchboard_tests::server::{PATIENCE, said};
use switchboard_tests::{Options, Server, posts};

fn owned_by(department: &str) -> String {
    format!("[departments.{department}]\n\n[routing]\nfallback = \"{department}\"\n")
}

async fn hang_up(server: &Server, dir: &Path, config: &str) -> Result<()> {
    std::fs::write(dir.join("test.toml"), config)?;
    let pid = server.pid().context("it has ended")?.to_string();
    let sent = tokio::process::Command::new("kill")
        .args(["-HUP", &pid])
        .status()
        .await?;
    ensure!(sent.success(), "kill -HUP");
    Ok(())
}

async fn wait_for_verdict(server: &Server, dir: &Path, successful: bool) -> Result<()> {
    let want = if successful { 1.0 } else { 0.0 };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let found = server
            .metric("switchboard_config_last_reload_successful")
            .await?;
        if (found - want).abs() < 0.5 {
            return Ok(());
        }
        let now = tokio::time::Instant::now();
        ensure!(now < deadline, "no reload: {}", said(dir));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// The department that a new post goes to.
async fn owner(server: &Server, number: usize) -> Result<String> {
    let post = json!({
        "platform": "x", "id": format!("post-{number}"), "account": "Acme",
        "text": "my order still has not arrived and nobody answers",
        "author": { "id": format!("author-{number}") },
    });
    let answer = server.post_mentions(posts::lines(&[post])).await?;
    ensure!(answer.status() == 202, "{}", answer.text().await?);
    let routed = |page: &Value| {
        page["tickets"]
            .as_array()
            .is_some_and(|all| all.len() == number)
    };
    server.wait_for("/api/v1/tickets", routed).await?;
    let ticket = server.get(&format!("/api/v1/tickets/{number}")).await?;
    Ok(ticket["department"]
        .as_str()
        .context("department")?
        .to_owned())
}

#[tokio::test]
async fn a_wrong_file_changes_nothing_and_a_right_one_everything_at_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let options = Options {
        config: owned_by("support"),
        ..Options::default()
    };
    let mut server = Server::start(dir.path(), &options).await?;
    assert_eq!(owner(&server, 1).await?, "support");
    for wrong in [
        owned_by("support").replace("fallback = \"support\"", "fallback = \"suport\""),
        "[departments".to_owned(),
        format!(
            "{}[[routing.rows]]\nname = \"a\"\ndepartment = \"support\"\ntopic = [\"bagage\"]\n",
            owned_by("support")
        ),
    ] {
        hang_up(&server, dir.path(), &wrong).await?;
        wait_for_verdict(&server, dir.path(), false).await?;
        hang_up(&server, dir.path(), &owned_by("support")).await?;
        wait_for_verdict(&server, dir.path(), true).await?;
    }
    hang_up(&server, dir.path(), "nonsense").await?;
    wait_for_verdict(&server, dir.path(), false).await?;
    assert_eq!(owner(&server, 2).await?, "support", "the old one stays");
    hang_up(&server, dir.path(), &owned_by("care")).await?;
    wait_for_verdict(&server, dir.path(), true).await?;
    assert_eq!(owner(&server, 3).await?, "care");
    // Support is gone: what it owned goes to the fallback, and the queue is there.
    let moved = |ticket: &Value| ticket["department"] == "care";
    for number in [1, 2] {
        let path = format!("/api/v1/tickets/{number}");
        server.wait_for(&path, moved).await?;
    }
    let queue = server
        .get("/api/v1/topics/queue.care?from=earliest")
        .await?;
    ensure!(
        queue["records"]
            .as_array()
            .is_some_and(|all| !all.is_empty()),
        "{queue}"
    );
    server.stop().await?;
    Ok(())
}

fn open_from(hours: &str) -> String {
    format!(
        "[departments.support]\ncalendar = \"office\"\n[routing]\nfallback = \"support\"\n\
         [calendars.office]\ntime_zone = \"UTC\"\ndaily = [\"{hours}\"]\n\
         [[sla.policies]]\nname = \"service\"\n\
         resolution = {{ urgent = \"8h\", high = \"8h\", normal = \"8h\", low = \"8h\" }}\n"
    )
}

/// The hours change; the promise was made in the old ones, and is proven in them, also by a
/// process that never saw them.
#[tokio::test]
async fn a_promise_is_counted_in_the_hours_it_was_made_under() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut options = Options {
        config: open_from("08:00-20:00"),
        ..Options::default()
    };
    let mut server = Server::start(dir.path(), &options).await?;
    owner(&server, 1).await?;
    let before = server.get("/api/v1/tickets/1/sla").await?;
    ensure!(before["agrees"] == true, "{before}");
    hang_up(&server, dir.path(), &open_from("09:00-10:00")).await?;
    wait_for_verdict(&server, dir.path(), true).await?;
    for command in ["hold", "release"] {
        let body = json!({ "kind": "waiting_customer" });
        let answer = server
            .post(&format!("/api/v1/tickets/1/{command}"), &body)
            .await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
    }
    server.stop().await?;
    options.config = open_from("09:00-10:00");
    let token = server.token().to_owned();
    let mut server = Server::start_with_token(dir.path(), &options, token).await?;
    let after = server.get("/api/v1/tickets/1/sla").await?;
    ensure!(after["agrees"] == true, "{after}");
    assert_eq!(due(&before)?, due(&after)?);
    owner(&server, 2).await?;
    let new = server.get("/api/v1/tickets/2/sla").await?;
    assert_ne!(
        due(&before)?,
        due(&new)?,
        "what comes now has the new hours"
    );
    server.stop().await?;
    Ok(())
}

/// When the resolution was promised for.
fn due(proof: &Value) -> Result<String> {
    let mut clocks = proof["clocks"].as_array().into_iter().flatten();
    let resolution = clocks.find(|clock| clock["clock"] == "resolution");
    let due = resolution.and_then(|clock| clock["due_at"].as_str());
    Ok(due.context("no resolution promised")?.to_owned())
}
