//! The profile: who the customer is.

use super::inbox::state;
use super::paint::{Painter, piece};
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{Basis, CustomerView, Trust};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::text::{Row, cut, wrap};
use crate::ui::when;
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// Orders shown, and ratings.
const FACTS: usize = 5;

/// Draws the pane.
pub(super) fn draw(screen: &Screen, area: Rect, focused: bool, painter: &mut Painter<'_>) {
    let border = if focused { Element::BorderFocus } else { Element::Border };
    let title = if focused { "▸ profile" } else { "profile" };
    let inside = painter.frame(area, title, "", border, false);
    let Some(open) = &screen.open else { return };
    let Some(profile) = &open.profile else {
        painter.text(inside, 1, if open.gone { " gone" } else { " loading …" }, Element::Dim);
        return;
    };
    let rows = lines(screen, profile, usize::from(inside.width).saturating_sub(1));
    let top = open.profile_top.min(rows.len().saturating_sub(usize::from(inside.height)));
    let place = Rect::new(inside.x + 1, inside.y, inside.width.saturating_sub(1), inside.height);
    for (y, row) in rows.iter().skip(top).take(usize::from(inside.height)).enumerate() {
        painter.row(place, y as u16, row);
    }
}

fn lines(screen: &Screen, profile: &CustomerView, columns: usize) -> Vec<Row> {
    let customer = &profile.customer;
    let (now, zone) = (screen.now, &screen.zone);
    let mut rows: Vec<Row> = Vec::new();
    let label = |name: &str, value: String, element| -> Row {
        vec![piece(Element::Label, format!("{name:<12}")), piece(element, value)]
    };
    for part in wrap(&customer.name, columns) {
        rows.push(vec![piece(Element::Strong, part)]);
    }
    if let Some(case) = &customer.case {
        let (word, element) = state(Some(case.status));
        rows.push(label("case", word.to_owned(), element));
        rows.push(label("owner", case.owner.clone().unwrap_or_else(|| "nobody".to_owned()), Element::Text));
        rows.push(label("priority", case.priority.word().to_owned(), Element::Text));
        if let Some(since) = case.waiting_since {
            rows.push(label("waits since", when::short(since, now, zone), Element::Text));
        }
    }
    rows.extend(super::people::suggestions(screen, profile, columns));
    if !profile.suggestions.is_empty() {
        rows.push(Row::new());
    }
    if customer.cases_before > 0 {
        rows.push(label("cases", format!("{} before", customer.cases_before), Element::Text));
    }
    rows.push(label("first", when::short(customer.first_at, now, zone), Element::Text));
    rows.push(label("last", when::short(customer.last_at, now, zone), Element::Text));
    let language = match (&customer.language, customer.language_fixed) {
        (Some(language), true) => format!("{language} (set)"),
        (Some(language), false) => format!("{language} (detected)"),
        (None, _) => "not known yet".to_owned(),
    };
    rows.push(label("language", language, Element::Text));
    let tags: Vec<String> = customer.tags.iter().map(|tag| format!("#{tag}")).collect();
    rows.push(label("tags", if tags.is_empty() { "–".to_owned() } else { tags.join(" ") }, Element::Tag));
    if profile.drafts > 0 {
        rows.push(label("drafts", profile.drafts.to_string(), Element::Warning));
    }

    rows.push(Row::new());
    rows.push(vec![piece(Element::Link, "Addresses")]);
    let mut channels: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for identity in profile.identities.iter().take(50) {
        let counts = channels.entry(&identity.channel).or_default();
        counts.0 += identity.inbound;
        counts.1 += identity.outbound;
        let suspect = identity.is_suspect();
        let element = if suspect { Element::Error } else { Element::Text };
        rows.push(vec![piece(element, cut(&identity.address, columns))]);
        if let Some(handle) = identity.handle.as_ref().filter(|handle| **handle != identity.address) {
            rows.push(vec![piece(Element::Dim, cut(&format!("  {handle}"), columns))]);
        }
        if let (true, Trust::Refuted(why)) = (suspect, &identity.trust) {
            for part in wrap(&format!("SUSPECT: {why}"), columns.saturating_sub(2)) {
                rows.push(vec![piece(Element::Error, format!("  {part}"))]);
            }
        }
        let basis = match identity.basis {
            Basis::Wrote => "wrote to us".to_owned(),
            Basis::WrittenTo => "we wrote there".to_owned(),
            Basis::Agent => format!("said by {}", identity.by),
            Basis::Import => "imported".to_owned(),
            Basis::Proof => "proven".to_owned(),
            Basis::Claim => "claims to be theirs".to_owned(),
        };
        let about = format!("  {} · {basis} · {}", identity.channel, when::short(identity.since, now, zone));
        rows.push(vec![piece(Element::Dim, cut(&about, columns))]);
    }
    for (_, name) in profile.absorbed.iter().take(20) {
        rows.push(vec![piece(Element::Dim, cut(&format!("  was also {name}"), columns))]);
    }
    rows.push(Row::new());
    rows.push(vec![piece(Element::Link, "Messages")]);
    for (channel, (inbound, outbound)) in channels {
        rows.push(label(channel, format!("{inbound} in, {outbound} out"), Element::Text));
    }
    if !profile.orders.is_empty() || !profile.ratings.is_empty() {
        rows.push(Row::new());
        rows.push(vec![piece(Element::Link, "Latest orders and ratings")]);
    }
    for order in profile.orders.iter().take(FACTS) {
        let end = if order.counts() { String::new() } else { format!(" · {}", order.status.word()) };
        let about = format!("{}  {} · {}{end}", when::short(order.at, now, zone), order.total, order.number);
        rows.push(vec![piece(if order.counts() { Element::Text } else { Element::Dim }, cut(&about, columns))]);
    }
    for rating in profile.ratings.iter().take(FACTS) {
        let about = format!("{}  said {} of {}", when::short(rating.at, now, zone), rating.value, rating.of);
        rows.push(vec![piece(Element::Text, cut(&about, columns))]);
    }
    if !customer.fields.is_empty() {
        rows.push(Row::new());
        rows.push(vec![piece(Element::Link, "Fields")]);
        for (key, value) in customer.fields.iter().take(100) {
            for (index, part) in wrap(&format!("{key}: {value}"), columns).into_iter().take(6).enumerate() {
                rows.push(vec![piece(if index == 0 { Element::Text } else { Element::Dim }, part)]);
            }
        }
    }
    rows.push(Row::new());
    rows.push(vec![piece(Element::Link, "Remark")]);
    let none = format!("– ({} writes one)", screen.key_name(Context::Profile, Verb::Remark));
    let notes = if customer.notes.is_empty() { &none } else { &customer.notes };
    for line in notes.lines().take(100) {
        rows.extend(wrap(line, columns).into_iter().map(|part| vec![piece(Element::Text, part)]));
    }
    rows
}
