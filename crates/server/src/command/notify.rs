//! `switchboard notify test NAME`: one message through one notifier.

use crate::arguments::{Notify, NotifyTest};
use crate::clock::SystemClock;
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::terminal;
use crate::wiring::{open_notifier, page_base};
use anyhow::{Result, bail};
use std::sync::Arc;
use switchboard_alert::notify::guard::SystemLookup;
use switchboard_alert::notify::{Alert, Answer, Delivery};
use switchboard_config::unknown_name;
use switchboard_domain::Clock;

pub(crate) async fn run(notify: Notify, environment: Environment) -> Result<Done> {
    match notify {
        Notify::Test(given) => test(&given, &environment).await,
    }
}

async fn test(given: &NotifyTest, environment: &Environment) -> Result<Done> {
    let config = Config::load(given.config.as_deref(), environment)?;
    let notifiers = &config.alert.notifiers;
    let found = notifiers.iter().find(|one| one.name.as_str() == given.name);
    let names: Vec<&str> = notifiers.iter().map(|one| one.name.as_str()).collect();
    let found =
        found.ok_or_else(|| Failure::Usage(unknown_name("notifier", &given.name, &names)))?;
    let notifier = open_notifier(found, config.secrets.environment())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let page_base = page_base(&config);
    let Some(alert) = Alert::test(clock.now(), Some(&page_base)) else {
        bail!("the test message cannot be made");
    };
    let post = notifier.compose(&alert, clock.now());
    let client = notifier.client(Arc::new(SystemLookup), clock);
    let name = &given.name;
    match client.post(&post).await {
        Answer::Taken => {
            terminal::line(&format!("`{name}` took the message `{}`", alert.title()));
            Ok(Done::Fully)
        }
        Answer::Refused(reason) => bail!("`{name}` refused the message: {reason}"),
        Answer::Later(reason, _wait) => {
            let failure = format!("`{name}` does not take the message now: {reason}");
            Err(Failure::Unreachable(failure).into())
        }
    }
}
