//! `switchboard user`: people, and the links that let them in.

use super::local;
use super::principal::{actor, checked, names, require};
use crate::arguments::{Installation, Listing, LoginLink, Named, NewPrincipal, User};
use crate::clock::SystemClock;
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::{lock, login_link, terminal};
use anyhow::Result;
use jiff::SignedDuration;
use serde_json::json;
use switchboard_domain::Clock;
use switchboard_storage::{Person, User as StoredUser};

/// A link lies in somebody's mail until it is used: longer than a week it is forgotten.
const LINK_LIFETIME_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(crate) async fn run(user: User, environment: Environment) -> Result<Done> {
    match user {
        User::Create(new) => create(&new, &environment).await,
        User::List(listing) => list(&listing, &environment).await,
        User::Link(wanted) => link(&wanted, &environment).await,
        User::Role(new) => set_role(&new, &environment).await,
        User::Disable(named) => set_disabled(&named, true, &environment).await,
        User::Enable(named) => set_disabled(&named, false, &environment).await,
    }
}

async fn create(new: &NewPrincipal, environment: &Environment) -> Result<Done> {
    let user = stored(new, environment)?;
    let store = local::new_store(&new.installation, environment).await?;
    let created = store
        .people
        .create_user(user, &actor(), SystemClock.now())
        .await?;
    require(created, || {
        format!("there is a user `{}` already", new.name)
    })?;
    terminal::line(&new.name);
    terminal::note(&format!(
        "`switchboard user link \"{}\"` prints the link that lets them in",
        new.name
    ));
    Ok(Done::Fully)
}

async fn list(listing: &Listing, environment: &Environment) -> Result<Done> {
    let store = local::store(&listing.installation, environment).await?;
    for person in store.people.list_people().await? {
        terminal::line(&if listing.json {
            as_json(&person)
        } else {
            as_row(&person)
        });
    }
    Ok(Done::Fully)
}

async fn link(wanted: &LoginLink, environment: &Environment) -> Result<Done> {
    let LoginLink { named, valid } = wanted;
    let fits = valid.is_positive() && *valid <= LINK_LIFETIME_MAX;
    require(fits, || "--valid must be from 1s to 168h".to_owned())?;
    let store = local::store(&named.installation, environment).await?;
    let base_url = base_url(&named.installation, environment)?;
    let (name, by) = (named.name.as_str(), actor());
    let made = login_link::link(&store, &SystemClock, &base_url, name, *valid, &by).await?;
    let link = made.ok_or_else(|| Failure::Usage(nobody(name)))?;
    terminal::line(&link);
    terminal::note(&format!(
        "It logs `{name}` in, once, within {valid:#}: whoever has it is `{name}`."
    ));
    Ok(Done::Fully)
}

/// Where people reach the server: as configured, else where it runs, else where it would.
fn base_url(installation: &Installation, environment: &Environment) -> Result<String> {
    let config = Config::load(installation.config.as_deref(), environment)?;
    let dir = local::data_dir(installation, environment)?;
    Ok(match (&config.inbox.public_url, lock::running(&dir)) {
        (Some(public), _) => public.to_string(),
        (None, Some(running)) => running.url,
        (None, None) => format!("http://{}", config.server.listen),
    })
}

async fn set_role(new: &NewPrincipal, environment: &Environment) -> Result<Done> {
    let user = stored(new, environment)?;
    let store = local::store(&new.installation, environment).await?;
    let changed = store
        .people
        .set_role(user, &actor(), SystemClock.now())
        .await?;
    require(changed, || nobody(&new.name))?;
    Ok(Done::Fully)
}

async fn set_disabled(named: &Named, disabled: bool, environment: &Environment) -> Result<Done> {
    let store = local::store(&named.installation, environment).await?;
    let changed = store
        .people
        .set_disabled(&named.name, disabled, &actor(), SystemClock.now())
        .await?;
    let wanted = if disabled { "enabled" } else { "disabled" };
    require(changed, || {
        format!(
            "there is no {wanted} user `{}`: `switchboard user list` shows them",
            named.name
        )
    })?;
    Ok(Done::Fully)
}

fn stored(new: &NewPrincipal, environment: &Environment) -> Result<StoredUser> {
    let (role, departments) = checked(new, environment)?;
    Ok(StoredUser {
        name: new.name.clone(),
        role,
        departments,
    })
}

fn nobody(name: &str) -> String {
    format!(
        "there is no enabled user `{name}`: `switchboard user list` shows them, \
         `switchboard user create` adds one"
    )
}

fn as_json(person: &Person) -> String {
    json!({
        "name": person.user.name,
        "role": person.user.role,
        "departments": names(&person.user.departments),
        "created_at": person.created_at,
        "disabled_at": person.disabled_at,
        "has_password": person.has_password,
    })
    .to_string()
}

fn as_row(person: &Person) -> String {
    let state = match (person.disabled_at, person.has_password) {
        (Some(_), _) => "disabled",
        (None, true) => "password",
        (None, false) => "by link",
    };
    format!(
        "{:<24} {:<11} {state:<9} {}",
        person.user.name,
        person.user.role.as_str(),
        names(&person.user.departments).join(",")
    )
}
