//! `[store]`: which database.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use switchboard_config::{SecretError, SecretReference, Section};

/// Which database, and how to reach it. The default is a file in the data directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreConfig {
    /// The PostgreSQL server; `None` for a file in the data directory.
    pub url: Option<StoreUrl>,
    /// Certificates (PEM) that the server's is checked against, instead of the system's.
    pub authorities: Option<PathBuf>,
}

/// Where the server's address stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// In the configuration, without a password.
    Plain(String),
    /// Where secrets are kept.
    Kept(SecretReference),
}

impl StoreConfig {
    /// Reads `url` and `authorities` of `[store]`; the section has keys of others too.
    pub fn read(section: &mut Section<'_>) -> Self {
        let url = read_url(section);
        let authorities: Option<PathBuf> = section.value("authorities");
        if authorities.is_some() && !section.has("url") {
            let place = section.place("authorities");
            section.problem(&place, "`authorities` is of no use without `url`");
        }
        Self { url, authorities }
    }

    /// Whether the store is a file in the data directory.
    pub const fn is_embedded(&self) -> bool {
        self.url.is_none()
    }

    /// The address with everything in it; `None` for a file in the data directory.
    ///
    /// # Errors
    /// When it is kept where it cannot be had.
    pub fn address(
        &self,
        environment: &BTreeMap<String, String>,
        read_file: impl FnOnce(&Path) -> io::Result<String>,
    ) -> Result<Option<String>, SecretError> {
        match &self.url {
            None => Ok(None),
            Some(StoreUrl::Plain(url)) => Ok(Some(url.clone())),
            Some(StoreUrl::Kept(reference)) => {
                let url = reference.resolve(environment, read_file)?;
                Ok(Some(url.expose().to_owned()))
            }
        }
    }
}

fn read_url(section: &mut Section<'_>) -> Option<StoreUrl> {
    let text: String = section.value("url")?;
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        if text.starts_with("env:") || text.starts_with("file:") {
            let reference = section.secret("url")?;
            return Some(StoreUrl::Kept(reference.value));
        }
        return refuse(
            section,
            "`url` is neither `postgres://user@host/database` nor where it is kept, \
             `env:DATABASE_URL` or `file:/path`; leave it out for a file in the data directory",
        );
    }
    match text.parse::<tokio_postgres::Config>() {
        Ok(parsed) if parsed.get_password().is_some() => refuse(
            section,
            "a password does not stand in the configuration: keep the whole `url` elsewhere \
             and write `env:DATABASE_URL` or `file:/path`",
        ),
        Ok(_) => Some(StoreUrl::Plain(text)),
        Err(error) => {
            let message = format!("`url` cannot be used: {error}");
            refuse(section, &message)
        }
    }
}

fn refuse(section: &Section<'_>, message: &str) -> Option<StoreUrl> {
    let place = section.place("url");
    section.problem(&place, message);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use switchboard_config::Document;

    fn read(text: &str) -> (StoreConfig, Vec<String>) {
        let environment = BTreeMap::new();
        let document = Document::parse("test.toml", text, &environment, &[]);
        let config = document.read(|root| root.section("store", StoreConfig::read));
        let problems = document.into_problems();
        (config, problems.iter().map(ToString::to_string).collect())
    }

    #[rstest]
    #[case::embedded("", None)]
    #[case::plain("url = 'postgres://me@db/x'", Some("postgres://me@db/x"))]
    #[case::by_name("url = 'env:DATABASE_URL'", Some("postgres://me:pw@db/x"))]
    fn finds_the_address(#[case] line: &str, #[case] want: Option<&str>) {
        let (config, problems) = read(&format!("[store]\n{line}"));
        assert_eq!(problems, Vec::<String>::new());
        let environment =
            BTreeMap::from([("DATABASE_URL".into(), "postgres://me:pw@db/x".to_owned())]);
        let none = |_: &Path| Err(io::ErrorKind::NotFound.into());
        let address = config.address(&environment, none).unwrap();
        assert_eq!(address.as_deref(), want);
        assert_eq!(config.is_embedded(), want.is_none());
    }

    #[rstest]
    #[case::password("url = 'postgres://me:hush@db/x'", "a password does not stand")]
    #[case::other("url = 'mysql://db/x'", "leave it out for a file")]
    #[case::broken("url = 'postgres://me@db:port/x'", "`url` cannot be used")]
    #[case::useless("authorities = 'ca.pem'", "of no use without `url`")]
    fn tells_what_is_wrong_and_no_password(#[case] line: &str, #[case] want: &str) {
        let (_, problems) = read(&format!("[store]\n{line}"));
        let told = problems.join("\n");
        assert!(
            told.starts_with("test.toml:2:") && told.contains(want),
            "{told}"
        );
        assert!(!told.contains("hush"), "{told}");
    }
}
