//! When dead letters mean that the code is wrong, not the data.

use std::collections::VecDeque;

/// Beyond these a stage stops instead of setting more aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterLimits {
    /// How many of the last records are looked at.
    pub window_records: usize,
    /// How many of those may be dead letters.
    pub window_letters_max: usize,
    /// How many may follow one another.
    pub run_max: usize,
}

impl Default for DeadLetterLimits {
    /// One in ten: a platform that changes its format breaks all of its posts at once, and
    /// hostile posts come one by one.
    fn default() -> Self {
        Self {
            window_records: 1_000,
            window_letters_max: 100,
            run_max: 50,
        }
    }
}

pub(super) struct LetterWindow {
    limits: DeadLetterLimits,
    recent: VecDeque<bool>,
    letters: usize,
    run: usize,
}

impl LetterWindow {
    pub(super) fn new(limits: DeadLetterLimits) -> Self {
        Self {
            limits,
            recent: VecDeque::new(),
            letters: 0,
            run: 0,
        }
    }

    /// Why one more letter would be too many.
    pub(super) fn refuses_letter(&self) -> Option<String> {
        let limits = self.limits;
        if self.run >= limits.run_max {
            return Some(format!("{} records in a row became dead letters", self.run));
        }
        if self.letters >= limits.window_letters_max {
            let seen = self.recent.len();
            return Some(format!(
                "{} of the last {seen} records became dead letters",
                self.letters
            ));
        }
        None
    }

    pub(super) fn count(&mut self, is_letter: bool) {
        self.run = if is_letter { self.run + 1 } else { 0 };
        self.letters += usize::from(is_letter);
        self.recent.push_back(is_letter);
        if self.recent.len() > self.limits.window_records
            && let Some(oldest) = self.recent.pop_front()
        {
            self.letters -= usize::from(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::all_good(".........", false)]
    #[case::two_in_a_row("..xx", false)]
    #[case::three_in_a_row("..xxx", true)]
    #[case::four_in_ten("x.x.x.x", true)]
    #[case::the_first_has_left_the_window("x.x.x......x", false)]
    fn stops_at_three_in_a_row_or_four_in_ten(#[case] records: &str, #[case] stops: bool) {
        let limits = DeadLetterLimits {
            window_records: 10,
            window_letters_max: 4,
            run_max: 3,
        };
        let mut window = LetterWindow::new(limits);
        records
            .chars()
            .for_each(|record| window.count(record == 'x'));
        assert_eq!(window.refuses_letter().is_some(), stops);
    }
}
