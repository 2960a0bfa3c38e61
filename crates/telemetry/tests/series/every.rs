//! One of every series there is.

use switchboard_telemetry::{
    AdviserLabel, ChannelLabel, ClassLabel, ClockLabel, Counter, CounterFamily, DEPARTMENTS_MAX,
    DepartmentLabel, Description, Gauge, GaugeFamily, Histogram, HistogramFamily, LoginMethod,
    LoginOutcome, LookupOutcome, Method, Metrics, NotifyOutcome, OpinionOutcome, Outcome,
    PlatformLabel, PriorityLabel, RejectReason, Stage, StatusClass, StorePriority,
};

pub(crate) fn all_descriptions() -> Vec<Description> {
    let counters = CounterFamily::ALL.iter().map(|family| family.description());
    let gauges = GaugeFamily::ALL.iter().map(|family| family.description());
    let histograms = HistogramFamily::ALL
        .iter()
        .map(|family| family.description());
    counters.chain(gauges).chain(histograms).collect()
}

pub(crate) fn departments(metrics: &Metrics) -> Vec<DepartmentLabel> {
    let names: Vec<String> = (0..DEPARTMENTS_MAX)
        .map(|number| format!("team-{number}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    metrics.register_departments(&names);
    names
        .iter()
        .map(|name| metrics.department(name))
        .chain([DepartmentLabel::OTHER])
        .collect()
}

pub(crate) fn every_counter(departments: &[DepartmentLabel]) -> Vec<Counter> {
    let mut all = vec![
        Counter::OutboxPublished,
        Counter::AuditSealed,
        Counter::LogRequestErrors,
        Counter::LogRebalances,
        Counter::IncidentsOpened,
        Counter::LiveFrames,
    ];
    for platform in PlatformLabel::ALL.iter().copied() {
        all.extend([
            Counter::MentionsReceived { platform },
            Counter::SourceErrors { platform },
        ]);
        let reasons = RejectReason::ALL.iter().copied();
        all.extend(reasons.map(|reason| Counter::MentionsRejected { platform, reason }));
    }
    for stage in Stage::ALL.iter().copied() {
        all.extend([
            Counter::StageRetries { stage },
            Counter::DeadLetters { stage },
        ]);
        let outcomes = Outcome::ALL.iter().copied();
        all.extend(outcomes.map(|outcome| Counter::StageEvents { stage, outcome }));
    }
    for department in departments.iter().copied() {
        let labels = ClassLabel::ALL.iter().copied();
        for label in labels {
            all.extend([
                Counter::TicketsOpened { department, label },
                Counter::MentionsRouted { department, label },
            ]);
        }
        for clock in ClockLabel::ALL.iter().copied() {
            all.push(Counter::SlaBreaches { department, clock });
        }
        all.extend([
            Counter::SlaKept { department },
            Counter::SlaWarnings { department },
        ]);
    }
    all.push(Counter::SlaEscalations);
    let outcomes = LookupOutcome::ALL.iter().copied();
    all.extend(outcomes.map(|outcome| Counter::AuthorLookups { outcome }));
    for channel in ChannelLabel::ALL.iter().copied() {
        let outcomes = NotifyOutcome::ALL.iter().copied();
        all.extend(outcomes.map(|outcome| Counter::NotifyAttempts { channel, outcome }));
    }
    for adviser in AdviserLabel::ALL.iter().copied() {
        let outcomes = OpinionOutcome::ALL.iter().copied();
        all.extend(outcomes.map(|outcome| Counter::Opinions { adviser, outcome }));
    }
    for method in LoginMethod::ALL.iter().copied() {
        let outcomes = LoginOutcome::ALL.iter().copied();
        all.extend(outcomes.map(|outcome| Counter::Logins { method, outcome }));
    }
    all.extend(methods().map(|(method, class)| Counter::HttpRequests {
        method,
        status_class: class,
    }));
    all
}

pub(crate) fn every_gauge(departments: &[DepartmentLabel]) -> Vec<Gauge> {
    let mut all = vec![
        Gauge::BuildInfo,
        Gauge::Ready,
        Gauge::ConfigLastReloadSuccessful,
        Gauge::DlqDepth,
        Gauge::OutboxDepth,
        Gauge::OutboxOldestAge,
        Gauge::LogBrokersUp,
        Gauge::LogBrokerRoundTrip,
        Gauge::LogThrottle,
        Gauge::LogQueuedRecords,
        Gauge::LogBytes,
        Gauge::StoreBytes,
        Gauge::DiskFree,
        Gauge::DiskSize,
        Gauge::IncidentsOpen,
        Gauge::LiveStreams,
        Gauge::LabelDrift,
        Gauge::ConfidenceMean,
        Gauge::UnknownNgrams,
    ];
    let labels = ClassLabel::ALL.iter().copied();
    all.extend(labels.map(|label| Gauge::LabelShare { label }));
    for stage in Stage::ALL.iter().copied() {
        all.extend([
            Gauge::StageBacklog { stage },
            Gauge::StageLag { stage },
            Gauge::StageProgress { stage },
        ]);
    }
    for platform in PlatformLabel::ALL.iter().copied() {
        all.extend([
            Gauge::SourceUp { platform },
            Gauge::SourceLastSuccess { platform },
        ]);
    }
    for department in departments.iter().copied() {
        let priorities = PriorityLabel::ALL.iter().copied();
        all.extend(priorities.map(|priority| Gauge::TicketsOpen {
            department,
            priority,
        }));
    }
    all
}

pub(crate) fn every_histogram() -> Vec<Histogram> {
    let mut all = vec![
        Histogram::MentionToTicket,
        Histogram::SlaTimerLateness,
        Histogram::LiveDelay,
    ];
    for stage in Stage::ALL.iter().copied() {
        all.extend([
            Histogram::StageDuration { stage },
            Histogram::EventAge { stage },
        ]);
    }
    let channels = ChannelLabel::ALL.iter().copied();
    all.extend(channels.map(|channel| Histogram::NotifyLatency { channel }));
    let advisers = AdviserLabel::ALL.iter().copied();
    all.extend(advisers.map(|adviser| Histogram::OpinionDuration { adviser }));
    let lanes = StorePriority::ALL.iter().copied();
    all.extend(lanes.map(|priority| Histogram::StoreTransaction { priority }));
    let methods = Method::ALL.iter().copied();
    all.extend(methods.map(|method| Histogram::HttpRequestDuration { method }));
    all
}

pub(crate) fn methods() -> impl Iterator<Item = (Method, StatusClass)> {
    let classes = StatusClass::ALL;
    Method::ALL
        .iter()
        .flat_map(move |method| classes.iter().map(|class| (*method, *class)))
}
