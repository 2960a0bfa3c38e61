use super::*;
use crate::connector::{Batch, ConnectorError, Cursor};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use std::io::Write;
use std::time::Duration;
use switchboard_domain::ManualClock;
use tempfile::TempDir;

/// By our clock, when the replay begins.
const NOW: i64 = 1_800_000_000;

struct Bench {
    directory: TempDir,
    clock: Arc<ManualClock>,
}

impl Bench {
    fn new() -> Self {
        let now = Timestamp::from_second(NOW).unwrap();
        Self {
            directory: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(now)),
        }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    async fn poll(
        &self,
        settings: &FileSettings,
        from: Option<&Cursor>,
    ) -> Result<Batch, ConnectorError> {
        settings.build(self.clock.clone()).poll(from).await
    }

    /// Polls, each time with a new connector, until a poll brings nothing.
    async fn read_all(&self, settings: &FileSettings) -> (Vec<String>, Vec<String>) {
        let (mut ids, mut broken, mut cursor) = (Vec::new(), Vec::new(), None);
        loop {
            let batch = self.poll(settings, cursor.as_ref()).await.unwrap();
            let nothing = cursor.as_ref() == Some(&batch.next);
            ids.extend(batch.mentions.into_iter().map(|mention| mention.id));
            broken.extend(batch.broken.into_iter().map(|item| {
                let place = item.place.rsplit('/').next().unwrap().to_owned();
                format!("{place} {:?}", item.error.code)
            }));
            if nothing {
                return (ids, broken);
            }
            cursor = Some(batch.next);
        }
    }
}

/// A post written `second` seconds after the first.
fn post(id: u32, second: i64) -> String {
    let written = Timestamp::from_second(1_000_000 + second).unwrap();
    format!("{{\"id\":\"{id}\",\"text\":\"a\",\"created_at\":\"{written}\"}}\n")
}

fn posts(range: std::ops::Range<u32>) -> String {
    range.map(|id| post(id, 0)).collect()
}

#[tokio::test]
async fn files_are_read_whole_and_in_order() {
    let bench = Bench::new();
    let first = bench.file("a.jsonl", posts(0..1200));
    let second = bench.file("b.jsonl", posts(1200..1300));
    let (ids, broken) = bench
        .read_all(&FileSettings::new(vec![first, second]))
        .await;
    let want: Vec<String> = (0..1300).map(|id| id.to_string()).collect();
    assert_eq!((ids, broken), (want, Vec::new()));
}

#[tokio::test]
async fn the_same_cursor_gives_the_same_batch() {
    let bench = Bench::new();
    let path = bench.file("a.jsonl", posts(0..700));
    let settings = FileSettings {
        speed: Some(60.0),
        ..FileSettings::new(vec![path])
    };
    let first = bench.poll(&settings, None).await.unwrap();
    assert_eq!(first, bench.poll(&settings, None).await.unwrap());
    let second = bench.poll(&settings, Some(&first.next)).await.unwrap();
    assert_eq!(
        second,
        bench.poll(&settings, Some(&first.next)).await.unwrap()
    );
    assert_eq!((first.mentions.len(), second.mentions.len()), (500, 200));
}

#[tokio::test]
async fn a_broken_line_is_told_and_passed() {
    let bench = Bench::new();
    let long = format!(
        "{{\"id\":\"9\",\"text\":\"{}\"}}\n",
        "a".repeat(2 * 1024 * 1024)
    );
    let text = [
        post(0, 0).as_bytes(),
        b"\r\n",
        b"{\"id\":\n",
        b"\xff\xfe\n",
        long.as_bytes(),
        b"{}\n",
        post(1, 0).as_bytes(),
    ]
    .concat();
    let path = bench.file("a.jsonl", text);
    let (ids, broken) = bench.read_all(&FileSettings::new(vec![path])).await;
    assert_eq!(ids, ["0", "1"]);
    let want = [
        "a.jsonl:3 InvalidJson",
        "a.jsonl:4 InvalidUtf8",
        "a.jsonl:5 TooLarge",
        "a.jsonl:6 MissingId",
    ];
    assert_eq!(broken, want);
}

#[tokio::test]
async fn a_long_line_is_not_kept_whole() {
    let bench = Bench::new();
    let path = bench.file("a.jsonl", "a".repeat(3 * 1024 * 1024) + "\n");
    let batch = bench
        .poll(&FileSettings::new(vec![path]), None)
        .await
        .unwrap();
    assert_eq!(batch.broken[0].bytes.len(), 64 * 1024);
}

#[rstest]
#[case::waits_for_the_rest(true, &["0"])]
#[case::takes_it_as_it_is(false, &["0", "1"])]
#[tokio::test]
async fn a_last_line_without_its_break(#[case] follow: bool, #[case] want: &[&str]) {
    let bench = Bench::new();
    let path = bench.file("a.jsonl", posts(0..2).trim_end());
    let settings = FileSettings {
        follow,
        ..FileSettings::new(vec![path])
    };
    assert_eq!(bench.read_all(&settings).await.0, want);
}

#[tokio::test]
async fn a_followed_file_brings_what_is_appended() {
    let bench = Bench::new();
    let path = bench.file("a.jsonl", posts(0..1) + "{\"id\":");
    let settings = FileSettings {
        follow: true,
        ..FileSettings::new(vec![path.clone()])
    };
    let first = bench.poll(&settings, None).await.unwrap();
    let idle = bench.poll(&settings, Some(&first.next)).await.unwrap();
    assert_eq!((idle.mentions.len(), &idle.next), (0, &first.next));
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"\"1\",\"text\":\"b\"}\n").unwrap();
    let second = bench.poll(&settings, Some(&idle.next)).await.unwrap();
    assert_eq!(second.mentions[0].id, "1");
}

#[tokio::test]
async fn posts_come_at_their_pace() {
    let bench = Bench::new();
    let path = bench.file("a.jsonl", post(0, 0) + &post(1, 60) + &post(2, 630));
    let settings = FileSettings {
        speed: Some(60.0),
        ..FileSettings::new(vec![path])
    };
    let first = bench.poll(&settings, None).await.unwrap();
    assert_eq!(
        (first.mentions.len(), first.poll_after),
        (1, Duration::from_secs(1))
    );
    let early = bench.poll(&settings, Some(&first.next)).await.unwrap();
    assert_eq!(
        (early.mentions.len(), early.poll_after),
        (0, Duration::from_secs(1))
    );
    bench.clock.advance(SignedDuration::from_secs(1));
    let second = bench.poll(&settings, Some(&first.next)).await.unwrap();
    assert_eq!(second.mentions[0].id, "1");
    assert_eq!(second.poll_after, Duration::from_millis(9500));
    bench.clock.advance(SignedDuration::from_hours(1));
    let third = bench.poll(&settings, Some(&second.next)).await.unwrap();
    assert_eq!(
        third.mentions[0].id, "2",
        "missed while away, so due at once"
    );
}

#[rstest]
#[case::as_it_stands(false, Some(60.0), [1_000_000, 1_000_060])]
#[case::with_the_pace(true, Some(60.0), [NOW, NOW + 1])]
#[case::without_a_pace(true, None, [NOW + 5, NOW + 5])]
#[tokio::test]
async fn posts_are_dated(
    #[case] shift_to_now: bool,
    #[case] speed: Option<f64>,
    #[case] want: [i64; 2],
) {
    let bench = Bench::new();
    let path = bench.file("a.jsonl", post(0, 0) + &post(1, 60));
    let settings = FileSettings {
        speed,
        shift_to_now,
        ..FileSettings::new(vec![path])
    };
    // The replay began five seconds ago; nothing was read since.
    let start = r#"{"file":0,"offset":0,"line":0,"start":{"at":"2027-01-15T08:00:00Z","first_post":"1970-01-12T13:46:40Z"}}"#;
    bench.clock.advance(SignedDuration::from_secs(5));
    let batch = bench
        .poll(&settings, Some(&Cursor(start.into())))
        .await
        .unwrap();
    let dates: Vec<i64> = batch
        .mentions
        .iter()
        .map(|post| post.created_at.unwrap().as_second())
        .collect();
    assert_eq!(dates, want);
}

#[tokio::test]
async fn history_is_marked_as_recorded() {
    let bench = Bench::new();
    let path = bench.file("a.jsonl", posts(0..1));
    let plain = FileSettings::new(vec![path]);
    assert!(!bench.poll(&plain, None).await.unwrap().mentions[0].backfill);
    let recorded = FileSettings {
        as_recorded: true,
        ..plain
    };
    assert!(bench.poll(&recorded, None).await.unwrap().mentions[0].backfill);
}

#[rstest]
#[case::not_a_cursor("17")]
#[case::another_connectors(r#"{"min_id":"1"}"#)]
#[case::file_taken_away(r#"{"file":3,"offset":0,"line":0}"#)]
#[case::file_cut_off(r#"{"file":0,"offset":999,"line":9}"#)]
#[tokio::test]
async fn a_cursor_that_does_not_fit_is_refused(#[case] cursor: &str) {
    let bench = Bench::new();
    let settings = FileSettings::new(vec![bench.file("a.jsonl", posts(0..1))]);
    let polled = bench.poll(&settings, Some(&Cursor(cursor.into()))).await;
    assert!(
        matches!(polled, Err(ConnectorError::Malformed { .. })),
        "{polled:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_may_come() {
    let bench = Bench::new();
    let settings = FileSettings::new(vec![bench.directory.path().join("later.jsonl")]);
    let polled = bench.poll(&settings, None).await;
    assert!(
        matches!(polled, Err(ConnectorError::Unavailable { .. })),
        "{polled:?}"
    );
}

#[tokio::test]
async fn a_head_start_brings_at_once_what_would_have_come_by_now() {
    let bench = Bench::new();
    let text: String = (0..4)
        .map(|number| post(number, i64::from(number) * 3600))
        .collect();
    let settings = FileSettings {
        speed: Some(60.0),
        shift_to_now: true,
        head_start: Duration::from_secs(90),
        ..FileSettings::new(vec![bench.file("a.jsonl", text)])
    };
    let batch = bench.poll(&settings, None).await.unwrap();
    let ages: Vec<i64> = batch
        .mentions
        .iter()
        .map(|mention| NOW - mention.created_at.unwrap().as_second())
        .collect();
    assert_eq!(
        (ages, batch.poll_after),
        (vec![90, 30], Duration::from_secs(30))
    );
}
