//! What the operating system knows of the process, under the names every Prometheus client
//! uses for it.

use crate::family::Description;

/// The series of [`Metrics::watch_process`](crate::Metrics::watch_process), read at each
/// exposition. Their names carry no prefix: dashboards of other programs know them.
pub const PROCESS_SERIES: &[Description] = &[
    series(
        "process_cpu_seconds_total",
        "Processor time used, in whole seconds.",
    ),
    series("process_max_fds", "Files and sockets it may have open."),
    series("process_open_fds", "Files and sockets it has open."),
    series(
        "process_resident_memory_bytes",
        "Memory that lies in the machine's.",
    ),
    series(
        "process_start_time_seconds",
        "When it was started, in Unix time.",
    ),
    series("process_threads", "Threads of the operating system."),
    series(
        "process_virtual_memory_bytes",
        "Address space it has asked for.",
    ),
];

const fn series(name: &'static str, help: &'static str) -> Description {
    Description {
        name,
        help,
        labels: &[],
    }
}
