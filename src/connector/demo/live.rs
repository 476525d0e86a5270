//! The stream of new messages: from known customers and new faces, one every few seconds, the same with each seed.

use super::chance::{chance, percent};
use super::plan::{Conversation, Plan, scripts};
use super::settings::Role;
use super::speech::Speech;

/// Live conversations are numbered from here, so that their choices are their own.
const FIRST_NUMBER: u32 = 1 << 24;
/// Between the start and the first message, in milliseconds.
const WARM_UP: i64 = 2_500;

/// One message to come.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// Milliseconds after the stream began, at speed 1.
    pub after: i64,
    pub conversation: Conversation,
    /// They ask again instead of beginning.
    pub nudge: bool,
    /// It is a newsletter instead.
    pub newsletter: bool,
}

/// The messages of a place at which somebody known from mail writes, and has just confirmed there who they are.
const ELSEWHERE: [u32; 2] = [1, 7];

/// Their conversation, when it is message `index` of the place.
fn elsewhere(index: u32, number: u32, role: Role, plan: &Plan, speeches: &[Speech]) -> Option<Conversation> {
    let which = ELSEWHERE.iter().position(|at| *at == index)?;
    let known = plan.cast.people.iter().enumerate().take(plan.cast.known as usize);
    let mut there = known.filter(|(_, person)| {
        person.role == Role::Mail && person.second.as_ref().is_some_and(|(second, _)| *second == role)
    });
    let (person, who) = there.nth(which)?;
    let script = *scripts(&speeches[who.speech], role, false, true).first()?;
    Some(Conversation { number, person: person as u32, role, script })
}

/// The stream of one place, made as far as it was asked for.
#[derive(Default)]
pub(super) struct Stream {
    arrivals: Vec<Arrival>,
}

impl Stream {
    /// Message number `index` of the stream.
    pub fn get(&mut self, index: u32, seed: u64, role: Role, plan: &Plan, speeches: &[Speech]) -> Option<&Arrival> {
        while self.arrivals.len() <= index as usize {
            let arrival = self.next(seed, role, plan, speeches)?;
            self.arrivals.push(arrival);
        }
        self.arrivals.get(index as usize)
    }

    fn next(&self, seed: u64, role: Role, plan: &Plan, speeches: &[Speech]) -> Option<Arrival> {
        let index = self.arrivals.len() as u32;
        let mut chance = chance(seed, &[b"arrival", &[role as u8], &index.to_le_bytes()]);
        let mean = match role {
            Role::Mail => 12_000.0,
            Role::Chat => 9_000.0,
            Role::Comments => 19_000.0,
        };
        // Poisson arrivals have exponential gaps; the ends are cut so that nobody waits for ever.
        let gap = (-(1.0 - chance.f64()).ln() * mean).clamp(mean / 8.0, mean * 3.0) as i64;
        let after = self.arrivals.last().map_or(WARM_UP + gap / 3, |last| last.after + gap);
        let number = FIRST_NUMBER + index * 4 + role as u32;
        let newsletter = role == Role::Mail && percent(&mut chance, 5);
        if let Some(earlier) = self.arrivals.iter().rev().nth(4).filter(|earlier| !earlier.nudge && !earlier.newsletter)
            && percent(&mut chance, 12)
        {
            let conversation = earlier.conversation.clone();
            return Some(Arrival { after, conversation, nudge: true, newsletter });
        }
        if let Some(conversation) = elsewhere(index, number, role, plan, speeches) {
            return Some(Arrival { after, conversation, nudge: false, newsletter: false });
        }
        let at_home: Vec<u32> = {
            let people = &plan.cast.people;
            let (from, to) = match percent(&mut chance, 40) {
                true => (plan.cast.known as usize, people.len()),
                false => (0, plan.cast.known as usize),
            };
            (from..to).filter(|at| people[*at].role == role).map(|at| at as u32).collect()
        };
        let recent: Vec<&Conversation> =
            self.arrivals.iter().rev().take(8).map(|arrival| &arrival.conversation).collect();
        // Some tries to find a face and a story that did not just come by.
        for _ in 0..20 {
            let person = *at_home.get(chance.usize(..at_home.len().max(1)))?;
            let who = &plan.cast.people[person as usize];
            let scripts = scripts(&speeches[who.speech], role, who.firm.is_some(), false);
            let script = *scripts.get(chance.usize(..scripts.len().max(1)))?;
            let seen = recent.iter().any(|other| {
                other.person == person
                    || (other.script == script && plan.cast.people[other.person as usize].speech == who.speech)
            });
            if !seen {
                let conversation = Conversation { number, person, role, script };
                return Some(Arrival { after, conversation, nudge: false, newsletter });
            }
        }
        let person = *at_home.first()?;
        let who = &plan.cast.people[person as usize];
        let script = *scripts(&speeches[who.speech], role, who.firm.is_some(), false).first()?;
        Some(Arrival { after, conversation: Conversation { number, person, role, script }, nudge: false, newsletter })
    }
}
