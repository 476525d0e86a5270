//! Suggestions: who else a customer may be, found by the rows of clues, weighed by `identity`, decided by an agent.

use super::Why;
use crate::desk::{Desk, DeskError};
use crate::identity::{self, Clue, Hit, LinkClues};
use crate::model::{
    Act, Acted, Customer, CustomerId, Decided, Event, EventKind, GraphAct, Identity, IdentityId, Suggestion,
    SuggestionId, SuggestionView, Timestamp, Verdict,
};
use crate::store::Transaction;
use std::collections::BTreeMap;

/// How many may share a clue before it says nothing.
const HOLDERS: usize = 8;
/// Others suggested for one identity at a time.
const OTHERS: usize = 10;
/// Less likely than this is not worth asking, in percent.
const LEAST: u8 = 35;
/// Suggestions shown for one customer.
const SHOWN: usize = 20;

/// Looks for others who have these clues of an identity, and keeps what is likely.
pub(super) fn suggest(
    transaction: &mut Transaction<'_>,
    id: IdentityId,
    clues: &[Clue],
    now: Timestamp,
) -> Result<(), DeskError> {
    let Some(me) = transaction.identity(id)? else { return Ok(()) };
    if me.is_suspect() {
        return Ok(());
    }
    let mine = transaction.root(me.customer)?;
    let mut found: BTreeMap<IdentityId, Vec<Hit>> = BTreeMap::new();
    for clue in clues {
        let holders = transaction.who_has(clue.kind.number(), &clue.value, HOLDERS + 1)?;
        if holders.len() > HOLDERS {
            continue;
        }
        let others = holders.len().saturating_sub(2);
        for (other, how) in holders.into_iter().filter(|(other, _)| *other != id) {
            let theirs = LinkClues::from_number(how);
            let hit = Hit { kind: clue.kind, value: clue.value.clone(), mine: clue.how, theirs, others };
            found.entry(other).or_default().push(hit);
        }
    }
    for (other, hits) in found.into_iter().take(OTHERS) {
        let Some(them) = transaction.identity(other)? else { continue };
        if them.is_suspect() || transaction.root(them.customer)? == mine {
            continue;
        }
        let (mut evidence, mut likelihood) = identity::weigh(&me, &them, &hits);
        let suggestion = Suggestion::id_of(id, other);
        let known = transaction.suggestion(suggestion)?;
        if let Some(known) = &known {
            if known.verdict != Verdict::Open {
                continue;
            }
            (evidence, likelihood) = identity::together(evidence, &known.evidence);
        }
        if likelihood < LEAST || evidence.is_empty() {
            continue;
        }
        let (one, other) = if id < other { (id, other) } else { (other, id) };
        let at = known.map_or(now, |known| known.at);
        let verdict = Verdict::Open;
        transaction.put_suggestion(&Suggestion { id: suggestion, one, other, evidence, likelihood, at, verdict });
    }
    Ok(())
}

/// An identity as an agent knows it: `email ana@example.com`, `mastodon @ana@far.example`.
pub(super) fn shown(identity: &Identity) -> String {
    match &identity.handle {
        Some(handle) => format!("{} {handle}", identity.channel),
        None => format!("{} {}", identity.channel, identity.address),
    }
}

impl Desk {
    /// Who else a customer may be, the likeliest first; one line for each other customer.
    pub(in crate::desk) fn suggestions_for(&self, customer: &Customer) -> Result<Vec<SuggestionView>, DeskError> {
        let mut found: Vec<SuggestionView> = Vec::new();
        for id in &customer.identities {
            for suggestion in self.store.suggestions_of(*id, SHOWN)? {
                found.extend(self.view(suggestion, Some(customer.id))?);
            }
        }
        found.sort_by_key(|view| std::cmp::Reverse(view.suggestion.likelihood));
        let mut seen = Vec::new();
        found.retain(|view| {
            !seen.contains(&view.other) && {
                seen.push(view.other);
                true
            }
        });
        found.truncate(SHOWN);
        Ok(found)
    }

    /// What a suggestion says now; `None` when it is decided, or both are one customer already.
    fn view(&self, suggestion: Suggestion, of: Option<CustomerId>) -> Result<Option<SuggestionView>, DeskError> {
        if suggestion.verdict != Verdict::Open {
            return Ok(None);
        }
        let (Some(one), Some(other)) = (self.store.identity(suggestion.one)?, self.store.identity(suggestion.other)?)
        else {
            return Ok(None);
        };
        if one.is_suspect() || other.is_suspect() {
            return Ok(None);
        }
        let (mine, theirs) = if of.is_some_and(|of| other.customer == of) { (other, one) } else { (one, other) };
        let name = self.store.customer(theirs.customer)?.map(|customer| customer.name);
        let Some(name) = name.filter(|_| mine.customer != theirs.customer) else { return Ok(None) };
        Ok(Some(SuggestionView {
            suggestion,
            customer: mine.customer,
            mine: shown(&mine),
            other: theirs.customer,
            name,
            theirs: shown(&theirs),
        }))
    }

    /// All suggestions that nobody has decided, a page at a time, with where the next begins.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn suggestions(
        &self,
        after: Option<SuggestionId>,
        limit: usize,
    ) -> Result<(Vec<SuggestionView>, Option<SuggestionId>), DeskError> {
        let page = self.store.suggestions(after, limit)?;
        let next = page.last().map(|last| last.id);
        let mut views = Vec::with_capacity(page.len());
        for suggestion in page {
            views.extend(self.view(suggestion, None)?);
        }
        Ok((views, next))
    }

    pub(in crate::desk) fn accept_suggestion(
        &self,
        agent: &str,
        id: SuggestionId,
        stays: Option<CustomerId>,
    ) -> Result<Acted, DeskError> {
        let view = self.standing_suggestion(id, stays)?;
        let (mine, theirs) = (self.known(view.customer)?, self.known(view.other)?);
        // Who is known longer stays, unless somebody chose.
        let elder = (theirs.first_at, theirs.id) < (mine.first_at, mine.id);
        let (stays, other) = if stays.is_none() && elder { (theirs, mine) } else { (mine, theirs) };
        let evidence = view.suggestion.evidence.iter().map(|evidence| evidence.words.clone()).collect();
        let why = Why { reason: String::new(), evidence, suggestion: Some(id) };
        self.merge_for(agent, stays.id, other.id, why)
    }

    fn standing_suggestion(&self, id: SuggestionId, of: Option<CustomerId>) -> Result<SuggestionView, DeskError> {
        let suggestion = self.store.suggestion(id)?;
        let suggestion = suggestion.ok_or_else(|| DeskError::NotFound(format!("there is no suggestion {id}")))?;
        let of = of.map(|of| self.store.root(of)).transpose()?;
        self.view(suggestion, of)?.ok_or_else(|| DeskError::Refused("that suggestion is decided already".to_owned()))
    }

    pub(in crate::desk) fn never_suggest(&self, agent: &str, id: SuggestionId) -> Result<Acted, DeskError> {
        let view = self.standing_suggestion(id, None)?;
        let _writer = self.write();
        let mut transaction = self.store.begin();
        let decided = Decided { by: agent.to_owned(), at: self.now() };
        // All that speaks for these two now is answered by this.
        let mut answered = Vec::new();
        let customer = self.known(view.customer)?;
        for identity in &customer.identities {
            for suggestion in self.store.suggestions_of(*identity, SHOWN)? {
                let Some(own) = self.view(suggestion, Some(view.customer))? else { continue };
                if own.other == view.other {
                    answered.push(own.suggestion.id);
                    let verdict = Verdict::Never(decided.clone());
                    transaction.put_suggestion(&Suggestion { verdict, ..own.suggestion });
                }
            }
        }
        let said = format!("{} and {} are not the same; that is not asked again.", customer.name, view.name);
        self.tell_decided(transaction, agent, &view, &said)?;
        let undo = vec![Act::RestoreSuggestions(answered)];
        Ok(Acted { said, undo, customer: Some(view.customer), ..Acted::default() })
    }

    pub(in crate::desk) fn restore_suggestions(&self, agent: &str, ids: &[SuggestionId]) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut transaction = self.store.begin();
        let mut shown = None;
        for id in ids {
            if let Some(suggestion) = self.store.suggestion(*id)?
                && matches!(suggestion.verdict, Verdict::Never(_))
            {
                let suggestion = Suggestion { verdict: Verdict::Open, ..suggestion };
                transaction.put_suggestion(&suggestion);
                shown = self.view(suggestion, None)?.or(shown);
            }
        }
        let said = "The suggestion stands again.".to_owned();
        let Some(view) = shown else { return Ok(Acted { said, ..Acted::default() }) };
        self.tell_decided(transaction, agent, &view, &said)?;
        Ok(Acted { said, customer: Some(view.customer), ..Acted::default() })
    }

    fn tell_decided(
        &self,
        transaction: Transaction<'_>,
        agent: &str,
        view: &SuggestionView,
        said: &str,
    ) -> Result<(), DeskError> {
        let mut event = Event::new(EventKind::Identity, self.now(), agent);
        event.customers = vec![view.customer, view.other];
        event.summary = said.to_owned();
        self.commit(transaction, event)
    }

    /// A merge answers the suggestion it followed.
    pub(super) fn settle_suggestion(&self, transaction: &mut Transaction<'_>, act: &GraphAct) -> Result<(), DeskError> {
        if let Some(id) = act.suggestion
            && let Some(suggestion) = transaction.suggestion(id)?
        {
            transaction.put_suggestion(&Suggestion { verdict: Verdict::Accepted(act.done.clone()), ..suggestion });
        }
        Ok(())
    }

    /// A merge that was taken back is not suggested again.
    pub(super) fn doubt(
        &self,
        transaction: &mut Transaction<'_>,
        act: &GraphAct,
        agent: &str,
    ) -> Result<(), DeskError> {
        if let Some(id) = act.suggestion
            && let Some(suggestion) = transaction.suggestion(id)?
        {
            let verdict = Verdict::Never(Decided { by: agent.to_owned(), at: self.now() });
            transaction.put_suggestion(&Suggestion { verdict, ..suggestion });
        }
        Ok(())
    }
}
