//! Links that log somebody in, once: to invite, to reset a password, and to begin with, since
//! there is no default account.

use crate::randomness;
use anyhow::{Result, bail};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use switchboard_domain::access::Role;
use switchboard_domain::ticket::Actor;
use switchboard_domain::{Clock, Slug};
use switchboard_storage::sessions::LINK_LIFETIME;
use switchboard_storage::{NewLink, Person, Store, User};

/// Whom the first link of an installation logs in.
pub(crate) const SETUP_USER: &str = "admin";

/// 256 bits: nobody tries them all within the life of a link.
const SECRET_BYTES: usize = 32;

/// What audit rows call the server when it makes the first link.
const ACTOR: &str = "first-run";

/// A link for the user, who is made when there is none of that name. It leads straight to the
/// inbox, without asking for a password of one's own.
///
/// # Errors
/// When the store cannot be written, or the user is disabled.
pub(crate) async fn make(
    store: &Store,
    clock: &dyn Clock,
    base_url: &str,
    user: &str,
    role: Role,
) -> Result<String> {
    let link = invite(store, clock, base_url, (user, role)).await?;
    Ok(format!("{link}?to=inbox"))
}

/// As [`make`], but whoever uses it is asked for a password first.
async fn invite(
    store: &Store,
    clock: &dyn Clock,
    base_url: &str,
    (user, role): (&str, Role),
) -> Result<String> {
    let by = Actor::System(ACTOR.to_owned());
    let person = User {
        name: user.to_owned(),
        role,
        departments: BTreeSet::<Slug>::new(),
    };
    store.people.create_user(person, &by, clock.now()).await?;
    match link(store, clock, base_url, user, LINK_LIFETIME, &by).await? {
        Some(link) => Ok(link),
        None => bail!("`{user}` is disabled: `switchboard user enable {user}` lets them in again"),
    }
}

/// A link for a user that is there; `None` when there is no such user, or a disabled one.
pub(crate) async fn link(
    store: &Store,
    clock: &dyn Clock,
    base_url: &str,
    user: &str,
    valid: SignedDuration,
    by: &Actor,
) -> Result<Option<String>> {
    let secret = hex::encode(randomness::bytes::<SECRET_BYTES>());
    let now = clock.now();
    let new = NewLink {
        secret: secret.clone(),
        user: user.to_owned(),
        expires_at: now.checked_add(valid)?,
    };
    let made = store.sessions.create_link(new, by, now).await?;
    let base_url = base_url.trim_end_matches('/');
    Ok(made.then(|| format!("{base_url}/login/link/{secret}")))
}

/// The link of an installation in which nobody has a password yet and nobody was added by
/// hand; `None` when somebody can see to themselves.
///
/// # Errors
/// When the store cannot be asked.
pub(crate) async fn first(
    store: &Store,
    clock: &dyn Clock,
    base_url: &str,
) -> Result<Option<String>> {
    if !is_unclaimed(&store.people.list_people().await?) {
        return Ok(None);
    }
    let link = invite(store, clock, base_url, (SETUP_USER, Role::Admin)).await?;
    Ok(Some(link))
}

/// An earlier first link may have passed unused: then there is a user without a password.
fn is_unclaimed(people: &[Person]) -> bool {
    people.iter().all(|person| {
        person.user.name == SETUP_USER && !person.has_password && person.disabled_at.is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use rstest::rstest;

    fn person(name: &str, has_password: bool, disabled: bool) -> Person {
        Person {
            user: User {
                name: name.into(),
                role: Role::Admin,
                departments: BTreeSet::new(),
            },
            created_at: Timestamp::UNIX_EPOCH,
            disabled_at: disabled.then_some(Timestamp::UNIX_EPOCH),
            has_password,
        }
    }

    #[rstest]
    #[case::nobody(&[], true)]
    #[case::first_link_never_used(&[person("admin", false, false)], true)]
    #[case::claimed(&[person("admin", true, false)], false)]
    #[case::somebody_was_added(&[person("ann", false, false)], false)]
    #[case::taken_away(&[person("admin", false, true)], false)]
    fn who_needs_a_first_link(#[case] people: &[Person], #[case] want: bool) {
        assert_eq!(is_unclaimed(people), want);
    }
}
