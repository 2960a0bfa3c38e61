//! The vectors of many posts.

use super::{Encoder, EncoderError};
use crate::language::detect;
use crate::normalise::normalise;
use crate::train::LabelledPost;

/// Posts between two words of progress: a few seconds' work.
const BATCH: usize = 256;

/// Threads that read posts; the machine has other work.
const THREADS: usize = 2;

/// One vector per post, in the posts' order; none where the encoder does not read the language.
#[derive(Clone, Debug)]
pub struct Vectors {
    pub(super) rows: Vec<Option<Vec<f32>>>,
    pub(super) width: usize,
    pub(super) fingerprint: String,
    pub(super) languages: Vec<String>,
}

impl Vectors {
    /// Reads every post in one of the languages. `progress` is told how many are done, of how
    /// many.
    pub fn of(
        encoder: &Encoder,
        posts: &[LabelledPost],
        languages: &[String],
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self, EncoderError> {
        let mut rows = Vec::with_capacity(posts.len());
        for batch in posts.chunks(BATCH) {
            rows.extend(side_by_side(encoder, batch, languages)?);
            progress(rows.len(), posts.len());
        }
        Ok(Self {
            rows,
            width: encoder.width(),
            fingerprint: encoder.fingerprint().to_owned(),
            languages: languages.to_vec(),
        })
    }

    /// The post's vector.
    pub fn get(&self, post: usize) -> Option<&[f32]> {
        self.rows.get(post)?.as_deref()
    }
}

type Rows = Result<Vec<Option<Vec<f32>>>, EncoderError>;

fn side_by_side(encoder: &Encoder, batch: &[LabelledPost], languages: &[String]) -> Rows {
    let read = |part: &[LabelledPost]| -> Rows {
        part.iter()
            .map(|post| embed(encoder, post, languages))
            .collect()
    };
    let halves: Vec<&[LabelledPost]> = batch.chunks(batch.len().div_ceil(THREADS)).collect();
    let parts: Vec<Rows> = std::thread::scope(|scope| {
        let readers: Vec<_> = halves
            .iter()
            .map(|half| scope.spawn(|| read(half)))
            .collect();
        let ended = |reader: std::thread::ScopedJoinHandle<'_, Rows>| {
            let broken = |_| Err(EncoderError::Network("a run of it broke off".to_owned()));
            reader.join().unwrap_or_else(broken)
        };
        readers.into_iter().map(ended).collect()
    });
    let mut rows = Vec::with_capacity(batch.len());
    for part in parts {
        rows.extend(part?);
    }
    Ok(rows)
}

fn embed(
    encoder: &Encoder,
    post: &LabelledPost,
    languages: &[String],
) -> Result<Option<Vec<f32>>, EncoderError> {
    let language = detect(&normalise(&post.text), post.lang.as_deref());
    if !languages.iter().any(|known| *known == language) {
        return Ok(None);
    }
    encoder.embed(&post.text).map(Some)
}
