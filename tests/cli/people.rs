//! Who is one customer, by command: fields, exit codes and sentences, alone and through a process that owns the profile.

use super::contract::{CUSTOMER, Fields, List, MESSAGE, Number, OUTGOING, SAID, Text, Texts, Time, check, is, may};
use super::from;
use crate::channels::contract::Rig;
use crate::channels::mastodon::simulator::Mastodon;
use crate::support::profile::{Profile, account};
use crate::support::serve::Serve;
use serde_json::{Value, json};

const ANA: &str = "ana@test.example";
const BO: &str = "bo@test.example";
const EVE: &str = "eve@test.example";
/// Well formed, and nobody's.
const UNKNOWN: &str = "0123456789abcdef0123456789abcdef";

const DECIDED: &[Fields] = &[is("customer said", Text), may("message act", Text)];
const ACT: &[Fields] = &[
    is("act kind reason customer name other other_name", Text),
    is("evidence identities addresses", Texts),
    may("undone_by", Text),
    may("undone_at", Time),
];
const SUGGESTION: &[Fields] = &[
    is("suggestion customer name identity other other_name other_identity", Text),
    is("likelihood", Number),
    is("evidence", List),
    is("at", Time),
];
const IDENTITY: &[Fields] = &[
    is("identity channel address name trust basis by", Text),
    is("links", List),
    is("since", Time),
    is("inbound outbound", Number),
    may("handle", Text),
];

/// Runs a story twice, each time on a profile of its own: by the verb itself, and through an owner.
fn alone_and_owned(story: impl Fn(&Profile)) {
    let profile = shop();
    story(&profile);
    profile.assert_sound();
    let profile = shop();
    let serve = Serve::start(&profile);
    story(&profile);
    profile.assert_sound();
    assert_eq!(serve.end(rustix::process::Signal::TERM).code, Some(0));
    profile.assert_sound();
}

/// Ana, Bo and Cem wrote; somebody claims to be Eve, and the server says otherwise.
fn shop() -> Profile {
    let tables = "authserv_id = \"mx.shop.example\"\n[smtp]\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\n";
    let profile = Profile::new(&account("1h", tables));
    let forged = from("4", "Eve <eve@test.example>", "Pay", "Pay me, or write to ana@test.example\n");
    let verdict = &b"Authentication-Results: mx.shop.example; dmarc=fail header.from=test.example\r\n"[..];
    profile.import(&[
        from("1", "Ana Silva <ana@test.example>", "Cup", "broken\n"),
        from("2", "Bo <bo@test.example>", "Pot", "lost, I also am ana@test.example\n"),
        from("3", "Cem <cem@test.example>", "Pan", "hot\n"),
        [verdict, &forged].concat(),
    ]);
    profile
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn id_of(profile: &Profile, who: &str) -> String {
    text(&profile.one(&["show", who])["customer"])
}

fn subjects(profile: &Profile, words: &[&str]) -> Vec<String> {
    let show = profile.one(&[&["show"], words].concat());
    let mut subjects: Vec<String> =
        show["messages"].as_array().unwrap().iter().map(|message| text(&message["subject"])).collect();
    subjects.sort();
    subjects
}

/// Does it; gives its act.
fn act(profile: &Profile, words: &[&str]) -> String {
    let done = profile.one(words);
    check(words[0], &done, DECIDED);
    text(&done["act"])
}

/// A refusal says this.
fn says(profile: &Profile, words: &[&str], sentence: &str) {
    let said = profile.refused(words);
    assert!(said.contains(sentence), "{words:?}: {said}");
}

#[test]
fn a_merge_has_its_fields_and_is_taken_back_once() {
    alone_and_owned(|profile| {
        let (ana, bo) = (id_of(profile, ANA), id_of(profile, BO));
        let merge = act(profile, &["merge", ANA, BO, "--reason", "the same voice"]);
        let show = profile.one(&["show", &bo]);
        check("show", &show, CUSTOMER);
        check("show", &show, &[is("suggestions", Number), is("absorbed", List)]);
        show["identities"].as_array().unwrap().iter().for_each(|one| check("show", one, IDENTITY));
        show["messages"].as_array().unwrap().iter().for_each(|one| check("show", one, MESSAGE));
        assert_eq!((&show["customer"], &show["absorbed"][0]["customer"]), (&json!(ana), &json!(bo)));
        assert_eq!(subjects(profile, &[&bo]), ["Cup", "Pot"], "the id of who was merged away leads on");

        let history = profile.json(&["history", &bo]);
        history.iter().for_each(|line| check("history", line, &[is("at", Time), is("by kind summary", Text)]));
        let (line, done) = (&history[0], &history[0]["act"]);
        check("history", done, ACT);
        assert_eq!(
            (&done["act"], &done["kind"], &done["reason"]),
            (&json!(merge), &json!("merge"), &json!("the same voice"))
        );
        assert_eq!((&done["name"], &done["other_name"]), (&json!("Ana Silva"), &json!("Bo")));
        assert_eq!((&done["addresses"], &done["undone_by"]), (&json!(["email bo@test.example"]), &Value::Null));
        assert_eq!(line["summary"], "Bo and Ana Silva are one customer: email bo@test.example; the same voice");

        says(profile, &["merge", ANA, BO], "both are Ana Silva already; there is nothing to merge");
        says(profile, &["merge", &bo, &ana], "both are Ana Silva already");
        says(profile, &["merge", ANA, "nobody"], "no customer is called \"nobody\"");
        says(profile, &["merge", UNKNOWN, ANA], &format!("no customer is called \"{UNKNOWN}\""));
        let done = profile.one(&["unmerge", &merge]);
        check("unmerge", &done, DECIDED);
        assert_eq!(done["act"], json!(merge));
        assert_eq!(
            (subjects(profile, &[ANA]), subjects(profile, &[&bo])),
            (vec!["Cup".to_owned()], vec!["Pot".to_owned()])
        );
        says(profile, &["unmerge", &merge], "lin took it back already");
        says(profile, &["unmerge", UNKNOWN], &format!("there is no act {UNKNOWN}; `history` lists them"));
        says(profile, &["unmerge", "rubbish"], "ACT");
        let history = profile.json(&["history", BO]);
        assert!(text(&history[0]["summary"]).starts_with("taken back: Bo and Ana Silva"), "{}", history[0]);
        assert_eq!(history[1]["act"]["undone_by"], "lin");
        assert!(history[1]["act"]["undone_at"].is_string());
        let printed = profile.ok(&["history", BO]).out();
        assert!(printed.contains(&format!("[{merge}, taken back]")), "{printed}");
        assert_eq!(profile.json(&["history", BO, "--limit", "1"]).len(), 1);
        assert_eq!(profile.run(&["merge", ANA]).code, Some(2), "half a command");
    });
}

#[test]
fn identities_are_split_off_and_moved_by_address_and_by_id() {
    alone_and_owned(|profile| {
        act(profile, &["merge", ANA, BO]);
        act(profile, &["merge", ANA, "cem@test.example"]);
        let show = profile.one(&["show", ANA]);
        let identities = show["identities"].as_array().unwrap();
        let bos = identities.iter().find(|one| one["address"] == BO).unwrap()["identity"].clone();
        let all: Vec<&str> = identities.iter().map(|one| one["identity"].as_str().unwrap()).collect();
        says(profile, &[&["split", ANA], &all[..]].concat(), "all identities of Ana Silva would go; leave one");
        says(profile, &["split", ANA, "zoe@test.example"], "there is no identity \"zoe@test.example\"");
        says(profile, &["split", ANA, UNKNOWN], &format!("there is no identity \"{UNKNOWN}\""));
        let split = act(profile, &["split", ANA, bos.as_str().unwrap(), "CEM@test.example", "--reason", "two others"]);
        assert_eq!(subjects(profile, &[ANA]), ["Cup"]);
        assert_eq!(subjects(profile, &[BO]).len(), 2);
        let line = &profile.json(&["history", ANA])[0];
        check("history", &line["act"], ACT);
        assert_eq!(line["act"]["identities"].as_array().unwrap().len(), 2);
        let summary = "Bo was split off Ana Silva: email bo@test.example, email cem@test.example; two others";
        assert_eq!(line["summary"], summary);
        // Another customer's identity is not Ana's to split off.
        says(profile, &["split", ANA, bos.as_str().unwrap()], "has no identity");

        let moved = act(profile, &["move", "cem@test.example", ANA]);
        assert_eq!(subjects(profile, &[ANA]).len(), 2);
        let line = &profile.json(&["history", ANA])[0];
        assert_eq!(line["summary"], "email cem@test.example of Bo was given to Ana Silva");
        says(profile, &["move", "cem@test.example", ANA], "cem@test.example is Ana Silva's already");
        says(profile, &["move", BO, ANA], "bo@test.example is all that Bo has; merge the two customers instead");
        says(profile, &["move", "zoe@test.example", ANA], "there is no identity \"zoe@test.example\"");
        says(profile, &["move", BO, "nobody"], "no customer is called \"nobody\"");
        profile.ok(&["unmerge", &split]);
        profile.ok(&["unmerge", &moved]);
        assert_eq!(subjects(profile, &[ANA]).len(), 3, "all that Ana was merged of");
        says(profile, &["unmerge", &split], "lin took it back already");
    });
}

#[test]
fn a_suspect_is_let_in_and_thrown_out() {
    alone_and_owned(|profile| {
        let rows = profile.json(&["inbox", "--view", "all"]);
        let eve = rows.iter().find(|row| row["address"] == EVE).unwrap_or_else(|| panic!("{rows:?}"));
        let eve = eve["customer"].as_str().unwrap();
        let trust = || profile.one(&["show", eve])["identities"][0]["trust"].clone();
        assert_eq!(trust(), "suspect");
        let accepted = act(profile, &["accept", EVE]);
        assert_eq!(trust(), "accepted");
        let line = &profile.json(&["history", eve])[0];
        check("history", &line["act"], ACT);
        assert_eq!(
            (&line["act"]["kind"], &line["act"]["addresses"]),
            (&json!("accept"), &json!(["email eve@test.example"]))
        );
        says(profile, &["accept", EVE], "eve@test.example is no suspect");
        says(profile, &["accept", ANA], "ana@test.example is no suspect");
        says(profile, &["accept", "zoe@test.example"], "there is no identity \"zoe@test.example\"");
        profile.ok(&["unmerge", &accepted]);
        assert_eq!(trust(), "suspect");
        says(profile, &["unmerge", &accepted], "lin took it back already");
    });
}

#[test]
fn a_suggestion_says_why_and_is_decided_once() {
    alone_and_owned(|profile| {
        let row = profile.one(&["suggestions"]);
        check("suggestions", &row, SUGGESTION);
        check("suggestions", &row["evidence"][0], &[is("words", Text), is("weight", Number)]);
        assert!(row["evidence"][0]["words"].as_str().unwrap().contains("ana@test.example"), "{row}");
        assert!((1..100).contains(&row["likelihood"].as_u64().unwrap()), "{row}");
        let id = text(&row["suggestion"]);
        assert_eq!(profile.one(&["suggestions", BO])["suggestion"], json!(id));
        assert_eq!(profile.json(&["suggestions", "cem@test.example"]), Vec::<Value>::new());
        assert_eq!(profile.one(&["show", ANA])["suggestions"], 1);

        check("suggestions", &profile.one(&["suggestions", "--never", &id]), SAID);
        assert_eq!(profile.json(&["suggestions"]), Vec::<Value>::new());
        for words in [["suggestions", "--accept", &id], ["suggestions", "--never", &id]] {
            says(profile, &words, "that suggestion is decided already");
        }
        says(profile, &["suggestions", "--accept", UNKNOWN], &format!("there is no suggestion {UNKNOWN}"));
        says(profile, &["suggestions", "--accept", "rubbish"], "--accept");
        let both = ["suggestions", "--accept", id.as_str(), "--never", id.as_str()];
        assert_eq!(profile.run(&both).code, Some(2));
    });
    alone_and_owned(|profile| {
        let id = text(&profile.one(&["suggestions"])["suggestion"]);
        let merged = act(profile, &["suggestions", BO, "--accept", &id]);
        assert_eq!(profile.one(&["show", ANA])["customer"], json!(id_of(profile, BO)), "Bo was chosen to stay");
        let done = &profile.json(&["history", BO])[0]["act"];
        assert_eq!((&done["act"], &done["kind"]), (&json!(merged), &json!("merge")));
        assert!(done["evidence"][0].as_str().unwrap().contains("ana@test.example"), "{done}");
        says(profile, &["suggestions", "--accept", &id], "that suggestion is decided already");
        profile.ok(&["unmerge", &merged]);
        assert_eq!(profile.json(&["suggestions"]), Vec::<Value>::new(), "not asked again");
    });
}

#[test]
fn a_call_is_on_the_timeline_and_its_number_is_an_identity_like_any() {
    alone_and_owned(|profile| {
        let call = ["log", "call", ANA, "--direction", "in", "--duration", "3m", "--number", "+4915112345678"];
        let at = ["--at", "2026-11-26T09:30:00Z", "--text", "Wants the invoice"];
        let filed = profile.one(&[&call[..], &at].concat());
        check("log call", &filed, SAID);
        let show = profile.one(&["show", ANA, "--channel", "phone"]);
        let messages = show["messages"].as_array().unwrap();
        check("show", &messages[0], MESSAGE);
        assert_eq!((messages.len(), &messages[0]["id"]), (1, &filed["message"]));
        assert_eq!(
            (&messages[0]["at"], &messages[0]["direction"]),
            (&json!("2026-11-26T09:30:00Z"), &json!("inbound"))
        );
        assert_eq!(
            (&messages[0]["text"], &messages[0]["subject"]),
            (&json!("Wants the invoice"), &json!("phone call, 3 min"))
        );
        assert_eq!(id_of(profile, "+4915112345678"), id_of(profile, ANA));
        let there = ["log", "call", BO, "--direction", "out", "--number", "+4915112345678", "--text", "x"];
        says(profile, &there, "+4915112345678 is the number of Ana Silva");
        for (words, sentence) in [
            (["--number", "0151 1234"], "\"0151 1234\" is no telephone number"),
            (["--at", "yesterday"], "--at \"yesterday\" is no time"),
            (["--at", "2090-01-01T00:00:00Z"], "the call lies in the future"),
            (["--duration", "long"], "long"),
        ] {
            let call = ["log", "call", ANA, "--direction", "in", "--text", "x"];
            says(profile, &[&call[..], &words].concat(), sentence);
        }
        says(profile, &["log", "call", ANA, "--direction", "in", "--text", " "], "say what the call was about");
        assert_eq!(profile.run(&["log", "call", ANA, "--text", "x"]).code, Some(2), "who called is not said");
        // Whose number it is can be put right: the call goes along.
        let moved = act(profile, &["move", "+4915112345678", BO]);
        assert_eq!(subjects(profile, &[BO]), ["Pot", "phone call, 3 min"]);
        profile.ok(&["unmerge", &moved]);
        act(profile, &["split", ANA, "+4915112345678"]);
        assert_eq!(subjects(profile, &["+4915112345678"]), ["phone call, 3 min"]);
    });
}

#[test]
fn one_thread_or_channel_is_shown_and_answered() {
    alone_and_owned(|profile| {
        act(profile, &["merge", ANA, BO]);
        let show = profile.one(&["show", ANA]);
        let pot = show["messages"].as_array().unwrap().iter().find(|message| message["subject"] == "Pot").unwrap();
        let thread = text(&pot["thread"]);
        assert_eq!(subjects(profile, &[ANA, "--thread", &thread]), ["Pot"]);
        assert_eq!(subjects(profile, &[ANA, "--channel", "email"]).len(), 2);
        assert_eq!(
            subjects(profile, &[ANA, "--channel", "support", "--limit", "1"]).len(),
            1,
            "an account's name, too"
        );
        assert_eq!(subjects(profile, &[ANA, "--channel", "telegram"]), Vec::<String>::new());
        assert_eq!(subjects(profile, &[ANA, "--thread", UNKNOWN]), Vec::<String>::new());
        says(profile, &["show", ANA, "--thread", "rubbish"], "--thread");
        assert_eq!(profile.run(&["show", ANA, "--thread", &thread, "--channel", "email"]).code, Some(2));

        let reply = profile.one(&["reply", ANA, "--thread", &thread, "--text", "About the pot"]);
        check("reply", &reply, OUTGOING);
        assert_eq!(profile.outgoing(reply["remote_id"].as_str().unwrap())["to"], json!([BO]));
        let reply = profile.one(&["reply", ANA, "--channel", "email", "--way", "direct", "--text", "Hello"]);
        check("reply", &reply, OUTGOING);
        says(profile, &["reply", ANA, "--channel", "telegram", "--text", "x"], "has not written by \"telegram\"");
        let public = ["reply", ANA, "--way", "public", "--text", "x"];
        says(profile, &public, "the account \"support\" cannot answer this one with a public message");
        says(profile, &["reply", ANA, "--thread", "rubbish", "--text", "x"], "--thread");
        let theirs = profile.one(&["show", "cem@test.example"])["messages"][0]["id"].clone();
        let other = ["reply", ANA, "--message", theirs.as_str().unwrap(), "--text", "x"];
        says(profile, &other, "that message is another customer's; answer it there");
        assert_eq!(profile.run(&["reply", ANA, "--way", "loud", "--text", "x"]).code, Some(2));
        assert_eq!(profile.json(&["outbox"]).len(), 2, "what was refused is not written down");
    });
}

#[test]
fn a_public_comment_is_answered_publicly_or_directly_as_asked() {
    for way in ["public", "direct"] {
        let rig = Mastodon::start();
        let profile = Profile::new("");
        profile.configure(&rig.account(&profile.path));
        rig.customer_writes("@shop where is my parcel?");
        assert_eq!(profile.one(&["sync"])["new"], 1);
        let reply =
            profile.one(&["reply", "Ana Silva", "--channel", "mastodon", "--way", way, "--text", "On its way."]);
        check("reply", &reply, OUTGOING);
        profile.ok(&["outbox", "--wait", "30"]);
        let shown = profile.one(&["show", "Ana Silva"]);
        assert_eq!((&shown["messages"][0]["way"], &shown["messages"][1]["way"]), (&json!("public"), &json!(way)));
        assert!(shown["messages"][0]["url"].is_string(), "its web page");
        let posted = rig.server.lock().unwrap().posted[0].clone();
        assert_eq!(posted["visibility"], way, "as the platform was told");
    }
}

#[test]
fn accounts_say_how_they_are_doing_while_they_do_it() {
    let rig = Mastodon::start();
    let profile = Profile::new("");
    profile.configure(&rig.account(&profile.path));
    rig.customer_writes("@shop hello");
    let fields: &[Fields] = &[
        is("account channel doing", Text),
        may("last_success next budget_until", Time),
        may("backlog", Number),
        may("budget trouble", Text),
    ];
    let quiet = profile.one(&["accounts"]);
    check("accounts", &quiet, fields);
    assert_eq!((&quiet["doing"], &quiet["next"]), (&json!("not-running"), &Value::Null));
    assert!(profile.ok(&["accounts"]).err.contains("nobody pulls at the moment"));
    let serve = Serve::start(&profile);
    let mut row = Value::Null;
    let live = crate::support::until(std::time::Duration::from_secs(20), || {
        row = profile.one(&["accounts"]);
        row["last_success"].is_string() && row["doing"] != "pulling"
    });
    assert!(live, "{row}");
    check("accounts", &row, fields);
    assert!(["idle", "watching"].contains(&row["doing"].as_str().unwrap()), "{row}");
    assert_eq!((&row["account"], &row["channel"], &row["trouble"]), (&json!("it"), &json!("mastodon"), &Value::Null));
    assert_eq!((&row["budget"], row["budget_until"].is_string()), (&json!("250 of 300 calls"), true));
    assert!(text(&row["next"]).parse::<jiff::Timestamp>().unwrap() > jiff::Timestamp::now(), "{row}");
    assert_eq!(profile.json(&["inbox"]).len(), 1, "what came in by itself");
    says(&profile, &["accounts", "--account", "other"], "there is no account \"other\"; there are it");
    assert_eq!(serve.end(rustix::process::Signal::TERM).code, Some(0));
}
