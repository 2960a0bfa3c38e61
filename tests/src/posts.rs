//! Posts to feed: our own, varied, and the same for the same seed.

use anyhow::{Context, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// Sentences of every label, and some of none.
const SENTENCES: [&str; 12] = [
    "my order still has not arrived and nobody answers the phone",
    "the app crashes every time I open the cart, please fix it",
    "you charged my card twice and refuse a refund",
    "how much is the family plan, and do you deliver to Leeds?",
    "thinking of switching to you, can I get a quote for 40 seats?",
    "lovely evening by the river, nothing to report",
    "my daughter was injured by your high chair, we are calling a lawyer",
    "boycott them, they leaked our addresses and said nothing",
    "thanks, all sorted!",
    "meine Lieferung ist seit drei Wochen verschwunden, unverschämt",
    "el pedido llegó roto y nadie responde",
    "watching the match tonight with half the office",
];

/// One of the sentences, each in its turn.
pub fn sentence(number: usize) -> &'static str {
    SENTENCES[number % SENTENCES.len()]
}

/// `count` mentions: ids without gaps, some authors who come back, some edits, some deletions,
/// some posts sent twice, in the order in which they are to be sent.
pub fn mixed(count: usize, seed: u64) -> Vec<Value> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut posts = Vec::with_capacity(count);
    for number in 0..count {
        let post = json!({
            "platform": "x",
            "id": format!("post-{number}"),
            "text": SENTENCES[random.random_range(0..SENTENCES.len())],
            "author": { "id": format!("author-{}", random.random_range(0..count.max(2) / 2)) },
            "account": "Acme",
        });
        posts.push(post);
        if number > 0 && random.random_ratio(1, 10) {
            let earlier = random.random_range(0..number);
            posts.push(echo(&posts, &format!("post-{earlier}"), &mut random));
        }
    }
    posts
}

/// The same post again, a newer version of it, or its deletion.
fn echo(posts: &[Value], id: &str, random: &mut StdRng) -> Value {
    let first = posts.iter().find(|post| post["id"] == id);
    let mut post = first.cloned().unwrap_or_default();
    match random.random_range(0..3) {
        0 => {}
        1 => {
            post["version"] = json!(1);
            post["text"] = json!(SENTENCES[random.random_range(0..SENTENCES.len())]);
        }
        _ => post["op"] = json!("delete"),
    }
    post
}

/// The mentions of a file, one a line.
pub fn read(file: &str) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(file).with_context(|| file.to_owned())?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?)
}

/// One mention a line.
pub fn lines(posts: &[Value]) -> String {
    let mut lines = String::new();
    for post in posts {
        lines.push_str(&post.to_string());
        lines.push('\n');
    }
    lines
}
