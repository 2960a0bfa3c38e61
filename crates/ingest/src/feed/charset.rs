//! Bytes to text. A mark at the beginning decides, then the bytes themselves, then what the
//! document says of itself, then the server: labels are wrong more often than bytes.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Never fails: what no encoding explains becomes U+FFFD.
pub(super) fn decode(bytes: &[u8], declared_by_server: Option<&str>) -> String {
    if let Some(text) = decode_utf32(bytes) {
        return text;
    }
    if let Some((encoding, mark_bytes)) = Encoding::for_bom(bytes) {
        return with(encoding, &bytes[mark_bytes..]);
    }
    match bytes {
        [b'<', 0, ..] => return with(UTF_16LE, bytes),
        [0, b'<', ..] => return with(UTF_16BE, bytes),
        _ => {}
    }
    let label = declared(bytes).and_then(Encoding::for_label);
    let label = label.or_else(|| Encoding::for_label(declared_by_server?.as_bytes()));
    // A document in single bytes does not become UTF-16 by saying so.
    let label = label.filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE);
    if bytes.is_ascii() {
        return with(label.unwrap_or(UTF_8), bytes);
    }
    match (std::str::from_utf8(bytes), label) {
        (Ok(text), _) => text.to_owned(),
        (Err(_), Some(encoding)) if encoding != UTF_8 => with(encoding, bytes),
        (Err(error), _) => {
            // One cut character in a long UTF-8 text, or a text in windows-1252.
            let is_mostly_utf8 =
                error.valid_up_to() * 2 > bytes.len() && !bytes[..error.valid_up_to()].is_ascii();
            with(if is_mostly_utf8 { UTF_8 } else { WINDOWS_1252 }, bytes)
        }
    }
}

fn with(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// The `encoding` of the XML declaration.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    /// A declaration is shorter by far.
    const DECLARATION_BYTES_MAX: usize = 256;
    let start = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    let start = start.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = start.iter().position(|byte| *byte == b'>')?;
    let declaration = &start[..end];
    let at = declaration
        .windows(8)
        .position(|window| window == b"encoding")?;
    let rest = declaration[at + 8..]
        .trim_ascii_start()
        .strip_prefix(b"=")?
        .trim_ascii_start();
    let quote = *rest.first()?;
    let value = &rest[1..];
    let end = value.iter().position(|byte| *byte == quote)?;
    Some(&value[..end])
}

/// Not in the encodings of the web, and in feeds of old tools.
fn decode_utf32(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 4]) -> u32 = match bytes {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<', ..] => u32::from_be_bytes,
        [0xff, 0xfe, 0, 0, ..] | [b'<', 0, 0, 0, ..] => u32::from_le_bytes,
        _ => return None,
    };
    let (characters, _rest) = bytes.as_chunks::<4>();
    let text: String = characters
        .iter()
        .map(|character| char::from_u32(read(*character)).unwrap_or('\u{fffd}'))
        .collect();
    Some(text.trim_start_matches('\u{feff}').to_owned())
}
