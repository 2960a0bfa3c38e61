//! What of a post leaves the house.

use switchboard_domain::personal_data::without_personal_data;

/// Posts are far shorter; of an e-mail the matter stands at the head. Every character is paid
/// for.
const CHARACTERS_MAX: usize = 2_000;

/// How links begin; what they lead to may name a person.
const LINKS: [&str; 3] = ["http://", "https://", "www."];

/// The words without handles, links, e-mail addresses and long numbers, on one line, and their
/// beginning only. A name that is written out stays.
pub(super) fn masked(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(masked_word).collect();
    let shown = without_personal_data(&words.join(" "));
    shown.chars().take(CHARACTERS_MAX).collect()
}

fn masked_word(word: &str) -> String {
    let small = word.to_ascii_lowercase();
    let link = LINKS.iter().filter_map(|link| small.find(link)).min();
    match link.and_then(|start| word.get(..start)) {
        Some(before) => format!("{}[link]", without_handles(before)),
        None => without_handles(word),
    }
}

/// A handle begins where a word begins: within one, `@` belongs to an e-mail address.
fn without_handles(word: &str) -> String {
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    let mut before = None;
    while let Some(letter) = rest.chars().next() {
        let length = if letter == '@' && !before.is_some_and(char::is_alphanumeric) {
            handle_length(rest)
        } else {
            0
        };
        if length > 0 {
            shown.push_str("@someone");
            before = Some('e');
            rest = &rest[length..];
        } else {
            shown.push(letter);
            before = Some(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    shown
}

/// In bytes, without the punctuation behind it; 0 where none begins. `@ann@example.social` is
/// one.
fn handle_length(text: &str) -> usize {
    let is_part =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '@');
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    let name =
        text[..end].trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != '_');
    if name.len() > 1 { name.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("Your  toaster\ncaught fire", "Your toaster caught fire")]
    #[case::handle("@acme_help you lied, @Ann.", "@someone you lied, @someone.")]
    #[case::in_brackets("(@ann!) and .@bob:", "(@someone!) and .@someone:")]
    #[case::fediverse("ask @ann@example.social now", "ask @someone now")]
    #[case::e_mail("jo.doe@mail.example wrote", "[e-mail] wrote")]
    #[case::two("@ann/@bob", "@someone/@someone")]
    #[case::link(
        "see https://x.example/ann/1?t=2 and www.x.example",
        "see [link] and [link]"
    )]
    #[case::hidden_link("(HTTPS://X.example/ann)", "([link]")]
    #[case::number("call +49 170 5550199", "call +[number]")]
    #[case::alone("five @ a euro, mail@", "five @ a euro, mail@")]
    #[case::beside_other_letters("İİhttp://x.example/ann", "İİ[link]")]
    fn what_leaves(#[case] text: &str, #[case] want: &str) {
        assert_eq!(masked(text), want);
    }

    #[test]
    fn a_long_post_is_cut() {
        assert_eq!(masked(&"añb ".repeat(5_000)).chars().count(), 2_000);
    }

    proptest! {
        #[test]
        fn takes_any_text(text in ".{0,200}") {
            let shown = masked(&text);
            prop_assert!(!shown.contains('\n'));
        }

        #[test]
        fn a_handle_never_stays(before in "[a-z !(]{0,9}", name in "[a-z][a-z0-9_]{3,9}", after in "[ .,!)]{0,3}") {
            let shown = masked(&format!("{before} @{name}{after}"));
            let handle = format!("@{name}");
            prop_assert!(name.starts_with("someone") || !shown.contains(&handle), "{}", shown);
        }
    }
}
