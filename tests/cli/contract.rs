//! The fields that scripts rely on: everything `help json` names is there, with the right type.

use super::{broken, from, with_attachment};
use crate::need;
use crate::support::account::imap;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::profile::Profile;
use serde_json::Value;

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    Number,
    Flag,
    /// RFC 3339 in UTC.
    Time,
    Texts,
    List,
    Object,
}
pub use Kind::{Flag, List, Number, Object, Text, Texts, Time};

/// Fields of one type; those of `nullable` may be null.
pub struct Fields(&'static str, Kind, bool);

pub const fn is(names: &'static str, kind: Kind) -> Fields {
    Fields(names, kind, false)
}

pub const fn may(names: &'static str, kind: Kind) -> Fields {
    Fields(names, kind, true)
}

fn fits(value: &Value, kind: Kind) -> bool {
    match kind {
        Text => value.is_string(),
        Number => value.is_number(),
        Flag => value.is_boolean(),
        Time => value.as_str().is_some_and(|at| at.ends_with('Z') && at.parse::<jiff::Timestamp>().is_ok()),
        Texts => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
        List => value.is_array(),
        Object => value.is_object(),
    }
}

/// What `help json` prints.
pub const HELP: &str = include_str!("../../src/cli/help-json.txt");

/// Every field is there with its type, and documented under the verb.
pub fn check(verb: &str, value: &Value, all: &[Fields]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{verb}: {value}"));
    for Fields(names, kind, nullable) in all {
        for name in names.split(' ') {
            let field = object.get(name).unwrap_or_else(|| panic!("{verb} has no {name}: {value}"));
            assert!(fits(field, *kind) || (*nullable && field.is_null()), "{verb}: {name} is no {kind:?}: {field}");
            assert!(HELP.contains(name), "`help json` does not name {name} of {verb}");
        }
    }
}

pub const MESSAGE: &[Fields] = &[
    is("id channel account direction from from_name subject thread remote_id folder way trust", Text),
    is("to cc references", Texts),
    is("at received", Time),
    is("automated", Flag),
    is("attachments", List),
    may("reply_to text damaged delivery reason automated_kind agent outgoing url", Text),
];

pub const CUSTOMER: &[Fields] = &[
    is("customer name notes", Text),
    is("identities messages", List),
    is("tags", Texts),
    is("fields", Object),
    is("unread drafts cases_before", Number),
    is("trouble", Flag),
    is("first_at last_at", Time),
    may("language", Text),
    may("case", Object),
];

const INBOX: &[Fields] = &[
    is("customer name address priority last_text last_direction", Text),
    is("unread", Number),
    is("channels tags", Texts),
    is("last_at", Time),
    is("trouble", Flag),
    may("status owner", Text),
    may("waiting_since snoozed_until", Time),
    may("mood", Number),
];

pub const OUTGOING: &[Fields] = &[is("outgoing remote_id state customer message", Text), may("leaves", Time)];

const OUTBOX: &[Fields] = &[
    is("outgoing remote_id state account customer name subject text agent message", Text),
    is("to cc", Texts),
    is("attempts", Number),
    is("due date", Time),
    is("filed", Flag),
    may("reason receipt", Text),
    may("sent_at", Time),
];

/// A row of `drafts`; only the screen makes them.
pub const DRAFT: &[Fields] =
    &[is("draft name kind subject text agent", Text), is("to", Texts), is("saved_at", Time), may("customer", Text)];

pub const SAID: &[Fields] = &[is("customer said", Text), may("message", Text)];

/// A row of `keys check`.
pub fn check_row(verb: &str, value: &Value) {
    check(verb, value, &[is("said", Text), may("file", Text), may("line column", Number)]);
}

#[test]
fn the_help_is_at_hand() {
    assert_eq!(Profile::new("").ok(&["help", "json"]).out().trim_end(), HELP.trim_end());
}

#[test]
fn reading_has_its_fields() {
    let profile = Profile::offline();
    let bulk = from("bulk", "News <news@list.example>", "Sale", "Buy!\n");
    let bulk = [&b"List-Id: <news.list.example>\r\nPrecedence: bulk\r\n"[..], &bulk].concat();
    let report = profile.import(&[with_attachment(), broken(), bulk]);
    check("import", &report, &[is("read new duplicate dead seconds", Number)]);
    profile.ok(&["note", "ana@test.example", "--text", "asked the carrier"]);
    profile.ok(&["edit", "ana@test.example", "--field", "order=4711"]);
    profile.ok(&["snooze", "ana@test.example", "--until", "2030-01-01"]);

    let row = profile.one(&["inbox"]);
    check("inbox", &row, INBOX);
    assert_eq!((&row["status"], &row["address"]), (&"snoozed".into(), &"ana@test.example".into()));

    let show = profile.one(&["show", "ana@test.example"]);
    check("show", &show, CUSTOMER);
    assert_eq!(show["fields"]["order"], "4711");
    let identity = [is("channel address name basis by", Text), is("since", Time), is("inbound outbound", Number)];
    check("show", &show["identities"][0], &identity);
    let case = [
        is("status priority", Text),
        is("opened", Time),
        may("owner", Text),
        may("resolved waiting_since snoozed_until", Time),
    ];
    check("show", &show["case"], &case);
    let messages = show["messages"].as_array().unwrap();
    messages.iter().for_each(|message| check("show", message, MESSAGE));
    let (cup, note) = (&messages[0], &messages[1]);
    assert_eq!((&cup["direction"], &note["direction"]), (&"inbound".into(), &"note".into()));
    assert_eq!((&cup["from"], &cup["reply_to"]), (&"ana@test.example".into(), &"ana.private@test.example".into()));
    assert_eq!(cup["references"], serde_json::json!(["first@test.example"]));
    check("show", &cup["attachments"][0], &[is("name type", Text), is("size part", Number)]);
    assert_eq!(cup["attachments"][0]["size"], 8, "bytes as decoded");

    let automated = profile.one(&["automated"]);
    check("automated", &automated, MESSAGE);
    assert_eq!((&automated["automated"], &automated["automated_kind"]), (&true.into(), &"list".into()));

    for message in profile.export() {
        check("export", &message, MESSAGE);
        check("export", &message, &[may("customer raw_sha256", Text)]);
    }
    let dead = profile.one(&["dead", "list"]);
    let fields = [is("dead account folder reason hint", Text), is("received", Time), is("size tries", Number)];
    check("dead list", &dead, &fields);
    let id = dead["dead"].as_str().unwrap();
    let shown = profile.one(&["dead", "show", id]);
    check("dead show", &shown, &fields);
    check("dead show", &shown, &[is("text", Text)]);
    check("dead retry", &profile.one(&["dead", "retry", id]), &[is("dead", Text), is("filed", Flag)]);

    let fields = [
        is("seq", Number),
        is("kind actor summary", Text),
        is("at", Time),
        is("customers messages dead", Texts),
        may("account outgoing draft", Text),
    ];
    profile.json(&["log"]).iter().for_each(|line| check("log", line, &fields));
    profile.json(&["keys"]).iter().for_each(|key| check("keys", key, &[is("context keys command doc", Text)]));
    let doctor = finish_rows(&profile, &["doctor", "--json"]);
    doctor.iter().for_each(|line| check("doctor", line, &[is("what said", Text), is("ok", Flag)]));
    let fields = [is("ok", Flag), is("records contents bytes", Number), is("damage differences", Texts)];
    check("verify", &profile.one(&["verify"]), &fields);
}

/// What a verb prints that may well find something wrong.
fn finish_rows(profile: &Profile, words: &[&str]) -> Vec<Value> {
    let rows = profile.run(words).rows();
    assert!(!rows.is_empty(), "{words:?} prints nothing");
    rows
}

#[test]
fn writing_has_its_fields() {
    let profile = Profile::offline();
    profile.import(&[with_attachment()]);
    let ana = "ana@test.example";
    check("reply", &profile.one(&["reply", ana, "--text", "A new one is on its way."]), OUTGOING);
    check("forward", &profile.one(&["forward", ana, "--to", "maker@cups.example", "--text", "Look"]), OUTGOING);
    let compose = ["compose", "--account", "support", "--to", "bo@test.example", "--subject", "Hello", "--text", "Hi"];
    check("compose", &profile.one(&compose), OUTGOING);
    let rows = profile.json(&["outbox"]);
    assert_eq!(rows.len(), 3);
    rows.iter().for_each(|row| check("outbox", row, OUTBOX));
    for words in [
        vec!["note", ana, "--text", "careful"],
        vec!["resolve", ana],
        vec!["reopen", ana],
        vec!["wait", ana],
        vec!["snooze", ana, "--until", "2h"],
        vec!["assign", ana, "bo"],
        vec!["tag", ana, "fragile"],
        vec!["priority", ana, "high"],
        vec!["edit", ana, "--name", "Ana S."],
    ] {
        check(words[0], &profile.one(&words), SAID);
    }
    let account = profile.one(&["account", "list"]);
    check(
        "account list",
        &account,
        &[is("account connector address", Text), is("own", Texts), is("sends reads", Flag)],
    );
    let tested = finish_rows(&profile, &["account", "test", "--json"]);
    tested.iter().for_each(|line| check("account test", line, &[is("account what said", Text), is("ok", Flag)]));
}

#[test]
fn a_sync_has_its_fields() {
    let server = need!(Dovecot::start());
    let profile = Profile::with_account(&imap(&server, "support", ""));
    server.deliver_all("support", &mail::numbered(0..3));
    let report = profile.one(&["sync"]);
    check(
        "sync",
        &report,
        &[
            is("account", Text),
            is("new duplicate dead seconds changed", Number),
            may("error budget", Text),
            may("last_success next budget_until", Time),
            may("backlog", Number),
            is("workers", List),
        ],
    );
    assert!(report["last_success"].is_string(), "{report}");
    let account = profile.one(&["accounts"]);
    check(
        "accounts",
        &account,
        &[
            is("account channel doing", Text),
            may("last_success next budget_until", Time),
            may("backlog", Number),
            may("budget trouble", Text),
            is("workers", List),
        ],
    );
    let fields =
        [is("worker doing", Text), may("done total", Number), may("last_success next", Time), may("trouble", Text)];
    check("accounts", &account["workers"][0], &fields);
    assert_eq!(account["doing"], "not-running");
    assert_eq!((&report["account"], &report["new"], &report["error"]), (&"support".into(), &3.into(), &Value::Null));
    drop(server);
    let done = profile.run(&["sync", "--json"]);
    assert_eq!(done.code, Some(1), "an account that failed is not 0");
    let report = &done.rows()[0];
    check("sync", report, &[is("account error", Text), is("new duplicate dead seconds", Number)]);
}

#[test]
fn scores_and_segments_have_their_fields() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..3));
    let entry = profile.one(&["show", "ana@test.example"])["messages"][0].clone();
    check("show", &entry, &[may("sentiment", Object)]);
    profile.ok(&["score", "correct", entry["id"].as_str().unwrap(), "negative"]);
    let sentiment = profile.one(&["show", "ana@test.example"])["messages"][0]["sentiment"].clone();
    let fields = [is("label corrected", Text), is("percent confidence", Number), is("words", Texts)];
    check("show", &sentiment, &fields);
    let refreshed = profile.one(&["score", "refresh"]);
    let fields = [
        is("customers messages changed failed seconds cpu_seconds messages_per_cpu_second corrections", Number),
        may("layer", Number),
        is("version", Text),
    ];
    check("score refresh", &refreshed, &fields);
    let card = profile.one(&["score", "show", "ana@test.example"]);
    let fields = [is("customer name", Text), is("scores segments", List), is("stale", Flag), is("corrections", Number)];
    check("score show", &card, &fields);
    let fields = [
        is("kind shown version", Text),
        may("value trend_30 trend_90", Number),
        may("band level next", Text),
        is("line reasons", List),
        is("sample confidence", Number),
        is("at", Time),
    ];
    for score in card["scores"].as_array().unwrap() {
        check("score show", score, &fields);
    }
    let layer = profile.one(&["score", "layer"]);
    let fields = [
        may("layer learned_from", Number),
        may("at", Time),
        is("corrections", Number),
        is("off", Flag),
        is("kept", List),
        may("trouble", Text),
        is("version", Text),
    ];
    check("score layer", &layer, &fields);
    let fitted = profile.one(&["segment", "fit"]);
    let fields =
        [is("customers left_out moved", Number), may("silhouette stability", Number), is("without segments", List)];
    check("segment fit", &fitted, &fields);
    let segments = profile.json(&["segment", "list"]);
    let fields =
        [is("kind name", Text), is("size", Number), is("sizes traits", List), is("centre", Object), is("at", Time)];
    segments.iter().for_each(|segment| check("segment list", segment, &fields));
    let found = segments.iter().find(|segment| segment["size"] == 1).unwrap();
    let member = profile.one(&["segment", "show", found["name"].as_str().unwrap()]);
    check("segment show", &member, &[is("customer name address", Text), is("last_at", Time), may("mood", Number)]);
}
