//! A few words of a post, for a channel that more people read than the inbox.

/// A message is a knock on the door; the whole post is on the incident's page.
const EXCERPT_CHARS_MAX: usize = 280;

/// Digits in one number from which on it may be a telephone's, a card's or an account's.
const DIGITS_MIN: usize = 7;

/// The beginning of `text` on one line, without addresses and long numbers.
pub(super) fn excerpt(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut shown = without_numbers(&words.join(" "));
    let addresses = shown.split(' ').map(without_address);
    shown = addresses.collect::<Vec<_>>().join(" ");
    cut(&shown, EXCERPT_CHARS_MAX)
}

/// At most so many characters, the last an ellipsis where something was cut.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn without_address(word: &str) -> &str {
    let is_address = word
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if is_address { "[e-mail]" } else { word }
}

/// Digits with blanks, hyphens, points, strokes and brackets between them are one number.
fn without_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut number = String::new();
    for letter in text.chars() {
        let within = !number.is_empty() && matches!(letter, ' ' | '-' | '.' | '/' | '(' | ')');
        if letter.is_ascii_digit() || within {
            number.push(letter);
        } else {
            flush(&mut number, &mut shown);
            shown.push(letter);
        }
    }
    flush(&mut number, &mut shown);
    shown
}

fn flush(number: &mut String, shown: &mut String) {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    if digits < DIGITS_MIN {
        shown.push_str(number);
    } else {
        shown.push_str("[number]");
        let end = number.trim_end_matches(|letter: char| !letter.is_ascii_digit());
        shown.push_str(&number[end.len()..]);
    }
    number.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("The handle\n broke   off", "The handle broke off")]
    #[case::telephone("call +49 (170) 555-0199 now", "call +[number] now")]
    #[case::card("4111 1111 1111 1111.", "[number].")]
    #[case::flight("flight 1289 at 18:40, gate 7", "flight 1289 at 18:40, gate 7")]
    #[case::e_mail("write jo.doe@mail.example, please", "write [e-mail] please")]
    #[case::handle("ask @acme.help", "ask @acme.help")]
    fn what_is_shown(#[case] text: &str, #[case] want: &str) {
        assert_eq!(excerpt(text), want);
    }

    #[test]
    fn a_long_post_is_cut() {
        let shown = excerpt(&"añb ".repeat(200));
        assert_eq!(shown.chars().count(), 280);
        assert!(shown.ends_with('…'));
    }
}
