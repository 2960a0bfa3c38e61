//! A few words of a post, for a channel that more people read than the inbox.

use switchboard_domain::personal_data::without_personal_data;

/// A message is a knock on the door; the whole post is on the incident's page.
const EXCERPT_CHARS_MAX: usize = 280;

/// The beginning of `text` on one line, without addresses and long numbers.
pub(super) fn excerpt(text: &str) -> String {
    cut(&without_personal_data(text), EXCERPT_CHARS_MAX)
}

/// At most so many characters, the last an ellipsis where something was cut.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_number_are_not_shown() {
        let text = "call +49 (170) 555-0199\nor write jo.doe@mail.example";
        assert_eq!(excerpt(text), "call +[number] or write [e-mail]");
    }

    #[test]
    fn a_long_post_is_cut() {
        let shown = excerpt(&"añb ".repeat(200));
        assert_eq!(shown.chars().count(), 280);
        assert!(shown.ends_with('…'));
    }
}
