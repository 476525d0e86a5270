//! Who is one customer: suggestions, the comparison before a merge or a move, splitting, accepting, the history.

use super::screen::Then;
use super::sheet::Content;
use super::timeline::Open;
use super::{Load, Screen};
use crate::command::Verb;
use crate::model::{Act, Comparison, CustomerId, CustomerView, Identity, IdentityId, SuggestionView};

/// Suggestions of a profile that can be marked, and are shown.
pub(super) const MARKED: usize = 8;

impl Open {
    /// Which of so many suggestions is marked.
    pub(super) fn marked(&self, count: usize) -> usize {
        self.suggestion.min(count.saturating_sub(1))
    }
}

/// Who a customer is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This one.
    Customer(CustomerId),
    /// Who is called so, or has this address.
    Named(String),
}

/// Two customers side by side, and what is done when the agent says yes.
#[derive(Debug)]
pub(super) struct Comparing {
    /// The one that stays.
    pub customer: CustomerId,
    /// The other.
    pub wanted: Wanted,
    /// This identity goes to the other; otherwise they become one.
    pub moving: Option<IdentityId>,
    /// The suggestion that led here.
    pub suggestion: Option<SuggestionView>,
    /// Both, when they came.
    pub found: Option<Box<Comparison>>,
}

impl Comparing {
    pub(super) fn load(&self) -> Load {
        Load::Compare { customer: self.customer, other: self.wanted.clone() }
    }
}

/// The identity an agent means: by its place in the profile, counted from 1, or by its address.
fn meant<'a>(identities: &'a [Identity], text: &str) -> Option<&'a Identity> {
    match text.parse::<usize>() {
        Ok(number) if number <= identities.len() => identities.get(number.wrapping_sub(1)),
        _ => identities
            .iter()
            .find(|identity| identity.address.eq_ignore_ascii_case(text) || identity.handle.as_deref() == Some(text)),
    }
}

impl Screen {
    fn profile(&self) -> Option<&CustomerView> {
        self.open.as_ref().filter(|open| Some(open.id) == self.target()).and_then(|open| open.profile.as_deref())
    }

    /// The suggestion that is marked: the likeliest, unless the agent went on to another.
    fn suggestion(&self) -> Option<SuggestionView> {
        let suggestions = &self.profile()?.suggestions;
        suggestions.get(self.open.as_ref()?.marked(suggestions.len())).cloned()
    }

    /// Marks the next suggestion; after the last the first.
    fn next_suggestion(&mut self) {
        let count = self.profile().map_or(0, |profile| profile.suggestions.len().min(MARKED));
        let Some(open) = self.open.as_mut().filter(|_| count > 0) else { return self.say("nobody is suggested here") };
        open.suggestion = (open.marked(count) + 1) % count;
        if count == 1 {
            self.say("that is the only one suggested");
        }
        self.touch();
    }

    /// Runs a command about who is who.
    pub(super) fn people(&mut self, verb: Verb, argument: &str) {
        if let Some(Content::Compare(_)) = self.sheets.last().map(|sheet| &sheet.content)
            && verb == Verb::Merge
        {
            return self.decide();
        }
        let Some(customer) = self.target() else { return self.complain("choose a customer first") };
        if verb == Verb::History {
            return self.open_sheet(Content::History(customer, Vec::new()));
        }
        let Some(identities) = self.profile().map(|profile| profile.identities.clone()) else {
            return self.say("the profile is not here yet");
        };
        match verb {
            Verb::Merge if argument.is_empty() => match self.suggestion() {
                Some(suggestion) => {
                    let wanted = Wanted::Customer(suggestion.other);
                    self.compare(customer, wanted, None, Some(suggestion));
                }
                None => self.ask_argument(Verb::Merge, ""),
            },
            Verb::Merge => self.compare(customer, Wanted::Named(argument.to_owned()), None, None),
            Verb::NextSuggestion => self.next_suggestion(),
            Verb::NeverAgain => match self.suggestion() {
                Some(view) => drop(self.act(Act::NeverSuggest(view.suggestion.id), Then::Say)),
                None => self.say("nobody is suggested here"),
            },
            Verb::Split => {
                let mut going = Vec::new();
                for word in argument.split_whitespace() {
                    match meant(&identities, word) {
                        Some(identity) => going.push(identity.id),
                        None => return self.complain(format!("`{word}` is no address in the profile")),
                    }
                }
                let reason = String::new();
                self.act(Act::Split { customer, identities: going, reason }, Then::Say);
            }
            Verb::MoveIdentity => {
                let (which, to) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
                match meant(&identities, which).map(|identity| identity.id) {
                    None => self.complain(format!("`{which}` is no address in the profile")),
                    Some(_) if to.trim().is_empty() => self.complain("say whose it is, too: `2 bo@example.com`"),
                    Some(id) => self.compare(customer, Wanted::Named(to.trim().to_owned()), Some(id), None),
                }
            }
            Verb::Accept => {
                let suspect = match argument {
                    "" => identities.iter().find(|identity| identity.is_suspect()),
                    text => match text.parse::<usize>() {
                        Ok(_) => meant(&identities, text),
                        Err(_) => identities.iter().find(|one| one.is_suspect() && one.address == text),
                    },
                };
                match suspect.map(|suspect| suspect.id) {
                    Some(id) => drop(self.act(Act::Accept(id), Then::Say)),
                    None => self.say("there is no suspect here"),
                }
            }
            _ => {}
        }
    }

    fn compare(
        &mut self,
        customer: CustomerId,
        wanted: Wanted,
        moving: Option<IdentityId>,
        suggestion: Option<SuggestionView>,
    ) {
        self.open_sheet(Content::Compare(Box::new(Comparing { customer, wanted, moving, suggestion, found: None })));
    }

    /// Both came.
    pub(super) fn compared(&mut self, comparison: Box<Comparison>) {
        let sheet = self.sheets.iter_mut().find(|sheet| matches!(sheet.content, Content::Compare(_)));
        let Some(sheet) = sheet else { return };
        (sheet.loaded, sheet.asked) = (true, false);
        if let Content::Compare(comparing) = &mut sheet.content {
            comparing.found = Some(comparison);
        }
    }

    /// A comparison that cannot be made is no comparison.
    pub(super) fn drop_comparison(&mut self) {
        self.sheets.retain(|sheet| !matches!(sheet.content, Content::Compare(_)) || sheet.loaded);
    }

    /// Having seen both, the agent says yes.
    pub(super) fn decide(&mut self) {
        let Some(Content::Compare(comparing)) = self.sheets.last().map(|sheet| &sheet.content) else { return };
        let Some(found) = &comparing.found else { return self.say("they are not here yet") };
        let (stays, other) = (found.mine.customer.id, found.theirs.customer.id);
        if stays == other {
            return self.complain("that is the same customer");
        }
        let act = match (comparing.moving, &comparing.suggestion) {
            (Some(identity), _) => Act::MoveIdentity { identity, customer: other, reason: String::new() },
            (None, Some(view)) => Act::AcceptSuggestion(view.suggestion.id, Some(stays)),
            (None, None) => Act::Merge { stays, other, reason: String::new() },
        };
        self.sheets.pop();
        self.act(act, Then::Say);
    }
}
