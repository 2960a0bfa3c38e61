//! The root configuration: each crate reads its own sections, this puts them together.

mod opinion;

pub(crate) use opinion::{EncoderFiles, Opinion, Remote};

use crate::exit::Failure;
use anyhow::Result;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use switchboard_alert::AlertConfig;
use switchboard_alert::inquiry::InquiryConfig;
use switchboard_classify::ClassifyConfig;
use switchboard_config::{Document, Problem, Section};
use switchboard_domain::author::{Ours, OwnAccounts};
use switchboard_domain::{BrandTable, Slug};
use switchboard_inbox::InboxConfig;
use switchboard_ingest::config::{SourceConfig, read_lease, read_limits, read_sources};
use switchboard_ingest::receive::ReceiveLimits;
use switchboard_route::RouteConfig;
use switchboard_route::config::Context;
use switchboard_storage::StoreConfig;
use switchboard_stream::backend::BackendConfig;
use switchboard_stream::backend::kafka::Secrets;
use switchboard_stream::topic::Retention;
use switchboard_telemetry::LogFormat;

/// The file that every installation starts from.
pub(crate) const DEFAULT_TEXT: &str = include_str!("../../../config/default.toml");

/// What problems of the built-in file are attributed to.
const DEFAULT_NAME: &str = "built-in default";

/// Variables beginning with `SWITCHBOARD_` that are no configuration keys.
const RESERVED_VARIABLES: [&str; 2] = ["SWITCHBOARD_TOKEN", "SWITCHBOARD_FAILPOINTS"];

/// One log topic's partitions: more than this is a mistyped number, not a wish.
const PARTITIONS_MAX: u32 = 64;

/// Bytes one log topic may take: about a hundred million compressed mentions, and a disk that
/// a forgotten test server does not fill.
const RETENTION_BYTES_DEFAULT: u64 = 10 * 1024 * 1024 * 1024;

/// The process environment, read once in `main`.
pub(crate) type Environment = BTreeMap<String, String>;

/// Everything a process is told.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) server: ServerConfig,
    pub(crate) log: LogConfig,
    pub(crate) store: StoreConfig,
    pub(crate) ingest: IngestConfig,
    pub(crate) classify: ClassifyConfig,
    /// Who is asked about doubtful posts.
    pub(crate) opinion: Option<Opinion>,
    pub(crate) route: Arc<RouteConfig>,
    pub(crate) brands: Arc<BrandTable>,
    /// Where the company's records of its customers can be asked.
    pub(crate) enrichment: Option<InquiryConfig>,
    /// Through which we speak ourselves.
    pub(crate) own_accounts: Arc<OwnAccounts>,
    /// Topics that brands list beside those of the classifier's rules.
    pub(crate) topics: Vec<String>,
    pub(crate) alert: AlertConfig,
    /// What the notifiers' references to secrets are looked up in.
    pub(crate) secrets: crate::secrets::Secrets,
    pub(crate) inbox: InboxConfig,
}

/// `[server]`.
#[derive(Debug)]
pub(crate) struct ServerConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) ops_listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) log_format: LogFormat,
    pub(crate) log_filter: String,
    /// How long `/readyz` says no before connections are refused: a balancer needs it, a
    /// single machine does not.
    pub(crate) drain_delay: Duration,
}

/// `[ingest]` and `[sources]`.
#[derive(Debug)]
pub(crate) struct IngestConfig {
    pub(crate) limits: ReceiveLimits,
    /// How long a source belongs to a process that is silent.
    pub(crate) lease_term: SignedDuration,
    pub(crate) sources: Vec<SourceConfig>,
}

/// `[log]`.
#[derive(Debug)]
pub(crate) struct LogConfig {
    pub(crate) partitions: u32,
    pub(crate) retention: Retention,
    pub(crate) backend: BackendConfig,
    /// Where the secrets are found that the section names.
    pub(crate) secrets: Secrets,
}

impl Config {
    /// Reads the file (or the built-in default) with the environment over it.
    ///
    /// # Errors
    /// A usage failure that lists every problem.
    pub(crate) fn load(file: Option<&Path>, environment: &Environment) -> Result<Self> {
        let name = file.map_or_else(
            || DEFAULT_NAME.to_owned(),
            |path| path.display().to_string(),
        );
        let text = match file {
            None => DEFAULT_TEXT.to_owned(),
            Some(path) => read_text(path)?,
        };
        Self::parse(&name, &text, environment).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::Usage(format!(
                "the configuration is not usable\n{}",
                lines.join("\n")
            ))
            .into()
        })
    }

    /// Parses and cross-checks; touches nothing but its arguments and the files of holidays
    /// that they name.
    ///
    /// # Errors
    /// All problems, in the order of the file.
    pub(crate) fn parse(
        name: &str,
        text: &str,
        environment: &Environment,
    ) -> Result<Self, Vec<Problem>> {
        let document = Document::parse(name, text, environment, &RESERVED_VARIABLES);
        let config = document.read(Self::read);
        let problems = document.into_problems();
        match config {
            Some(mut config) if problems.is_empty() => {
                config.log.secrets = secrets(environment.clone());
                config.secrets = crate::secrets::Secrets::new(environment.clone());
                Ok(config)
            }
            _ => Err(problems),
        }
    }

    fn read(root: &mut Section<'_>) -> Option<Self> {
        let server = root.section("server", read_server);
        let log = root.section("log", read_log);
        let mut context = Context {
            read_file: |path| std::fs::read_to_string(path),
            ..Context::default()
        };
        let store = root.section("store", |store| {
            context.read_join_window(store);
            StoreConfig::read(store)
        });
        let (limits, lease_term) = root.section("ingest", |ingest| {
            context.read_platforms(ingest);
            (read_limits(ingest), read_lease(ingest))
        });
        let ingest = IngestConfig {
            limits,
            lease_term,
            sources: read_sources(root),
        };
        let (classify, opinion) = root.section("classify", |classify| {
            let opinion = classify.optional_section("opinion", Opinion::read);
            (ClassifyConfig::read(classify), opinion)
        });
        let brands = read_brands(root);
        let alert = root.section("alert", AlertConfig::read);
        let enrichment = InquiryConfig::read(root);
        let inbox = root.section("inbox", InboxConfig::read);
        context.recipients = recipients(&alert);
        context.brands.clone_from(&brands.topics);
        let route = read_ownership(root, &context);
        Some(Self {
            server,
            log,
            store,
            ingest,
            classify,
            opinion,
            route: Arc::new(route?),
            topics: brands.topics.into_values().flatten().collect(),
            brands: Arc::new(BrandTable::new(brands.accounts)),
            own_accounts: Arc::new(brands.own),
            enrichment,
            alert,
            secrets: crate::secrets::Secrets::default(),
            inbox,
        })
    }
}

/// Departments, table and promises belong together: a file that has none of them gets the
/// built-in ones, a file that has one of them brings them all.
fn read_ownership(root: &mut Section<'_>, context: &Context) -> Option<RouteConfig> {
    let own = ["calendars", "departments", "routing", "sla", "states"]
        .iter()
        .any(|key| root.has(key));
    if own {
        return RouteConfig::read(root, context);
    }
    let environment = Environment::new();
    let built_in = Document::parse(DEFAULT_NAME, DEFAULT_TEXT, &environment, &[]);
    // Its other sections are read where they are used, so its problems are not asked for.
    let context = Context {
        join_window: context.join_window,
        ..Context::default()
    };
    let mut route = built_in.read(|root| RouteConfig::read(root, &context))?;
    // Its rows are not the file's: a rule file without their topics is no mistake.
    route.topics.clear();
    Some(route)
}

/// Whom an escalation may call: each notifier, and the crisis team where somebody takes that.
fn recipients(alert: &AlertConfig) -> Vec<String> {
    let notifiers = &alert.notifiers;
    let mut names: Vec<String> = notifiers.iter().map(|one| one.name.to_string()).collect();
    let shared = notifiers.iter().flat_map(|one| &one.recipients);
    names.extend(shared.map(ToString::to_string));
    names.sort_unstable();
    names.dedup();
    names
}

fn read_server(section: &mut Section<'_>) -> ServerConfig {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    ServerConfig {
        listen: section.value_or("listen", SocketAddr::from(([127, 0, 0, 1], 8080))),
        ops_listen: section.value_or("ops_listen", SocketAddr::from(([127, 0, 0, 1], 9464))),
        data_dir: section.value_or("data_dir", PathBuf::from("data")),
        log_format: section
            .choice("log_format", &formats)
            .unwrap_or(LogFormat::Text),
        log_filter: section.value_or("log_filter", "info".to_owned()),
        drain_delay: section.duration_or("drain_delay", Duration::ZERO),
    }
}

/// Looks secrets up in the environment and on disk, at the moment they are needed.
fn secrets(environment: Environment) -> Secrets {
    Secrets::new(move |reference| reference.resolve(&environment, crate::secrets::read_file))
}

fn read_log(section: &mut Section<'_>) -> LogConfig {
    let default = Retention::default();
    LogConfig {
        backend: BackendConfig::read(section),
        secrets: Secrets::default(),
        partitions: section
            .in_range("partitions", 1..=PARTITIONS_MAX)
            .unwrap_or(4),
        retention: Retention {
            age: section.duration_or("retention", default.age),
            bytes: Some(section.value_or("retention_bytes", RETENTION_BYTES_DEFAULT)),
        },
    }
}

/// `[brands]`.
#[derive(Default)]
struct Brands {
    accounts: Vec<(String, Slug)>,
    own: OwnAccounts,
    /// Every brand, with its own.
    topics: BTreeMap<String, BTreeSet<String>>,
}

fn read_brands(root: &mut Section<'_>) -> Brands {
    let mut brands = Brands::default();
    root.sections("brands", |key, section| {
        let slug = Slug::new(&key.value);
        if let Err(error) = &slug {
            section.problem(&key.place, error.to_string());
        }
        let accounts = section.located_list("accounts").unwrap_or_default();
        let topics = section.located_list("topics").unwrap_or_default();
        check_time_zone(section);
        read_own_accounts(section, &mut brands.own);
        for handle in accounts.iter().filter(|name| name.value.starts_with('@')) {
            let _known = brands.own.add(&handle.value, Ours::Person);
        }
        if let Ok(slug) = slug {
            let topics = topics.into_iter().map(|topic| topic.value);
            brands.topics.insert(slug.to_string(), topics.collect());
            let accounts = accounts.into_iter().map(|name| (name.value, slug.clone()));
            brands.accounts.extend(accounts);
        }
    });
    brands
}

/// Accounts of our own, and those of them that machines speak through.
fn read_own_accounts(section: &mut Section<'_>, own: &mut OwnAccounts) {
    for (key, who) in [("own_accounts", Ours::Person), ("bots", Ours::Machine)] {
        for account in section.located_list(key).unwrap_or_default() {
            if own.add(&account.value, who).is_none() {
                let message = format!(
                    "`{key}`: `{}` is no account such as `@acme_help`, `x:@acme_help` or `x:12345`",
                    account.value
                );
                section.problem(&account.place, message);
            }
        }
    }
}

fn check_time_zone(section: &mut Section<'_>) {
    let Some(zone) = section.located::<String>("time_zone") else {
        return;
    };
    if TimeZone::get(&zone.value).is_err() {
        let message = format!(
            "`{}` is no IANA time zone, for example Europe/Berlin",
            zone.value
        );
        section.problem(&zone.place, message);
    }
}

/// The text of a configuration file.
///
/// # Errors
/// A usage failure when it cannot be read.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::Usage(format!("cannot read `{}`: {error}", path.display())))?;
    String::from_utf8(bytes).map_err(|error| {
        Failure::Usage(format!("`{}` is not UTF-8: {error}", path.display())).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        match Config::parse("test.toml", text, &Environment::new()) {
            Ok(_) => vec![],
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn the_built_in_default_has_no_problem() {
        assert_eq!(problems(DEFAULT_TEXT), Vec::<String>::new());
    }

    #[test]
    fn an_empty_file_means_the_same_as_the_built_in_one() {
        let parse = |text| Config::parse("test.toml", text, &Environment::new()).unwrap();
        let (built_in, empty) = (parse(DEFAULT_TEXT), parse(""));
        assert_eq!(
            format!("{:?}", built_in.server),
            format!("{:?}", empty.server)
        );
        assert_eq!(built_in.route.table.version(), empty.route.table.version());
        assert_eq!(built_in.route.book, empty.route.book);
        assert_eq!(built_in.route.join_window, empty.route.join_window);
        assert_eq!(
            format!("{:?}", built_in.ingest),
            format!("{:?}", empty.ingest)
        );
        assert_eq!(built_in.alert, empty.alert);
        assert_eq!(built_in.inbox, empty.inbox);
        assert_eq!(built_in.log.retention.age, empty.log.retention.age);
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_place() {
        let text = r#"
[server]
lissen = "127.0.0.1:1"

[departments.support]

[routing]
fallback = "suport"

[[routing.rows]]
name = "risk"
label = ["pr_riks"]
department = "support"
sla = "fast"

[[sla.policies]]
name = "quick"
first_response = { urgent = "soon" }
"#;
        insta::assert_snapshot!(problems(text).join("\n"), @r"
        test.toml:3:1: unknown key `lissen` in `[server]` (did you mean `listen`? known: listen, ops_listen, data_dir, log_format, log_filter, drain_delay)
        test.toml:8:12: unknown department `suport` (did you mean `support`? known: support)
        test.toml:12:10: `label`: unknown name `pr_riks` (did you mean `pr_risk`? known: complaint, lead, pr_risk, general)
        test.toml:14:7: unknown SLA policy `fast` (known: quick)
        test.toml:18:29: `urgent`: `soon` is no duration; write a whole number and ms, s, m, h or d, as in `15m`
        ");
    }

    #[test]
    fn the_environment_lies_over_the_file() {
        let environment =
            Environment::from([("SWITCHBOARD_SERVER__LISTEN".into(), "127.0.0.1:9".into())]);
        let config = Config::parse("test.toml", "", &environment).unwrap();
        assert_eq!(config.server.listen.port(), 9);
    }
}
