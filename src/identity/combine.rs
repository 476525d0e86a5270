//! What several customers are as one, and what each of them is when they part again. A merge keeps every part as it would
//! be alone; the whole is made from the parts, and what is done to the whole goes back to the parts before they part.

use crate::model::{Case, CaseStatus, Customer, Snooze, Timestamp};
use std::collections::BTreeMap;

/// Between two values of a field that the parts do not agree on.
const OR: &str = " | ";

/// The whole that these parts make: name, tags, remark, fields, language and case. `parts[0]` is the one that stays.
/// Counts, last line and unread are not made here: they follow from the messages.
pub fn combine(parts: &[Customer]) -> Option<Customer> {
    let (first, others) = parts.split_first()?;
    let mut whole = first.clone();
    if others.is_empty() {
        return Some(whole);
    }
    for part in others {
        if !whole.name_fixed && part.name_fixed {
            whole.name = part.name.clone();
            whole.name_fixed = true;
        }
        if (!whole.language_fixed && part.language_fixed) || whole.language.is_none() {
            whole.language = part.language.clone();
            whole.language_fixed = part.language_fixed;
        }
        whole.tags.extend(part.tags.iter().cloned());
        if !part.notes.is_empty() && !whole.notes.contains(&part.notes) {
            whole.notes.push_str(if whole.notes.is_empty() { "" } else { "\n" });
            whole.notes.push_str(&part.notes);
        }
        for (name, value) in &part.fields {
            let kept = whole.fields.entry(name.clone()).or_default();
            if kept.is_empty() {
                *kept = value.clone();
            } else if !kept.split(OR).any(|known| known == value) && kept != value {
                *kept = format!("{kept}{OR}{value}");
            }
        }
        whole.trouble |= part.trouble;
        whole.cases_before = whole.cases_before.saturating_add(part.cases_before);
    }
    whole.tags.sort();
    whole.tags.dedup();
    let (case, over) = combined_case(parts);
    whole.case = case;
    whole.cases_before = whole.cases_before.saturating_add(over);
    Some(whole)
}

/// The one case of the whole, and how many others of the parts are over: the cases that are not resolved become one, open
/// when any is; when all are resolved, the latest.
fn combined_case(parts: &[Customer]) -> (Option<Case>, u32) {
    let cases: Vec<&Case> = parts.iter().filter_map(|part| part.case.as_ref()).collect();
    let live: Vec<&Case> = cases.iter().copied().filter(|case| case.status != CaseStatus::Resolved).collect();
    let Some(earliest) = live.iter().min_by_key(|case| case.opened) else {
        let latest = cases.iter().max_by_key(|case| (case.resolved, case.opened));
        return (latest.map(|case| (*case).clone()), cases.len().saturating_sub(1) as u32);
    };
    let mut case = (*earliest).clone();
    // `CaseStatus` sorts open before waiting before snoozed, `Priority` the most urgent first.
    case.status = live.iter().map(|case| case.status).min().unwrap_or(CaseStatus::Open);
    case.priority = live.iter().map(|case| case.priority).min().unwrap_or_default();
    case.owner = live.iter().find_map(|case| case.owner.clone());
    case.waiting_since = live.iter().filter_map(|case| case.waiting_since).min();
    let ends = |snooze: &Snooze| match snooze {
        Snooze::Until(time) => *time,
        Snooze::UntilReply => Timestamp::MAX,
    };
    let parked = live.iter().filter_map(|case| case.parked).min();
    case.parked = parked.filter(|_| case.status == CaseStatus::Waiting);
    let snoozes = live.iter().filter_map(|case| case.snooze);
    case.snooze = snoozes.min_by_key(ends).filter(|_| case.status == CaseStatus::Snoozed);
    (Some(case), (cases.len() - live.len()) as u32)
}

/// Gives back to the parts what was done to the whole since [`combine`] made it. `waits[i]` is when the people of
/// part `i` last wrote something that nobody answered; `opener` is the part whose message opened the case of the whole.
///
/// Trouble that came since follows from the outbox, and is not given back here.
///
/// What an agent did to the whole and nobody can tell whose it is (a tag, a remark, a field) stays with `parts[0]`; what
/// they removed is removed everywhere, and a case resolved is resolved everywhere.
pub fn settle(parts: &mut [Customer], whole: &Customer, waits: &[Option<Timestamp>], opener: Option<usize>) {
    let Some(expected) = combine(parts) else { return };
    if parts.len() < 2 {
        return;
    }
    settle_profile(parts, &expected, whole);
    if whole.case != expected.case {
        settle_case(parts, &expected, whole, waits, opener);
    }
    let more = whole.cases_before.saturating_sub(expected.cases_before);
    parts[0].cases_before = parts[0].cases_before.saturating_add(more);
    if expected.trouble && !whole.trouble {
        parts.iter_mut().for_each(|part| part.trouble = false);
    }
}

fn settle_profile(parts: &mut [Customer], expected: &Customer, whole: &Customer) {
    if (&whole.name, whole.name_fixed) != (&expected.name, expected.name_fixed) {
        if !whole.name_fixed {
            parts.iter_mut().for_each(|part| part.name_fixed = false);
        }
        parts[0].name = whole.name.clone();
        parts[0].name_fixed = whole.name_fixed;
    }
    if (&whole.language, whole.language_fixed) != (&expected.language, expected.language_fixed) {
        parts[0].language = whole.language.clone();
        parts[0].language_fixed = whole.language_fixed;
    }
    let added: Vec<String> = whole.tags.iter().filter(|tag| !expected.tags.contains(tag)).cloned().collect();
    for part in parts.iter_mut() {
        part.tags.retain(|tag| whole.tags.contains(tag));
    }
    parts[0].tags.extend(added);
    parts[0].tags.sort();
    if whole.notes != expected.notes {
        parts[0].notes = whole.notes.clone();
        // A remark that was taken out of the whole is out; one that still stands in it stays where it came from, too.
        for part in parts.iter_mut().skip(1).filter(|part| !whole.notes.contains(&part.notes)) {
            part.notes = String::new();
        }
    }
    let changed: BTreeMap<&String, Option<&String>> = expected
        .fields
        .keys()
        .chain(whole.fields.keys())
        .filter(|name| expected.fields.get(*name) != whole.fields.get(*name))
        .map(|name| (name, whole.fields.get(name)))
        .collect();
    for (name, value) in changed {
        match value {
            None => parts.iter_mut().for_each(|part| drop(part.fields.remove(name))),
            Some(value) => {
                for part in parts.iter_mut().skip(1).filter(|part| part.fields.contains_key(name)) {
                    part.fields.insert(name.clone(), value.clone());
                }
                parts[0].fields.insert(name.clone(), value.clone());
            }
        }
    }
}

fn settle_case(
    parts: &mut [Customer],
    expected: &Customer,
    whole: &Customer,
    waits: &[Option<Timestamp>],
    opener: Option<usize>,
) {
    let is_live = |case: &Option<Case>| case.as_ref().is_some_and(|case| case.status != CaseStatus::Resolved);
    let owner = opener.unwrap_or(0).min(parts.len() - 1);
    let any = parts.iter().any(|part| is_live(&part.case));
    let Some(case) = &whole.case else {
        parts.iter_mut().filter(|part| is_live(&part.case)).for_each(|part| part.case = None);
        return;
    };
    if case.status == CaseStatus::Resolved {
        for live in parts.iter_mut().filter_map(|part| part.case.as_mut()).filter(|c| c.status != CaseStatus::Resolved)
        {
            live.resolve(case.resolved.unwrap_or(live.opened));
            if expected.case.as_ref().is_none_or(|was| was.owner != case.owner) {
                live.owner = case.owner.clone();
            }
        }
        // It was opened and resolved while they were one.
        if !any || expected.case.as_ref().is_none_or(|was| was.opened_by != case.opened_by) {
            parts[owner].case = Some(case.clone());
        }
        return;
    }
    if !any {
        parts[owner].case = Some(case.clone());
    }
    let was = expected.case.as_ref();
    // The case they had is over, and this is another.
    let another = was.is_some_and(|was| case.opened > was.opened && case.opened_by != was.opened_by);
    for (index, part) in parts.iter_mut().enumerate() {
        let waits = waits.get(index).copied().flatten();
        if another && index == owner {
            part.case = Some(case.clone());
            continue;
        }
        match part.case.as_mut().filter(|live| live.status != CaseStatus::Resolved) {
            Some(live) if another && waits.is_none_or(|wrote| wrote < case.opened) => live.resolve(case.opened),
            Some(live) => {
                if was.is_none_or(|was| was.owner != case.owner) {
                    live.owner = case.owner.clone();
                }
                if was.is_none_or(|was| was.priority != case.priority) {
                    live.priority = case.priority;
                }
                let opens = case.status == CaseStatus::Open;
                // An answer to one of them is no message of the other: who did not write is not open.
                let stays = case.parked.is_some() && waits.is_some();
                if !stays && (!opens || live.status == CaseStatus::Open || waits.is_some()) {
                    live.status = case.status;
                    live.parked = case.parked;
                    live.snooze = case.snooze;
                    live.waiting_since = if opens { live.waiting_since.or(waits).or(case.waiting_since) } else { None };
                }
            }
            None => {
                let over = part.case.as_ref().and_then(|case| case.resolved);
                if let Some(since) = waits.filter(|since| over.is_none_or(|over| *since > over)) {
                    let owner = case.owner.clone();
                    if part.case.is_some() {
                        part.cases_before += 1;
                    }
                    let opened = Case { owner, waiting_since: Some(since), ..Case::new(CaseStatus::Open, since) };
                    part.case = Some(opened);
                }
            }
        }
    }
    // An agent opened it, and nobody's message did.
    let open = |part: &Customer| part.case.as_ref().is_some_and(|case| case.status == CaseStatus::Open);
    if case.status == CaseStatus::Open && !parts.iter().any(open) {
        parts[owner].case = Some(case.clone());
    }
}

#[cfg(test)]
mod tests;
