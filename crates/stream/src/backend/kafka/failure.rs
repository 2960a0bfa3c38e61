//! librdkafka's errors in the log's words.

use crate::log::LogError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What Kafka says when it cannot be reached or will not now. It may always come right by
/// itself or by somebody's hand, so the caller asks again.
pub(super) fn unavailable(error: impl std::fmt::Display) -> LogError {
    LogError::Unavailable {
        reason: error.to_string(),
    }
}

/// The task that asked Kafka was dropped: the process ends.
pub(super) fn joined<T>(
    answer: Result<Result<T, LogError>, tokio::task::JoinError>,
) -> Result<T, LogError> {
    answer.unwrap_or(Err(LogError::Closed))
}

/// Whether the group has moved on without this member.
pub(super) fn is_stale(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownMemberId
                | RDKafkaErrorCode::FencedInstanceId
                | RDKafkaErrorCode::Fenced
                | RDKafkaErrorCode::AssignmentLost
                | RDKafkaErrorCode::FencedMemberEpoch
                | RDKafkaErrorCode::StaleMemberEpoch
        )
    )
}

/// Whether the group is dealing out its partitions, or has just done so and the member does
/// not know yet: it listens again in a moment.
pub(super) fn is_regrouping(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::RebalanceInProgress | RDKafkaErrorCode::IllegalGeneration)
    )
}

/// Whether the offset asked for is not in the partition.
pub(super) fn is_out_of_range(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::LogTruncation
        )
    )
}
