//! What is told of tickets: put together from columns when the relay asks, so that the writer
//! copies nothing.

use super::{Place, from_column, json};
use crate::StorageError;
use crate::records::RECORD_VERSION;
use std::borrow::Cow;
use switchboard_domain::Slug;
use switchboard_domain::ticket::{Change, Fact, Ticket, TicketId};

/// How the fact that moves a ticket is named in a change.
const DEPARTMENT_CHANGED: &str = "\"department_changed\"";

/// What the record has beside the change: two departments of forty letters, two numbers, names.
const ROOM_BYTES: usize = 200;

/// The columns of the table `ticket_event` that make the record.
pub(crate) struct EventColumns<'e> {
    pub(crate) ticket: TicketId,
    pub(crate) version: i64,
    pub(crate) department: &'e str,
    pub(crate) change: &'e str,
}

/// The columns that make the record of a ticket that was opened in a department's queue.
pub(crate) struct OpenedColumns<'e> {
    pub(crate) ticket: TicketId,
    /// The ticket as it was opened; absent once it has changed since.
    pub(crate) state: Option<&'e str>,
    /// The change that opened it; read where the state is absent.
    pub(crate) change: Option<&'e str>,
    /// The post that opened it; absent once its author has deleted it.
    pub(crate) content: Option<&'e str>,
}

impl OpenedColumns<'_> {
    /// The payload of `queue.<department>`, as [`crate::records::Queued`] is written.
    pub(crate) fn record(&self) -> Result<Vec<u8>, StorageError> {
        let ticket = match self.state {
            Some(state) => Cow::Borrowed(state),
            None => Cow::Owned(self.opened()?),
        };
        let head = format!(r#"{{"v":{RECORD_VERSION},"ticket":"#);
        let mut record = Vec::with_capacity(
            head.len() + ticket.len() + self.content.map_or(0, str::len) + ROOM_BYTES,
        );
        record.extend_from_slice(head.as_bytes());
        record.extend_from_slice(ticket.as_bytes());
        if let Some(content) = self.content {
            record.extend_from_slice(br#","mention":"#);
            record.extend_from_slice(content.as_bytes());
        }
        record.push(b'}');
        Ok(record)
    }

    /// The ticket as its first event tells it.
    fn opened(&self) -> Result<String, StorageError> {
        let place = Place::new("ticket_event", "change", &self.ticket);
        let change = self
            .change
            .ok_or_else(|| place.corrupt("it is not there"))?;
        let ticket = Ticket::open(self.ticket, &place.json(change)?);
        json(&ticket.map_err(|error| place.corrupt(error))?)
    }
}

impl EventColumns<'_> {
    /// The payload of `ticket.events`, without its number: as [`TicketChanged`] is written.
    ///
    /// A change stands in its column as it stands in the record, so it is copied; only one that
    /// may have moved the ticket is read, for where from.
    pub(crate) fn record(&self) -> Result<Vec<u8>, StorageError> {
        let moved_from = if self.change.contains(DEPARTMENT_CHANGED) {
            self.moved_from()?
        } else {
            None
        };
        let fields = self.fields()?;
        let mut record = Vec::with_capacity(fields.len() + ROOM_BYTES);
        record.extend_from_slice(br#"{"department":""#);
        record.extend_from_slice(self.department()?.as_str().as_bytes());
        if let Some(from) = moved_from {
            record.extend_from_slice(br#"","moved_from":""#);
            record.extend_from_slice(from.as_str().as_bytes());
        }
        let event = format!(
            r#"","ticket":"{}","version":{},"#,
            self.ticket,
            from_column(self.version)
        );
        record.extend_from_slice(event.as_bytes());
        record.extend_from_slice(fields.as_bytes());
        Ok(record)
    }

    fn department(&self) -> Result<Slug, StorageError> {
        self.place("department", |place| place.slug(self.department))
    }

    /// Where it stood before, if the change moved it.
    fn moved_from(&self) -> Result<Option<Slug>, StorageError> {
        let change: Change = self.place("change", |place| place.json(self.change))?;
        Ok(change.facts.into_iter().find_map(|fact| match fact {
            Fact::DepartmentChanged { from, .. } => Some(from),
            _ => None,
        }))
    }

    /// The change without the brace that opens it.
    fn fields(&self) -> Result<&str, StorageError> {
        let fields = self.change.strip_prefix('{');
        let fields = fields.filter(|fields| fields.ends_with('}') && fields.len() > 1);
        self.place("change", |place| {
            fields.ok_or_else(|| place.corrupt("it is no JSON object with fields"))
        })
    }

    fn place<T>(
        &self,
        column: &'static str,
        read: impl FnOnce(Place<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let row = format_args!("{}/{}", self.ticket, self.version);
        read(Place::new("ticket_event", column, &row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Queued, TicketChanged};
    use crate::row::json;
    use jiff::Timestamp;
    use rstest::rstest;
    use switchboard_domain::ticket::{Actor, TicketEvent};

    fn moved(from: &str, to: &str) -> Fact {
        Fact::DepartmentChanged {
            from: Slug::from_any(from),
            to: Slug::from_any(to),
            by_person: true,
        }
    }

    fn assigned(to: &str) -> Fact {
        Fact::Assigned {
            from: None,
            to: Some(to.to_owned()),
        }
    }

    #[rstest]
    #[case::not_moved(vec![assigned("bob")], None)]
    #[case::moved(vec![assigned("bob"), moved("sales", "support")], Some("sales"))]
    #[case::only_the_words(vec![assigned("\"department_changed\"")], None)]
    fn a_record_is_what_its_type_says(#[case] facts: Vec<Fact>, #[case] moved_from: Option<&str>) {
        let change = Change {
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Person("bob".into()),
            facts,
        };
        let columns = EventColumns {
            ticket: TicketId(7),
            version: 3,
            department: "support",
            change: &json(&change).unwrap(),
        };
        let want = TicketChanged {
            department: Slug::from_any("support"),
            moved_from: moved_from.map(Slug::from_any),
            event: TicketEvent {
                ticket: TicketId(7),
                version: 3,
                change: change.clone(),
            },
        };
        let record = String::from_utf8(columns.record().unwrap()).unwrap();
        assert_eq!(record, json(&want).unwrap());
    }

    #[rstest]
    #[case::nothing("")]
    #[case::no_object("null")]
    #[case::no_fields("{}")]
    #[case::cut("{\"at\":1")]
    fn what_is_no_change_is_not_told(#[case] change: &str) {
        let columns = EventColumns {
            ticket: TicketId(7),
            version: 3,
            department: "support",
            change,
        };
        let refused = columns.record().unwrap_err();
        assert!(matches!(
            refused,
            StorageError::Corrupt {
                column: "change",
                ..
            }
        ));
    }

    fn opening() -> Change {
        let facts = serde_json::json!([{
            "fact": "opened", "mention": {"platform": "x", "id_scope": "", "id": "1"},
            "author_id": "a", "posted_at": Timestamp::UNIX_EPOCH,
            "received_at": Timestamp::UNIX_EPOCH, "department": "support", "helpers": [],
            "label": "complaint", "labels": ["complaint"], "priority": "low", "brand": "acme",
            "language": "en", "severity": 0, "topics": [], "needs_review": false,
            "author_tier": "standard"
        }]);
        Change {
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::System("route".into()),
            facts: serde_json::from_value(facts).unwrap(),
        }
    }

    #[test]
    fn an_opened_ticket_is_told_as_it_came_whether_it_has_changed_since_or_not() {
        let change = opening();
        let ticket = Ticket::open(TicketId(7), &change).unwrap();
        let (state, change) = (json(&ticket).unwrap(), json(&change).unwrap());
        let want = json(&Queued {
            v: RECORD_VERSION,
            ticket,
            mention: None,
        });
        let unchanged = OpenedColumns {
            ticket: TicketId(7),
            state: Some(&state),
            change: None,
            content: None,
        };
        let changed = OpenedColumns {
            state: None,
            change: Some(&change),
            ..unchanged
        };
        let want = want.unwrap().into_bytes();
        assert_eq!(unchanged.record().unwrap(), want);
        assert_eq!(changed.record().unwrap(), want);
    }
}
