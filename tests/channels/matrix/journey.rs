//! The whole way, through the real program: a message comes in, is shown, is answered, and the answer arrives.

use super::*;
use crate::need;
use crate::support::profile::Profile;
use serde_json::json;

#[test]
fn a_message_is_filed_shown_answered_and_its_answer_comes_back_once() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("Order 7", &[&desk.id]);
    let asked = ana.says(&room, "where is my order?");
    let profile = Profile::new("");
    let secret = format!("printf %s '{PASSWORD}'");
    let base = format!("base_url=http://127.0.0.1:{}", server.port);
    let user = format!("user={}", desk.id);
    let add =
        ["account", "add", "chat", "--connector", "matrix", "--set", &user, "--set", &base, "--set", "history=2d"];
    let said = profile.refused(&[&add[..], &["--set", "password=hunter2"]].concat());
    assert!(said.contains("password_command"), "{said}");
    profile.ok(&[&add[..], &["--hold", "0s", "--password-command", &secret]].concat());
    assert!(profile.json(&["account", "test", "chat"]).iter().all(|row| row["ok"] == true));

    let report = profile.one(&["sync"]);
    assert_eq!((&report["new"], &report["dead"], &report["error"]), (&json!(1), &json!(0), &json!(null)));
    let inbox = profile.json(&["inbox"]);
    assert_eq!((&inbox[0]["address"], &inbox[0]["last_text"]), (&json!(ana.id), &json!("where is my order?")));
    profile.ok(&["reply", &ana.id, "--text", "on its way"]);
    profile.ok(&["outbox", "--wait", "50"]);
    let event = ana.reads(&room).into_iter().find(|event| event["content"]["body"] == "on its way").unwrap();
    assert_eq!(event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"], asked.as_str());
    ana.says(&room, "thank you");

    // Read back, it is known; pulled again after a crash that lost the cursor's commit, all is known.
    assert_eq!(profile.one(&["sync"])["new"], 1);
    let shown = profile.json(&["show", &ana.id]);
    let texts: Vec<_> = shown.iter().flat_map(|row| row["messages"].as_array().cloned().unwrap_or_default()).collect();
    let texts: Vec<_> = texts.iter().map(|message| (message["direction"].clone(), message["text"].clone())).collect();
    let row = |way: &str, text: &str| (json!(way), json!(text));
    assert_eq!(
        texts,
        [row("inbound", "where is my order?"), row("outbound", "on its way"), row("inbound", "thank you")],
        "{shown:?}"
    );
    profile.assert_sound();
    // No secret and no token is where others could read it.
    let config = std::fs::read_to_string(profile.path.join("config.toml")).unwrap();
    assert!(config.contains("history = \"2d\"") && config.contains("password_command"), "{config}");
}
