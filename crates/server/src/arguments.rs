//! What one can type.

mod upkeep;

pub(crate) use upkeep::{Backup, Restore};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use std::net::SocketAddr;
use std::path::PathBuf;
use switchboard_classify::learn::trial::DEPARTMENT_LOSS_MAX;
use switchboard_domain::Label;

/// The real-time social inbox router: posts in, tickets with owners and deadlines out.
#[derive(Debug, Parser)]
#[command(
    name = "switchboard",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: the log, all stages and the API in one process
    Run(Run),
    /// Start a server of its own with a story in it, and show the queues as they fill
    Demo(Demo),
    /// Check a configuration file: everything that is wrong, with line and column
    Check(Check),
    /// Send a file of mentions (JSON lines) to a running server
    Replay(Replay),
    /// Classify posts from a file or stdin: JSON lines in, JSON lines out, no server needed
    Classify(Classify),
    /// Train a model on labelled posts: `{"text","label","source","lang"}` a line
    Train(Train),
    /// Measure the classifier on labelled posts: per class, per source, confusion, calibration
    Eval(Eval),
    /// Learn from people's corrections: a better model is taken on, a worse one refused
    Learn(Learn),
    /// Connectors
    #[command(subcommand)]
    Connector(Connector),
    /// Explain a ticket: every routing row tried, why it matched or not, and the evidence
    Explain(Explain),
    /// Promised deadlines
    #[command(subcommand)]
    Sla(Sla),
    /// Channels that people are told through
    #[command(subcommand)]
    Notify(Notify),
    /// People
    #[command(subcommand)]
    User(User),
    /// API tokens
    #[command(subcommand)]
    Token(Token),
    /// Records that no stage could process
    #[command(subcommand)]
    Dlq(Dlq),
    /// Log topics
    #[command(subcommand)]
    Topic(Topic),
    /// The audit chain
    #[command(subcommand)]
    Audit(Audit),
    /// Copy log, store and learned models as they are at one instant, also while a server runs
    Backup(Backup),
    /// Put a backup into an empty data directory
    Restore(Restore),
}

/// Which installation a command is about.
#[derive(Args, Clone, Debug)]
pub(crate) struct Installation {
    /// Configuration file; without one the built-in default holds
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where log.db and store.db live (overrides the configuration)
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Listeners {
    /// Address of the API (port 0 picks a free one)
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address of /metrics, /livez and /readyz
    #[arg(long, value_name = "ADDR")]
    pub(crate) ops_listen: Option<SocketAddr>,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) installation: Installation,
    #[command(flatten)]
    pub(crate) listeners: Listeners,
    /// What this process does; the embedded log and store belong to one process
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ROLE")]
    pub(crate) roles: Vec<Role>,
    /// Print one JSON line with the addresses when ready
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Role {
    /// Takes mentions in
    Ingest,
    /// Labels them
    Classify,
    /// Turns them into tickets, fires the SLA timers, relays the outbox
    Route,
    /// Watches for crises
    Alert,
    /// Serves the tickets API
    Inbox,
}

#[derive(Args, Debug)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) listeners: Listeners,
    /// Keep the data here instead of in a directory that is removed afterwards
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print one JSON line with addresses and a token when ready, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// How many times faster than life the story is told
    #[arg(long, default_value_t = 60.0, value_name = "N")]
    pub(crate) speed: f64,
    /// End when the story is told instead of running on
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) live: Live,
}

/// Posts of real people beside the story, from places that ask for no account.
#[derive(Args, Debug)]
pub(crate) struct Live {
    /// Also listen for this word on Bluesky, Mastodon and Hacker News (repeat for more)
    #[arg(long = "live", value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// RSS or Atom feed to look for the words in (repeat for more)
    #[arg(long = "feed", value_name = "URL", requires = "words")]
    pub(crate) feeds: Vec<String>,
    /// Mastodon server whose hashtags are read (repeat for more)
    #[arg(
        long = "mastodon",
        value_name = "URL",
        default_values = ["https://mastodon.social", "https://mastodon.online", "https://fosstodon.org"]
    )]
    pub(crate) mastodon: Vec<String>,
    /// Another Jetstream server
    #[arg(long, value_name = "URL", hide = true)]
    pub(crate) bluesky: Option<String>,
    /// Another server with Algolia's search
    #[arg(long, value_name = "URL", hide = true)]
    pub(crate) hackernews: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The file to check
    pub(crate) file: PathBuf,
    /// Print the problems as one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// Mentions, one JSON object a line
    pub(crate) file: PathBuf,
    /// The server's address, for example `http://127.0.0.1:8080`
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// Bearer token; else `$SWITCHBOARD_TOKEN`, else that of the local server in --data-dir
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) installation: Installation,
    /// Send at N times the speed of the posts' own times; without it as fast as possible
    #[arg(long, value_name = "N")]
    pub(crate) speed: Option<f64>,
    /// History, not news: starts no clocks and raises no alarms
    #[arg(long)]
    pub(crate) as_recorded: bool,
    /// Mentions in one request
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "N")]
    pub(crate) batch: u32,
    /// Print the totals as one JSON line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Classify {
    /// JSON lines with at least `text`; `-` or nothing for stdin
    pub(crate) file: Option<PathBuf>,
    /// Configuration file whose rules and model are used
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A model file instead of the configured or built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Train {
    /// Labelled posts; may be given several times and take several files
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) data: Vec<PathBuf>,
    /// Add the posts that come with the program
    #[arg(long)]
    pub(crate) seed_corpus: bool,
    /// Where the model goes
    #[arg(long, value_name = "MODEL")]
    pub(crate) out: PathBuf,
    /// Orders the posts: the same seed gives the same file, byte for byte
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Skip the trainings without each source and each fifth, which fit the confidence
    #[arg(long)]
    pub(crate) no_validation: bool,
    /// Train a head for the sentence encoder of this model folder, not a model
    #[arg(long, value_name = "FOLDER")]
    pub(crate) encoder: Option<PathBuf>,
    /// With --encoder: the languages that it reads
    #[arg(long, default_value = "en", value_delimiter = ',', value_name = "LANG")]
    pub(crate) encoder_languages: Vec<String>,
    /// Configuration file whose rules are used
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Eval {
    /// Labelled posts; may be given several times and take several files
    #[arg(long, num_args = 1.., required = true, value_name = "FILE")]
    pub(crate) data: Vec<PathBuf>,
    /// A model file instead of the configured or built-in one
    #[arg(long, value_name = "FILE", conflicts_with = "cross_validate")]
    pub(crate) model: Option<PathBuf>,
    /// Train anew without each source and each fifth of the data, and judge what was left out
    #[arg(long)]
    pub(crate) cross_validate: bool,
    /// With --cross-validate: train on the posts that come with the program as well
    #[arg(long, requires = "cross_validate")]
    pub(crate) seed_corpus: bool,
    /// With --cross-validate: learn from N posts of each left-out source, judge the others
    #[arg(long, requires = "cross_validate", value_name = "N")]
    pub(crate) corrections: Option<u32>,
    /// Take only the posts of this source
    #[arg(long, value_name = "SOURCE")]
    pub(crate) only_source: Option<String>,
    /// Print for this label against the other three as well
    #[arg(long, value_name = "LABEL", value_parser = label)]
    pub(crate) against_rest: Option<Label>,
    /// A model folder: judge by its sentence encoder as well, with --head or --cross-validate
    #[arg(long, value_name = "FOLDER", conflicts_with = "corrections")]
    pub(crate) encoder: Option<PathBuf>,
    /// With --encoder: the head that `train --encoder` made
    #[arg(
        long,
        value_name = "FILE",
        requires = "encoder",
        conflicts_with = "cross_validate"
    )]
    pub(crate) head: Option<PathBuf>,
    /// With --encoder and --cross-validate: the languages that the encoder reads
    #[arg(long, default_value = "en", value_delimiter = ',', value_name = "LANG")]
    pub(crate) encoder_languages: Vec<String>,
    /// Configuration file whose rules and model are used
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print the figures as one JSON line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Learn {
    #[command(flatten)]
    pub(crate) installation: Installation,
    /// Corrections instead of those in the store: labelled posts as for `train`
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) corrections: Vec<PathBuf>,
    /// Traffic to replay instead of the store's: JSON lines with at least `text`
    #[arg(long, value_name = "FILE")]
    pub(crate) traffic: Option<PathBuf>,
    /// A department may lose at most this much of its F1
    #[arg(long, default_value_t = DEPARTMENT_LOSS_MAX, value_name = "SHARE")]
    pub(crate) department_loss_max: f64,
    /// Compare only, and take nothing on
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the store's corrections as JSON lines and learn nothing
    #[arg(long, conflicts_with = "corrections")]
    pub(crate) list: bool,
    /// Put the model back that was in use before the last one was taken on
    #[arg(long, conflicts_with_all = ["corrections", "traffic", "dry_run", "list"])]
    pub(crate) rollback: bool,
    /// Print the comparison as one JSON line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Connector {
    /// Print the mentions in one recorded response: JSON lines out, no network needed
    Try(ConnectorTry),
}

#[derive(Args, Debug)]
pub(crate) struct ConnectorTry {
    /// The connector, as after `connector =` in a configuration
    pub(crate) name: String,
    /// A recorded response, stream or feed; `-` for stdin
    #[arg(long, value_name = "RESPONSE")]
    pub(crate) sample: PathBuf,
    /// The address it came from: names the instance, and resolves relative links
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Notify {
    /// Send a message marked [TEST] through one notifier
    Test(NotifyTest),
}

#[derive(Args, Debug)]
pub(crate) struct NotifyTest {
    /// The notifier, as after `alert.notifiers.` in the configuration
    pub(crate) name: String,
    /// Configuration file; without one the built-in default holds
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The ticket's number
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) installation: Installation,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sla {
    /// Count a ticket's clocks again from its events; exit 0 when they agree, 1 when not
    Prove(Explain),
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a person, who can then be given tickets; `user link` lets them log in
    Create(NewPrincipal),
    /// List the people
    List(Listing),
    /// Print a link that logs somebody in, once: to invite them, or when a password is lost
    Link(LoginLink),
    /// Give somebody another role and other departments, and end their sessions
    Role(NewPrincipal),
    /// Let nobody in under this name, and end its sessions
    Disable(Named),
    /// Let somebody in again
    Enable(Named),
}

#[derive(Args, Debug)]
pub(crate) struct LoginLink {
    #[command(flatten)]
    pub(crate) named: Named,
    /// For how long the link works, for example `15m` or `48h`
    #[arg(long, default_value = "1h", value_name = "DURATION")]
    pub(crate) valid: SignedDuration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it, this once
    Create(NewPrincipal),
    /// List the tokens
    List(Listing),
    /// Make a token worthless at once
    Revoke(Named),
}

#[derive(Args, Debug)]
pub(crate) struct NewPrincipal {
    /// Its name; stands in every event it causes
    pub(crate) name: String,
    /// admin, supervisor, agent, viewer or ingest
    #[arg(long, default_value = "agent")]
    pub(crate) role: String,
    /// Departments an agent or viewer sees (repeat, or separate by comma)
    #[arg(long = "department", value_delimiter = ',', value_name = "NAME")]
    pub(crate) departments: Vec<String>,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

#[derive(Args, Debug)]
pub(crate) struct Listing {
    #[command(flatten)]
    pub(crate) installation: Installation,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Named {
    /// Its name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// List what was set aside, oldest first
    List(Listing),
    /// Show one with its reason and the record itself
    Show(Letter),
    /// Drive one through its stage again
    Retry(Letter),
    /// Say that one needs no more
    Drop(Letter),
}

#[derive(Args, Debug)]
pub(crate) struct Letter {
    /// As `dlq list` shows it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Topic {
    /// Print the records of a log topic as JSON lines
    Tail(Tail),
}

#[derive(Args, Debug)]
pub(crate) struct Tail {
    /// For example mention.received or queue.support
    pub(crate) name: String,
    /// `earliest`, `latest`, an instant (RFC 3339) or a position printed before
    #[arg(long, default_value = "earliest", value_name = "FROM")]
    pub(crate) from: String,
    /// Go on when the end is reached
    #[arg(long, short)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Recompute the chain over all rows and name the first that does not fit
    Verify(Listing),
}

fn label(name: &str) -> Result<Label, String> {
    let known = || Label::ALL.map(Label::as_str).join(", ");
    Label::parse(name).ok_or_else(|| format!("no such label (known: {})", known()))
}
