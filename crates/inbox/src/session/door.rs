//! Where passwords and links are tried: limits first, then the check, then the session.

use super::password::{HashError, Password, Passwords};
use crate::http::peer;
use crate::http::problem::Problem;
use crate::http::rate_limit::{Allowance, RateLimit};
use crate::state::Inbox;
use axum::http::header;
use axum::http::request::Parts;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_storage::{NewSession, OpenSession, SessionId, StorageError};
use switchboard_telemetry::{Counter, LoginMethod, LoginOutcome};

/// A person mistypes five times in a row; ten a minute in all is too slow for guessing.
const PER_ACCOUNT: Allowance = Allowance {
    at_once: NonZeroU32::new(5).unwrap(),
    interval: Duration::from_secs(12),
};

/// An office logs in at nine o'clock from one address; forty a minute.
const PER_ADDRESS: Allowance = Allowance {
    at_once: NonZeroU32::new(20).unwrap(),
    interval: Duration::from_secs(3),
};

/// Names are at most this long in characters; what is longer is nobody's.
const NAME_BYTES_MAX: usize = 4 * 80;

/// Passwords and links are tried here.
pub(crate) struct Door {
    pub(crate) passwords: Passwords,
    accounts: RateLimit,
    addresses: RateLimit,
}

impl Door {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self {
            passwords: Passwords::default(),
            accounts: RateLimit::new(PER_ACCOUNT, Arc::clone(clock)),
            addresses: RateLimit::new(PER_ADDRESS, Arc::clone(clock)),
        }
    }
}

/// Who stands at the door.
pub(crate) struct Visitor {
    address: IpAddr,
    user_agent: String,
    /// The session that the browser had before.
    replaces: Option<SessionId>,
}

impl Visitor {
    pub(crate) async fn of(inbox: &Inbox, head: &Parts) -> Result<Self, StorageError> {
        let headers = &head.headers;
        let user_agent = headers.get(header::USER_AGENT);
        let user_agent = user_agent.and_then(|value| value.to_str().ok());
        let replaces = match inbox.cookie.read(headers) {
            Some(secret) => {
                let now = inbox.clock.now();
                inbox.sessions.find_session(secret, now).await?
            }
            None => None,
        };
        Ok(Self {
            address: peer::address(&head.extensions, headers, &inbox.config),
            user_agent: user_agent.unwrap_or_default().to_owned(),
            replaces: replaces.map(|session| session.id),
        })
    }

    fn session(&self, secret: &str) -> NewSession {
        NewSession {
            secret: secret.to_owned(),
            user_agent: self.user_agent.clone(),
            peer: peer::kind(self.address),
            replaces: self.replaces,
        }
    }
}

/// How a try ended.
pub(crate) enum Try {
    /// In; the secret goes into the cookie and nowhere else.
    In {
        session: OpenSession,
        secret: String,
    },
    /// Wrong name, wrong password, dead link: nobody is told which.
    Refused,
    /// Not even looked at.
    TooMany { wait: Duration },
}

/// Tries a password. Unknown names cost the same work as known ones.
pub(crate) async fn by_password(
    inbox: &Inbox,
    visitor: &Visitor,
    (name, password): (&str, Password),
) -> Result<Try, Problem> {
    let tried = try_password(inbox, visitor, (name, password)).await?;
    count(inbox, LoginMethod::Password, &tried);
    Ok(tried)
}

async fn try_password(
    inbox: &Inbox,
    visitor: &Visitor,
    (name, password): (&str, Password),
) -> Result<Try, Problem> {
    if let Err(wait) = admit(inbox, visitor).and_then(|()| inbox.door.accounts.check(&name)) {
        return Ok(Try::TooMany { wait });
    }
    let hash = if name.len() > NAME_BYTES_MAX {
        None
    } else {
        inbox.people.find_password(name).await?
    };
    let fits = inbox.door.passwords.fits(password, hash.clone()).await?;
    let Some(hash) = hash.filter(|_| fits) else {
        return Ok(Try::Refused);
    };
    let secret = new_secret(inbox);
    let new = visitor.session(&secret);
    let now = inbox.clock.now();
    let started = inbox.sessions.start_session(name, &hash, new, now).await?;
    Ok(started.map_or(Try::Refused, |session| Try::In { session, secret }))
}

/// Uses a link up.
pub(crate) async fn by_link(inbox: &Inbox, visitor: &Visitor, link: &str) -> Result<Try, Problem> {
    let tried = try_link(inbox, visitor, link).await?;
    count(inbox, LoginMethod::Link, &tried);
    Ok(tried)
}

async fn try_link(inbox: &Inbox, visitor: &Visitor, link: &str) -> Result<Try, Problem> {
    if let Err(wait) = admit(inbox, visitor) {
        return Ok(Try::TooMany { wait });
    }
    let secret = new_secret(inbox);
    let new = visitor.session(&secret);
    let now = inbox.clock.now();
    let started = inbox.sessions.use_link(link, new, now).await?;
    Ok(started.map_or(Try::Refused, |session| Try::In { session, secret }))
}

/// Whether the session's own user gives the current password, within the limits of a login.
pub(crate) async fn confirm(
    inbox: &Inbox,
    visitor: &Visitor,
    (name, password): (&str, Password),
) -> Result<Result<bool, Duration>, Problem> {
    if let Err(wait) = admit(inbox, visitor).and_then(|()| inbox.door.accounts.check(&name)) {
        return Ok(Err(wait));
    }
    let hash = inbox.people.find_password(name).await?;
    Ok(Ok(inbox.door.passwords.fits(password, hash).await?))
}

fn admit(inbox: &Inbox, visitor: &Visitor) -> Result<(), Duration> {
    let address = peer::neighbourhood(visitor.address);
    inbox.door.addresses.check(&address)
}

fn new_secret(inbox: &Inbox) -> String {
    hex::encode((inbox.entropy)())
}

/// Failed tries are counted and not told one by one: a guesser must not fill the audit.
fn count(inbox: &Inbox, method: LoginMethod, tried: &Try) {
    let outcome = match tried {
        Try::In { .. } => LoginOutcome::Accepted,
        Try::Refused => LoginOutcome::Refused,
        Try::TooMany { .. } => LoginOutcome::Limited,
    };
    inbox.metrics.add(Counter::Logins { method, outcome }, 1);
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        tracing::error!(%error, "a password was not checked");
        Self::internal()
    }
}
