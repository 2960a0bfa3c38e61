//! The place in a list of tickets, as one opaque word.

use sha2::{Digest, Sha256};
use switchboard_storage::Cursor;

/// Grows when the layout changes, so that an old word is refused and not misread.
const VERSION: &str = "1";

/// Enough to tell one query from another; a cursor opens nothing that the caller does not
/// see anyway.
const FINGERPRINT_BYTES: usize = 8;

/// The word is not the `next` of this query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`cursor` is not the `next` of a list with this sort and these filters: begin without one")]
pub(crate) struct CursorError;

/// URL-safe; good only for the query it is a page of. `query` is any text that is the same
/// for the same sort and filters, and for no others.
pub(crate) fn encode(cursor: &Cursor, query: &str) -> String {
    format!("{VERSION}.{}.{}", fingerprint(query), cursor.encode())
}

/// Reads what [`encode`] wrote for the same query.
pub(crate) fn decode(word: &str, query: &str) -> Result<Cursor, CursorError> {
    let parse = || {
        let (version, rest) = word.split_once('.')?;
        let (print, cursor) = rest.split_once('.')?;
        let fits = version == VERSION && print == fingerprint(query);
        fits.then(|| Cursor::decode(cursor)).flatten()
    };
    parse().ok_or(CursorError)
}

fn fingerprint(query: &str) -> String {
    hex::encode(&Sha256::digest(query.as_bytes())[..FINGERPRINT_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use rstest::rstest;
    use switchboard_domain::ticket::TicketId;

    fn cursor() -> Cursor {
        Cursor::Created {
            created_at: Timestamp::UNIX_EPOCH,
            id: TicketId(42),
        }
    }

    #[test]
    fn is_good_for_its_own_query_only() {
        let word = encode(&cursor(), "sort=created");
        assert!(
            word.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'),
            "{word}"
        );
        assert_eq!(decode(&word, "sort=created"), Ok(cursor()));
        assert_eq!(decode(&word, "sort=deadline"), Err(CursorError));
    }

    #[rstest]
    #[case::empty("")]
    #[case::word("next")]
    #[case::only_dots("..")]
    #[case::not_ascii("ä.ä.ä")]
    fn refuses(#[case] word: &str) {
        assert_eq!(decode(word, "sort=created"), Err(CursorError));
    }

    #[test]
    fn refuses_another_version() {
        let word = encode(&cursor(), "q").replacen('1', "2", 1);
        assert_eq!(decode(&word, "q"), Err(CursorError));
    }
}
