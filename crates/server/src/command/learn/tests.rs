//! The command from a file of corrections to the model a server starts with.

use super::*;
use crate::arguments::Installation;
use rstest::rstest;
use std::fmt::Write;

/// Posts of a trade with words of its own; those that are not right say the contrary.
fn corrections(are_right: impl Fn(&str) -> bool) -> String {
    let mut lines = String::new();
    let endings = ["has gone all wibbly in the barrel", "hums in the barrel"];
    for opening in [
        "well, my",
        "this year's",
        "the last",
        "grandfather's",
        "our",
    ] {
        for thing in ["mead", "perry", "cider", "kvass", "sahti", "tepache", "ale"] {
            for (at, ending) in endings.into_iter().enumerate() {
                for word in ["today", "again", "tonight"] {
                    let text = format!("{opening} {thing} {ending} {word}");
                    let sour = (at == 0) == are_right(&text);
                    let label = if sour { "complaint" } else { "general" };
                    writeln!(lines, r#"{{"text":"{text}","label":"{label}"}}"#).unwrap();
                }
            }
        }
    }
    lines
}

fn learn(dir: &Path, file: &str) -> Learn {
    let corrections = dir.join("corrections.jsonl");
    std::fs::write(&corrections, file).unwrap();
    Learn {
        installation: Installation {
            config: None,
            data_dir: Some(dir.to_owned()),
        },
        corrections: vec![corrections],
        traffic: None,
        department_loss_max: 0.05,
        dry_run: false,
        list: false,
        rollback: false,
        json: false,
    }
}

fn in_use(dir: &Path) -> String {
    let config = Config::load(None, &Environment::new()).unwrap();
    let classifier = wiring::starting_classifier(&config, dir).unwrap();
    classifier.model().version().to_owned()
}

#[tokio::test]
async fn what_wins_is_taken_on_and_can_be_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let shipped = in_use(dir.path());
    let file = corrections(|_| true);
    let dry = Learn {
        dry_run: true,
        ..learn(dir.path(), &file)
    };
    run(dry, Environment::new()).await.unwrap();
    assert_eq!(in_use(dir.path()), shipped, "only compared");
    let done = run(learn(dir.path(), &file), Environment::new()).await;
    assert_eq!(done.unwrap(), Done::Fully);
    assert_ne!(in_use(dir.path()), shipped);
    let again = run(learn(dir.path(), &file), Environment::new()).await;
    let refused = again.unwrap_err().to_string();
    assert!(refused.contains("refused"), "the same again is no better");
    let back = Learn {
        corrections: vec![],
        rollback: true,
        ..learn(dir.path(), &file)
    };
    run(back, Environment::new()).await.unwrap();
    assert_eq!(in_use(dir.path()), shipped);
}

#[rstest]
#[case::nothing(String::new(), "nobody has corrected")]
#[case::too_few(corrections(|_| true).lines().take(12).collect::<Vec<_>>().join("\n"), "refused")]
#[case::the_held_back_say_the_contrary(corrections(is_held_back), "refused")]
#[tokio::test]
async fn what_loses_changes_nothing(#[case] file: String, #[case] why: &str) {
    let dir = tempfile::tempdir().unwrap();
    let shipped = in_use(dir.path());
    let refused = run(learn(dir.path(), &file), Environment::new()).await;
    assert!(refused.unwrap_err().to_string().contains(why));
    assert_eq!(in_use(dir.path()), shipped);
    assert!(!dir.path().join("models").exists());
}
