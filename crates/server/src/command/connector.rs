//! `switchboard connector try`: one recorded response through a connector's mapping.

use crate::arguments::{Connector, ConnectorTry};
use crate::exit::{Done, Failure};
use crate::terminal;
use anyhow::Result;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use switchboard_config::unknown_name;
use switchboard_ingest::connector::{CONNECTORS, Descriptor};
use switchboard_ingest::sample::{Refused, Sampled};

/// Four times the largest response a connector reads; what is longer is no response.
const SAMPLE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Characters of a path or reason shown: they repeat names from a stranger's bytes.
const SHOWN_CHARACTERS_MAX: usize = 400;

pub(crate) fn run(connector: &Connector) -> Result<Done> {
    match connector {
        Connector::Try(given) => try_sample(given),
    }
}

fn try_sample(given: &ConnectorTry) -> Result<Done> {
    let descriptor = find(&given.name)?;
    let bytes = read(&given.sample).map_err(|error| {
        Failure::Usage(format!("cannot read `{}`: {error}", given.sample.display()))
    })?;
    let sampled = if bytes.len() as u64 > SAMPLE_BYTES_MAX {
        Sampled::refuse_all(&bytes, format!("longer than {SAMPLE_BYTES_MAX} bytes"))
    } else {
        (descriptor.sample)(&bytes, given.url.as_deref())
    };
    print(&sampled)?;
    Ok(if sampled.refused.is_empty() {
        Done::Fully
    } else {
        Done::WithRefusals
    })
}

fn find(name: &str) -> Result<&'static Descriptor> {
    let found = CONNECTORS.iter().find(|descriptor| descriptor.name == name);
    let names: Vec<&str> = CONNECTORS
        .iter()
        .map(|descriptor| descriptor.name)
        .collect();
    Ok(found.ok_or_else(|| Failure::Usage(unknown_name("connector", name, &names)))?)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        let stdin = io::stdin().lock();
        stdin.take(SAMPLE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    } else {
        let file = File::open(path)?;
        file.take(SAMPLE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn print(sampled: &Sampled) -> Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    for mention in &sampled.mentions {
        let line = serde_json::to_string(mention)?;
        if writeln!(output, "{line}").is_err() {
            // The reader went away (`| head`): that is no failure of ours.
            return Ok(());
        }
    }
    let _reader_left = output.flush();
    if sampled.mentions.is_empty() && sampled.refused.is_empty() {
        terminal::note("understood, and there is no post in it");
    }
    for Refused { path, reason, .. } in &sampled.refused {
        let line = format!("{path}: {reason}");
        terminal::note(&terminal::harmless(&line, SHOWN_CHARACTERS_MAX));
    }
    Ok(())
}
