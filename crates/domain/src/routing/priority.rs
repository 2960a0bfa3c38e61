//! How much a ticket presses: points with reasons, added up.

use super::Facts;
use super::facts::AuthorTier;
use super::row::RowPriority;
use crate::Label;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a ticket presses. The order is the order of work: `Urgent` is greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// In its turn.
    Normal,
    /// Before its turn.
    High,
    /// Now.
    Urgent,
}

/// From so many points on a ticket is [`Priority::Normal`]: any complaint or lead.
pub const NORMAL_FROM_POINTS: i32 = 20;

/// From so many points on a ticket is [`Priority::High`]: any PR risk, or a complaint of
/// severity 6.
pub const HIGH_FROM_POINTS: i32 = 50;

/// From so many points on a ticket is [`Priority::Urgent`]: a PR risk of severity 6, or a
/// complaint of severity 8 by somebody many people listen to.
pub const URGENT_FROM_POINTS: i32 = 80;

/// Points for each of the ten steps of severity: a grave post weighs as much as the step
/// from complaint to PR risk and more.
pub const POINTS_PER_SEVERITY: i32 = 5;

impl Priority {
    /// Every priority, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    /// Its name in configuration and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// The priority of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|priority| priority.as_str() == name)
    }

    /// The priority a sum of points stands for.
    pub const fn of_points(points: i32) -> Self {
        match points {
            URGENT_FROM_POINTS.. => Self::Urgent,
            HIGH_FROM_POINTS.. => Self::High,
            NORMAL_FROM_POINTS.. => Self::Normal,
            _ => Self::Low,
        }
    }

    const fn points_min(self) -> i32 {
        match self {
            Self::Low => 0,
            Self::Normal => NORMAL_FROM_POINTS,
            Self::High => HIGH_FROM_POINTS,
            Self::Urgent => URGENT_FROM_POINTS,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The points of a post and what each is for; their sum gives the priority. Reasons of no
/// points are left out.
pub(super) fn reasons(facts: &Facts, row: Option<(&str, RowPriority)>) -> Vec<(String, i32)> {
    let mut reasons = vec![
        (format!("label {}", facts.label), label_points(facts.label)),
        (
            format!("severity {}", facts.severity),
            i32::from(facts.severity) * POINTS_PER_SEVERITY,
        ),
        (
            format!("author {}", facts.author_tier),
            tier_points(facts.author_tier),
        ),
    ];
    match row {
        Some((name, RowPriority::Add(points))) => {
            reasons.push((format!("row {name}"), i32::from(points)));
        }
        Some((name, RowPriority::Fixed(priority))) => {
            // Written as the missing points, so that the sum stays the whole truth.
            let missing = priority.points_min() - sum(&reasons);
            reasons.push((format!("row {name} sets {priority}"), missing));
        }
        None => {}
    }
    reasons.retain(|(_, points)| *points != 0);
    reasons
}

pub(super) fn sum(reasons: &[(String, i32)]) -> i32 {
    reasons.iter().map(|(_, points)| points).sum()
}

const fn label_points(label: Label) -> i32 {
    match label {
        Label::PrRisk => 50,
        Label::Complaint | Label::Lead => 20,
        Label::General => 0,
    }
}

const fn tier_points(tier: AuthorTier) -> i32 {
    match tier {
        AuthorTier::Influencer | AuthorTier::Vip => 20,
        AuthorTier::Verified | AuthorTier::Customer => 5,
        AuthorTier::Standard => 0,
    }
}
