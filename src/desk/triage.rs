//! Triage: what happens to a case without anything being written.

use super::{Desk, DeskError, SYSTEM};
use crate::model::{
    Act, Acted, Case, CaseChange, CaseStatus, Customer, CustomerId, Event, EventKind, Priority, Snooze, Timestamp,
    clean_line,
};

const MAX_TAGS: usize = 50;

impl Desk {
    pub(super) fn resolve(&self, agent: &str, id: CustomerId) -> Result<Acted, DeskError> {
        self.on_case(agent, id, |case, now| {
            if case.status == CaseStatus::Resolved {
                return Err("it is resolved already".to_owned());
            }
            case.resolve(now);
            Ok("Resolved.".to_owned())
        })
    }

    pub(super) fn reopen(&self, agent: &str, id: CustomerId) -> Result<Acted, DeskError> {
        self.on_case(agent, id, |case, now| {
            if case.status == CaseStatus::Open {
                return Err("it is open already".to_owned());
            }
            case.reopen(now);
            Ok("Open again.".to_owned())
        })
    }

    pub(super) fn wait(&self, agent: &str, id: CustomerId) -> Result<Acted, DeskError> {
        self.on_case(agent, id, |case, _| {
            case.wait();
            Ok("Waiting for the customer.".to_owned())
        })
    }

    pub(super) fn snooze(&self, agent: &str, id: CustomerId, snooze: Snooze) -> Result<Acted, DeskError> {
        self.on_case(agent, id, |case, now| {
            if let Snooze::Until(time) = snooze
                && time <= now
            {
                return Err("that time is past; name a later one".to_owned());
            }
            case.status = CaseStatus::Snoozed;
            case.resolved = None;
            case.snooze = Some(snooze);
            Ok(match snooze {
                Snooze::Until(time) => {
                    let time = time.to_jiff().to_zoned(jiff::tz::TimeZone::system());
                    format!("Snoozed until {}.", time.strftime("%a %-d %b %H:%M"))
                }
                Snooze::UntilReply => "Snoozed until they answer.".to_owned(),
            })
        })
    }

    pub(super) fn assign(&self, agent: &str, id: CustomerId, owner: Option<String>) -> Result<Acted, DeskError> {
        let owner = owner.map(|owner| clean_line(&owner)).filter(|owner| !owner.is_empty());
        self.on_case(agent, id, |case, _| {
            let said = match &owner {
                Some(owner) => format!("Assigned to {owner}."),
                None => "Assigned to nobody.".to_owned(),
            };
            case.owner = owner.clone();
            Ok(said)
        })
    }

    pub(super) fn prioritise(&self, agent: &str, id: CustomerId, priority: Priority) -> Result<Acted, DeskError> {
        self.on_case(agent, id, |case, _| {
            case.priority = priority;
            Ok(format!("Priority {}.", priority.word()))
        })
    }

    pub(super) fn restore_case(
        &self,
        agent: &str,
        id: CustomerId,
        case: Option<Case>,
        left: &Option<Case>,
    ) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut customer = self.known(id)?;
        if customer.case != *left {
            return Err(DeskError::Refused(format!("{} moved on since; nothing was taken back", customer.name)));
        }
        let old = std::mem::replace(&mut customer.case, case);
        let said = match &customer.case {
            Some(case) => format!("{} is {} again.", customer.name, case.status.word()),
            None => format!("{} has no case, as before.", customer.name),
        };
        let summary = format!("undo: {} → {}", word(old.as_ref()), word(customer.case.as_ref()));
        let change = CaseChange { undo: true, ..CaseChange::of(old.as_ref(), customer.case.as_ref()) };
        self.put_case(agent, &customer, change, summary)?;
        Ok(Acted { said, customer: Some(id), ..Acted::default() })
    }

    pub(super) fn tag(
        &self,
        agent: &str,
        id: CustomerId,
        add: &[String],
        remove: &[String],
    ) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut customer = self.known(id)?;
        let old = customer.tags.clone();
        let normal = |tag: &String| clean_line(tag).trim().trim_start_matches('#').to_lowercase().replace(' ', "-");
        let removed: Vec<String> = remove.iter().map(normal).collect();
        customer.tags.retain(|tag| !removed.contains(tag));
        customer.tags.extend(add.iter().map(normal).filter(|tag| !tag.is_empty() && tag.chars().count() <= 50));
        customer.tags.sort();
        customer.tags.dedup();
        if customer.tags.len() > MAX_TAGS {
            return Err(DeskError::Refused(format!("a customer has at most {MAX_TAGS} tags; remove some first")));
        }
        self.put_tags(agent, customer, old)
    }

    pub(super) fn restore_tags(&self, agent: &str, id: CustomerId, tags: Vec<String>) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut customer = self.known(id)?;
        let old = std::mem::replace(&mut customer.tags, tags);
        self.put_tags(agent, customer, old)
    }

    fn put_tags(&self, agent: &str, customer: Customer, old: Vec<String>) -> Result<Acted, DeskError> {
        let said = if customer.tags.is_empty() {
            "No tags.".to_owned()
        } else {
            format!("Tags: {}.", customer.tags.join(", "))
        };
        let id = customer.id;
        if customer.tags != old {
            self.put_profile(agent, &customer, format!("tags {} → {}", old.join(","), customer.tags.join(",")))?;
        }
        Ok(Acted { said, undo: vec![Act::RestoreTags(id, old)], customer: Some(id), ..Acted::default() })
    }

    /// Wakes the snoozed cases whose time has come. Returns how many.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn wake_snoozed(&self) -> Result<usize, DeskError> {
        let now = self.now();
        let due = self.store.due_snoozes(now, 100)?;
        for id in &due {
            let _writer = self.write();
            let mut customer = self.known(*id)?;
            if let Some(case) = customer.case.as_mut()
                && matches!(case.snooze, Some(Snooze::Until(time)) if time <= now)
            {
                case.status = CaseStatus::Open;
                case.snooze = None;
                let change = CaseChange { from: Some(CaseStatus::Snoozed), to: Some(CaseStatus::Open), undo: false };
                self.put_case(SYSTEM, &customer, change, "snooze is over".to_owned())?;
            }
        }
        Ok(due.len())
    }

    /// Changes the case of a customer, or opens one for it, and tells how to take that back.
    fn on_case(
        &self,
        agent: &str,
        id: CustomerId,
        change: impl FnOnce(&mut Case, Timestamp) -> Result<String, String>,
    ) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut customer = self.known(id)?;
        let now = self.now();
        let old = customer.case.clone();
        let case = customer.case.get_or_insert(Case::new(CaseStatus::Waiting, now));
        let said = change(case, now).map_err(|why| DeskError::Refused(format!("{}: {why}", customer.name)))?;
        if customer.case.as_ref().is_some_and(|case| case.status == CaseStatus::Resolved) {
            customer.trouble = false;
        }
        if customer.case != old {
            let summary = format!("{} → {}", summary(old.as_ref()), summary(customer.case.as_ref()));
            let change = CaseChange::of(old.as_ref(), customer.case.as_ref());
            self.put_case(agent, &customer, change, summary)?;
        }
        let undo = vec![Act::RestoreCase { customer: id, case: Box::new(old), left: Box::new(customer.case) }];
        Ok(Acted { said, undo, customer: Some(id), ..Acted::default() })
    }

    fn put_case(&self, agent: &str, customer: &Customer, change: CaseChange, summary: String) -> Result<(), DeskError> {
        let mut transaction = self.store.begin();
        transaction.put_customer(customer)?;
        let mut event = Event::new(EventKind::Case, self.now(), agent);
        event.customers = vec![customer.id];
        event.case = Some(change);
        event.summary = summary;
        self.commit(transaction, event)
    }
}

fn word(case: Option<&Case>) -> &'static str {
    case.map_or("no case", |case| case.status.word())
}

fn summary(case: Option<&Case>) -> String {
    let owner = case.and_then(|case| case.owner.as_deref()).unwrap_or("nobody");
    let priority = case.map_or("normal", |case| case.priority.word());
    format!("{} ({owner}, {priority})", word(case))
}
