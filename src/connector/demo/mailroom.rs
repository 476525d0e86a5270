//! The other side's mailroom: what we sent comes in here, and some time later the customer answers.

use super::chance::{chance, number, percent};
use super::letter;
use super::person::Person;
use super::phrase::write_out;
use super::post;
use super::settings::Role;
use super::speech::Speech;
use super::writer::Written;
use crate::connector::Changed;
use crate::model::{Outgoing, Way};
use std::collections::HashMap;

/// The longest part of our answer a customer quotes, in lines.
const QUOTED: usize = 12;

/// No answer comes sooner, in real milliseconds: mail tells the time in whole seconds, and an answer must not seem older
/// than what it answers.
const SOONEST: i64 = 1_100;

/// What comes from the other side.
#[derive(Clone)]
pub(super) enum News {
    /// An answer: its original.
    Answer(Vec<u8>),
    /// Something that happened to a message.
    Change(Box<Changed>),
}

/// Something that is to come.
struct Pending {
    due: i64,
    news: News,
}

/// Something that came.
pub(super) struct Arrived {
    pub at: i64,
    pub news: News,
}

/// How a message of ours fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Delivered.
    Taken,
    /// Refused for good.
    Refused,
    /// The final answer is lost.
    Lost,
}

#[derive(Default)]
pub(super) struct Mailroom {
    pending: Vec<Pending>,
    arrived: Vec<Arrived>,
    /// Messages tried for the first time, those of the fixed cast left out.
    tried: u32,
    /// Messages taken.
    taken: u32,
    /// Answers by address.
    answers: HashMap<String, u32>,
}

impl Mailroom {
    /// How this one fares. The third and the fifth meet trouble; what a person tries again gets through.
    pub fn fate(&mut self, outgoing: &Outgoing) -> Fate {
        if outgoing.attempts > 0 {
            return Fate::Taken;
        }
        match outgoing.to.first().map(|party| party.address.as_str()) {
            Some(super::FULL) => return Fate::Refused,
            Some(super::FOG) => return Fate::Lost,
            Some(super::FRIEND) => return Fate::Taken,
            _ => {}
        }
        self.tried += 1;
        match self.tried {
            3 => Fate::Refused,
            5 => Fate::Lost,
            _ => Fate::Taken,
        }
    }

    /// A message was taken at `now`: most customers answer after some seconds of the demo's time, given by `real`.
    pub fn take(
        &mut self,
        outgoing: &Outgoing,
        (seed, role, now): (u64, Role, i64),
        person: Option<&Person>,
        speeches: &[Speech],
        real: impl Fn(i64) -> i64,
    ) {
        self.taken += 1;
        let Some(party) = outgoing.to.first() else { return };
        let count = self.answers.entry(party.address.clone()).or_default();
        let mut chance = chance(seed, &[b"answer", party.address.as_bytes(), &count.to_le_bytes()]);
        let certain = self.taken == 1 || party.address == super::FRIEND;
        if !certain && !percent(&mut chance, if *count < 3 { 80 } else { 35 }) {
            return;
        }
        *count += 1;
        let language = person.map_or(0, |person| person.speech);
        let Some(speech) = speeches.get(language) else { return };
        let list = speech.answers(role);
        // The next of the list for each answer, so that nobody says the same twice.
        let first = number(seed, &[b"first answer", party.address.as_bytes()]) as usize;
        let Some(template) = list.get((first + *count as usize) % list.len().max(1)) else { return };
        let name = person.map_or_else(|| party.name.clone(), |person| person.first.clone());
        let agent = outgoing.from.name.split(" · ").next().unwrap_or_default().to_owned();
        let mut text = write_out(template, &mut chance, &|slot| match slot {
            "first" => name.clone(),
            "agent" => agent.clone(),
            _ => speech.slots.get(slot).and_then(|list| list.first()).cloned().unwrap_or_default(),
        });
        let due = now + real(4_000 + chance.i64(..9_000)).max(SOONEST);
        if role == Role::Mail {
            let date = outgoing.date.to_jiff().strftime("%Y-%m-%d %H:%M").to_string();
            let line = speech.quoted.replace("<date>", &date).replace("<who>", &outgoing.from.address);
            let quoted: Vec<String> = outgoing
                .text
                .lines()
                .filter(|line| !line.starts_with('>'))
                .take(QUOTED)
                .map(|line| format!("> {line}").trim_end().to_owned())
                .collect();
            text = format!("{text}\n\n{line}\n{}", quoted.join("\n"));
        }
        let domain = party.address.split('@').nth(1).unwrap_or("post.example");
        let mut references = outgoing.references.clone();
        references.push(outgoing.remote_id.clone());
        let written = Written {
            id: format!("{:016x}.answer@{domain}", number(seed, &[b"answer id", outgoing.remote_id.as_bytes()])),
            customer: true,
            from: (party.name.clone(), party.address.clone()),
            to: (outgoing.from.name.clone(), outgoing.from.address.clone()),
            at: due,
            subject: if role == Role::Mail { outgoing.subject.clone() } else { post::under(outgoing) },
            private: role == Role::Comments && outgoing.way == Way::Direct,
            text,
            references,
            language: speech.code.clone(),
            ..Written::default()
        };
        let original = if role == Role::Mail { letter::original(&written) } else { post::original(&written) };
        self.pending.push(Pending { due, news: News::Answer(original) });
    }

    /// Something will happen to messages, each at its time.
    pub fn expect(&mut self, changes: Vec<Changed>) {
        self.pending.extend(
            changes.into_iter().map(|change| Pending { due: change.at.0, news: News::Change(Box::new(change)) }),
        );
    }

    /// What came after the first `had`, as far as it has come by `now`.
    pub fn arrived(&mut self, had: u32, now: i64) -> &[Arrived] {
        let mut come: Vec<Pending> = Vec::new();
        let mut at = 0;
        while at < self.pending.len() {
            if self.pending[at].due <= now {
                come.push(self.pending.remove(at));
            } else {
                at += 1;
            }
        }
        come.sort_by_key(|pending| pending.due);
        self.arrived.extend(come.into_iter().map(|come| Arrived { at: come.due, news: come.news }));
        self.arrived.get(had as usize..).unwrap_or_default()
    }

    /// When the next answer comes; `Some(0)` when one is there that the first `had` do not count.
    pub fn next(&self, had: u32) -> Option<i64> {
        if self.arrived.len() > had as usize {
            return Some(0);
        }
        self.pending.iter().map(|pending| pending.due).min()
    }
}
