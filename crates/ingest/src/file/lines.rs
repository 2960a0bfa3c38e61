//! Reads whole lines from a byte on. Blocking.

use crate::mention::ITEM_BYTES_MAX;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes of one read: a batch of ordinary posts.
const READ_BYTES_MAX: u64 = 512 * 1024;

/// What is kept of a line that is no mention because of its length: enough to recognise it.
const KEPT_OF_LONG_LINE: usize = 64 * 1024;

/// A line without its break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) bytes: Vec<u8>,
    /// Bytes in the file, the break included.
    pub(crate) length: u64,
}

/// What one read gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// In order; at least one.
    Some(Vec<Line>),
    /// Nothing (whole) after the byte.
    End,
    /// The file ends before the byte.
    Shorter {
        /// Its length.
        length: u64,
    },
}

/// At most `most` lines. A last line without a break counts only if `take_unfinished`.
pub(crate) fn read_lines(
    path: &Path,
    offset: u64,
    most: usize,
    take_unfinished: bool,
) -> io::Result<Lines> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if offset > length {
        return Ok(Lines::Shorter { length });
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut reader = BufReader::new(file);
    let mut lines = Vec::new();
    let mut read = 0;
    while lines.len() < most && read < READ_BYTES_MAX {
        let Some(line) = read_line(&mut reader, take_unfinished)? else {
            break;
        };
        read += line.length;
        lines.push(line);
    }
    Ok(if lines.is_empty() {
        Lines::End
    } else {
        Lines::Some(lines)
    })
}

/// A line longer than a mention may be is passed over without holding it.
fn read_line(reader: &mut impl BufRead, take_unfinished: bool) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let most = ITEM_BYTES_MAX as u64 + 2;
    let mut length = reader.by_ref().take(most).read_until(b'\n', &mut bytes)? as u64;
    let mut finished = bytes.last() == Some(&b'\n');
    if !finished && length == most {
        let (passed, found) = pass_over_line(reader)?;
        length += passed;
        finished = found;
    }
    if length == 0 || !(finished || take_unfinished) {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(Some(Line { bytes, length }))
}

fn pass_over_line(reader: &mut impl BufRead) -> io::Result<(u64, bool)> {
    let mut passed = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok((passed, false));
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        passed += used as u64;
        if end.is_some() {
            return Ok((passed, true));
        }
    }
}

/// The start of a line for a dead letter.
pub(crate) fn kept(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() > ITEM_BYTES_MAX {
        bytes.truncate(KEPT_OF_LONG_LINE);
    }
    bytes
}
