//! A department as its people live it: who is called, who answers, what they wait for.

use super::HoldKind;
use crate::calendar::Rota;

/// How a department's people are called, and whether they answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duty {
    /// Who works there, by user name.
    pub members: Vec<String>,
    /// The notifiers through which they hear of an escalation.
    pub channels: Vec<String>,
    /// Who is on call; nobody in person without one.
    pub rota: Option<Rota>,
    /// Who answers its tickets.
    pub reply: ReplyPolicy,
}

/// One of the company's own words for what a ticket waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldState {
    /// For people.
    pub name: String,
    /// What it means for the clocks.
    pub kind: HoldKind,
}

/// Who may answer the tickets of a department.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyPolicy {
    /// Whoever may work on them.
    #[default]
    Anybody,
    /// Its members alone.
    Members,
    /// Nobody: whoever has something to say hands the ticket over.
    Nobody,
}

impl ReplyPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Anybody, Self::Members, Self::Nobody];

    /// Its name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anybody => "anybody",
            Self::Members => "members",
            Self::Nobody => "nobody",
        }
    }
}

impl Duty {
    /// Whether that person may answer. Machines follow the same rule: an automatic answer
    /// where nobody answers is one too many.
    pub fn answers(&self, person: &str) -> bool {
        match self.reply {
            ReplyPolicy::Anybody => true,
            ReplyPolicy::Members => self.members.iter().any(|member| member == person),
            ReplyPolicy::Nobody => false,
        }
    }
}
