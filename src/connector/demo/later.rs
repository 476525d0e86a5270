//! What happens to chat lines and comments after they were said: they are read, liked, written anew, taken back.

use super::chance::{chance, percent};
use super::settings::Role;
use super::writer::Written;
use crate::connector::Changed;
use crate::model::{ChangeKind, Party, Timestamp};

const SECOND: i64 = 1_000;
/// What people press.
const SYMBOLS: [&str; 4] = ["👍", "❤️", "😂", "🙏"];

/// All that happens to one message; every moment is `real` milliseconds after it.
struct Story<'r> {
    remote_id: String,
    at: i64,
    real: &'r dyn Fn(i64) -> i64,
    changes: Vec<Changed>,
}

impl Story<'_> {
    fn tell(&mut self, after: i64, kind: ChangeKind, text: String, by: Option<Party>) {
        self.changes.push(Changed {
            remote_id: self.remote_id.clone(),
            key: format!("{}.{}", kind.word(), self.changes.len()),
            kind,
            text,
            at: Timestamp(self.at + (self.real)(after)),
            by,
        });
    }
}

/// What happened to something that was written, on both sides.
pub(super) fn happened(seed: u64, role: Role, written: &Written, real: impl Fn(i64) -> i64) -> Vec<Changed> {
    if role == Role::Mail {
        return Vec::new();
    }
    if !written.customer {
        return to_ours(seed, role, &written.id, written.at, real);
    }
    let mut chance = chance(seed, &[b"later", written.id.as_bytes()]);
    let mut story = Story { remote_id: written.id.clone(), at: written.at, real: &real, changes: Vec::new() };
    let author = Party { address: written.from.1.clone(), name: written.from.0.clone() };
    match chance.u32(..100) {
        0..5 => story.tell(50 * SECOND, ChangeKind::Deleted, String::new(), Some(author)),
        5..13 => {
            let text = format!("{} 🙏", written.text.trim_end());
            let preview = crate::connector::first_words(&text);
            story.tell(20 * SECOND, ChangeKind::Edited { preview }, text, Some(author));
        }
        13..19 if role == Role::Comments => {
            story.tell(40 * SECOND, ChangeKind::Hidden { hidden: true }, String::new(), None);
        }
        _ => {}
    }
    if role == Role::Comments && percent(&mut chance, 45) {
        for number in 0..1 + chance.i64(0..5) {
            let symbol = SYMBOLS[chance.usize(..SYMBOLS.len())].to_owned();
            let kind = ChangeKind::Reaction { symbol, added: true };
            story.tell((5 + number * 9) * SECOND, kind, String::new(), None);
        }
    }
    if role == Role::Comments && percent(&mut chance, 25) {
        let kind = ChangeKind::Likes { count: u64::from(2 + chance.u32(..60)) };
        story.tell(55 * SECOND, kind, String::new(), None);
    }
    story.changes
}

/// What happens to something of ours.
pub(super) fn to_ours(seed: u64, role: Role, remote_id: &str, at: i64, real: impl Fn(i64) -> i64) -> Vec<Changed> {
    let mut chance = chance(seed, &[b"later, ours", remote_id.as_bytes()]);
    let mut story = Story { remote_id: remote_id.to_owned(), at, real: &real, changes: Vec::new() };
    match role {
        Role::Mail => {}
        Role::Chat => {
            story.tell(SECOND, ChangeKind::Delivered, String::new(), None);
            if percent(&mut chance, 80) {
                story.tell((3 + chance.i64(0..40)) * SECOND, ChangeKind::Read, String::new(), None);
                if percent(&mut chance, 20) {
                    let kind = ChangeKind::Reaction { symbol: "👍".to_owned(), added: true };
                    story.tell(45 * SECOND, kind, String::new(), None);
                }
            }
        }
        Role::Comments => {
            if percent(&mut chance, 40) {
                let kind = ChangeKind::Likes { count: u64::from(1 + chance.u32(..20)) };
                story.tell(8 * SECOND, kind, String::new(), None);
            }
        }
    }
    story.changes
}
