//! The story of the broken suitcase handle that cut a child's hand, on the airline's own
//! configuration: whose it is, who helps, by when, why, and who is called.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use switchboard_tests::server::command;
use switchboard_tests::webhook::Receiver;
use switchboard_tests::{Options, Server, posts, workspace};

const POST: &str = "The handle of the cabin case you sell on board snapped and cut my daughter's \
    hand, it was bleeding the whole flight and needed four stitches. She is six. @meridianair";

const SECRET: &str = "whsec_c3dpdGNoYm9hcmQtdGVzdHMtc2lnbi13aXRoLXRoaXM=";

/// `config/examples/airline.toml` without its sources, with notifiers that reach the test.
fn airline(dir: &Path, receiver: &Receiver) -> Result<String> {
    let text = std::fs::read_to_string(workspace().join("config/examples/airline.toml"))?;
    let (kept, rest) = text
        .split_once("[alert.notifiers.press-room]")
        .context("the example's notifiers")?;
    ensure!(rest.contains("[sources.story]"), "the sources come last");
    let file = dir.join("webhook-secret");
    std::fs::write(&file, SECRET)?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
    let notifier = |name: &str| {
        let (url, secret) = (&receiver.url, file.display());
        format!(
            "\n[alert.notifiers.{name}]\nkind = \"webhook\"\nurl = \"{url}/{name}\"\n\
             secret = \"file:{secret}\"\nallow_private = [\"127.0.0.0/8\"]\nrecipients = []\n"
        )
    };
    let notifiers = ["press-room", "duty-manager"].map(notifier).concat();
    Ok(format!("{kept}{notifiers}"))
}

async fn start(dir: &Path, config: String) -> Result<Server> {
    let options = Options {
        config,
        ..Options::default()
    };
    let server = Server::start(dir, &options).await?;
    let post = json!({
        "platform": "x", "id": "handle", "text": POST, "account": "@meridianair",
        "author": { "id": "mother" }, "url": "https://x.example/mother/1",
    });
    let answer = server.post_mentions(posts::lines(&[post])).await?;
    ensure!(answer.status() == 202, "{}", answer.text().await?);
    let listed = |page: &Value| page["tickets"].as_array().is_some_and(|all| all.len() == 1);
    server.wait_for("/api/v1/tickets", listed).await?;
    Ok(server)
}

#[tokio::test]
async fn it_is_the_press_office_s_with_everybody_s_help_and_says_why() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let receiver = Receiver::start(&[]).await?;
    let mut server = start(dir.path(), airline(dir.path(), &receiver)?).await?;
    let ticket = server.get("/api/v1/tickets/1").await?;
    assert_eq!(ticket["label"], "pr_risk");
    assert_eq!(ticket["brand"], "meridian");
    let topics = ticket["topics"].as_array().context("topics")?;
    ensure!(topics.contains(&json!("safety/injury")), "{topics:?}");
    assert_eq!(ticket["department"], "pr");
    assert_eq!(ticket["helpers"], json!(["support", "legal", "product"]));
    assert_eq!(ticket["priority"], "urgent");
    assert_eq!(ticket["explanation"]["approver"], "legal");
    check_clocks(&ticket)?;
    check_explanation(&ticket)?;
    check_commands(dir.path()).await?;
    let reply = json!({ "text": "we are so sorry" });
    let refused = server.post("/api/v1/tickets/1/reply", &reply).await?;
    assert_eq!(refused.status(), 422, "only members of PR answer");
    server.stop().await?;
    Ok(())
}

fn check_clocks(ticket: &Value) -> Result<()> {
    let clocks = ticket["clocks"].as_array().context("clocks")?;
    let of = |kind: &str| clocks.iter().find(|clock| clock["clock"] == kind);
    let triage = of("triage").context("no triage clock")?;
    let around_the_clock = (
        &triage["policy"],
        &triage["calendar"],
        &triage["target_seconds"],
    );
    assert_eq!(
        around_the_clock,
        (&json!("crisis"), &json!("always"), &json!(300))
    );
    let first = of("first_response").context("no promise of an answer")?;
    assert_eq!(first["target_seconds"], 900);
    Ok(())
}

/// Every row of the table says what it said, and which table it was.
fn check_explanation(ticket: &Value) -> Result<()> {
    let explanation = &ticket["explanation"];
    let rows = explanation["rows"].as_array().context("rows")?;
    assert_eq!(rows.len(), 19, "every row of the example");
    assert_eq!(rows[0]["row"], "people-hurt");
    assert_eq!(rows[0]["is"], "matched");
    ensure!(
        explanation["table_version"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    let reasons = explanation["reasons"].as_array().context("reasons")?;
    ensure!(
        reasons.iter().any(|reason| reason["name"] == "injury"),
        "{reasons:?}"
    );
    Ok(())
}

async fn check_commands(dir: &Path) -> Result<()> {
    let (dir, config) = (dir.display().to_string(), dir.join("test.toml"));
    let config = config.display().to_string();
    let place = ["--data-dir", &dir, "--config", &config];
    let run = |words: &[&str]| command(words).args(place).output();
    let explained = run(&["explain", "1"]).await?;
    let text = String::from_utf8(explained.stdout)?;
    for told in [
        "department pr by row `people-hurt`",
        "helpers support, legal, product",
        "approver legal",
        "policy `crisis`, calendar `always`",
    ] {
        ensure!(text.contains(told), "`{told}` is not in\n{text}");
    }
    let proved = run(&["sla", "prove", "1"]).await?;
    let text = String::from_utf8(proved.stdout)?;
    ensure!(proved.status.success(), "{text}");
    ensure!(text.contains("all agree with the ticket"), "{text}");
    let proved = run(&["sla", "prove", "1", "--json"]).await?;
    let proof: Value = serde_json::from_slice(&proved.stdout)?;
    assert_eq!(proof["agrees"], true);
    let unknown = run(&["sla", "prove", "99"]).await?;
    assert_eq!(unknown.status.code(), Some(1), "there is no such ticket");
    Ok(())
}

#[tokio::test]
async fn while_nobody_looks_whoever_is_on_call_is_called_and_then_has_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let receiver = Receiver::start(&[]).await?;
    let whole = airline(dir.path(), &receiver)?;
    let quick = whole
        .replace("triage = { urgent = \"5m\"", "triage = { urgent = \"1s\"")
        .replace("after_breach = \"5m\"", "after_breach = \"1s\"");
    ensure!(quick != whole, "the example has another promise");
    let mut server = start(dir.path(), quick).await?;
    let calls = receiver.wait_for(2).await?;
    let first = calls[0].json()?;
    assert_eq!(first["data"]["clock"], "triage");
    assert_eq!(first["data"]["department"], "pr");
    let on_call = first["data"]["on_call"].as_str().context("nobody")?;
    ensure!(["ines", "joao", "petra"].contains(&on_call), "{on_call}");
    let has_it = |ticket: &Value| ticket["assignee"] == on_call;
    server.wait_for("/api/v1/tickets/1", has_it).await?;
    server.stop().await?;
    Ok(())
}
