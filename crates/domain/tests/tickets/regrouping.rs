//! What a store does around a merge, its undo and a split.

use crate::story::Story;
use switchboard_domain::MentionKey;
use switchboard_domain::ticket::regroup::{Regrouping, merge, part, split};
use switchboard_domain::ticket::{Actor, Change, Fact, RegroupRefusal, TicketId};

impl Story {
    pub(crate) fn merge(&mut self, merged: usize, survivor: usize) -> Result<(), RegroupRefusal> {
        let ids = self.posts_of(self.tickets[merged].id);
        let keys: Vec<_> = ids.iter().map(|id| self.key(id)).collect();
        let [from, into] = [merged, survivor].map(|index| &self.tickets[index]);
        let regrouping = merge(from, into, &keys, &self.book, self.now)?;
        self.move_to(&ids, self.tickets[survivor].id);
        self.regroup(merged, survivor, regrouping);
        Ok(())
    }

    pub(crate) fn part(&mut self, merged: usize) -> Result<(), RegroupRefusal> {
        let ticket = &self.tickets[merged];
        let into = ticket.merged_into.map_or(ticket.id, |into| into.ticket);
        let survivor = self.index(into);
        let absorbed = self.tickets[survivor].absorbed.iter();
        let absorbed = absorbed.filter(|absorbed| absorbed.ticket == ticket.id);
        let keys: Vec<_> = absorbed.flat_map(|one| &one.mentions).cloned().collect();
        let mut ids = self.posts_of(into);
        ids.retain(|id| keys.contains(&self.key(id)));
        let posts: Vec<_> = ids
            .iter()
            .map(|id| (self.key(id), self.identity(id).deleted))
            .collect();
        let survivor_ticket = &self.tickets[survivor];
        let regrouping = part(ticket, survivor_ticket, &posts, &self.book, self.now)?;
        self.move_to(&ids, self.tickets[merged].id);
        self.regroup(merged, survivor, regrouping);
        Ok(())
    }

    pub(crate) fn split(&mut self, id: &'static str) -> Result<(), RegroupRefusal> {
        let key = self.key(id);
        let known = self.identities.get(id).and_then(|known| known.ticket);
        let index = self.index(known.ok_or_else(|| RegroupRefusal::NoPost(key.clone()))?);
        let new = TicketId(1 + i64::try_from(self.tickets.len()).unwrap());
        let ticket = &self.tickets[index];
        let post = self.words.get(id);
        let parts = split(ticket, (&key, post), &self.book, self.now)?;
        let left = parts.left(new);
        self.writes(None, parts.opened);
        self.writes(Some(index), left);
        self.move_to(&[id], new);
        Ok(())
    }

    fn regroup(&mut self, merged: usize, survivor: usize, facts: Regrouping) {
        self.writes(Some(merged), facts.merged);
        self.writes(Some(survivor), facts.survivor);
    }

    fn writes(&mut self, index: Option<usize>, facts: Vec<Fact>) {
        let change = Change {
            at: self.now,
            actor: Actor::Person("sue".into()),
            facts,
        };
        self.write(index, change);
    }

    fn move_to(&mut self, ids: &[&'static str], ticket: TicketId) {
        for id in ids {
            let known = self.identities.get_mut(id).unwrap();
            known.ticket = Some(ticket);
        }
    }

    fn posts_of(&self, ticket: TicketId) -> Vec<&'static str> {
        let known = self.identities.iter();
        let known = known.filter(|(_, known)| known.ticket == Some(ticket));
        known.map(|(id, _)| *id).collect()
    }

    #[expect(clippy::unused_self, reason = "reads as the others do")]
    fn key(&self, id: &str) -> MentionKey {
        MentionKey {
            platform: switchboard_domain::Slug::from_any("x"),
            id_scope: String::new(),
            id: id.to_owned(),
        }
    }

    fn index(&self, id: TicketId) -> usize {
        let mut tickets = self.tickets.iter();
        tickets.position(|ticket| ticket.id == id).unwrap()
    }
}
