//! `switchboard audit verify`: recompute the chain.

use super::local;
use crate::arguments::Audit;
use crate::config::Environment;
use crate::exit::Done;
use crate::terminal;
use anyhow::{Result, bail};
use serde_json::json;

pub(crate) async fn run(audit: Audit, environment: Environment) -> Result<Done> {
    let Audit::Verify(listing) = audit;
    let store = local::store(&listing.installation, &environment).await?;
    let report = store.audit.verify().await?;
    if listing.json {
        let fault = report.fault.as_ref();
        let fault = fault.map(|it| json!({ "position": it.position, "reason": it.reason }));
        let (sealed, unsealed) = (report.sealed, report.unsealed);
        let told = json!({ "sealed": sealed, "unsealed": unsealed, "fault": fault });
        terminal::line(&told.to_string());
    }
    if let Some(fault) = report.fault {
        bail!(
            "the audit chain is broken at row {}: {}",
            fault.position,
            fault.reason
        );
    }
    if !listing.json {
        terminal::line(&format!(
            "{} rows fit, {} are not sealed yet",
            report.sealed, report.unsealed
        ));
    }
    Ok(Done::Fully)
}
