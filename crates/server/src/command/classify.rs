//! `switchboard classify`: JSON lines in, one verdict a line out, without a server.

use crate::arguments::Classify;
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::wiring;
use anyhow::{Context, Result};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use switchboard_classify::{Classifier, classify_into};

/// A line longer than this is refused alone: no post is, and memory stays bounded.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(crate) fn run(classify: &Classify, environment: &Environment) -> Result<Done> {
    let config = Config::load(classify.config.as_deref(), environment)?;
    let classifier = wiring::classifier_with(&config, classify.model.as_deref())?;
    let mut input = open(classify)?;
    let mut output = BufWriter::new(std::io::stdout().lock());
    match classify_lines(&classifier, &mut input, &mut output) {
        // `| head`: who has read enough is no failure of ours.
        Err(error) if has_left(&error) => Ok(Done::Fully),
        done => done,
    }
}

fn classify_lines(
    classifier: &Classifier,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<Done> {
    let mut done = Done::Fully;
    let mut number = 0_u64;
    // Used again for every line.
    let (mut line, mut told) = (Vec::new(), Vec::new());
    while next_line(input, &mut line)? {
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        told.clear();
        match verdict(classifier, &line, &mut told) {
            Ok(()) => output.write_all(&told)?,
            Err(reason) => {
                done = Done::WithRefusals;
                writeln!(output, "{}", json!({ "line": number, "error": reason }))?;
            }
        }
    }
    output.flush()?;
    Ok(done)
}

fn has_left(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn open(classify: &Classify) -> Result<Box<dyn BufRead>> {
    match classify.file.as_deref() {
        Some(path) if path.as_os_str() != "-" => {
            let file = File::open(path).map_err(|error| {
                Failure::Usage(format!("cannot read `{}`: {error}", path.display()))
            })?;
            Ok(Box::new(BufReader::new(file)))
        }
        _ => Ok(Box::new(BufReader::new(std::io::stdin()))),
    }
}

/// Reads the next line, cut at one byte over the limit; `false` at the end.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool> {
    line.clear();
    let mut limited = input.by_ref().take(LINE_BYTES_MAX + 1);
    if limited
        .read_until(b'\n', line)
        .context("cannot read the input")?
        == 0
    {
        return Ok(false);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 > LINE_BYTES_MAX {
        skip_line(input)?;
    }
    Ok(true)
}

fn skip_line(input: &mut impl BufRead) -> Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (length, ends) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(position) => (position + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(length);
        if ends {
            return Ok(());
        }
    }
}

fn verdict(classifier: &Classifier, line: &[u8], told: &mut Vec<u8>) -> Result<(), String> {
    if line.len() as u64 > LINE_BYTES_MAX {
        return Err(format!("the line is over {LINE_BYTES_MAX} bytes"));
    }
    classify_into(classifier, line, told).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let (reader, mut output) = std::io::pipe().unwrap();
        drop(reader);
        let classifier = wiring::classifier(&Config::load(None, &Environment::new()).unwrap());
        let mut input = br#"{"text":"hi"}"#.as_slice();
        let left = classify_lines(&classifier.unwrap(), &mut input, &mut output).unwrap_err();
        assert!(has_left(&left), "{left:?}");
    }

    #[test]
    fn a_line_over_the_limit_takes_no_other_with_it() {
        let long = vec![b'x'; usize::try_from(LINE_BYTES_MAX).unwrap() + 10];
        let input = [b"one\n".as_slice(), &long, b"\ntwo\n"].concat();
        let mut input = BufReader::new(input.as_slice());
        let (mut lengths, mut line) = (vec![], vec![]);
        while next_line(&mut input, &mut line).unwrap() {
            lengths.push(line.len() as u64);
        }
        assert_eq!(lengths, [4, LINE_BYTES_MAX + 1, 4]);
    }
}
