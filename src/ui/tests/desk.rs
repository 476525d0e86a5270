//! A desk in memory that answers what the screen asks, from fixtures.

use crate::model::*;
use crate::ui::{Counts, Load, Loaded, Refusal};
use std::collections::BTreeMap;

/// Monday 23 November 2026, 14:00 UTC.
pub(super) const NOW: Timestamp = Timestamp(1_795_442_400_000);
pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Customers with their messages, and what was done.
pub(super) struct FakeDesk {
    pub(super) customers: Vec<(CustomerView, Vec<TimelineEntry>)>,
    pub(super) drafts: Vec<DraftView>,
    pub(super) outbox: Vec<OutboxRow>,
    pub(super) dead: Vec<DeadLetter>,
    pub(super) automated: Vec<Message>,
    pub(super) counts: Counts,
    /// Our accounts.
    pub(super) accounts: Vec<AccountFacts>,
    /// What is left of windows, for answers to these.
    pub(super) windows: BTreeMap<MessageId, Result<Option<WindowLeft>, String>>,
    /// The next act of this kind is refused.
    pub(super) refuse: Option<Refusal>,
    pub(super) done: Vec<Act>,
    /// Rows of one page, however many are asked for.
    pub(super) page: usize,
    /// Scores by customer.
    pub(super) scorecards: BTreeMap<CustomerId, Scorecard>,
    /// All segments.
    pub(super) segments: Vec<Segment>,
    /// Whoever is in any of them.
    pub(super) members: Vec<SegmentMember>,
    /// What was done to any customer.
    pub(super) history: Vec<crate::model::HistoryLine>,
}

pub(super) fn id(name: &str) -> CustomerId {
    CustomerId::of(&[name.as_bytes()])
}

pub(super) fn party(name: &str, address: &str) -> Party {
    Party { address: address.into(), name: name.into() }
}

pub(super) fn account() -> AccountFacts {
    AccountFacts {
        name: "support".into(),
        channel: "email".into(),
        address: "support@shop.example".into(),
        display_name: "Shop support".into(),
        own: vec!["support@shop.example".into(), "help@shop.example".into()],
        hold: 10_000,
        id_domain: Some("shop.example".into()),
        can_send: true,
        abilities: crate::model::Abilities::mail(),
    }
}

/// A message as filed.
pub(super) fn message(customer: &str, direction: Direction, at: i64, subject: &str, text: &str) -> TimelineEntry {
    let theirs = party(customer, &format!("{}@example.com", customer.split(' ').next().unwrap().to_lowercase()));
    let ours = party("Shop support", "support@shop.example");
    let (from, to) = match direction {
        Direction::Inbound => (theirs, vec![ours]),
        Direction::Outbound => (ours, vec![theirs]),
        Direction::Note => (party("lin", ""), vec![]),
    };
    let at = NOW.plus_millis(at);
    TimelineEntry {
        message: Message {
            id: MessageId::of(&[customer.as_bytes(), subject.as_bytes(), text.as_bytes(), &at.key()]),
            identity: None,
            channel: if direction == Direction::Note { "note".into() } else { "email".into() },
            account: if direction == Direction::Note { String::new() } else { "support".into() },
            direction,
            from,
            to,
            cc: vec![],
            reply_to: None,
            at,
            received: at,
            subject: subject.into(),
            thread: ThreadId::of(&[customer.as_bytes(), subject.trim_start_matches("Re: ").as_bytes()]),
            remote_id: "1@example.com".into(),
            references: vec![],
            delivery: if direction == Direction::Outbound { Delivery::Sent } else { Delivery::None },
            automated: None,
            attachments: vec![],
            preview: text.lines().next().unwrap_or_default().into(),
            outgoing: None,
            agent: (direction != Direction::Inbound).then(|| "lin".into()),
            note_of: None,
            folder: "INBOX".into(),
            way: crate::model::Way::Direct,
            context: Default::default(),
            url: None,
            trust: crate::model::Trust::Unverified,
        },
        text: Ok(text.into()),
        outgoing: None,
        changes: vec![],
        sentiment: None,
    }
}

/// A customer with these messages.
pub(super) fn customer(name: &str, messages: Vec<TimelineEntry>) -> (CustomerView, Vec<TimelineEntry>) {
    let last = messages.last().map(|entry| entry.message.clone());
    let unread = u32::from(last.as_ref().is_some_and(|last| last.direction == Direction::Inbound));
    let address = format!("{}@example.com", name.split(' ').next().unwrap().to_lowercase());
    let identity = IdentityId::of(&[address.as_bytes()]);
    let last_at = last.as_ref().map_or(NOW, |last| last.at);
    let count = |direction| messages.iter().filter(|entry| entry.message.direction == direction).count() as u64;
    let view = CustomerView {
        customer: Customer {
            id: id(name),
            name: name.into(),
            name_fixed: false,
            identities: vec![identity],
            case: Some(Case {
                status: CaseStatus::Open,
                owner: None,
                priority: Priority::Normal,
                snooze: None,
                opened: last_at,
                resolved: None,
                waiting_since: Some(last_at),
                opened_by: None,
                parked: None,
            }),
            unread,
            tags: vec![],
            notes: String::new(),
            fields: BTreeMap::new(),
            language: Some("en".into()),
            language_fixed: false,
            first_at: messages.first().map_or(NOW, |entry| entry.message.at),
            last_at,
            last_text: last.as_ref().map(|last| last.preview.clone()).unwrap_or_default(),
            last_direction: last.map_or(Direction::Inbound, |last| last.direction),
            last_account: "support".into(),
            channels: vec!["email".into()],
            trouble: false,
            last_inbound: last_at,
            last_outbound: Timestamp(0),
            unread_at: vec![],
            last_inbound_received: last_at,
            last_outbound_received: Timestamp(0),
            address: address.clone(),
            cases_before: 0,
            merged_into: None,
            absorbed: vec![],
            split_from: None,
            mood: None,
        },
        identities: vec![Identity {
            id: identity,
            channel: "email".into(),
            address,
            name: name.into(),
            customer: id(name),
            basis: Basis::Wrote,
            by: "switchboard".into(),
            since: NOW.plus_millis(-30 * DAY),
            inbound: count(Direction::Inbound),
            outbound: count(Direction::Outbound),
            handle: None,
            links: vec![],
            home: None,
            moves: vec![],
            trust: crate::model::Trust::Unverified,
            accepted: None,
            acceptance: None,
        }],
        drafts: 0,
        absorbed: vec![],
        suggestions: vec![],
        moves: vec![],
        orders: vec![],
        ratings: vec![],
    };
    (view, messages)
}

impl FakeDesk {
    pub(super) fn empty() -> FakeDesk {
        FakeDesk {
            customers: vec![],
            drafts: vec![],
            outbox: vec![],
            dead: vec![],
            automated: vec![],
            counts: Counts::default(),
            accounts: vec![account()],
            windows: BTreeMap::new(),
            refuse: None,
            done: vec![],
            page: usize::MAX,
            history: vec![],
            scorecards: BTreeMap::new(),
            segments: vec![],
            members: vec![],
        }
    }

    /// A small shop's morning.
    pub(super) fn shop() -> FakeDesk {
        let mut desk = FakeDesk::empty();
        let quoted = "Hello,\n\nit still has not arrived. Could you look into it, please?\n\nThanks\nAna\n\n\
                      On Thu, 19 Nov 2026, Lin wrote:\n> Your order left our house on Tuesday.\n> It should arrive soon.\n\n-- \n\
                      Ana Sánchez\nMadrid";
        let mut broken = message("Ana Sánchez", Direction::Inbound, -5 * MINUTE, "Re: Where is my order?", quoted);
        broken.message.reply_to = Some(party("", "ana.private@other.example"));
        broken.message.attachments = vec![
            Attachment { name: "tracking.png".into(), media_type: "image/png".into(), size: 48_211, part: 2 },
            Attachment {
                name: "发票 2026.pdf".into(), media_type: "application/pdf".into(), size: 1_204_000, part: 3
            },
        ];
        desk.customers.push(customer(
            "Ana Sánchez",
            vec![
                message("Ana Sánchez", Direction::Inbound, -4 * DAY, "Where is my order?", "Hi, where is order 4711?"),
                message(
                    "Ana Sánchez",
                    Direction::Outbound,
                    -3 * DAY,
                    "Re: Where is my order?",
                    "Your order left our house on Tuesday.\nIt should arrive soon.",
                ),
                message(
                    "Ana Sánchez",
                    Direction::Note,
                    -3 * DAY + HOUR,
                    "",
                    "Asked the carrier: parcel is in Zaragoza.",
                ),
                broken,
            ],
        ));
        desk.customers.push(customer(
            "王小明",
            vec![message(
                "王小明",
                Direction::Inbound,
                -40 * MINUTE,
                "订单问题",
                "你好，我的订单还没有到，请问什么时候可以收到？👨‍👩‍👧‍👦 谢谢！",
            )],
        ));
        desk.customers.push(customer(
            "José e\u{301}clair 👍🏽",
            vec![message("José", Direction::Inbound, -3 * HOUR, "ｶﾞｷﾞ 🇩🇪 flags", "Zürich ｶﾞｷﾞｸﾞ and 한국어 together")],
        ));
        desk.customers.push(customer(
            "Bob Builder",
            vec![
                message("Bob Builder", Direction::Inbound, -2 * DAY, "Invoice", "Please send the invoice again."),
                message("Bob Builder", Direction::Outbound, -2 * DAY + HOUR, "Re: Invoice", "Here it is."),
            ],
        ));
        let ana = &mut desk.customers[0].0.customer;
        (ana.tags, ana.cases_before) = (vec!["vip".into()], 2);
        ana.case.as_mut().unwrap().priority = Priority::High;
        ana.case.as_mut().unwrap().owner = Some("lin".into());
        ana.fields.insert("customer-no".into(), "A-1009".into());
        let bob = &mut desk.customers[3].0.customer;
        bob.case.as_mut().unwrap().status = CaseStatus::Waiting;
        bob.trouble = true;
        desk
    }

    pub(super) fn row(&self, index: usize) -> InboxRow {
        let customer = &self.customers[index].0.customer;
        let case = customer.case.as_ref();
        InboxRow {
            customer: customer.id,
            name: customer.name.clone(),
            channels: customer.channels.clone(),
            last_text: customer.last_text.clone(),
            last_direction: customer.last_direction,
            last_at: customer.last_at,
            status: case.map(|case| case.status),
            unread: customer.unread,
            owner: case.and_then(|case| case.owner.clone()),
            priority: case.map(|case| case.priority).unwrap_or_default(),
            waiting_since: None,
            tags: customer.tags.clone(),
            snoozed_until: match case.and_then(|case| case.snooze) {
                Some(Snooze::Until(at)) => Some(at),
                _ => None,
            },
            address: self.customers[index].0.identities[0].address.clone(),
            trouble: customer.trouble,
            mood: customer.mood,
        }
    }

    fn entry(&mut self, id: CustomerId) -> Option<&mut (CustomerView, Vec<TimelineEntry>)> {
        self.customers.iter_mut().find(|(view, _)| view.customer.id == id)
    }

    pub(super) fn load(&mut self, load: &Load) -> Loaded {
        match load.clone() {
            Load::Inbox { view, filter, after, limit } => {
                let from = after.as_ref().map_or(0, |bytes| usize::from_be_bytes(bytes.as_slice().try_into().unwrap()));
                let all: Vec<InboxRow> = (0..self.customers.len())
                    .map(|index| self.row(index))
                    .filter(|row| match view {
                        InboxView::Inbox => row.status != Some(CaseStatus::Resolved),
                        InboxView::All => true,
                        other => row.status.is_some_and(|status| status.word() == other.word()),
                    })
                    .filter(|row| {
                        let hay = format!("{} {} {}", row.name, row.last_text, row.address).to_lowercase();
                        filter.text.to_lowercase().split(' ').all(|word| hay.contains(word))
                            && filter.tag.as_ref().is_none_or(|tag| row.tags.contains(tag))
                            && filter.owner.as_ref().is_none_or(|o| row.owner.as_deref().unwrap_or("") == o.as_str())
                            && (!filter.unread || row.unread > 0)
                    })
                    .collect();
                let to = all.len().min(from + limit.min(self.page));
                let next = (to < all.len()).then(|| to.to_be_bytes().to_vec());
                let rows = all.get(from..to).unwrap_or_default().to_vec();
                Loaded::Inbox { view, filter, after, page: Page { rows, next } }
            }
            Load::Customer(id) => {
                let drafts = self.drafts.iter().filter(|view| view.draft.customer == Some(id)).count() as u32;
                Loaded::Customer(
                    id,
                    self.entry(id).map(|(view, _)| {
                        view.drafts = drafts;
                        Box::new(view.clone())
                    }),
                )
            }
            Load::Timeline { customer, before, limit } => {
                let entries = self.entry(customer).map(|(_, entries)| entries.clone()).unwrap_or_default();
                let end = before
                    .as_ref()
                    .map_or(entries.len(), |bytes| usize::from_be_bytes(bytes.as_slice().try_into().unwrap()));
                let start = end.saturating_sub(limit.min(self.page));
                let next = (start > 0).then(|| start.to_be_bytes().to_vec());
                Loaded::Timeline { customer, before, page: Page { rows: entries[start..end].to_vec(), next } }
            }
            Load::Outbox => Loaded::Outbox(self.outbox.clone()),
            Load::Dead => Loaded::Dead(self.dead.clone()),
            Load::Automated { after } => {
                Loaded::Automated { after, page: Page { rows: self.automated.clone(), next: None } }
            }
            Load::Drafts => Loaded::Drafts(self.drafts.clone()),
            Load::Original(id) => Loaded::Original(id, "From: ana@example.com\n\nthe original".into()),
            Load::DeadOriginal(id) => Loaded::DeadOriginal(id, "not a message".into()),
            Load::Compare { customer, other } => {
                let theirs = match other {
                    crate::ui::Wanted::Customer(id) => id,
                    crate::ui::Wanted::Named(name) => {
                        let found = self
                            .customers
                            .iter()
                            .find(|(view, _)| view.customer.name.to_lowercase().contains(&name.to_lowercase()));
                        // A name that fits nobody is the last one here: what the desk says to it is its own story.
                        found.or(self.customers.last()).map(|(view, _)| view.customer.id).unwrap()
                    }
                };
                let last = |desk: &mut Self, id| {
                    let (view, entries) = desk.entry(id).unwrap();
                    let last = entries.iter().rev().take(3).map(|entry| entry.message.preview.clone()).collect();
                    (view.clone(), last)
                };
                let ((mine, mine_last), (theirs, theirs_last)) = (last(self, customer), last(self, theirs));
                Loaded::Compare(Box::new(crate::model::Comparison { mine, theirs, mine_last, theirs_last }))
            }
            Load::History(id) => Loaded::History(id, self.history.clone()),
            Load::Scorecard(id) => {
                let none = Scorecard {
                    customer: id,
                    scores: vec![],
                    segments: vec![],
                    stale: false,
                    taught: Taught::default(),
                };
                let card = self.scorecards.get(&id).cloned().unwrap_or(none);
                Loaded::Scorecard(id, self.entry(id).map(|_| Box::new(card)))
            }
            Load::Segments => Loaded::Segments(self.segments.clone()),
            Load::Members { kind, name, after } => {
                let from = after.as_ref().map_or(0, |bytes| usize::from_be_bytes(bytes.as_slice().try_into().unwrap()));
                let to = self.members.len().min(from + self.page.min(100));
                let next = (to < self.members.len()).then(|| to.to_be_bytes().to_vec());
                let rows = self.members[from..to].to_vec();
                Loaded::Members { kind, name, after, page: Page { rows, next } }
            }
            Load::News(ids) => {
                let known = ids.into_iter().filter_map(|id| self.entry(id).map(|(view, _)| view.customer.clone()));
                Loaded::News(known.collect())
            }
            Load::Search { text, after } => {
                // Looks at one customer a page, as a store of many would.
                let at = after.as_ref().map_or(0, |bytes| usize::from_be_bytes(bytes.as_slice().try_into().unwrap()));
                let rows = (at..self.customers.len().min(at + 1)).map(|index| self.row(index)).filter(|row| {
                    let hay = format!("{} {}", row.name, row.address).to_lowercase();
                    text.to_lowercase().split(' ').all(|word| hay.contains(word))
                });
                let next = (at + 1 < self.customers.len()).then(|| (at + 1).to_be_bytes().to_vec());
                Loaded::Search { page: Page { rows: rows.collect(), next }, text }
            }
            Load::Counts => Loaded::Counts(self.counts),
            Load::Window(id, way) => Loaded::Window(id, way, self.windows.get(&id).cloned().unwrap_or(Ok(None))),
        }
    }

    pub(super) fn act(&mut self, act: &Act) -> Result<Acted, Refusal> {
        let quiet = matches!(act, Act::SaveDraft(_) | Act::MarkRead(_));
        if let Some(refusal) = self.refuse.take_if(|_| !quiet || matches!(act, Act::SaveDraft(_))) {
            return Err(refusal);
        }
        self.done.push(act.clone());
        let case = |view: &mut CustomerView, change: &dyn Fn(&mut Case)| {
            let before = view.customer.case.clone();
            change(view.customer.case.as_mut().unwrap());
            vec![Act::RestoreCase {
                customer: view.customer.id,
                case: Box::new(before),
                left: Box::new(view.customer.case.clone()),
            }]
        };
        let mut acted = Acted::default();
        match act.clone() {
            Act::Resolve(id) => {
                let (view, _) = self.entry(id).unwrap();
                acted.undo = case(view, &|case| case.status = CaseStatus::Resolved);
                acted.said = format!("{} is resolved", view.customer.name);
            }
            Act::Snooze(id, until) => {
                let (view, _) = self.entry(id).unwrap();
                acted.undo = case(view, &|case| {
                    case.status = CaseStatus::Snoozed;
                    case.snooze = Some(until);
                });
                acted.said = "snoozed".into();
            }
            Act::Assign(id, owner) => {
                let (view, _) = self.entry(id).unwrap();
                acted.undo = case(view, &|case| case.owner = owner.clone());
                acted.said = "assigned".into();
            }
            Act::RestoreCase { customer, case, .. } => {
                self.entry(customer).unwrap().0.customer.case = *case;
                acted.said = "the case is as it was".into();
            }
            Act::MarkRead(id) => self.entry(id).unwrap().0.customer.unread = 0,
            Act::Send(compose) => {
                self.drafts.retain(|view| Some(view.draft.id) != compose.draft);
                let direction = if compose.kind == ReplyKind::Note { Direction::Note } else { Direction::Outbound };
                if let Some(id) = compose.customer {
                    let (view, entries) = self.entry(id).unwrap();
                    let mut entry = message(&view.customer.name, direction, 0, &compose.subject, &compose.text);
                    acted.message = Some(entry.message.id);
                    entry.message.to = compose.to.clone();
                    entries.push(entry);
                    if compose.resolve {
                        case(view, &|case| case.status = CaseStatus::Resolved);
                    }
                }
                if compose.kind == ReplyKind::Note {
                    acted.said = "noted".into();
                } else {
                    let outgoing = OutgoingId::of(&[compose.text.as_bytes()]);
                    acted.said = "queued".into();
                    let draft = Draft {
                        id: compose.draft.unwrap_or_default(),
                        customer: compose.customer,
                        compose: (*compose).clone(),
                        agent: "lin".into(),
                        saved: NOW,
                    };
                    acted.undo = vec![Act::TakeBack(Box::new(TakeBack {
                        outgoing,
                        draft,
                        case: None,
                        left: None,
                        unread: 0,
                        unread_at: vec![],
                    }))];
                    acted.leaves = Some(NOW.plus_millis(10_000));
                }
                acted.customer = compose.customer;
            }
            Act::CorrectSentiment { message, label } => {
                let entries = self.customers.iter_mut().flat_map(|(_, entries)| entries);
                let entry = entries.into_iter().find(|entry| entry.message.id == message).unwrap();
                acted.undo = vec![Act::RestoreCorrection(message, None)];
                let model = Sentiment {
                    label: SentimentLabel::Negative,
                    percent: -62,
                    confidence: 91,
                    corrected: None,
                    words: vec!["not arrived".into(), "still".into()],
                };
                entry.sentiment = Some(match label {
                    Some(label) => Sentiment {
                        label,
                        percent: match label {
                            SentimentLabel::Negative => -100,
                            SentimentLabel::Neutral => 0,
                            SentimentLabel::Positive => 100,
                        },
                        corrected: Some("lin".into()),
                        ..model
                    },
                    None => model,
                });
                acted.said = "corrected".into();
            }
            Act::SaveDraft(draft) => {
                self.drafts.retain(|view| view.draft.id != draft.id);
                self.drafts.push(DraftView { draft: *draft, name: "somebody".into() });
            }
            Act::TakeBack(taken) => {
                acted.said = "done".into();
                acted.outgoing = Some(taken.outgoing);
            }
            Act::DiscardDraft(id) => self.drafts.retain(|view| view.draft.id != id),
            _ => acted.said = "done".into(),
        }
        Ok(acted)
    }
}
