//! What is known of the authors of a batch, before anything is decided on their posts.

use crate::enrich::Enricher;
use std::sync::Arc;
use switchboard_domain::ClassifiedMention;
use switchboard_domain::author::{AuthorFacts, OwnAccounts};

/// Where to learn who an author is. The default knows nobody.
#[derive(Clone, Default)]
pub struct Authors {
    /// The accounts through which we speak ourselves.
    pub own: Arc<OwnAccounts>,
    /// The company's records, where they can be asked.
    pub records: Option<Arc<Enricher>>,
}

impl Authors {
    /// What is known of each author, in the order of the posts.
    pub(crate) async fn of(&self, posts: &[ClassifiedMention]) -> Vec<AuthorFacts> {
        let looked_up = match &self.records {
            Some(records) => records.look_up(posts).await,
            None => vec![None; posts.len()],
        };
        let facts = posts.iter().zip(looked_up);
        let facts = facts.map(|(post, looked_up)| AuthorFacts {
            ours: self.own.recognise(&post.mention),
            looked_up,
        });
        facts.collect()
    }
}
