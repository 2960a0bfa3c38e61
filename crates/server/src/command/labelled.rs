//! Files of labelled posts, for `train` and `eval`.

use crate::exit::{Done, Failure};
use crate::terminal;
use anyhow::Result;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use switchboard_classify::train::{LabelledPost, read_posts};

/// Bad lines shown per file; of the others only the number is.
const REFUSALS_SHOWN: usize = 20;

/// What the files held.
pub(super) struct LabelledPosts {
    pub(super) posts: Vec<LabelledPost>,
    pub(super) done: Done,
}

/// Reads the files in their order; bad lines are named and left out.
pub(super) fn read(files: &[PathBuf]) -> Result<LabelledPosts> {
    let mut all = LabelledPosts {
        posts: vec![],
        done: Done::Fully,
    };
    for path in files {
        let name = path.display();
        let failed = |error| Failure::Usage(format!("cannot read `{name}`: {error}"));
        let file = File::open(path).map_err(failed)?;
        let (posts, refused) = read_posts(BufReader::new(file)).map_err(failed)?;
        for bad in refused.iter().take(REFUSALS_SHOWN) {
            terminal::note(&format!("{name}:{}: {}", bad.line, bad.reason));
        }
        if !refused.is_empty() {
            terminal::note(&format!("{name}: {} lines left out", refused.len()));
            all.done = Done::WithRefusals;
        }
        all.posts.extend(posts);
    }
    Ok(all)
}
