//! Secrets are referred to, never written; and never printed.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use rstest::rstest;
use switchboard_config::{Document, SecretError, SecretReference};

#[rstest]
#[case::variable("env:API_TOKEN", SecretReference::Environment("API_TOKEN".to_owned()))]
#[case::file("file:/run/token", SecretReference::File(PathBuf::from("/run/token")))]
fn a_reference_is_read(#[case] text: &str, #[case] want: SecretReference) {
    let text = format!("token = '{text}'");
    let environment = BTreeMap::new();
    let document = Document::parse("app.toml", &text, &environment, &[]);
    let found = document.read(|root| root.secret("token")).unwrap();
    assert_eq!(found.value, want);
    assert_eq!(format!("token = '{}'", found.value), text);
}

#[rstest]
#[case::literal("'hunter2'")]
#[case::with_a_colon("'hunter2:x'")]
#[case::nothing_named("'env:'")]
#[case::number("31337")]
fn a_literal_is_refused_and_not_repeated(#[case] value: &str) {
    let text = format!("token = {value}");
    let environment = BTreeMap::new();
    let document = Document::parse("app.toml", &text, &environment, &[]);
    assert_eq!(document.read(|root| root.secret("token")), None);
    let lines: Vec<String> = document
        .into_problems()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        lines,
        [
            "app.toml:1:9: `token`: a secret does not stand in the configuration; \
          write `env:NAME` or `file:/path`"
        ]
    );
}

#[rstest]
#[case::as_it_is("s3cret", "s3cret")]
#[case::without_the_end_of_line("s3cret\r\n", "s3cret")]
#[case::inner_newlines_stay("a\nb\n", "a\nb")]
fn a_secret_is_fetched(#[case] kept: &str, #[case] want: &str) {
    let environment = BTreeMap::from([("TOKEN".to_owned(), kept.to_owned())]);
    let variable = SecretReference::Environment("TOKEN".to_owned());
    let no_files = |_: &std::path::Path| Err(io::Error::other("no files here"));
    assert_eq!(
        variable.resolve(&environment, no_files).unwrap().expose(),
        want
    );

    let file = SecretReference::File(PathBuf::from("/run/token"));
    let secret = file
        .resolve(&BTreeMap::new(), |_| Ok(kept.to_owned()))
        .unwrap();
    assert_eq!(secret.expose(), want);
    assert_eq!(format!("{secret:?}"), "[REDACTED]");
}

#[test]
fn an_absent_secret_says_where_it_was_sought() {
    let none = BTreeMap::new();
    let variable = SecretReference::Environment("TOKEN".to_owned());
    let error = variable.resolve(&none, |_| Ok(String::new())).unwrap_err();
    assert!(
        matches!(error, SecretError::NotSet(ref name) if name == "TOKEN"),
        "{error}"
    );

    let file = SecretReference::File(PathBuf::from("/run/token"));
    let denied = |_: &std::path::Path| Err(io::Error::from(io::ErrorKind::PermissionDenied));
    let error = file.resolve(&none, denied).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the secret in `/run/token`: "),
        "{error}"
    );

    let error = file.resolve(&none, |_| Ok("\n".to_owned())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the secret in `file:/run/token` is empty"
    );
}
