//! Secrets: the file says where one is, never what it is.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Where a secret is kept: written `env:NAME` or `file:/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretReference {
    /// In a variable of the environment.
    Environment(String),
    /// In a file that holds nothing else; a newline at its end is not part of the secret.
    File(PathBuf),
}

/// A secret in hand. It prints as `[REDACTED]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A secret could not be had; a start ends here.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is absent.
    #[error("environment variable `{0}` is not set; it should hold a secret")]
    NotSet(String),
    /// The file cannot be read.
    #[error("cannot read the secret in `{path}`: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("the secret in `{0}` is empty")]
    Empty(SecretReference),
}

impl SecretReference {
    /// Reads a reference. A literal is refused, and the message does not repeat it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const WAY_OUT: &str =
            "a secret does not stand in the configuration; write `env:NAME` or `file:/path`";
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            _ => Err(WAY_OUT),
        }
    }

    /// Fetches the secret. `read_file` is the caller's way to the disk.
    pub fn resolve(
        &self,
        environment: &BTreeMap<String, String>,
        read_file: impl FnOnce(&Path) -> io::Result<String>,
    ) -> Result<Secret, SecretError> {
        let text = match self {
            Self::Environment(name) => environment
                .get(name)
                .cloned()
                .ok_or_else(|| SecretError::NotSet(name.clone()))?,
            Self::File(path) => read_file(path).map_err(|source| SecretError::Unreadable {
                path: path.clone(),
                source,
            })?,
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(SecretError::Empty(self.clone()));
        }
        Ok(Secret(secret.to_owned()))
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(formatter, "env:{name}"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
        }
    }
}

impl Secret {
    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}
