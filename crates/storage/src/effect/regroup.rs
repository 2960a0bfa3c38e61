//! Posts that change tickets, with their identities and threads.

use super::change::{Origin, advance, open};
use super::{Post, Rows};
use crate::{Regroup, Regrouped, Regrouping, StorageError};
use std::collections::BTreeSet;
use switchboard_domain::MentionKey;
use switchboard_domain::intake::{ThreadKey, thread_keys};
use switchboard_domain::ticket::regroup::{self, MOVED_POSTS_MAX};
use switchboard_domain::ticket::{Change, Fact, RegroupRefusal, Ticket, TicketId};

/// The other ticket that the wish is about, as far as it can be told before it is carried out.
pub(crate) fn other(ticket: &Ticket, how: &Regrouping) -> Option<TicketId> {
    match how {
        Regrouping::MergeInto(survivor) => Some(*survivor),
        Regrouping::Part => ticket.merged_into.map(|into| into.ticket),
        Regrouping::SplitOut(_) => None,
    }
}

/// Carries the wish out on the tickets as they stand; `other` lies in the caller's scope.
pub(crate) fn apply(
    rows: &mut impl Rows,
    before: &Ticket,
    other: Option<&Ticket>,
    wish: &Regroup,
) -> Result<Regrouped, StorageError> {
    let version = wish.expected_version;
    if version.is_some_and(|version| version != before.version) {
        return Ok(Regrouped::Conflict {
            current: Box::new(before.clone()),
        });
    }
    let wish = Wish { wish };
    match (&wish.wish.how, other) {
        (Regrouping::SplitOut(key), _) => wish.split(rows, before, key),
        (Regrouping::MergeInto(_), Some(other)) => wish.merge(rows, before, other),
        (Regrouping::Part, Some(other)) => wish.part(rows, before, other),
        (Regrouping::MergeInto(id), None) => Ok(Regrouped::NotFound(*id)),
        (Regrouping::Part, None) => match before.merged_into {
            Some(into) => Ok(Regrouped::NotFound(into.ticket)),
            None => Ok(Regrouped::Refused(RegroupRefusal::NotMerged(before.id))),
        },
    }
}

struct Wish<'w> {
    wish: &'w Regroup,
}

impl Wish<'_> {
    fn merge(
        &self,
        rows: &mut impl Rows,
        merged: &Ticket,
        survivor: &Ticket,
    ) -> Result<Regrouped, StorageError> {
        let posts = rows.posts_of(merged.id)?;
        let keys: Vec<MentionKey> = posts.iter().map(|post| post.key.clone()).collect();
        let Regroup { book, now, .. } = self.wish;
        let facts = match regroup::merge(merged, survivor, &keys, book, *now) {
            Ok(facts) => facts,
            Err(refusal) => return Ok(Regrouped::Refused(refusal)),
        };
        look_up(rows, &posts)?;
        let ticket = self.advance(rows, merged, facts.merged)?;
        let other = self.advance(rows, survivor, facts.survivor)?;
        move_posts(rows, &posts, &other)?;
        // The merged ticket has just left them.
        hold_threads(rows, &posts, other.id)?;
        Ok(done(ticket, other))
    }

    fn part(
        &self,
        rows: &mut impl Rows,
        merged: &Ticket,
        survivor: &Ticket,
    ) -> Result<Regrouped, StorageError> {
        let absorbed = survivor.absorbed.iter();
        let absorbed = absorbed.filter(|absorbed| absorbed.ticket == merged.id);
        let came: BTreeSet<&MentionKey> = absorbed.flat_map(|one| &one.mentions).collect();
        let all = rows.posts_of(survivor.id)?;
        let (posts, rest): (Vec<Post>, Vec<Post>) =
            all.into_iter().partition(|post| came.contains(&post.key));
        let given: Vec<(MentionKey, bool)> = posts
            .iter()
            .map(|post| (post.key.clone(), post.content.is_none()))
            .collect();
        let Regroup { book, now, .. } = self.wish;
        let facts = match regroup::part(merged, survivor, &given, book, *now) {
            Ok(facts) => facts,
            Err(refusal) => return Ok(Regrouped::Refused(refusal)),
        };
        look_up(rows, &posts)?;
        let other = self.advance(rows, survivor, facts.survivor)?;
        let kept: BTreeSet<ThreadKey> = rest.iter().flat_map(threads).collect();
        for key in posts.iter().flat_map(threads) {
            let holder = rows.thread(&key)?.map(|(holder, _)| holder);
            if holder == Some(other.id) && !kept.contains(&key) {
                rows.free_thread(&key)?;
            }
        }
        let ticket = self.advance(rows, merged, facts.merged)?;
        move_posts(rows, &posts, &ticket)?;
        if ticket.is_open() {
            hold_threads(rows, &posts, ticket.id)?;
        }
        Ok(done(ticket, other))
    }

    fn split(
        &self,
        rows: &mut impl Rows,
        before: &Ticket,
        key: &MentionKey,
    ) -> Result<Regrouped, StorageError> {
        let posts = rows.posts_of(before.id)?;
        let posts: Vec<Post> = posts.into_iter().filter(|post| post.key == *key).collect();
        let content = posts.first().and_then(|post| post.content.as_ref());
        let Regroup { book, now, .. } = self.wish;
        let parts = match regroup::split(before, (key, content), book, *now) {
            Ok(parts) => parts,
            Err(refusal) => return Ok(Regrouped::Refused(refusal)),
        };
        look_up(rows, &posts)?;
        let origin = Origin {
            mention: content,
            decision: None,
        };
        let left = |opened| parts.left(opened);
        let other = open(rows, &self.change(parts.opened.clone()), origin)?;
        let ticket = self.advance(rows, before, left(other.id))?;
        move_posts(rows, &posts, &other)?;
        Ok(done(ticket, other))
    }

    fn advance(
        &self,
        rows: &mut impl Rows,
        before: &Ticket,
        facts: Vec<Fact>,
    ) -> Result<Ticket, StorageError> {
        advance(rows, before, &self.change(facts), Origin::default())
    }

    fn change(&self, facts: Vec<Fact>) -> Change {
        Change {
            at: self.wish.now,
            actor: self.wish.actor.clone(),
            facts,
        }
    }
}

fn done(ticket: Ticket, other: Ticket) -> Regrouped {
    Regrouped::Done {
        ticket: Box::new(ticket),
        other: Box::new(other),
    }
}

/// Everything that moving them asks for, at once.
fn look_up(rows: &mut impl Rows, posts: &[Post]) -> Result<(), StorageError> {
    let keys: Vec<MentionKey> = posts.iter().map(|post| post.key.clone()).collect();
    let threads: Vec<ThreadKey> = posts.iter().flat_map(threads).collect();
    rows.look_up(&keys, &threads)
}

/// Puts the posts beside the ticket that has just taken them, in their order.
fn move_posts(rows: &mut impl Rows, posts: &[Post], to: &Ticket) -> Result<(), StorageError> {
    for (index, post) in posts.iter().take(MOVED_POSTS_MAX).enumerate() {
        let moved = rows.move_post(post.place, to, index)?;
        if let Some(mut known) = rows.identity(&post.key)? {
            known.state.ticket = Some(to.id);
            known.mention_id = Some(moved);
            rows.store_identity(&post.key, &known)?;
        }
    }
    Ok(())
}

/// What comes later in their threads comes to this ticket.
fn hold_threads(
    rows: &mut impl Rows,
    posts: &[Post],
    ticket: TicketId,
) -> Result<(), StorageError> {
    for post in posts {
        let Some(content) = &post.content else {
            continue;
        };
        for key in threads(post) {
            rows.hold_thread(&key, ticket, content.posted_at())?;
        }
    }
    Ok(())
}

fn threads(post: &Post) -> Vec<ThreadKey> {
    let keys = post.content.as_ref();
    let keys = keys.map(|content| thread_keys(&content.mention));
    let keys = keys.unwrap_or_default();
    keys.conversation.into_iter().chain(keys.windowed).collect()
}
