//! The text of a server-sent event (HTML Living Standard, "Server-sent events").

use serde::Serialize;

/// What a client waits before it connects again: short enough for a restart, long enough
/// that a thousand pages do not hammer one that cannot come up.
const RETRY_MILLISECONDS: u32 = 2_000;

/// The first words of a stream, with the number it starts from.
pub(crate) fn hello(number: u64) -> String {
    format!("retry: {RETRY_MILLISECONDS}\nid: {number}\n\n")
}

/// The last words of a stream that may be opened again.
pub(crate) fn goodbye() -> String {
    format!("retry: {RETRY_MILLISECONDS}\n\n")
}

/// Keeps proxies from closing a quiet stream. The number moves on without an event, so that
/// a page that heard of nothing for an hour resumes from now.
pub(crate) fn heartbeat(number: u64) -> String {
    format!(": still here\nid: {number}\n\n")
}

/// An event; `id` where it moves the number.
pub(crate) fn event<T: Serialize>(name: &str, id: Option<u64>, data: &T) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    // JSON of ours has no line breaks outside strings, and none unescaped inside.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_block_whatever_it_holds() {
        let text = event("changes", Some(7), &"a\nb\r\n\nevent: x");
        assert_eq!(
            text,
            "id: 7\nevent: changes\ndata: \"a\\nb\\r\\n\\nevent: x\"\n\n"
        );
        assert_eq!(event("queues", None, &1), "event: queues\ndata: 1\n\n");
    }

    #[test]
    fn words_without_an_event() {
        assert_eq!(hello(3), "retry: 2000\nid: 3\n\n");
        assert_eq!(heartbeat(4), ": still here\nid: 4\n\n");
    }
}
