//! Whether a network's file is whole, told from its outermost frame. Asked before the library
//! reads it, which goes round in circles where a length is beyond all bounds (rten-onnx 0.27).

/// The number of the field that holds the network itself.
const GRAPH: u64 = 7;

/// Bits of a number that one byte carries, and bytes that a number of 64 bits takes at most.
const BITS: u32 = 7;
const NUMBER_BYTES_MAX: usize = 10;

/// Whether the bytes are fields one after another up to the very end, a network among them.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut has_graph = false;
    while !rest.is_empty() {
        let Some((field, after)) = field(rest) else {
            return false;
        };
        has_graph |= field == GRAPH;
        rest = after;
    }
    has_graph
}

/// The number of the first field, and what follows that field.
fn field(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (tag, rest) = number(bytes)?;
    let after = match tag & 7 {
        0 => number(rest)?.1,
        1 => rest.get(8..)?,
        2 => {
            let (length, rest) = number(rest)?;
            rest.get(usize::try_from(length).ok()?..)?
        }
        5 => rest.get(4..)?,
        _ => return None,
    };
    Some((tag >> 3, after))
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, &byte) in bytes.iter().take(NUMBER_BYTES_MAX).enumerate() {
        let shift = BITS.checked_mul(u32::try_from(at).ok()?)?;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}
