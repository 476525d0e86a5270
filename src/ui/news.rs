//! Telling an agent who looks elsewhere that somebody wrote: for cases that are theirs or nobody's.

use super::{Effect, Load, Screen};
use crate::model::{Customer, CustomerId, Direction, Event, EventKind, Timestamp};

/// Not more often than this, in milliseconds: what comes meanwhile is counted.
const PAUSE: i64 = 10_000;
/// What was written longer ago is history that comes in, and no news.
const FRESH: i64 = 15 * 60_000;
/// Customers looked at for one word about them.
const MOST: usize = 50;

/// What came and was not told yet.
#[derive(Debug, Default)]
pub(super) struct News {
    customers: Vec<CustomerId>,
    asked: bool,
    told: Option<Timestamp>,
}

impl News {
    /// When the next word may be said, if there is something to say.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let at = self.told.map_or(Timestamp(0), |told| told.plus_millis(PAUSE));
        (!self.customers.is_empty() && !self.asked).then_some(at)
    }

    /// A question failed.
    pub(super) fn failed(&mut self) {
        self.asked = false;
    }
}

impl Screen {
    /// Messages may have come in.
    pub(super) fn notice_news(&mut self, event: &Event) {
        if !self.comforts.notify.is_on() || event.kind != EventKind::Ingested || event.messages.is_empty() {
            return;
        }
        for id in &event.customers {
            if self.news.customers.len() < MOST && !self.news.customers.contains(id) {
                self.news.customers.push(*id);
            }
        }
    }

    /// Asks who wrote, once a word may be said.
    pub(super) fn ask_news(&mut self) {
        if self.news.due().is_some_and(|due| due <= self.now) {
            self.news.asked = true;
            let customers = std::mem::take(&mut self.news.customers);
            self.load(Load::News(customers));
        }
    }

    /// These are who wrote.
    pub(super) fn tell_news(&mut self, customers: &[Customer]) {
        self.news.asked = false;
        let is_news = |customer: &&Customer| {
            let owner = customer.case.as_ref().and_then(|case| case.owner.as_deref());
            // What the agent has open they see come in.
            let seen = self.open.as_ref().is_some_and(|open| open.id == customer.id && open.reading);
            customer.unread > 0
                && owner.is_none_or(|owner| owner == self.agent)
                && self.now.since(customer.last_inbound) < FRESH
                && !seen
        };
        let news: Vec<&Customer> = customers.iter().filter(is_news).collect();
        let Some(latest) = news.iter().max_by_key(|customer| customer.last_inbound) else { return };
        let title = match news.len() {
            1 => latest.name.clone(),
            several => format!("{} and {} more", latest.name, several - 1),
        };
        let theirs = latest.last_direction == Direction::Inbound;
        let body = if theirs { latest.last_text.clone() } else { "wrote".to_owned() };
        self.news.told = Some(self.now);
        self.effect(Effect::Notify { title, body });
    }
}
