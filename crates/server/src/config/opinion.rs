//! `[classify.opinion]`: what advisers may cost is `classify`'s to read; where they are belongs
//! to whoever guards the addresses that are reached.

use std::path::PathBuf;
use std::time::Duration;
use switchboard_alert::inquiry::Endpoint;
use switchboard_classify::opinion::remote::completions_path;
use switchboard_classify::opinion::{OpinionConfig, RemoteConfig};
use switchboard_config::Section;

/// A large model writes forty tokens within it.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

/// The longest time for which one question may hold up the next.
const TIMEOUT_MAX: Duration = Duration::from_secs(10);

/// Who is asked for a second opinion, and for how much.
#[derive(Debug)]
pub(crate) struct Opinion {
    /// What holds for every adviser.
    pub(crate) limits: OpinionConfig,
    /// A model of this process, which is asked first.
    pub(crate) encoder: Option<EncoderFiles>,
    /// A model behind an endpoint.
    pub(crate) remote: Option<Remote>,
}

/// Where a model of this process lies. Whoever opens it reports what is wrong.
#[derive(Debug)]
pub(crate) struct EncoderFiles {
    /// Network and tokenizer.
    pub(crate) folder: PathBuf,
    /// What `switchboard train --encoder` made for them.
    pub(crate) head: PathBuf,
}

/// A model behind an endpoint.
#[derive(Debug)]
pub(crate) struct Remote {
    /// Where, with its whole path.
    pub(crate) endpoint: Endpoint,
    /// Which, and what it may see.
    pub(crate) model: RemoteConfig,
}

impl Opinion {
    /// Reads the section.
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let limits = OpinionConfig::read(section);
        let encoder = EncoderFiles::read(section);
        let remote = section.optional_section("remote", Remote::read);
        if remote.is_none() && !section.has("encoder") && !section.has("head") {
            let way_out = "give it an `encoder` or a `remote`, or leave the section out";
            section.problem_here(format!("nobody is named to be asked; {way_out}"));
        }
        Self {
            limits,
            encoder,
            remote: remote.flatten(),
        }
    }
}

impl EncoderFiles {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        if !section.has("encoder") && !section.has("head") {
            // Known, so that a mistyped one is told with them.
            let _absent = (
                section.value::<String>("encoder"),
                section.value::<String>("head"),
            );
            return None;
        }
        let folder = section.required("encoder");
        let head = section.required("head");
        Some(Self {
            folder: folder?,
            head: head?,
        })
    }
}

impl Remote {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let model = RemoteConfig::read(section);
        let mut endpoint = Endpoint::read(section, (TIMEOUT_DEFAULT, TIMEOUT_MAX))?;
        let path = completions_path(endpoint.url.path());
        endpoint.url.set_path(&path);
        Some(Self {
            endpoint,
            model: model?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Environment};

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse("test.toml", text, &Environment::new()).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            lines.join("\n")
        })
    }

    #[test]
    fn nobody_is_asked_unless_somebody_is_named() {
        assert!(parse("").unwrap().opinion.is_none());
    }

    #[test]
    fn an_address_is_completed_and_what_is_left_out_has_its_default() {
        let config = parse(
            "[classify.opinion]\nremote = { url = 'https://models.example/v1', model = 'small' }",
        );
        let opinion = config.unwrap().opinion.unwrap();
        let remote = opinion.remote.unwrap();
        assert_eq!(
            remote.endpoint.url.as_str(),
            "https://models.example/v1/chat/completions"
        );
        assert_eq!(remote.endpoint.timeout, super::TIMEOUT_DEFAULT);
        assert!(!remote.model.private_posts && remote.endpoint.token.is_none());
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_place() {
        let told = parse(
            r#"
[classify.opinion]
budget_per_hour = 3

[classify.opinion.remote]
url = "http://10.0.0.8/v1"
modell = "small"
token = "sk-written-out"
timeout = "1m"
"#,
        );
        insta::assert_snapshot!(told.unwrap_err(), @r"
        test.toml:3:1: unknown key `budget_per_hour` in `[classify.opinion]` (did you mean `budget_per_day`?)
        test.toml:5:1: missing `model` in `[classify.opinion.remote]`
        test.toml:6:7: `url`: 10.0.0.8 is not a public address; allow its network with `allow_private`
        test.toml:7:1: unknown key `modell` in `[classify.opinion.remote]` (did you mean `model`? known: private_posts, model, allow_private, timeout, token, url)
        test.toml:8:9: `token`: a secret does not stand in the configuration; write `env:NAME` or `file:/path`
        test.toml:9:11: `timeout` must be more than nothing and at most 10s
        ");
        let nobody = parse("[classify.opinion]\nbudget_per_day = 3\n");
        insta::assert_snapshot!(nobody.unwrap_err(), @"test.toml:1:1: nobody is named to be asked; give it an `encoder` or a `remote`, or leave the section out");
        let headless = parse("[classify.opinion]\nencoder = 'minilm'\n");
        insta::assert_snapshot!(headless.unwrap_err(), @"test.toml:1:1: missing `head` in `[classify.opinion]`");
    }
}
