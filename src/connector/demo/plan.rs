//! What happened before the demo began: who had which conversation, and when. Texts are written when they are pulled.

use super::chance::{chance, percent};
use super::person::{Cast, Person};
use super::settings::Role;
use super::speech::Speech;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How far the past goes back.
const PAST: i64 = 120 * DAY;
/// Scripts that lie just behind in the same place and language are not used again.
const FRESH: usize = 6;

/// One conversation.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    /// Its number, which all its choices come from.
    pub number: u32,
    /// Who.
    pub person: u32,
    /// Where.
    pub role: Role,
    /// The script in the person's language.
    pub script: usize,
}

/// What one item of the past is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A turn of a script.
    Turn(u32),
    /// Our last word after it, with the number of turns before.
    LastWord(u32),
    /// The customer's out-of-office answer to this turn of ours.
    Away(u32),
    /// This turn of ours came back.
    Bounce(u32),
    /// A newsletter of this number.
    Newsletter(u32),
    /// Something nobody can read.
    Broken,
}

/// One item of the past: when, before the demo began (negative milliseconds), and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub at: i64,
    pub conversation: u32,
    pub kind: Kind,
    /// When the turn before it was said.
    pub before: Option<i64>,
}

/// The past of all places.
pub(super) struct Plan {
    pub cast: Cast,
    pub conversations: Vec<Conversation>,
    /// Of each place ([`Role::ALL`]), the latest first.
    moments: [Vec<Moment>; 3],
}

impl Plan {
    /// The past with at least `history` items.
    pub fn new(seed: u64, customers: u32, history: u32, speeches: &[Speech]) -> Plan {
        let cast = Cast::new(seed, customers, speeches);
        let mut plan = Plan { cast, conversations: Vec::new(), moments: Default::default() };
        let mut count = plan.extras();
        let mut starts = Vec::new();
        // Everybody writes at least once; those in two places once more, as somebody known.
        for person in 0..customers {
            starts.push((person, false));
            if plan.cast.people[person as usize].second.is_some() {
                starts.push((person, true));
            }
        }
        let mut number = 0_u32;
        let mut decks = Decks::default();
        while count < history as usize || (number as usize) < starts.len() {
            let mut chance = chance(seed, &[b"conversation", &number.to_le_bytes()]);
            // Some write often: the square draws to the front of the cast.
            let often = (chance.f64().powi(2) * f64::from(customers)) as u32;
            let (person, twin) = starts.get(number as usize).copied().unwrap_or((often.min(customers - 1), false));
            let who = &plan.cast.people[person as usize];
            let role = match &who.second {
                Some((role, _)) if twin => *role,
                _ => who.role,
            };
            if let Some(script) = decks.draw(who, role, twin, speeches, &mut chance) {
                let conversation = Conversation { number, person, role, script };
                count += plan.lay_out(conversation, twin, speeches, &mut chance);
            }
            number += 1;
            if number > history.saturating_mul(2) + 10_000 {
                break;
            }
        }
        for moments in &mut plan.moments {
            moments.sort_by(|one, other| other.cmp(one));
        }
        plan.bounce(speeches);
        plan
    }

    /// The items of a place, the latest first.
    pub fn moments(&self, role: Role) -> &[Moment] {
        &self.moments[role as usize]
    }

    /// Newsletters, and the one thing nobody can read.
    fn extras(&mut self) -> usize {
        for number in 0..60_u32 {
            let at = -(i64::from(number) * 2 * DAY + i64::from(number % 7) * HOUR + 3 * HOUR);
            let kind = Kind::Newsletter(number);
            self.moments[Role::Mail as usize].push(Moment { at, conversation: 0, kind, before: None });
        }
        let broken = Moment { at: -26 * HOUR, conversation: 0, kind: Kind::Broken, before: None };
        self.moments[Role::Chat as usize].push(broken);
        61
    }

    /// Puts the turns of a conversation on the calendar. What would lie in the future has not happened: such a customer
    /// waits for us.
    fn lay_out(
        &mut self,
        conversation: Conversation,
        twin: bool,
        speeches: &[Speech],
        chance: &mut fastrand::Rng,
    ) -> usize {
        let role = conversation.role;
        let speech = &speeches[self.cast.people[conversation.person as usize].speech];
        let script = &speech.script[conversation.script];
        let index = self.conversations.len() as u32;
        let moments = &mut self.moments[role as usize];
        let before = moments.len();
        // Somebody who turns out to be known did so lately.
        let reach = if twin { 2 * DAY } else { PAST };
        // Business has grown: most of it lies in the last weeks.
        let mut at = daytime(-(chance.f64().powf(1.7) * reach as f64) as i64 - 5 * MINUTE, chance);
        let mut last = (at, true);
        let mut said = 0;
        for turn in 0..script.turns.len() {
            let Some((customer, _)) = script.turn(turn) else { break };
            if turn > 0 {
                at += pause(role, customer == last.1, chance);
            }
            let before = (turn > 0).then_some(last.0);
            if at > -MINUTE {
                break;
            }
            moments.push(Moment { at, conversation: index, kind: Kind::Turn(turn as u32), before });
            said += 1;
            if !customer && role == Role::Mail && index % 29 == 3 && turn < 2 {
                let at = at + 40_000;
                moments.push(Moment { at, conversation: index, kind: Kind::Away(turn as u32), before: None });
            }
            last = (at, customer);
        }
        if last.1
            && said > 2
            && !script.unsettled
            && said == script.turns.len()
            && last.0 < -2 * DAY
            && percent(chance, 96)
        {
            let at = last.0 + pause(role, false, chance);
            moments.push(Moment { at, conversation: index, kind: Kind::LastWord(said as u32), before: None });
        }
        let added = moments.len() - before;
        self.conversations.push(conversation);
        added
    }

    /// The latest turn of ours by mail, which is the one that came back.
    fn bounce(&mut self, speeches: &[Speech]) {
        let found = self.moments[Role::Mail as usize].iter().find_map(|moment| {
            let conversation = self.conversations.get(moment.conversation as usize)?;
            let speech = &speeches[self.cast.people[conversation.person as usize].speech];
            match moment.kind {
                Kind::Turn(turn) if !speech.script[conversation.script].turn(turn as usize)?.0 => {
                    Some(Moment { at: moment.at + 20_000, kind: Kind::Bounce(turn), ..*moment })
                }
                _ => None,
            }
        });
        if let Some(bounce) = found {
            let moments = &mut self.moments[Role::Mail as usize];
            let place = moments.partition_point(|moment| *moment > bounce);
            moments.insert(place, bounce);
        }
    }
}

/// How long until the next turn.
fn pause(role: Role, same_side: bool, chance: &mut fastrand::Rng) -> i64 {
    let spread = chance.f64() * chance.f64();
    let (least, most) = match (role, same_side) {
        (Role::Mail, false) => (18 * MINUTE, 26 * HOUR),
        (Role::Mail, true) => (20 * HOUR, 3 * DAY),
        (Role::Chat, false) => (25_000, 9 * MINUTE),
        (Role::Chat, true) => (6_000, 40_000),
        (Role::Comments, false) => (4 * MINUTE, 9 * HOUR),
        (Role::Comments, true) => (MINUTE, HOUR),
    };
    least + (spread * (most - least) as f64) as i64
}

/// Few write at night: most of what would fall there moves into the day.
fn daytime(at: i64, chance: &mut fastrand::Rng) -> i64 {
    // The demo begins at some hour of some day; the quiet hours are the same for every seed and start.
    if at.rem_euclid(DAY) < 7 * HOUR && at < -DAY && percent(chance, 80) {
        at + 7 * HOUR + (chance.f64() * 8.0 * HOUR as f64) as i64
    } else {
        at
    }
}

/// Scripts in shuffled order, so that the same does not come twice within sight.
#[derive(Default)]
struct Decks {
    recent: std::collections::HashMap<(usize, Role), std::collections::VecDeque<usize>>,
    by_person: std::collections::HashMap<String, Vec<usize>>,
}

impl Decks {
    fn draw(
        &mut self,
        who: &Person,
        role: Role,
        twin: bool,
        speeches: &[Speech],
        chance: &mut fastrand::Rng,
    ) -> Option<usize> {
        let scripts = scripts(&speeches[who.speech], role, who.firm.is_some(), twin);
        let recent = self.recent.entry((who.speech, role)).or_default();
        let had = self.by_person.entry(who.address.clone()).or_default();
        if had.len() >= scripts.len() {
            had.clear();
        }
        let keep = FRESH.min(scripts.len() / 2);
        let good: Vec<usize> =
            scripts.iter().copied().filter(|script| !recent.contains(script) && !had.contains(script)).collect();
        let new: Vec<usize> = scripts.iter().copied().filter(|script| !had.contains(script)).collect();
        let from = [good, new, scripts].into_iter().find(|list| !list.is_empty())?;
        let script = from[chance.usize(..from.len())];
        recent.push_back(script);
        while recent.len() > keep {
            recent.pop_front();
        }
        had.push(script);
        Some(script)
    }
}

/// The scripts that fit somebody in a place.
pub(super) fn scripts(speech: &Speech, role: Role, firm: bool, twin: bool) -> Vec<usize> {
    let fits = |wanted_firm: bool| {
        speech
            .script
            .iter()
            .enumerate()
            .filter(|(_, script)| script.role == role && script.twin == twin && script.firm == wanted_firm)
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
    };
    let own = fits(firm);
    if own.is_empty() { fits(false) } else { own }
}
