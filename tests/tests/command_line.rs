//! The command line as a person and a script meet it: what it says, and how it ends.

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Output, Stdio};
use switchboard_tests::server::{command, http};
use switchboard_tests::{Options, Server, posts, workspace};
use tokio::io::AsyncWriteExt;

async fn run(arguments: &[&str]) -> Result<Output> {
    Ok(command(arguments).output().await?)
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn every_shipped_configuration_is_fine() -> Result<()> {
    let examples = std::fs::read_dir(workspace().join("config/examples"))?;
    let mut files: Vec<_> = examples
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.push(workspace().join("config/default.toml"));
    ensure!(files.len() > 3, "the examples are there");
    for file in files {
        let checked = run(&["check", &file.display().to_string()]).await?;
        ensure!(checked.status.success(), "{}", stderr(&checked));
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_configuration_ends_with_two_and_names_every_place() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("wrong.toml");
    std::fs::write(&file, "[server]\nlissen = 1\n\n[log]\npartitions = 1000\n")?;
    let path = file.display().to_string();
    let checked = run(&["check", &path]).await?;
    assert_eq!(checked.status.code(), Some(2));
    let said = stderr(&checked);
    ensure!(
        said.contains("wrong.toml:2:1: unknown key `lissen`"),
        "{said}"
    );
    ensure!(said.contains("did you mean `listen`"), "{said}");
    ensure!(said.contains("wrong.toml:5:14"), "{said}");
    let started = run(&["run", "--config", &path]).await?;
    assert_eq!(
        started.status.code(),
        Some(2),
        "a server does not start on it either"
    );
    Ok(())
}

#[rstest]
#[case::no_server(&["topic", "tail", "mention.received", "--data-dir", "DIR"], 4)]
#[case::no_server_to_explain(&["explain", "1", "--data-dir", "DIR"], 4)]
#[case::nobody_there(&["replay", "FILE", "--to", "http://127.0.0.1:9"], 4)]
#[case::not_http(&["replay", "FILE", "--to", "ftp://x"], 2)]
#[case::unknown_role(&["token", "create", "t", "--role", "boss", "--data-dir", "DIR"], 2)]
#[case::unknown_command(&["dance"], 2)]
#[case::no_such_file(&["check", "/nowhere.toml"], 2)]
#[tokio::test]
async fn failures_have_their_exit_codes(
    #[case] arguments: &[&str],
    #[case] want: i32,
) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("posts.jsonl");
    std::fs::write(&file, posts::lines(&posts::mixed(2, 1)))?;
    let (dir, file) = (dir.path().display().to_string(), file.display().to_string());
    let arguments: Vec<&str> = arguments
        .iter()
        .map(|argument| match *argument {
            "DIR" => dir.as_str(),
            "FILE" => file.as_str(),
            other => other,
        })
        .collect();
    let ended = run(&arguments).await?;
    assert_eq!(ended.status.code(), Some(want), "{}", stderr(&ended));
    ensure!(!stderr(&ended).is_empty(), "it says why");
    Ok(())
}

#[tokio::test]
async fn classify_answers_line_by_line_and_tells_the_bad_ones() -> Result<()> {
    let mut child = command(&["classify"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("stdin")?;
    let lines = b"{\"id\":\"a\",\"text\":\"my order is late and nobody answers\"}\nrubbish\n\xff\xfe\n\n{\"id\":\"b\",\"text\":\"\"}\n";
    input.write_all(lines).await?;
    drop(input);
    let output = child.wait_with_output().await?;
    assert_eq!(output.status.code(), Some(3), "some input was refused");
    let told = stdout(&output);
    let told = told
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Value>, _>>()?;
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(
        (&told[0]["id"], &told[0]["label"]),
        (&json!("a"), &json!("complaint"))
    );
    ensure!(
        told[1]["error"].is_string() && told[2]["error"].is_string(),
        "{told:?}"
    );
    assert_eq!(told[3]["needs_review"], true, "nothing to go by");
    for verdict in [&told[0], &told[3]] {
        let scores = verdict["scores"].as_object().context("scores")?;
        let names: BTreeSet<&str> = scores.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            BTreeSet::from(["complaint", "general", "lead", "pr_risk"])
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_token_works_until_it_is_revoked() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().display().to_string();
    let server = Server::start(dir.path(), &Options::default()).await?;
    let create = [
        "token",
        "create",
        "ci",
        "--role",
        "viewer",
        "--department",
        "support",
    ];
    let made = run(&[&create[..], &["--data-dir", &data]].concat()).await?;
    let secret = stdout(&made).trim().to_owned();
    ensure!(
        secret.starts_with("swb_"),
        "the token stands alone on stdout: {secret}"
    );
    let ask = || async {
        let url = format!("{}/api/v1/tickets", server.url);
        let answer = http().get(url).bearer_auth(&secret).send().await?;
        anyhow::Ok(answer.status().as_u16())
    };
    assert_eq!(ask().await?, 200);
    let revoked = run(&["token", "revoke", "ci", "--data-dir", &data]).await?;
    ensure!(revoked.status.success(), "{}", stderr(&revoked));
    assert_eq!(ask().await?, 401);
    Ok(())
}

#[tokio::test]
async fn one_directory_has_one_server() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().display().to_string();
    let _first = Server::start(dir.path(), &Options::default()).await?;
    let second = run(&["run", "--data-dir", &data, "--listen", "127.0.0.1:0"]).await?;
    assert_eq!(second.status.code(), Some(2));
    ensure!(
        stderr(&second).contains("belongs to a running server"),
        "{}",
        stderr(&second)
    );
    Ok(())
}

#[tokio::test]
async fn commands_beside_a_server_speak_to_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().display().to_string();
    let server = Server::start(dir.path(), &Options::default()).await?;
    let file = dir.path().join("posts.jsonl");
    std::fs::write(&file, posts::lines(&posts::mixed(20, 3)))?;
    let file = file.display().to_string();
    let replayed = run(&[
        "replay",
        &file,
        "--to",
        &server.url,
        "--data-dir",
        &data,
        "--json",
    ])
    .await?;
    ensure!(replayed.status.success(), "{}", stderr(&replayed));
    let totals: Value = serde_json::from_slice(&replayed.stdout)?;
    assert_eq!(totals["rejected"], 0);
    server
        .wait_for("/api/v1/tickets", |it| it["tickets"][0]["id"] == "1")
        .await?;

    let explained = run(&["explain", "1", "--data-dir", &data]).await?;
    ensure!(
        stdout(&explained).contains("matched"),
        "{}",
        stdout(&explained)
    );
    let tailed = run(&["topic", "tail", "mention.received", "--data-dir", &data]).await?;
    assert_eq!(
        Some(stdout(&tailed).lines().count() as u64),
        totals["accepted"].as_u64()
    );
    let letters = run(&["dlq", "list", "--data-dir", &data]).await?;
    ensure!(letters.status.success(), "{}", stderr(&letters));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_listed_shown_driven_again_and_dropped() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().display().to_string();
    let file = dir.path().join("posts.jsonl");
    std::fs::write(&file, "{\"id\":\"1\",\"text\":\"fine\"}\nno json at all\n")?;
    let config = format!(
        "[sources.story]\nconnector = \"file\"\n[sources.story.settings]\npaths = [{:?}]\n",
        file.display().to_string()
    );
    let options = Options {
        config,
        ..Options::default()
    };
    let server = Server::start(dir.path(), &options).await?;
    let waiting = |count: usize| {
        move |it: &Value| {
            it["letters"]
                .as_array()
                .is_some_and(|letters| letters.len() == count)
        }
    };
    server.wait_for("/api/v1/dead-letters", waiting(1)).await?;
    let dlq = async |words: &[&str]| {
        let output = run(&[&["dlq"], words, &["--data-dir", &data]].concat()).await?;
        ensure!(output.status.success(), "{}", stderr(&output));
        anyhow::Ok(stdout(&output))
    };
    let listed = dlq(&["list"]).await?;
    ensure!(
        listed.lines().count() == 1 && listed.contains("ingest"),
        "{listed}"
    );
    let id = listed
        .split_whitespace()
        .next()
        .context("an id")?
        .to_owned();
    ensure!(
        dlq(&["show", &id]).await?.contains("no json at all"),
        "the record as it was"
    );
    // It is as unreadable as before: its stage sets it aside anew, under another number.
    dlq(&["retry", &id]).await?;
    let anew = |it: &Value| it["letters"][0]["stage"] == "classify";
    let page = server.wait_for("/api/v1/dead-letters", anew).await?;
    let second = text(&page["letters"][0]["id"])?;
    dlq(&["drop", &second]).await?;
    server.wait_for("/api/v1/dead-letters", waiting(0)).await?;
    Ok(())
}

#[tokio::test]
async fn the_document_describes_every_route_of_the_listener() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = Server::start(dir.path(), &Options::default()).await?;
    let url = format!("{}/api/v1/openapi.json", server.url);
    let document: Value = http()
        .get(url)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    for path in [
        "/api/v1/mentions",
        "/api/v1/tickets",
        "/api/v1/topics/{name}",
    ] {
        ensure!(document["paths"][path].is_object(), "{path} is missing");
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap_or_default();
        ensure!(
            document.pointer(pointer).is_some(),
            "{pointer} does not resolve"
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_demo_says_in_one_line_where_it_is() -> Result<()> {
    let demo = [
        "demo",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ];
    let dir = tempfile::tempdir()?;
    let data = dir.path().display().to_string();
    let mut child = command(&[&demo[..], &["--data-dir", &data, "--speed", "5000"]].concat())
        .stdout(Stdio::piped())
        .spawn()?;
    let ready = first_line(&mut child).await?;
    let (url, token) = (text(&ready["url"])?, text(&ready["token"])?);
    wait_for_tickets(&url, &token).await?;
    child.kill().await?;
    Ok(())
}

async fn first_line(child: &mut tokio::process::Child) -> Result<Value> {
    use tokio::io::AsyncBufReadExt;
    let stdout = child.stdout.take().context("stdout")?;
    let line = tokio::io::BufReader::new(stdout)
        .lines()
        .next_line()
        .await?;
    Ok(serde_json::from_str(&line.context("a ready line")?)?)
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().context("text")?.to_owned())
}

async fn wait_for_tickets(url: &str, token: &str) -> Result<()> {
    let client = http();
    let deadline = tokio::time::Instant::now() + switchboard_tests::server::PATIENCE;
    loop {
        let request = client
            .get(format!("{url}/api/v1/tickets"))
            .bearer_auth(token);
        let tickets: Value = request.send().await?.json().await?;
        if tickets["tickets"]
            .as_array()
            .is_some_and(|it| it.len() >= 20)
        {
            return Ok(());
        }
        ensure!(
            tokio::time::Instant::now() < deadline,
            "the story does not begin: {tickets}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_term_signal_ends_it_cleanly_under_load() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut server = Server::start(dir.path(), &Options::default()).await?;
    for batch in posts::mixed(2_000, 5).chunks(500) {
        server.post_mentions(posts::lines(batch)).await?;
    }
    let ended = server.stop().await?;
    ensure!(ended.success(), "{ended}");
    let left: &Path = dir.path();
    ensure!(
        left.join("switchboard.lock").metadata()?.len() == 0,
        "the lock is given back"
    );
    Ok(())
}
