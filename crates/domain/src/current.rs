//! What holds at the moment, and may be replaced by what holds from now on.

use std::sync::{Arc, PoisonError, RwLock};

/// A value that many read and one replaces as a whole: whoever has taken it works on with
/// what they took, whoever comes later gets the new one.
#[derive(Debug)]
pub struct Current<T>(RwLock<Arc<T>>);

impl<T> Current<T> {
    /// Holds from the start.
    pub fn new(value: impl Into<Arc<T>>) -> Arc<Self> {
        Arc::new(Self(RwLock::new(value.into())))
    }

    /// What holds now. Take it once per piece of work, so that all of it sees the same.
    pub fn get(&self) -> Arc<T> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held)
    }

    /// This holds from now on.
    pub fn set(&self, value: impl Into<Arc<T>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_taken_it_keeps_it() {
        let current = Current::new(1);
        let taken = current.get();
        current.set(2);
        assert_eq!((*taken, *current.get()), (1, 2));
    }
}
