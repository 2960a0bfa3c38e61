//! Handles and links: where one ends, and whose a handle may be.

/// What accounts of a customer service have in their names.
const SERVICE_NAMES: [&[u8]; 16] = [
    b"ask",
    b"assist",
    b"atencion",
    b"atendimento",
    b"ayuda",
    b"aide",
    b"care",
    b"client",
    b"customer",
    b"help",
    b"hilfe",
    b"kunden",
    b"service",
    b"soporte",
    b"support",
    b"team",
];

/// The first letters of those, one bit each.
const SERVICE_LETTERS: u32 = {
    let mut letters = 0;
    let mut at = 0;
    while at < SERVICE_NAMES.len() {
        letters |= letter_bit(SERVICE_NAMES[at][0]);
        at += 1;
    }
    letters
};

/// How many bytes at the start are a handle: `@name`, also `@name@host.example`; 0 if none.
pub(super) fn handle_width(bytes: &[u8]) -> usize {
    let mut width = 1;
    while let Some(&byte) = bytes.get(width) {
        let joins = matches!(byte, b'@' | b'.' | b'-')
            && bytes.get(width + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !(byte.is_ascii_alphanumeric() || byte == b'_' || (joins && width > 1)) {
            break;
        }
        width += 1;
    }
    if width > 1 { width } else { 0 }
}

/// Whether an account of that name, in small letters, belongs to a customer service.
pub(super) fn names_a_service(handle: &[u8]) -> bool {
    handle.iter().enumerate().any(|(at, &byte)| {
        letter_bit(byte) & SERVICE_LETTERS != 0
            && handle
                .get(at..)
                .is_some_and(|rest| SERVICE_NAMES.iter().any(|name| rest.starts_with(name)))
    })
}

/// How many bytes at the start are a link, up to the next white space; 0 if none.
pub(super) fn link_width(bytes: &[u8]) -> usize {
    let starts = ["http://", "https://", "www."].iter().any(|prefix| {
        bytes
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    });
    if !starts {
        return 0;
    }
    bytes
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(bytes.len())
}

/// The bit of a small letter; none for other bytes.
const fn letter_bit(byte: u8) -> u32 {
    if byte.is_ascii_lowercase() {
        1 << (byte - b'a')
    } else {
        0
    }
}
