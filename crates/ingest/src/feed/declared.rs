//! Entities that a document declares itself: `<!ENTITY name "value">`. Values are plain words;
//! one that holds an entity again is left as it stands, so that nothing multiplies.

use std::borrow::Cow;

/// Declarations read: real feeds that declare any declare one or two.
const DECLARED_MAX: usize = 32;

/// Bytes of a value.
const VALUE_BYTES_MAX: usize = 256;

/// Bytes that all expansions of one document may add.
const ADDED_BYTES_MAX: usize = 256 * 1024;

pub(super) struct Declared {
    /// `&name;` and what it stands for.
    values: Vec<(String, String)>,
    added: usize,
}

impl Declared {
    pub(super) fn of(document: &str) -> Self {
        let declarations = document.split("<!ENTITY").skip(1).take(DECLARED_MAX);
        Self {
            values: declarations.filter_map(read).collect(),
            added: 0,
        }
    }

    /// The text with its declared entities replaced; the others still stand.
    pub(super) fn expand<'text>(&mut self, text: &'text str) -> Cow<'text, str> {
        let mut expanded = Cow::Borrowed(text);
        for (entity, value) in &self.values {
            if self.added < ADDED_BYTES_MAX && expanded.contains(entity.as_str()) {
                let replaced = expanded.replace(entity.as_str(), value);
                self.added += replaced.len().saturating_sub(text.len());
                expanded = Cow::Owned(replaced);
            }
        }
        expanded
    }
}

/// What follows `<!ENTITY`: a name and a quoted value.
fn read(declaration: &str) -> Option<(String, String)> {
    let (name, rest) = declaration.trim_start().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let quote = rest
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))?;
    let (value, _) = rest[1..].split_once(quote)?;
    let is_name = name
        .chars()
        .all(|one| one.is_alphanumeric() || "._-".contains(one));
    let is_plain = value.len() <= VALUE_BYTES_MAX && !value.contains(['&', '<']);
    (is_name && is_plain).then(|| (format!("&{name};"), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::declared("<!DOCTYPE rss [<!ENTITY acme 'Acme Air'>]>", "Acme Air &amp; we")]
    #[case::nested("<!DOCTYPE rss [<!ENTITY acme '&a;&a;'>]>", "&acme; &amp; we")]
    #[case::outside("<!ENTITY acme SYSTEM 'file:///etc/passwd'>", "&acme; &amp; we")]
    #[case::cut_off("<!ENTITY acme 'Acme", "&acme; &amp; we")]
    fn what_a_document_declares(#[case] document: &str, #[case] want: &str) {
        assert_eq!(Declared::of(document).expand("&acme; &amp; we"), want);
    }

    #[test]
    fn expansions_end_somewhere() {
        let value = "a".repeat(VALUE_BYTES_MAX);
        let mut declared = Declared::of(&format!("<!ENTITY a '{value}'>"));
        let text = "&a;".repeat(1000);
        let bytes: usize = (0..100).map(|_| declared.expand(&text).len()).sum();
        assert!(bytes < 2 * ADDED_BYTES_MAX + 100 * text.len(), "{bytes}");
    }
}
