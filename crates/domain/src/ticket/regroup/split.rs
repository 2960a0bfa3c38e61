//! A post that deserves a ticket of its own.

use super::RegroupRefusal;
use crate::intake::{ClassifiedMention, Opening};
use crate::mention::StartReason;
use crate::routing::AuthorTier;
use crate::sla::{ClockKind, Holder, PolicyFacts, SlaBook};
use crate::ticket::clocks::post_arrived;
use crate::ticket::{Fact, Ticket, TicketId};
use crate::{Label, MentionKey, Op};
use jiff::Timestamp;

/// A ticket that begins with a post of another one.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitOut {
    /// Of the new ticket.
    pub opened: Vec<Fact>,
    mention: MentionKey,
}

impl SplitOut {
    /// Of the ticket that the post leaves, once the new one has its number.
    pub fn left(&self, opened: TicketId) -> Vec<Fact> {
        vec![Fact::SplitOff {
            ticket: opened,
            mention: self.mention.clone(),
        }]
    }
}

/// Splits the post out of the ticket, into a new one with the same owner. `post` is what the
/// store holds under `key` beside this ticket.
///
/// # Errors
/// A [`RegroupRefusal`] that says what stands in the way.
pub fn split(
    ticket: &Ticket,
    (key, post): (&MentionKey, Option<&ClassifiedMention>),
    book: &SlaBook,
    now: Timestamp,
) -> Result<SplitOut, RegroupRefusal> {
    if let Some(into) = ticket.merged_into {
        return Err(RegroupRefusal::Merged(ticket.id, into.ticket));
    }
    if ticket.mention == *key {
        return Err(RegroupRefusal::OpenedIt(key.clone()));
    }
    let post = post.filter(|post| post.mention.op == Op::Upsert);
    let post = post.ok_or_else(|| RegroupRefusal::NoPost(key.clone()))?;
    let opening = opening(ticket, post);
    let clocks = clocks(ticket, &opening, post, book, now);
    let mut opened = vec![
        Fact::Opened(Box::new(opening)),
        Fact::SplitFrom { ticket: ticket.id },
    ];
    opened.extend(clocks);
    let mention = key.clone();
    Ok(SplitOut { opened, mention })
}

fn opening(ticket: &Ticket, post: &ClassifiedMention) -> Opening {
    let verdict = &post.classification;
    let labels = verdict.labels.iter().copied();
    let author = &post.mention.author;
    let same_author = Some(ticket).filter(|ticket| ticket.author_id == author.id);
    let platform_tier = || AuthorTier::of(author);
    Opening {
        mention: post.mention.key(),
        author_id: author.id.clone(),
        posted_at: post.posted_at(),
        received_at: post.received_at,
        department: ticket.department.clone(),
        helpers: ticket.helpers.clone(),
        label: verdict.label,
        labels: labels.chain([verdict.label]).collect(),
        priority: ticket.priority,
        brand: post.brand.clone(),
        language: verdict.language.clone(),
        severity: verdict.severity,
        topics: verdict.topics.clone(),
        needs_review: verdict.needs_review,
        author_tier: same_author.map_or_else(platform_tier, |ticket| ticket.author_tier),
        looked_up: same_author.and_then(|ticket| ticket.looked_up.clone()),
    }
}

/// The post has waited since it was written, unless the ticket it stood in was answered.
fn clocks(
    ticket: &Ticket,
    opening: &Opening,
    post: &ClassifiedMention,
    book: &SlaBook,
    now: Timestamp,
) -> Vec<Fact> {
    let asks = post.classification.no_answer.is_none() && !post.mention.backfill;
    if opening.label == Label::General || !asks {
        return vec![];
    }
    let facts = PolicyFacts {
        label: opening.label,
        platform: &post.mention.platform,
        department: &opening.department,
        author_tier: opening.author_tier,
        language: &opening.language,
    };
    let holder = Holder {
        department: &opening.department,
        priority: opening.priority,
    };
    let start = if waits_for_answer(ticket) {
        post.sla_start()
    } else {
        (now, StartReason::Change)
    };
    let policy = book.select(None, &facts);
    policy.map_or_else(Vec::new, |policy| {
        post_arrived(book, policy, holder, start, now)
    })
}

fn waits_for_answer(ticket: &Ticket) -> bool {
    let answers = [ClockKind::FirstResponse, ClockKind::NextResponse];
    let mut clocks = ticket.clocks.iter();
    clocks.any(|clock| answers.contains(&clock.kind) && clock.is_ticking())
}
