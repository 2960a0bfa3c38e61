//! The domain's closed sets as metric labels.

use switchboard_domain::Label;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::ClockKind;
use switchboard_telemetry::{ClassLabel, ClockLabel, PriorityLabel};

pub(crate) const fn class(label: Label) -> ClassLabel {
    match label {
        Label::Complaint => ClassLabel::Complaint,
        Label::Lead => ClassLabel::Lead,
        Label::PrRisk => ClassLabel::PrRisk,
        Label::General => ClassLabel::General,
    }
}

pub(crate) const fn priority(priority: Priority) -> PriorityLabel {
    match priority {
        Priority::Low => PriorityLabel::Low,
        Priority::Normal => PriorityLabel::Normal,
        Priority::High => PriorityLabel::High,
        Priority::Urgent => PriorityLabel::Urgent,
    }
}

pub(crate) const fn clock(kind: ClockKind) -> ClockLabel {
    match kind {
        ClockKind::FirstResponse => ClockLabel::FirstResponse,
        ClockKind::NextResponse => ClockLabel::NextResponse,
        ClockKind::Resolution => ClockLabel::Resolution,
        ClockKind::Ownership => ClockLabel::Ownership,
        ClockKind::PeriodicUpdate => ClockLabel::PeriodicUpdate,
        ClockKind::Triage => ClockLabel::Triage,
    }
}
