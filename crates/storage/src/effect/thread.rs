//! Which open ticket a post joins.

use super::Rows;
use crate::StorageError;
use jiff::SignedDuration;
use switchboard_domain::ClassifiedMention;
use switchboard_domain::intake::{ThreadKeys, answer_thread, answered_posts, thread_keys};
use switchboard_domain::ticket::{Ticket, TicketId};

/// A post with its threads.
#[derive(Clone, Copy)]
pub(crate) struct Post<'p> {
    pub(crate) classified: &'p ClassifiedMention,
    pub(crate) keys: &'p ThreadKeys,
}

/// The open ticket of the post's thread: by conversation, by the post it answers, by author
/// and account within the window, in this order.
pub(crate) fn find(
    rows: &mut impl Rows,
    Post { classified, keys }: Post<'_>,
    join_window: SignedDuration,
) -> Result<Option<Ticket>, StorageError> {
    if let Some(key) = &keys.conversation
        && let Some((ticket, _)) = rows.thread(key)?
    {
        return rows.ticket(ticket);
    }
    if let Some(ticket) = of_parent(rows, keys, &classified.mention.author.id)? {
        return Ok(Some(ticket));
    }
    let posted_at = classified.posted_at();
    for key in &keys.windowed {
        if let Some((ticket, last_at)) = rows.thread(key)?
            && posted_at.duration_since(last_at).abs() <= join_window
        {
            return rows.ticket(ticket);
        }
    }
    Ok(None)
}

/// Puts the post's threads in the ticket's name. A windowed thread that another open ticket
/// holds passes over once its window has; the others stay where they are.
pub(crate) fn hold(
    rows: &mut impl Rows,
    ticket: TicketId,
    Post { classified, keys }: Post<'_>,
    join_window: SignedDuration,
) -> Result<(), StorageError> {
    let posted_at = classified.posted_at();
    if let Some(key) = &keys.conversation {
        rows.hold_thread(key, ticket, posted_at)?;
    }
    for key in &keys.windowed {
        if let Some((holder, last_at)) = rows.thread(key)?
            && holder != ticket
            && posted_at.duration_since(last_at).abs() > join_window
        {
            rows.free_thread(key)?;
        }
        rows.hold_thread(key, ticket, posted_at)?;
    }
    Ok(())
}

/// The ticket is open again: it takes the threads of its posts that nobody holds meanwhile.
pub(crate) fn take_up(rows: &mut impl Rows, ticket: TicketId) -> Result<(), StorageError> {
    let posts = rows.words_of(ticket)?;
    let keys = posts.iter().map(|post| thread_keys(&post.mention));
    let keys: Vec<_> = keys
        .flat_map(|keys| keys.conversation.into_iter().chain(keys.windowed))
        .collect();
    rows.look_up(&[], &keys)?;
    for classified in posts {
        let keys = thread_keys(&classified.mention);
        for key in keys.conversation.iter().chain(&keys.windowed) {
            rows.hold_thread(key, ticket, classified.posted_at())?;
        }
    }
    Ok(())
}

/// The ticket of the post that an answer of ours belongs to, whatever its status.
pub(crate) fn answered(
    rows: &mut impl Rows,
    answer: &ClassifiedMention,
) -> Result<Option<Ticket>, StorageError> {
    for post in answered_posts(&answer.mention) {
        let known = rows.identity(&post)?;
        if let Some(id) = known.and_then(|known| known.state.ticket) {
            return rows.ticket(id);
        }
    }
    Ok(None)
}

/// What the author answers to an answer of ours comes to the ticket, too.
pub(crate) fn hold_answer(
    rows: &mut impl Rows,
    ticket: &Ticket,
    answer: &ClassifiedMention,
) -> Result<(), StorageError> {
    match answer_thread(&answer.mention, &ticket.author_id) {
        Some(key) => rows.hold_thread(&key, ticket.id, answer.posted_at()),
        None => Ok(()),
    }
}

fn of_parent(
    rows: &mut impl Rows,
    keys: &ThreadKeys,
    author_id: &str,
) -> Result<Option<Ticket>, StorageError> {
    let Some(parent) = &keys.parent else {
        return Ok(None);
    };
    let known = rows.identity(parent)?;
    let Some(id) = known.and_then(|known| known.state.ticket) else {
        return Ok(None);
    };
    let ticket = rows.ticket(id)?;
    Ok(ticket.filter(|ticket| ticket.is_open() && ticket.is_by(author_id)))
}
