//! `switchboard replay FILE --to URL`: a file of mentions into a running server.

use super::local;
use crate::arguments::Replay;
use crate::clock::SystemClock;
use crate::config::Environment;
use crate::exit::{Done, Failure};
use crate::terminal;
use anyhow::Result;
use indicatif::ProgressBar;
use serde_json::json;
use switchboard_ingest::api_client::ApiClient;
use switchboard_ingest::replay::{ReplayOptions, ReplayTotals, replay};

pub(crate) async fn run(arguments: Replay, environment: Environment) -> Result<Done> {
    if arguments
        .speed
        .is_some_and(|speed| !(speed.is_finite() && speed > 0.0))
    {
        return Err(Failure::Usage("--speed must be a number above 0".to_owned()).into());
    }
    let token = token(&arguments, &environment);
    let client = ApiClient::new(&arguments.to, token).map_err(local::failure)?;
    let options = ReplayOptions {
        file: arguments.file.clone(),
        speed: arguments.speed,
        as_recorded: arguments.as_recorded,
        batch: arguments.batch as usize,
    };
    let bar = terminal::progress_bar();
    let totals = replay(&client, &options, &SystemClock, |totals| show(&bar, totals)).await;
    bar.finish_and_clear();
    let totals = totals.map_err(|error| local::failure_of(error.exit_code(), error))?;
    report(&arguments, &totals);
    Ok(if totals.rejected == 0 {
        Done::Fully
    } else {
        Done::WithRefusals
    })
}

/// What was typed, else the environment's, else that of the server in the data directory.
fn token(arguments: &Replay, environment: &Environment) -> Option<String> {
    let given = arguments.token.clone();
    given
        .or_else(|| environment.get("SWITCHBOARD_TOKEN").cloned())
        .or_else(|| {
            let running = local::server(&arguments.installation, environment).ok()?;
            (running.url == arguments.to.trim_end_matches('/')).then_some(running.secret)
        })
}

fn show(bar: &ProgressBar, totals: &ReplayTotals) {
    bar.set_length(totals.bytes_total);
    bar.set_position(totals.bytes_done);
    bar.set_message(format!(
        "{} accepted, {} refused,",
        totals.accepted, totals.rejected
    ));
}

fn report(arguments: &Replay, totals: &ReplayTotals) {
    for error in &totals.first_errors {
        let place = format!("{}:{}", arguments.file.display(), error.line);
        terminal::note(&format!("{place}: {} ({})", error.message, error.code));
    }
    let seconds = totals.elapsed.as_secs_f64();
    terminal::line(&if arguments.json {
        let (sent, accepted, rejected) = (totals.sent, totals.accepted, totals.rejected);
        json!({ "sent": sent, "accepted": accepted, "rejected": rejected, "seconds": seconds })
            .to_string()
    } else {
        format!(
            "{} accepted, {} refused in {seconds:.1} s",
            totals.accepted, totals.rejected
        )
    });
}
