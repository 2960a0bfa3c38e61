//! `switchboard classify`: one JSON object a line in, one verdict a line out.

use crate::Classifier;
use crate::post::Post;
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use std::borrow::Cow;
use switchboard_domain::Classification;

/// The verdict on one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifiedLine {
    /// The line's own `id`; empty when it had none.
    pub id: String,
    /// The verdict.
    #[serde(flatten)]
    pub classification: Classification,
}

/// Why a line has no verdict. The lines around it are not concerned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not a JSON object at all.
    #[error("not a JSON object: {0}")]
    NotAnObject(String),
    /// An object, but not a post.
    #[error("not a post: {0}")]
    NotAPost(String),
}

/// The fields of a line that a verdict depends on; all others are left aside unread.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    op: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    /// Only looked at: a line that gives it wrongly is no post.
    #[serde(borrow, default, rename = "platform")]
    _platform: Cow<'a, str>,
    #[serde(borrow)]
    lang: Option<Text<'a>>,
    rating: Option<f64>,
    author: Option<LineAuthor>,
}

/// Borrowed from the line where nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct LineAuthor {
    followers: Option<u64>,
    verified: Option<bool>,
}

/// Judges one line: a mention as in `POST /api/v1/mentions`, or any object with at least
/// `text` (a labelled post, for one). A field that a verdict does not depend on is left aside.
pub fn classify_json(classifier: &Classifier, line: &[u8]) -> Result<ClassifiedLine, LineError> {
    let line = read(line)?;
    Ok(ClassifiedLine {
        classification: classifier.judge(&post_of(&line)?).into(),
        id: line.id.into_owned(),
    })
}

/// The same, written as one JSON line at the end of `output`. On an error nothing is written.
pub fn classify_into(
    classifier: &Classifier,
    line: &[u8],
    output: &mut Vec<u8>,
) -> Result<(), LineError> {
    let line = read(line)?;
    let told = Verdict {
        id: Some(&line.id),
        ..classifier.judge(&post_of(&line)?)
    };
    let start = output.len();
    if let Err(error) = serde_json::to_writer(&mut *output, &told) {
        output.truncate(start);
        return Err(LineError::NotAPost(error.to_string()));
    }
    output.push(b'\n');
    Ok(())
}

fn read(line: &[u8]) -> Result<Line<'_>, LineError> {
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err(LineError::NotAnObject("it begins with no `{`".to_owned()));
    }
    serde_json::from_slice(line).map_err(|error| match error.classify() {
        Category::Data => LineError::NotAPost(error.to_string()),
        _ => LineError::NotAnObject(error.to_string()),
    })
}

fn post_of<'a>(line: &'a Line<'_>) -> Result<Post<'a>, LineError> {
    let text = match &line.text {
        Some(text) => text.0.as_ref(),
        None if line.op == "delete" => "",
        None => return Err(LineError::NotAPost("it has no `text`".to_owned())),
    };
    let author = line.author.as_ref();
    Ok(Post {
        text,
        lang: line.lang.as_ref().map(|lang| lang.0.as_ref()),
        rating: line.rating,
        followers: author.and_then(|author| author.followers),
        verified: author.and_then(|author| author.verified).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoModel, RuleSet};
    use rstest::rstest;

    fn classifier() -> Classifier {
        Classifier::new(RuleSet::shipped().unwrap(), Box::new(NoModel))
    }

    #[rstest]
    #[case::mention(
        r#"{"id":"7","text":"my parcel never arrived","account":"acme"}"#,
        "7",
        "complaint"
    )]
    #[case::labelled_post(
        r#"{"id":"a:1","text":"how much is it?","label":"lead","source":"s","lang":"en"}"#,
        "a:1",
        "lead"
    )]
    #[case::no_id(r#"{"text":"what a lovely evening"}"#, "", "general")]
    #[case::deletion(r#"{"op":"delete","id":"9"}"#, "9", "general")]
    fn a_post_gets_a_verdict(#[case] line: &str, #[case] id: &str, #[case] label: &str) {
        let verdict = classify_json(&classifier(), line.as_bytes()).unwrap();
        assert_eq!(
            (verdict.id.as_str(), verdict.classification.label.as_str()),
            (id, label)
        );
    }

    #[rstest]
    #[case::cut_off(b"{\"text\":")]
    #[case::a_list(b"[1]")]
    #[case::no_text(b"{\"id\":\"1\"}")]
    #[case::text_is_a_number(b"{\"text\":1}")]
    #[case::not_utf8(b"{\"text\":\"\xff\"}")]
    fn anything_else_is_an_error(#[case] line: &[u8]) {
        assert!(classify_json(&classifier(), line).is_err());
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        let line = format!("{{\"text\":\"x\",\"deep\":{}", "[".repeat(100_000));
        assert!(classify_json(&classifier(), line.as_bytes()).is_err());
    }
}
