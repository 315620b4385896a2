//! Memory that a thread keeps from one task to the next: to get it from the system takes as long as hundreds of hashes.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::thread::LocalKey;

/// What is kept; at most one of each kind and thread.
pub(crate) type Store<T> = LocalKey<Cell<Option<T>>>;

/// Something taken out of a store, and put back when dropped.
pub(crate) struct Kept<T: 'static> {
    value: Option<T>,
    store: &'static Store<T>,
}

impl<T> Kept<T> {
    /// What the store has, as the last user left it, or something new.
    pub(crate) fn take(store: &'static Store<T>, new: impl FnOnce() -> T) -> Self {
        let kept = store.try_with(Cell::take).ok().flatten();
        Self { value: Some(kept.unwrap_or_else(new)), store }
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("there until dropped")
    }
}

impl<T> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("there until dropped")
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        let value = self.value.take();
        // A thread that ends has no store any more.
        let _ = self.store.try_with(|store| store.set(value));
    }
}
