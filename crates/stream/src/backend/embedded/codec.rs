//! One row of the log: records to a checked lz4 blob and back.
//!
//! Inside the blob a record is its timestamp (8 bytes, microseconds since 1970), the length
//! of its key and of its payload (4 bytes each), the key, the payload; all little endian.

use crate::log::{LogRecord, NewRecord};
use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Bytes before a record's key.
const RECORD_HEADER_BYTES: usize = 16;
/// 64 bits find any bit that rots; this guards against disks, not against people.
const CHECKSUM_BYTES: usize = 8;

/// The bytes a record takes in a row before compression.
pub(super) fn record_bytes(record: &NewRecord) -> usize {
    RECORD_HEADER_BYTES + record.key.len() + record.payload.len()
}

pub(super) fn put_record(buffer: &mut Vec<u8>, record: &NewRecord) {
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    buffer.extend_from_slice(&record.timestamp.as_microsecond().to_le_bytes());
    buffer.extend_from_slice(&length(record.key.len()));
    buffer.extend_from_slice(&length(record.payload.len()));
    buffer.extend_from_slice(record.key.as_bytes());
    buffer.extend_from_slice(&record.payload);
}

pub(super) fn compress(records: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(records)
}

pub(super) fn digest(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// Over the data and over where it stands, so that a row that moved is noticed too.
pub(super) fn checksum(
    data_digest: &[u8; 32],
    partition_id: i64,
    base_offset: u64,
    record_count: u32,
) -> Vec<u8> {
    let mut sum = Sha256::new()
        .chain_update(data_digest)
        .chain_update(partition_id.to_le_bytes())
        .chain_update(base_offset.to_le_bytes())
        .chain_update(record_count.to_le_bytes())
        .finalize()
        .to_vec();
    sum.truncate(CHECKSUM_BYTES);
    sum
}

/// A row as it was read.
pub(super) struct StoredRow {
    pub(super) partition_id: i64,
    pub(super) base_offset: u64,
    pub(super) record_count: u32,
    pub(super) checksum: Vec<u8>,
    pub(super) data: Vec<u8>,
}

impl StoredRow {
    /// The records, or what is wrong with the row.
    pub(super) fn decode(&self) -> Result<Vec<LogRecord>, &'static str> {
        let expected = checksum(
            &digest(&self.data),
            self.partition_id,
            self.base_offset,
            self.record_count,
        );
        if self.checksum != expected {
            return Err("its checksum does not match");
        }
        let plain = lz4_flex::block::decompress_size_prepended(&self.data)
            .map_err(|_| "it does not decompress")?;
        let mut rest = Bytes::from(plain);
        let mut records = Vec::with_capacity(self.record_count as usize);
        for index in 0..self.record_count {
            let offset = self.base_offset + u64::from(index);
            records.push(take_record(&mut rest, offset).ok_or("a record in it is cut short")?);
        }
        Ok(records)
    }
}

fn take_record(rest: &mut Bytes, offset: u64) -> Option<LogRecord> {
    let header = rest.get(..RECORD_HEADER_BYTES)?;
    let timestamp = i64::from_le_bytes(header[..8].try_into().ok()?);
    let key_bytes = u32::from_le_bytes(header[8..12].try_into().ok()?) as usize;
    let payload_bytes = u32::from_le_bytes(header[12..].try_into().ok()?) as usize;
    if rest.len() < RECORD_HEADER_BYTES + key_bytes + payload_bytes {
        return None;
    }
    let _ = rest.split_to(RECORD_HEADER_BYTES);
    let key = rest.split_to(key_bytes);
    Some(LogRecord {
        offset,
        key: std::str::from_utf8(&key).ok()?.to_owned(),
        payload: rest.split_to(payload_bytes),
        timestamp: Timestamp::from_microsecond(timestamp).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(records: &[(String, Vec<u8>)]) -> StoredRow {
        let mut plain = Vec::new();
        for (key, payload) in records {
            put_record(
                &mut plain,
                &NewRecord {
                    topic: crate::topic::MENTION_RECEIVED,
                    key: key.clone(),
                    payload: Bytes::from(payload.clone()),
                    timestamp: Timestamp::from_microsecond(-5).unwrap(),
                },
            );
        }
        let data = compress(&plain);
        let record_count = u32::try_from(records.len()).unwrap();
        let checksum = checksum(&digest(&data), 3, 40, record_count);
        StoredRow {
            partition_id: 3,
            base_offset: 40,
            record_count,
            checksum,
            data,
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(records: Vec<(String, Vec<u8>)>) {
            let decoded = row(&records).decode().unwrap();
            let got: Vec<_> = decoded.iter().map(|r| (r.key.clone(), r.payload.to_vec())).collect();
            prop_assert_eq!(got, records);
            prop_assert!(decoded.iter().enumerate().all(|(i, r)| r.offset == 40 + i as u64));
        }

        #[test]
        fn a_changed_bit_is_noticed(byte: prop::sample::Index, bit in 0..8_u8) {
            let mut row = row(&[("key".into(), b"payload".to_vec())]);
            let at = byte.index(row.data.len());
            row.data[at] ^= 1 << bit;
            prop_assert!(row.decode().is_err());
        }
    }
}
