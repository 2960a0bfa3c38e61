//! One module per command; this one hands over to them.

mod audit;
mod backup;
mod check;
mod classify;
mod connector;
mod demo;
mod dlq;
mod encoder;
mod eval;
mod explain;
mod labelled;
mod learn;
mod local;
mod notify;
mod principal;
mod replay;
mod restore;
mod run;
mod sla;
mod topic;
mod train;
mod user;

use crate::arguments::{Arguments, Command};
use crate::config::Environment;
use crate::exit::Done;
use anyhow::{Context, Result};
use std::future::Future;
use std::time::Duration;

/// Threads that still ask a server that does not answer are left behind after this.
const THREADS_LIMIT: Duration = Duration::from_secs(1);

/// Runs the command that was typed.
pub(crate) fn dispatch(arguments: Arguments, environment: Environment) -> Result<Done> {
    match arguments.command {
        Command::Run(run) => on_runtime(run::run(run, environment)),
        Command::Demo(demo) => on_runtime(demo::run(demo, environment)),
        Command::Check(check) => check::run(&check, &environment),
        Command::Replay(replay) => on_runtime(replay::run(replay, environment)),
        Command::Classify(classify) => classify::run(&classify, &environment),
        Command::Train(train) => train::run(&train, &environment),
        Command::Eval(eval) => eval::run(&eval, &environment),
        Command::Learn(learn) => on_runtime(learn::run(learn, environment)),
        Command::Connector(connector) => connector::run(&connector),
        Command::Explain(explain) => on_runtime(explain::run(explain, environment)),
        Command::Sla(sla) => on_runtime(sla::run(sla, environment)),
        Command::Notify(notify) => on_runtime(notify::run(notify, environment)),
        Command::User(user) => on_runtime(user::run(user, environment)),
        Command::Token(token) => on_runtime(principal::token(token, environment)),
        Command::Dlq(dlq) => on_runtime(dlq::run(dlq, environment)),
        Command::Topic(topic) => on_runtime(topic::run(topic, environment)),
        Command::Audit(audit) => on_runtime(audit::run(audit, environment)),
        Command::Backup(backup) => backup::run(&backup, &environment),
        Command::Restore(restore) => on_runtime(restore::run(restore, environment)),
    }
}

fn on_runtime<Work>(work: Work) -> Result<Done>
where
    Work: Future<Output = Result<Done>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(THREADS_LIMIT);
    done
}
