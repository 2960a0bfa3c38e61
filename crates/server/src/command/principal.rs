//! `switchboard token`: which programs may come in; and what it shares with `user`.
//!
//! They write to the store directly, also beside a running server: the first token has to
//! come from somewhere.

use super::local;
use crate::arguments::{Listing, Named, NewPrincipal, Token};
use crate::clock::SystemClock;
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::{randomness, terminal};
use anyhow::Result;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use switchboard_config::unknown_name;
use switchboard_domain::access::Role;
use switchboard_domain::ticket::Actor;
use switchboard_domain::{Clock, Slug};
use switchboard_storage::{NewToken, TokenInfo};

/// Room for a person's full name; lists stay readable.
const NAME_CHARACTERS_MAX: usize = 80;

/// What audit rows call somebody at the machine's own command line.
const ACTOR: &str = "command-line";

pub(crate) async fn token(token: Token, environment: Environment) -> Result<Done> {
    match token {
        Token::Create(new) => create_token(&new, &environment).await,
        Token::List(listing) => list_tokens(&listing, &environment).await,
        Token::Revoke(named) => revoke_token(&named, &environment).await,
    }
}

async fn create_token(new: &NewPrincipal, environment: &Environment) -> Result<Done> {
    let (role, departments) = checked(new, environment)?;
    let store = local::new_store(&new.installation, environment).await?;
    let secret = randomness::token();
    let token = NewToken {
        name: new.name.clone(),
        role,
        departments,
        secret: secret.clone(),
        expires_at: None,
    };
    let created = store
        .access
        .create_token(token, &actor(), SystemClock.now())
        .await?;
    require(created, || {
        format!(
            "there is or was a token `{}`: names are not used twice, take another",
            new.name
        )
    })?;
    terminal::line(&secret);
    Ok(Done::Fully)
}

async fn list_tokens(listing: &Listing, environment: &Environment) -> Result<Done> {
    let store = local::store(&listing.installation, environment).await?;
    for token in store.access.list_tokens().await? {
        terminal::line(&if listing.json {
            as_json(&token)
        } else {
            as_row(&token)
        });
    }
    Ok(Done::Fully)
}

async fn revoke_token(named: &Named, environment: &Environment) -> Result<Done> {
    let store = local::store(&named.installation, environment).await?;
    let revoked = store
        .access
        .revoke_token(&named.name, &actor(), SystemClock.now())
        .await?;
    require(revoked, || {
        format!(
            "there is no working token `{}`: `switchboard token list` shows them",
            named.name
        )
    })?;
    Ok(Done::Fully)
}

fn as_json(token: &TokenInfo) -> String {
    json!({
        "name": token.name,
        "role": token.role,
        "departments": names(&token.departments),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    })
    .to_string()
}

fn as_row(token: &TokenInfo) -> String {
    let state = if token.revoked_at.is_some() {
        "revoked"
    } else {
        "works"
    };
    let used = token
        .last_used_at
        .map_or_else(|| "never".to_owned(), |at| at.to_string());
    format!(
        "{:<24} {:<11} {state:<8} last used {used}",
        token.name,
        token.role.as_str()
    )
}

pub(super) fn names(departments: &BTreeSet<Slug>) -> Vec<&str> {
    departments.iter().map(Slug::as_str).collect()
}

/// The role and the departments asked for, once they make sense.
pub(super) fn checked(
    new: &NewPrincipal,
    environment: &Environment,
) -> Result<(Role, BTreeSet<Slug>)> {
    let role = Role::parse(&new.role).ok_or_else(|| {
        let known = Role::ALL.map(Role::as_str);
        Failure::Usage(unknown_name("role", &new.role, &known))
    })?;
    let departments = new.departments.iter().map(|name| Slug::new(name));
    let departments = departments
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    check_name(&new.name)?;
    require_departments(role, &departments)?;
    look_up(
        &departments,
        new.installation.config.as_deref(),
        environment,
    )?;
    Ok((role, departments))
}

/// Refuses departments that the named configuration does not have. Without one the server may
/// run on a file that is not known here, so a name the default lacks is only pointed out.
fn look_up(
    departments: &BTreeSet<Slug>,
    config: Option<&Path>,
    environment: &Environment,
) -> Result<()> {
    if departments.is_empty() {
        return Ok(());
    }
    let loaded = Config::load(config, environment)?;
    let known: Vec<&str> = loaded.route.slugs().map(Slug::as_str).collect();
    for department in departments {
        if known.contains(&department.as_str()) {
            continue;
        }
        let unknown = unknown_name("department", department.as_str(), &known);
        require(config.is_none(), || unknown.clone())?;
        terminal::note(&format!(
            "{unknown}: that is the built-in configuration; --config FILE names the server's own"
        ));
    }
    Ok(())
}

/// Who sees nothing would be found out by the person who was let in.
fn require_departments(role: Role, departments: &BTreeSet<Slug>) -> Result<()> {
    let is_bound = matches!(role, Role::Agent | Role::Viewer);
    require(!is_bound || !departments.is_empty(), || {
        format!(
            "the role `{}` sees only the departments it is given: \
             add --department NAME, or take --role supervisor",
            role.as_str()
        )
    })
}

/// Names stand in events and on terminals.
fn check_name(name: &str) -> Result<()> {
    let characters = name.chars().count();
    require(!name.trim().is_empty(), || "the name is empty".to_owned())?;
    require(characters <= NAME_CHARACTERS_MAX, || {
        format!("the name has {characters} characters; {NAME_CHARACTERS_MAX} are the most")
    })?;
    require(
        terminal::harmless(name, NAME_CHARACTERS_MAX) == name,
        || "the name has control characters in it; leave them out".to_owned(),
    )
}

pub(super) fn actor() -> Actor {
    Actor::System(ACTOR.to_owned())
}

pub(super) fn require(holds: bool, message: impl FnOnce() -> String) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Failure::Usage(message()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::a_name("Ann Example", true)]
    #[case::empty(" ", false)]
    #[case::line_break("ann\nadmin  works", false)]
    #[case::escape_sequence("\u{1b}[2J", false)]
    #[case::right_to_left_override("ann\u{202e}", false)]
    #[case::as_long_as_it_may_be(&"ä".repeat(NAME_CHARACTERS_MAX), true)]
    #[case::too_long(&"a".repeat(NAME_CHARACTERS_MAX + 1), false)]
    fn a_name_fits_a_list(#[case] name: &str, #[case] fits: bool) {
        assert_eq!(check_name(name).is_ok(), fits);
    }

    #[rstest]
    #[case::agent(Role::Agent, false)]
    #[case::viewer(Role::Viewer, false)]
    #[case::supervisor(Role::Supervisor, true)]
    #[case::ingest(Role::Ingest, true)]
    fn who_would_see_nothing_is_not_let_in(#[case] role: Role, #[case] fits: bool) {
        assert_eq!(require_departments(role, &BTreeSet::new()).is_ok(), fits);
        let departments = BTreeSet::from([Slug::new("support").unwrap()]);
        assert!(require_departments(role, &departments).is_ok());
    }
}
