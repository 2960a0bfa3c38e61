//! What of a text is left out before people beyond the inbox, or machines beyond the house,
//! see it.

/// Digits in one number from which on it may be a telephone's, a card's or an account's.
const DIGITS_MIN: usize = 7;

/// The text on one line, without e-mail addresses and long numbers. Names of people stay: no
/// list knows them all.
pub fn without_personal_data(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let shown = without_numbers(&words.join(" "));
    let addresses = shown.split(' ').map(without_address);
    addresses.collect::<Vec<_>>().join(" ")
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
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("The handle\n broke   off", "The handle broke off")]
    #[case::telephone("call +49 (170) 555-0199 now", "call +[number] now")]
    #[case::card("4111 1111 1111 1111.", "[number].")]
    #[case::flight("flight 1289 at 18:40, gate 7", "flight 1289 at 18:40, gate 7")]
    #[case::e_mail("write jo.doe@mail.example, please", "write [e-mail] please")]
    #[case::handle("ask @acme.help", "ask @acme.help")]
    fn what_is_shown(#[case] text: &str, #[case] want: &str) {
        assert_eq!(without_personal_data(text), want);
    }

    proptest! {
        #[test]
        fn what_is_shown_stays_as_it_is(text in ".{0,80}") {
            let shown = without_personal_data(&text);
            prop_assert_eq!(without_personal_data(&shown), shown.clone());
        }
    }
}
