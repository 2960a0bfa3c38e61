//! What people see: data on stdout, everything else on stderr.

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::Value;
use std::io::{IsTerminal, Write};

/// Prints a line of data. A reader that went away (`| head`) is no failure of ours.
pub(crate) fn line(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _reader_left = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Prints a remark.
pub(crate) fn note(text: &str) {
    let _reader_left = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints what went wrong.
pub(crate) fn error(text: &str) {
    note(&format!("switchboard: {text}"));
}

/// An instant as the API tells it, to the second.
pub(crate) fn instant(value: &Value) -> String {
    let text = value.as_str().unwrap_or("-");
    match text.parse::<Timestamp>() {
        Ok(instant) => format!("{instant:.0}"),
        Err(_) => text.to_owned(),
    }
}

/// Whether a person is looking at the remarks.
pub(crate) fn is_interactive() -> bool {
    std::io::stderr().is_terminal()
}

/// A bar for a person who waits, and nothing for a program.
pub(crate) fn progress_bar() -> ProgressBar {
    if !is_interactive() {
        return ProgressBar::hidden();
    }
    let template = "{bar:40} {percent}% {msg} {eta} left";
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Post text for a terminal: control and direction characters are shown, not obeyed.
pub(crate) fn harmless(text: &str, characters_max: usize) -> String {
    let shown = text.chars().map(|character| {
        if is_unsafe(character) {
            '·'
        } else {
            character
        }
    });
    let mut line: String = shown.take(characters_max).collect();
    if text.chars().count() > characters_max {
        line.push('…');
    }
    line
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("hello", "hello")]
    #[case::escape_sequence("a\u{1b}[31mred", "a·[31mred")]
    #[case::line_break("a\nb", "a·b")]
    #[case::right_to_left_override("a\u{202e}b", "a·b")]
    #[case::long("abcdefghijkl", "abcdefghij…")]
    fn hostile_text_is_shown_not_obeyed(#[case] text: &str, #[case] want: &str) {
        assert_eq!(harmless(text, 10), want);
    }
}
