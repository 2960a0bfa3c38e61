//! Label values of logging in.

/// What somebody tries to log in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginMethod {
    /// Name and password.
    Password,
    /// A one-time link.
    Link,
}

impl LoginMethod {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[Self::Password, Self::Link];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link => "link",
        }
    }
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginOutcome {
    /// A session began.
    Accepted,
    /// Wrong name or password, or a link that does not work.
    Refused,
    /// Too many tries before it: not looked at.
    Limited,
}

impl LoginOutcome {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[Self::Accepted, Self::Refused, Self::Limited];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Limited => "limited",
        }
    }
}
