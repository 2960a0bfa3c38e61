//! What the recordings hold, against a count of our own.

use super::recording::{Recording, descriptor, folder, recordings};
use serde_json::Value;
use switchboard_domain::Op;

fn length(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

/// Posts in an answer of Mastodon, by its API's documents: method, and path without ids.
fn statuses(recording: &Recording) -> Option<usize> {
    let answer = recording.json();
    if answer.get("error").is_some() {
        return Some(0);
    }
    let parts: Vec<&str> = recording
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let one = usize::from(answer.get("account").is_some());
    Some(match (recording.method.as_str(), parts.get(2..)?) {
        (
            "GET",
            ["timelines", ..]
            | ["bookmarks" | "favourites"]
            | ["accounts", _, "statuses"]
            | ["statuses", _, "history"],
        ) => length(&answer),
        ("POST" | "DELETE", ["statuses"] | ["statuses", _])
        | ("GET", ["statuses", _])
        | (
            "POST",
            [
                "statuses",
                _,
                "favourite" | "pin" | "unpin" | "reblog" | "mute",
            ],
        ) => one,
        ("GET", ["accounts", _] | ["instance" | "custom_emojis" | "directory" | "lists", ..])
        | ("PATCH" | "PUT", ["accounts" | "notifications" | "push" | "filters", ..]) => 0,
        _ => return None,
    })
}

#[test]
fn every_post_of_mastodons_answers_is_found() {
    let Some(recordings) = recordings("mastodon") else {
        return;
    };
    let mut checked = 0;
    for recording in &recordings {
        let sampled = recording.sampled("mastodon");
        let Some(want) = statuses(recording) else {
            continue;
        };
        assert_eq!(sampled.mentions.len(), want, "{}", recording.file);
        let wants_delete = recording.method == "DELETE";
        assert!(
            sampled
                .mentions
                .iter()
                .all(|one| (one.op == Op::Delete) == wants_delete),
            "{}",
            recording.file
        );
        checked += usize::from(want > 0);
    }
    assert!(checked > 200, "only {checked} of the answers hold posts");
}

#[test]
fn what_mastodons_posts_say_is_told_as_it_stands() {
    let Some(recordings) = recordings("mastodon") else {
        return;
    };
    let mut checked = 0;
    for recording in recordings
        .iter()
        .filter(|one| one.path().contains("/timelines/"))
    {
        let answer = recording.json();
        let mentions = recording.sampled("mastodon").mentions;
        for (status, mention) in answer.as_array().into_iter().flatten().zip(&mentions) {
            assert_eq!(status["id"], mention.id.as_str());
            assert_eq!(status["account"]["id"], mention.author.id.as_str());
            assert_eq!(
                status["account"]["acct"].as_str(),
                mention.author.handle.as_deref()
            );
            assert_eq!(
                status["in_reply_to_id"].as_str(),
                mention.in_reply_to.as_deref()
            );
            assert_eq!(
                status["reblog"]["id"].as_str(),
                mention.repost_of.as_deref()
            );
            let written = status["created_at"]
                .as_str()
                .map(|time| time.parse().unwrap());
            assert_eq!(written, mention.created_at);
            assert!(
                !mention.text.contains("</") && !mention.text.contains("&#"),
                "{mention:?}"
            );
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} posts");
}

#[test]
fn edits_and_deletions_of_mastodons_streams_are_told() {
    let Some(recordings) = recordings("mastodon") else {
        return;
    };
    let streams = recordings
        .iter()
        .filter(|one| one.url.contains("/streaming"));
    let (mut edits, mut deletions) = (0, 0);
    for recording in streams {
        let text = String::from_utf8_lossy(&recording.bytes);
        let events = |name: &str| {
            let line = format!("event: {name}");
            text.lines()
                .filter(|written| written.trim_end() == line)
                .count()
        };
        let mentions = recording.sampled("mastodon").mentions;
        let deleted = mentions.iter().filter(|one| one.op == Op::Delete).count();
        let edited = mentions
            .iter()
            .filter(|one| one.op == Op::Upsert && one.version > 0)
            .count();
        assert_eq!(deleted, events("delete"), "{}", recording.file);
        assert_eq!(edited, events("status.update"), "{}", recording.file);
        (edits, deletions) = (edits + edited, deletions + deleted);
    }
    assert!(
        edits > 1 && deletions > 1,
        "{edits} edits, {deletions} deletions"
    );
}

/// Posts in an answer of the XRPC interface, by its lexicons.
fn posts(recording: &Recording) -> Option<usize> {
    let answer = recording.json();
    let name = recording.path().rsplit('/').next()?;
    let is_post = |record: &&Value| {
        let uri = record["uri"].as_str().unwrap_or_default();
        uri.contains("/app.bsky.feed.post/") || uri.contains("/app.bsky.feed.repost/")
    };
    Some(match name.rsplit_once('.')?.1 {
        "getTimeline" | "getAuthorFeed" | "getListFeed" | "getActorLikes" => {
            length(&answer["feed"])
        }
        "getPosts" | "getQuotes" => length(&answer["posts"]),
        "getMessages" => length(&answer["messages"]),
        "listRecords" => answer["records"].as_array()?.iter().filter(is_post).count(),
        "getRecord" => usize::from(is_post(&&answer)),
        "getProfiles" | "getFollowers" | "getList" | "searchActorsTypeahead" => 0,
        _ => return None,
    })
}

#[test]
fn every_post_of_blueskys_answers_is_found() {
    let Some(recordings) = recordings("bluesky") else {
        return;
    };
    let mut found = 0;
    for recording in &recordings {
        let Some(want) = posts(recording) else {
            continue;
        };
        assert_eq!(
            recording.sampled("bluesky").mentions.len(),
            want,
            "{}",
            recording.file
        );
        found += want;
    }
    assert!(found > 150, "only {found} posts");
}

#[test]
fn every_post_of_blueskys_stream_is_found_and_nothing_else() {
    let Some(folder) = folder("bluesky") else {
        return;
    };
    let bytes = std::fs::read(folder.join("jetstream_corpus/expected_v1.jsonl")).unwrap();
    let frames: Vec<Value> = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    let is_post = |frame: &&Value| {
        let collection = frame["commit"]["collection"].as_str();
        matches!(
            collection,
            Some("app.bsky.feed.post" | "app.bsky.feed.repost")
        )
    };
    let want: Vec<&Value> = frames.iter().filter(is_post).collect();
    let sampled = (descriptor("bluesky").sample)(&bytes, None);
    assert!(want.len() > 20 && sampled.refused.is_empty());
    assert_eq!(sampled.mentions.len(), want.len());
    for (frame, mention) in want.into_iter().zip(&sampled.mentions) {
        let commit = &frame["commit"];
        assert!(mention.id.ends_with(commit["rkey"].as_str().unwrap()));
        assert_eq!(mention.author.id, frame["did"]);
        assert_eq!(mention.op == Op::Delete, commit["operation"] == "delete");
        assert_eq!(
            commit["record"]["text"].as_str().unwrap_or_default(),
            mention.text
        );
        let parent = commit["record"]["reply"]["parent"]["uri"].as_str();
        assert_eq!(mention.in_reply_to.as_deref(), parent);
        let subject = commit["record"]["subject"]["uri"].as_str();
        assert_eq!(mention.repost_of.as_deref(), subject);
    }
}

#[test]
fn items_of_hacker_news_are_found() {
    let Some(recordings) = recordings("hn") else {
        return;
    };
    for recording in &recordings {
        let item = recording.json();
        let sampled = recording.sampled("hackernews");
        let want = usize::from(item.get("id").is_some());
        assert_eq!(sampled.mentions.len(), want, "{}", recording.file);
        let has_counts = item.get("score").is_some() || item.get("descendants").is_some();
        let told = sampled
            .mentions
            .iter()
            .all(|one| one.metrics.is_some() == has_counts);
        assert!(told, "{}: counts nobody told", recording.file);
    }
}

#[test]
fn every_item_of_a_feed_is_told_or_refused() {
    let Some(recordings) = recordings("feeds") else {
        return;
    };
    let mut checked = 0;
    for recording in recordings
        .iter()
        .filter(|one| !one.file.contains(".serde."))
    {
        let sampled = recording.sampled("feed");
        let told = sampled.mentions.len() + sampled.refused.len();
        let Ok(text) = std::str::from_utf8(&recording.bytes) else {
            continue;
        };
        // Where markup is no text, its items can be counted by their tags.
        let lower = without_comments(text).to_lowercase();
        let hides = ["<![cdata[", "<!doctype", "<source", "<atom:"];
        if hides.iter().any(|hiding| lower.contains(hiding)) {
            continue;
        }
        let tags = |name: &str| {
            let begun = lower.matches(&format!("<{name}>")).count();
            begun + lower.matches(&format!("<{name} ")).count()
        };
        let items = tags("item") + tags("entry");
        if items > 0 {
            assert_eq!(told, items, "{}", recording.file);
            checked += 1;
        }
    }
    assert!(checked > 200, "only {checked} feeds");
}

fn without_comments(text: &str) -> String {
    let mut pieces = text.split("<!--");
    let first = pieces.next().unwrap_or_default().to_owned();
    let after = pieces.map(|piece| piece.split_once("-->").map_or("", |(_, rest)| rest));
    std::iter::once(first.as_str()).chain(after).collect()
}

/// Another reader's account of real feeds lies beside them.
#[test]
fn feeds_are_read_as_another_reader_does() {
    let Some(folder) = folder("feeds") else {
        return;
    };
    let mut checked = 0;
    for recording in recordings("feeds").unwrap() {
        let (stem, _) = recording.file.rsplit_once('.').unwrap();
        let account = folder.join(format!("{stem}.serde.json"));
        let Ok(account) = std::fs::read(account) else {
            continue;
        };
        if recording.file.contains(".serde.") {
            continue;
        }
        let account: Value = serde_json::from_slice(&account).unwrap();
        let entries = account["entries"].as_array().unwrap();
        let sampled = recording.sampled("feed");
        let told = sampled.mentions.len() + sampled.refused.len();
        assert_eq!(told, entries.len(), "{}", recording.file);
        for (entry, mention) in entries.iter().zip(&sampled.mentions) {
            compare(&recording.file, entry, mention);
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} items");
}

fn compare(file: &str, entry: &Value, mention: &switchboard_domain::Mention) {
    let published = entry["published"].as_str().or(entry["updated"].as_str());
    if let Some(published) = published {
        let published: jiff::Timestamp = published.parse().unwrap();
        assert_eq!(mention.created_at, Some(published), "{file}");
    }
    let title = entry["title"]["content"].as_str().unwrap_or_default();
    let is_plain = !title.contains(['<', '&', '\n', '…']) && !title.ends_with('.');
    if is_plain && !mention.text.contains('…') {
        assert!(mention.text.starts_with(title.trim()), "{file}: {title}");
    }
}
