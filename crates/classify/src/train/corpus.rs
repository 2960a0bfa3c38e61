//! Labelled posts: `{"text","label","source","lang"}` a line, other fields left aside.

use serde::Deserialize;
use std::io::BufRead;
use switchboard_domain::Label;

/// A line longer than this is refused alone; no post is.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// The source of a post that names none.
const UNNAMED_SOURCE: &str = "unnamed";

/// The source of what we wrote ourselves.
pub const SEED_SOURCE: &str = "seed";

/// The posts we wrote ourselves, put together by the build.
const SEED_CORPUS: &str = include_str!(concat!(env!("OUT_DIR"), "/seed.jsonl"));

/// A post and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledPost {
    /// As written.
    pub text: String,
    /// What it is.
    pub label: Label,
    /// Where it comes from.
    pub source: String,
    /// The language it is said to be in.
    pub lang: Option<String>,
}

impl LabelledPost {
    /// The source without what follows its first `_`: parts of one collection are left out
    /// of a training together.
    pub fn family(&self) -> &str {
        self.source.split('_').next().unwrap_or_default()
    }

    /// Whether we wrote it ourselves. Such posts train and never judge.
    pub fn is_seed(&self) -> bool {
        self.family() == SEED_SOURCE
    }
}

/// A line that is no labelled post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLine {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    label: String,
    source: Option<String>,
    lang: Option<String>,
}

/// Reads labelled posts; a bad line is refused alone. Fails only when nothing can be read.
pub fn read_posts(
    mut input: impl BufRead,
) -> std::io::Result<(Vec<LabelledPost>, Vec<RefusedLine>)> {
    let (mut posts, mut refused) = (Vec::new(), Vec::new());
    let mut bytes = Vec::new();
    let mut line = 0;
    while input.read_until(b'\n', &mut bytes)? > 0 {
        line += 1;
        if !bytes.trim_ascii().is_empty() {
            match post_of(&bytes) {
                Ok(post) => posts.push(post),
                Err(reason) => refused.push(RefusedLine { line, reason }),
            }
        }
        bytes.clear();
    }
    Ok((posts, refused))
}

/// What we wrote ourselves, from `crates/classify/seed`.
pub fn seed_posts() -> Vec<LabelledPost> {
    let lines = SEED_CORPUS
        .lines()
        .filter_map(|line| post_of(line.as_bytes()).ok());
    lines
        .map(|post| LabelledPost {
            source: SEED_SOURCE.to_owned(),
            ..post
        })
        .collect()
}

fn post_of(bytes: &[u8]) -> Result<LabelledPost, String> {
    if bytes.len() > LINE_BYTES_MAX {
        return Err(format!("the line is over {LINE_BYTES_MAX} bytes"));
    }
    let line: Line = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let Some(label) = Label::parse(&line.label) else {
        let known = Label::ALL.map(Label::as_str).join(", ");
        return Err(format!("unknown label `{}` (known: {known})", line.label));
    };
    if line.text.trim().is_empty() {
        return Err("the text is empty".to_owned());
    }
    Ok(LabelledPost {
        text: line.text,
        label,
        source: line.source.unwrap_or_else(|| UNNAMED_SOURCE.to_owned()),
        lang: line.lang,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_takes_no_other_with_it() {
        let text = "{\"text\":\"late again\",\"label\":\"complaint\",\"source\":\"a_b\"}\n\nnonsense\n\
            {\"text\":\"x\",\"label\":\"rant\"}\n{\"text\":\" \",\"label\":\"lead\"}\n\
            {\"text\":\"how much?\",\"label\":\"lead\",\"trade\":\"shoes\"}";
        let (posts, refused) = read_posts(text.as_bytes()).unwrap();
        let families: Vec<&str> = posts.iter().map(LabelledPost::family).collect();
        assert_eq!(families, ["a", "unnamed"]);
        let lines: Vec<usize> = refused.iter().map(|refused| refused.line).collect();
        assert_eq!(lines, [3, 4, 5]);
    }

    #[test]
    fn every_line_of_the_seed_corpus_is_a_post() {
        let (posts, refused) = read_posts(SEED_CORPUS.as_bytes()).unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        assert_eq!(posts.len(), seed_posts().len());
    }
}
