//! Threads: which conversation a message belongs to.
//!
//! A thread's id follows from the remote id of its first message, so messages that arrive newest first still find
//! together; where an answer came before the message it names, the two threads are joined when that one comes.

use super::record;
use super::{Read, Store, StoreError, Transaction, key};
use crate::model::{IdentityId, MessageId, ThreadId, Timestamp};

const SUBJECT: u8 = b's';
const THREAD: u8 = b'h';

/// The thread last seen under a subject.
#[derive(Clone, Debug, minicbor::Encode, minicbor::Decode)]
struct SubjectThread {
    #[n(0)]
    thread: ThreadId,
    #[n(1)]
    from: Timestamp,
    #[n(2)]
    to: Timestamp,
}

fn subject_key(identity: IdentityId, subject: &str) -> Vec<u8> {
    let hash = MessageId::of(&[subject.as_bytes()]);
    key(SUBJECT, &[&identity.0, &hash.0[..8]])
}

fn joined(read: &impl Read, thread: ThreadId) -> Result<ThreadId, StoreError> {
    let mut thread = thread;
    // Joins make chains of one or two; the bound is for damaged rows.
    for _ in 0..16 {
        match read.get(&key(THREAD, &[&thread.0]))?.and_then(|row| ThreadId::from_slice(&row)) {
            Some(next) if next != thread => thread = next,
            _ => break,
        }
    }
    Ok(thread)
}

impl Store {
    /// The thread that this one turned out to be part of; itself in most cases.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn thread(&self, thread: ThreadId) -> Result<ThreadId, StoreError> {
        joined(self, thread)
    }
}

impl Transaction<'_> {
    /// The thread that this one turned out to be part of.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn thread(&self, thread: ThreadId) -> Result<ThreadId, StoreError> {
        joined(self, thread)
    }

    /// Remembers that somebody answered a message we do not have, which would begin `thread`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn await_thread(&mut self, thread: ThreadId) -> Result<(), StoreError> {
        let row = key(THREAD, &[&thread.0]);
        if self.get(&row)?.is_none() {
            self.put(row, thread.0.to_vec());
        }
        Ok(())
    }

    /// Joins what was filed under `awaited` (before its first message came) to `thread`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn join_thread(&mut self, awaited: ThreadId, thread: ThreadId) -> Result<(), StoreError> {
        let row = key(THREAD, &[&awaited.0]);
        if awaited != thread && self.get(&row)?.is_some() && self.thread(thread)? != awaited {
            self.put(row, thread.0.to_vec());
        }
        Ok(())
    }

    /// The thread of this identity with this normalised subject, when it was alive within `days` of `at`.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn thread_by_subject(
        &self,
        identity: IdentityId,
        subject: &str,
        at: Timestamp,
        days: i64,
    ) -> Result<Option<ThreadId>, StoreError> {
        let Some(row) = self.get(&subject_key(identity, subject))? else { return Ok(None) };
        let seen: SubjectThread = record::decode(SUBJECT, &row)?.record;
        let span = days * 24 * 3_600_000;
        let near = at.0 >= seen.from.0 - span && at.0 <= seen.to.0 + span;
        Ok(near.then_some(seen.thread))
    }

    /// Notes that `thread` was alive at `at` under this subject.
    ///
    /// # Errors
    /// When the old row cannot be read.
    pub fn put_subject(
        &mut self,
        identity: IdentityId,
        subject: &str,
        thread: ThreadId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let row_key = subject_key(identity, subject);
        let old: Option<SubjectThread> = match self.get(&row_key)? {
            Some(row) => Some(record::decode(SUBJECT, &row)?.record),
            None => None,
        };
        let row = match old {
            Some(old) if old.thread == thread => SubjectThread { thread, from: old.from.min(at), to: old.to.max(at) },
            // An older thread found later does not hide the one alive now.
            Some(old) if old.to > at => old,
            _ => SubjectThread { thread, from: at, to: at },
        };
        self.put(row_key, record::encode(&row, &[], 0));
        Ok(())
    }
}
