//! `switchboard classify`: one JSON object a line in, one verdict a line out.

use crate::Classifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchboard_domain::{Classification, Mention};

/// The platform of a line that names none.
const DEFAULT_PLATFORM: &str = "api";

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

/// Judges one line: a mention as in `POST /api/v1/mentions`, or any object with at least
/// `text` (a labelled post, for one). A field that is no mention's is left aside.
pub fn classify_json(classifier: &Classifier, line: &[u8]) -> Result<ClassifiedLine, LineError> {
    let fields: Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| LineError::NotAnObject(error.to_string()))?;
    let mention = mention_of(fields)?;
    Ok(ClassifiedLine {
        classification: classifier.classify(&mention),
        id: mention.id,
    })
}

fn mention_of(mut fields: Map<String, Value>) -> Result<Mention, LineError> {
    let is_delete = fields.get("op").and_then(Value::as_str) == Some("delete");
    if !is_delete && !fields.get("text").is_some_and(Value::is_string) {
        return Err(LineError::NotAPost("it has no `text`".to_owned()));
    }
    fields
        .entry("id")
        .or_insert_with(|| Value::String(String::new()));
    fields
        .entry("platform")
        .or_insert_with(|| Value::String(DEFAULT_PLATFORM.to_owned()));
    // The contract writes one account as plain text and several as a list.
    if let Some(account @ Value::String(_)) = fields.get_mut("account") {
        *account = Value::Array(vec![account.take()]);
    }
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| LineError::NotAPost(error.to_string()))
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
