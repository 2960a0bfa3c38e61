//! Which partition a key belongs to, the same behind every backend.

/// Which of `partitions` a key belongs to: 64-bit FNV-1a of its bytes, modulo their number.
/// Never to be changed: a key's records would be torn over two partitions.
pub fn partition_of(key: &str, partitions: u32) -> u32 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = key.bytes().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    u32::try_from(hash % u64::from(partitions.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Pinned for ever: another answer would tear a key's records over two partitions.
    #[rstest]
    #[case::empty("", 4, 1)]
    #[case::one_letter("a", 4, 0)]
    #[case::word("foobar", 7, 6)]
    fn keys_stay_where_they_are(#[case] key: &str, #[case] partitions: u32, #[case] want: u32) {
        assert_eq!(partition_of(key, partitions), want);
    }
}
