//! The whole way, through the real program.

use super::*;
use crate::need;
use crate::support::profile::Profile;
use serde_json::json;

#[test]
fn a_chat_is_filed_shown_answered_and_read_back_once() {
    let server = need!(Prosody::start());
    let mut ana = server.client("ana");
    ana.writes("q1", "where is my order?");
    ana.settles();
    let profile = Profile::new(&format!("[[account]]\n{}", settings(&server, server.port, "")));
    assert_eq!(profile.one(&["sync"])["new"], 1);
    profile.ok(&["reply", "ana@localhost", "--text", "on its way"]);
    profile.ok(&["outbox", "--wait", "50"]);
    let came = ana.waits_for("on its way");
    assert!(came.contains("urn:xmpp:reply:0"), "{came}");
    ana.tells("<received xmlns='urn:xmpp:receipts' id='unknown'/>");
    ana.writes("q2", "thank you");
    ana.settles();
    assert_eq!(profile.one(&["sync"])["new"], 1);
    let shown = profile.json(&["show", "ana@localhost"]);
    let all: Vec<_> = shown.iter().flat_map(|row| row["messages"].as_array().cloned().unwrap_or_default()).collect();
    let all: Vec<_> = all.iter().map(|message| (message["direction"].clone(), message["text"].clone())).collect();
    let row = |way: &str, text: &str| (json!(way), json!(text));
    // Prosody's archive keeps whole seconds: within one, what it archived comes before what we know to the millisecond.
    let wanted = [row("inbound", "where is my order?"), row("outbound", "on its way"), row("inbound", "thank you")];
    assert_eq!(all.len(), 3, "each once: {all:?}");
    assert!(wanted.iter().all(|row| all.contains(row)), "{all:?}");
    profile.assert_sound();
}
