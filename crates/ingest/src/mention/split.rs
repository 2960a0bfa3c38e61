//! Cuts a body into items without understanding them.
//!
//! Only strings and brackets are followed, byte by byte, so that whatever is wrong inside an
//! item (bytes that are no UTF-8, half an escape, a thousand levels) stays that item's error.
//! A body whose brackets do not close cannot be cut: it was cut short on the way, and nothing
//! of it is taken.

use super::error::BodyError;

/// The bytes of one item, and how deep its brackets nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) depth: usize,
}

/// An object, or an array of items.
pub(super) fn split_json(body: &[u8], limit: usize) -> Result<Vec<Item<'_>>, BodyError> {
    let body = without_byte_order_mark(body).trim_ascii();
    match body.first() {
        Some(b'[') => split_array(body, limit),
        Some(b'{') => split_object(body),
        Some(_) => Err(refused(
            "the body is neither an object nor an array of mentions",
        )),
        None => Err(refused(
            "the body is empty; send a mention or an array of mentions",
        )),
    }
}

/// One item a line; blank lines are skipped, and carriage returns are blank.
pub(super) fn split_lines(body: &[u8], limit: usize) -> Result<Vec<Item<'_>>, BodyError> {
    let mut items = Vec::new();
    for line in without_byte_order_mark(body).split(|&byte| byte == b'\n') {
        let bytes = line.trim_ascii();
        if !bytes.is_empty() {
            push(
                &mut items,
                Item {
                    bytes,
                    depth: depth_of(bytes),
                },
                limit,
            )?;
        }
    }
    Ok(items)
}

/// How deep the brackets outside of strings nest.
pub(super) fn depth_of(bytes: &[u8]) -> usize {
    let mut scanner = Scanner::default();
    for &byte in bytes {
        scanner.step(byte);
    }
    scanner.deepest
}

fn split_object(body: &[u8]) -> Result<Vec<Item<'_>>, BodyError> {
    let mut scanner = Scanner::default();
    for (position, &byte) in body.iter().enumerate() {
        scanner.step(byte);
        if scanner.depth == 0 {
            let (bytes, rest) = body.split_at(position + 1);
            refuse_trailing(rest)?;
            return Ok(vec![Item {
                bytes,
                depth: scanner.deepest,
            }]);
        }
    }
    Err(cut_short(body))
}

fn split_array(body: &[u8], limit: usize) -> Result<Vec<Item<'_>>, BodyError> {
    let mut items = Vec::new();
    let mut scanner = Scanner::default();
    let mut start = 1;
    for (position, &byte) in body.iter().enumerate().skip(1) {
        let between_items = scanner.depth == 0 && !scanner.in_string;
        if between_items && (byte == b',' || byte == b']') {
            let bytes = body[start..position].trim_ascii();
            let empty_array = byte == b']' && items.is_empty() && bytes.is_empty();
            if !empty_array {
                push(
                    &mut items,
                    Item {
                        bytes,
                        depth: scanner.deepest,
                    },
                    limit,
                )?;
            }
            if byte == b']' {
                refuse_trailing(&body[position + 1..])?;
                return Ok(items);
            }
            start = position + 1;
            scanner = Scanner::default();
        } else {
            scanner.step(byte);
        }
    }
    Err(cut_short(body))
}

fn push<'a>(items: &mut Vec<Item<'a>>, item: Item<'a>, limit: usize) -> Result<(), BodyError> {
    if items.len() == limit {
        return Err(BodyError::TooManyItems { limit });
    }
    items.push(item);
    Ok(())
}

/// Follows strings and brackets. A closing bracket too many counts as nothing: the item it
/// stands in is refused later, by a reader that can say why.
#[derive(Default)]
struct Scanner {
    depth: usize,
    deepest: usize,
    in_string: bool,
    escaped: bool,
}

impl Scanner {
    const fn step(&mut self, byte: u8) {
        if self.in_string {
            self.step_in_string(byte);
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth > self.deepest {
                    self.deepest = self.depth;
                }
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    const fn step_in_string(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
        }
    }
}

fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn refuse_trailing(rest: &[u8]) -> Result<(), BodyError> {
    if rest.trim_ascii().is_empty() {
        Ok(())
    } else {
        Err(refused(
            "something follows the end of the JSON; to send one mention a line, set the \
             content type to `application/x-ndjson`",
        ))
    }
}

fn cut_short(body: &[u8]) -> BodyError {
    BodyError::NotMentions(format!(
        "the JSON has not ended after {} bytes; it was cut short, or a bracket or quote is missing",
        body.len()
    ))
}

fn refused(reason: &str) -> BodyError {
    BodyError::NotMentions(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn texts(items: Result<Vec<Item<'_>>, BodyError>) -> Result<Vec<String>, BodyError> {
        Ok(items?
            .iter()
            .map(|item| String::from_utf8_lossy(item.bytes).into_owned())
            .collect())
    }

    #[rstest]
    #[case::empty_array("[]", &[])]
    #[case::empty_array_with_space(" [ \n ] ", &[])]
    #[case::one_object(" {\"a\":[1,2]} ", &["{\"a\":[1,2]}"])]
    #[case::two("[{\"a\":1} , {\"b\":2}]", &["{\"a\":1}", "{\"b\":2}"])]
    #[case::comma_in_a_string("[\"a,b\",1]", &["\"a,b\"", "1"])]
    #[case::quote_in_a_string(r#"["a\",b",1]"#, &[r#""a\",b""#, "1"])]
    #[case::escaped_backslash(r#"["a\\",1]"#, &[r#""a\\""#, "1"])]
    #[case::bracket_in_a_string("[\"]\",\"}\"]", &["\"]\"", "\"}\""])]
    #[case::nothing_between_commas("[1,,2]", &["1", "", "2"])]
    #[case::comma_at_the_end("[1,]", &["1", ""])]
    #[case::closed_once_too_often("[{\"a\":1]},2]", &["{\"a\":1]}", "2"])]
    #[case::byte_order_mark("\u{feff}[1]", &["1"])]
    fn cuts_json(#[case] body: &str, #[case] want: &[&str]) {
        assert_eq!(texts(split_json(body.as_bytes(), 9)).unwrap(), want);
    }

    #[rstest]
    #[case::empty("")]
    #[case::blank(" \n ")]
    #[case::a_text("\"hello\"")]
    #[case::a_number("12")]
    #[case::html("<html></html>")]
    #[case::unterminated_array("[{\"a\":1},")]
    #[case::unterminated_object("{\"a\":")]
    #[case::unterminated_string("[\"a]")]
    #[case::two_objects("{\"a\":1}\n{\"a\":2}")]
    #[case::text_after_the_array("[1] 2")]
    fn refuses_the_whole(#[case] body: &str) {
        assert!(matches!(
            split_json(body.as_bytes(), 9),
            Err(BodyError::NotMentions(_))
        ));
    }

    #[rstest]
    #[case::nothing("", &[])]
    #[case::blank_lines_and_returns("\r\n{\"a\":1}\r\n\n  \n{\"b\":2}", &["{\"a\":1}", "{\"b\":2}"])]
    #[case::byte_order_mark("\u{feff}1\n2\n", &["1", "2"])]
    #[case::open_string_ends_with_its_line("\"a\n2", &["\"a", "2"])]
    fn cuts_lines(#[case] body: &str, #[case] want: &[&str]) {
        assert_eq!(texts(split_lines(body.as_bytes(), 9)).unwrap(), want);
    }

    #[test]
    fn counts_no_further_than_the_limit() {
        let too_many = Err(BodyError::TooManyItems { limit: 2 });
        assert_eq!(split_json(b"[1,2]", 2).unwrap().len(), 2);
        assert_eq!(split_json(b"[1,2,3]", 2), too_many);
        assert_eq!(split_lines(b"1\n2\n3", 2), too_many);
    }

    #[test]
    fn depth_is_the_deepest_of_the_item_alone() {
        let items = split_json(br#"[[[1]],{"a":"[[[["}]"#, 9).unwrap();
        assert_eq!(
            items.iter().map(|item| item.depth).collect::<Vec<_>>(),
            [2, 1]
        );
    }
}
