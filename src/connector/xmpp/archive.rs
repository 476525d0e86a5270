//! Pages of our own archive (XEP-0313), asked for by result sets (XEP-0059).

use super::wire::{Refusal, Wire};
use super::xml::escape;
use crate::model::Timestamp;
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::stanza_error::DefinedCondition;

const MAM: &str = "urn:xmpp:mam:2";
const RSM: &str = "http://jabber.org/protocol/rsm";

/// Which messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Query<'a> {
    /// After this one, by the archive's id.
    pub after: Option<&'a str>,
    /// Archived at this time or later.
    pub start: Option<Timestamp>,
    /// With this address alone.
    pub with: Option<&'a str>,
    /// At most so many.
    pub most: u32,
}

/// One message of the archive.
#[derive(Clone, Debug)]
pub(super) struct Archived {
    /// The archive's id: the same as the `stanza-id` our server gives (XEP-0359).
    pub id: String,
    /// When it was archived.
    pub at: Timestamp,
    /// The `<message/>`.
    pub message: Element,
}

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub found: Vec<Archived>,
    /// The archive's id of the last one.
    pub last: Option<String>,
    /// There is nothing after it.
    pub complete: bool,
}

/// What a query came to.
#[derive(Debug)]
pub(super) enum Outcome {
    Page(Page),
    /// The archive does not know `after` any more.
    Forgotten,
}

/// A time as XMPP writes it (XEP-0082).
fn stamp(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Asks for one page. `me` is our own bare address: nobody else's results are taken.
pub(super) async fn ask(wire: &mut Wire, me: &str, query: Query<'_>) -> Result<Outcome, Refusal> {
    // A name of its own for every query, so that the answers of an earlier one are not taken for its own.
    let name = format!("q{:08x}", fastrand::u32(..));
    let field = |var: &str, value: &str| format!("<field var='{var}'><value>{}</value></field>", escape(value));
    let mut form = format!("<field var='FORM_TYPE' type='hidden'><value>{MAM}</value></field>");
    if let Some(start) = query.start {
        form.push_str(&field("start", &stamp(start)));
    }
    if let Some(with) = query.with {
        form.push_str(&field("with", with));
    }
    let after = query.after.map(|after| format!("<after>{}</after>", escape(after))).unwrap_or_default();
    let payload = format!(
        "<query xmlns='{MAM}' queryid='{name}'><x xmlns='jabber:x:data' type='submit'>{form}</x>\
         <set xmlns='{RSM}'><max>{}</max>{after}</set></query>",
        query.most
    );
    let mut found = Vec::new();
    let answer = wire.ask("set", &payload, |message| found.extend(result(message, me, &name))).await;
    wire.forget();
    let fin = match answer {
        Ok(fin) => fin,
        Err(Refusal::Said(error))
            if error.defined_condition == DefinedCondition::ItemNotFound && query.after.is_some() =>
        {
            return Ok(Outcome::Forgotten);
        }
        Err(other) => return Err(other),
    };
    let fin = fin
        .filter(|fin| fin.is("fin", MAM))
        .ok_or_else(|| Refusal::Lost("the archive's answer makes no sense".to_owned()))?;
    let last = fin.get_child("set", RSM).and_then(|set| set.get_child("last", RSM)).map(Element::text);
    let last = last.filter(|last| !last.is_empty() && last.len() <= 1_024);
    Ok(Outcome::Page(Page { complete: fin.attr("complete") == Some("true") || found.is_empty(), found, last }))
}

/// The archived message in a result of this query.
fn result(message: &Element, me: &str, name: &str) -> Option<Archived> {
    let from = message.attr("from");
    // Anybody could send us something that looks like a result.
    if from.is_some_and(|from| from != me) {
        return None;
    }
    let result = message.get_child("result", MAM).filter(|result| result.attr("queryid") == Some(name))?;
    let forwarded = result.get_child("forwarded", "urn:xmpp:forward:0")?;
    let at = forwarded.get_child("delay", "urn:xmpp:delay")?.attr("stamp")?.parse::<jiff::Timestamp>().ok()?;
    let message = forwarded.get_child("message", "jabber:client")?.clone();
    Some(Archived { id: result.attr("id")?.to_owned(), at: Timestamp(at.as_millisecond()), message })
}
