//! Passwords: which ones are taken, and whether one fits.

use super::common_passwords::is_common;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use std::fmt;
use std::sync::Arc;
use switchboard_storage::PasswordHash;
use tokio::sync::Semaphore;

/// Shorter ones are guessed. No composition rules: they make passwords worse.
pub(crate) const PASSWORD_CHARACTERS_MIN: usize = 8;

/// What we advise: long enough that a stolen hash is worth nothing.
pub(crate) const PASSWORD_CHARACTERS_ADVISED: usize = 15;

/// A sentence fits; what is longer costs us work and its owner nothing.
pub(crate) const PASSWORD_BYTES_MAX: usize = 1024;

/// OWASP's second set: 19 MiB and two passes, some tens of milliseconds.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes computed at a time: they must neither take every core nor, at 19 MiB each, all
/// memory. Who comes more often waits.
const HASHES_AT_ONCE: usize = 2;

/// Checked when there is no such user, so that the answer takes as long. Salt and hash are
/// zeros: no password is known for it.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                            $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password as somebody typed it. It shows itself in no log.
#[derive(Clone)]
pub(crate) struct Password(String);

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordFault {
    #[error(
        "The password is too short: {PASSWORD_CHARACTERS_MIN} characters are the least, {PASSWORD_CHARACTERS_ADVISED} are good."
    )]
    TooShort,
    #[error("The password is too long: {PASSWORD_BYTES_MAX} bytes are the most.")]
    TooLong,
    #[error(
        "This password is among the first that anybody would guess. A few words in a row are better."
    )]
    Common,
}

/// Checks and makes hashes, a few at a time and off the threads that serve.
#[derive(Clone)]
pub(crate) struct Passwords {
    room: Arc<Semaphore>,
}

/// Why no hash could be computed: a defect, or the process is going down.
#[derive(Debug, thiserror::Error)]
#[error("a password cannot be hashed: {0}")]
pub(crate) struct HashError(String);

impl Password {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether it may become the password of the user of that name.
    pub(crate) fn check(&self, user: &str) -> Result<(), PasswordFault> {
        if self.0.chars().count() < PASSWORD_CHARACTERS_MIN {
            return Err(PasswordFault::TooShort);
        }
        if self.0.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordFault::TooLong);
        }
        if is_common(&self.0, user) {
            return Err(PasswordFault::Common);
        }
        Ok(())
    }

    /// Whether two fields say the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password([REDACTED])")
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
        }
    }
}

impl Passwords {
    /// Whether the password is the one behind the hash. Without a hash the same work is done,
    /// and the answer is no.
    pub(crate) async fn fits(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, HashError> {
        self.compute(move |argon2| {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| PasswordHash::new(NOBODYS_HASH));
            // An endless one is never set, and is not hashed either.
            let bytes = password.0.as_bytes();
            let bytes = bytes.get(..PASSWORD_BYTES_MAX).map_or(bytes, |_| b"");
            let fits = argon2.verify_password(bytes, hash.expose()).is_ok();
            Ok(fits && known)
        })
        .await
    }

    /// The hash to keep. The salt is 128 random bits.
    pub(crate) async fn hash(
        &self,
        password: Password,
        salt: [u8; 16],
    ) -> Result<PasswordHash, HashError> {
        self.compute(move |argon2| {
            let hash = argon2.hash_password_with_salt(password.0.as_bytes(), &salt);
            hash.map(|hash| PasswordHash::new(hash.to_string()))
                .map_err(|error| HashError(error.to_string()))
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Argon2<'_>) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = Arc::clone(&self.room)
            .acquire_owned()
            .await
            .map_err(|error| HashError(error.to_string()))?;
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
                .map_err(|error| HashError(error.to_string()))?;
            job(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
        });
        task.await.map_err(|error| HashError(error.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn password(text: &str) -> Password {
        Password::new(text.into())
    }

    #[rstest]
    #[case::a_few_words("correct horse battery", Ok(()))]
    #[case::eight_letters_are_enough("kqzvwjxp", Ok(()))]
    #[case::eight_letters_of_any_script("пароліці", Ok(()))]
    #[case::seven("kqzvwjx", Err(PasswordFault::TooShort))]
    #[case::seven_letters_in_more_bytes("äöüäöüä", Err(PasswordFault::TooShort))]
    #[case::a_page(&"long ".repeat(200), Ok(()))]
    #[case::two_pages(&"long ".repeat(300), Err(PasswordFault::TooLong))]
    #[case::usual("password1", Err(PasswordFault::Common))]
    #[case::usual_with_decoration("PassWord123!", Err(PasswordFault::Common))]
    #[case::one_letter("aaaaaaaaaa", Err(PasswordFault::Common))]
    #[case::the_product("Switchboard2026", Err(PasswordFault::Common))]
    #[case::ones_own_name("annabelle", Err(PasswordFault::Common))]
    #[case::ones_own_name_decorated("Annabelle-1", Err(PasswordFault::Common))]
    fn which_are_taken(#[case] text: &str, #[case] want: Result<(), PasswordFault>) {
        assert_eq!(password(text).check("annabelle"), want);
    }

    #[tokio::test]
    async fn only_the_password_fits_its_hash() {
        let passwords = Passwords::default();
        let hash = passwords.hash(password("right"), [7; 16]).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        for (text, want) in [("right", true), ("wrong", false), ("", false)] {
            let fits = passwords.fits(password(text), Some(hash.clone())).await;
            assert_eq!(fits.unwrap(), want, "{text}");
        }
        let other = passwords.hash(password("right"), [8; 16]).await.unwrap();
        assert_ne!(hash, other, "salted");
    }

    #[tokio::test]
    async fn nobodys_hash_costs_the_same_and_fits_nothing() {
        let parse = |text: &str| {
            text.rsplit_once('$')
                .unwrap()
                .0
                .rsplit_once('$')
                .unwrap()
                .0
                .to_owned()
        };
        let passwords = Passwords::default();
        let real = passwords.hash(password("right"), [7; 16]).await.unwrap();
        assert_eq!(parse(NOBODYS_HASH), parse(real.expose()));
        assert_eq!(NOBODYS_HASH.len(), real.expose().len());
        assert!(!passwords.fits(password("right"), None).await.unwrap());
    }

    #[test]
    fn it_shows_itself_in_no_log() {
        assert_eq!(format!("{:?}", password("canary")), "Password([REDACTED])");
    }
}
