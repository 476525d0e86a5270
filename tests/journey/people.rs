//! One customer on four channels: by mail (Dovecot in, a real SMTP server out), on Mastodon, on Matrix (Synapse) and on
//! Telegram, all into one running `serve`. Four customers become one, are answered where they wrote, and part again.

use crate::channels::contract::Rig;
use crate::channels::mastodon::simulator::Mastodon;
use crate::channels::matrix;
use crate::channels::telegram::simulator::Telegram;
use crate::need;
use crate::support::account::imap;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::profile::{Profile, account};
use crate::support::relay::{Protection, Relay};
use crate::support::serve::Serve;
use crate::support::synapse::{Synapse, User};
use crate::support::until;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long what workers do by themselves may take on a loaded machine.
const LIMIT: Duration = Duration::from_secs(60);
const CHANNELS: [&str; 4] = ["email", "mastodon", "matrix", "telegram"];

/// All that the profile has of every message, by its id: what scripts see of it, and its original byte for byte.
type Messages = BTreeMap<String, (String, Vec<u8>)>;

/// The world outside, and the profile in it.
struct World {
    dovecot: Dovecot,
    _relay: Relay,
    _synapse: Synapse,
    mastodon: Mastodon,
    telegram: Telegram,
    /// Ana on Matrix.
    ana: User,
    room: String,
    profile: Profile,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

impl World {
    fn start() -> Option<World> {
        let dovecot = Dovecot::start()?;
        let relay = Relay::start(&dovecot, Protection::Starttls)?;
        let synapse = Synapse::shared()?;
        let (mastodon, telegram) = (Mastodon::start(), Telegram::start());
        let (desk, ana) = (synapse.user("desk"), synapse.user("ana"));
        let room = ana.room("Order 7", &[&desk.id]);
        let profile = Profile::new("");
        let mails = account("0s", &(imap(&dovecot, "support", "") + &relay.smtp(&dovecot, Protection::Starttls)));
        let named = |rig: &dyn Rig, name: &str| rig.account(&profile.path).replace("\"it\"", &format!("\"{name}\""));
        let (toots, chats) = (named(&mastodon, "toots"), named(&telegram, "bot"));
        let rooms = format!("[[account]]\n{}", matrix::settings(&desk, synapse.port, ""));
        profile.configure(&[mails, toots, chats, rooms].concat());
        Some(World { dovecot, _relay: relay, _synapse: synapse, mastodon, telegram, ana, room, profile })
    }

    /// The one customer of each channel, and no other.
    fn by_channel(&self) -> BTreeMap<String, String> {
        let rows = self.profile.json(&["inbox", "--view", "all"]);
        assert_eq!(rows.len(), 4, "{rows:?}");
        let of = |row: &Value| (text(&row["channels"][0]), text(&row["customer"]));
        rows.iter().map(of).collect()
    }

    fn timeline(&self, who: &str) -> Vec<Value> {
        self.profile.one(&["show", who])["messages"].as_array().unwrap().clone()
    }

    /// Every message there is.
    fn messages(&self) -> Messages {
        let customers = self.profile.json(&["inbox", "--view", "all"]);
        let mut all = Messages::new();
        for row in customers {
            for message in self.timeline(&text(&row["customer"])) {
                let id = text(&message["id"]);
                let original = match self.profile.run(&["original", &id]) {
                    done if done.code == Some(0) => done.bytes,
                    done => done.err.into_bytes(),
                };
                assert!(all.insert(id, (message.to_string(), original)).is_none(), "on one timeline only");
            }
        }
        all
    }

    /// What an export says of the messages, but for whose they are.
    fn exported(&self) -> BTreeSet<String> {
        let mut rows = self.profile.export();
        rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("customer")));
        rows.iter().map(Value::to_string).collect()
    }

    /// Fetches what is there, in the process that serves.
    fn sync(&self) {
        for row in self.profile.json(&["sync"]) {
            assert_eq!((&row["error"], &row["dead"]), (&Value::Null, &0.into()), "{row}");
        }
    }

    /// Does an act on the identity graph; gives what takes it back.
    fn act(&self, words: &[&str]) -> String {
        text(&self.profile.one(words)["act"])
    }

    /// Waits until all that was written has left.
    fn all_sent(&self, count: usize) {
        let mut rows = Vec::new();
        let sent = until(LIMIT, || {
            rows = self.profile.json(&["outbox"]);
            rows.len() == count && rows.iter().all(|row| row["state"] == "sent")
        });
        assert!(sent, "{rows:?}");
    }
}

/// A mail of hers, written at this time of a day in July.
fn mail_at(time: &str, id: &str, subject: &str, text: &str) -> Vec<u8> {
    let raw = String::from_utf8(mail::plain(id, subject, text)).unwrap();
    raw.replace("10:00:00 +0200", &format!("{time}:00 +0200")).into_bytes()
}

fn channels(messages: &[Value]) -> Vec<(&str, &str)> {
    messages.iter().map(|one| (one["channel"].as_str().unwrap(), one["text"].as_str().unwrap().trim_end())).collect()
}

fn in_time_order(messages: &[Value]) -> bool {
    messages.is_sorted_by_key(|message| message["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap())
}

#[test]
fn four_who_are_one_are_answered_where_they_wrote_and_part_without_a_message_changed() {
    let world = need!(World::start());
    let profile = &world.profile;
    let serve = Serve::start(profile);

    // She writes: two mails about two things, then on Telegram (which counts whole seconds), Mastodon and Matrix.
    world.dovecot.deliver("support", &mail_at("10:00", "order7", "Order 7", "Where is my order?\n"));
    world.dovecot.deliver("support", &mail_at("10:30", "bill7", "A bill", "May I have a bill?\n"));
    let chat = world.telegram.message("It says delivered.");
    world.telegram.update("message", chat.clone());
    let mention = world.mastodon.mentioned("ana", "@shop nobody answers me", "unlisted");
    let event = world.ana.says(&world.room, "hello, anybody here?");
    world.sync();

    // Four customers, each with what was written there.
    let alone = world.by_channel();
    assert_eq!(alone.keys().map(String::as_str).collect::<Vec<_>>(), CHANNELS);
    let (first, exported) = (world.messages(), world.exported());
    assert_eq!((first.len(), exported.len()), (5, 5));
    let profiles: BTreeMap<_, _> = alone.values().map(|id| (id, profile.one(&["show", id]))).collect();

    // A suggestion (both are called Ana Silva) and two acts by hand make one of them.
    let suggestions = profile.json(&["suggestions"]);
    let names_alike = suggestions.iter().find(|row| row["evidence"].to_string().contains("both are called Ana Silva"));
    let suggestion = text(&names_alike.unwrap_or_else(|| panic!("{suggestions:?}"))["suggestion"]);
    let merged = [
        world.act(&["suggestions", "--accept", &suggestion]),
        world.act(&["merge", &alone["email"], &alone["matrix"], "--reason", "she said so on the phone"]),
        world.act(&["merge", &alone["email"], &alone["telegram"]]),
    ];
    let row = profile.one(&["inbox"]);
    assert_eq!((&row["customer"], &row["unread"]), (&alone["email"].as_str().into(), &5.into()));
    assert_eq!(row["channels"], serde_json::json!(CHANNELS));
    for id in alone.values() {
        assert_eq!(profile.one(&["show", id])["customer"], alone["email"].as_str(), "every old id leads here");
    }
    let timeline = world.timeline(&alone["email"]);
    assert!(in_time_order(&timeline));
    assert_eq!(
        channels(&timeline),
        [
            ("email", "Where is my order?"),
            ("email", "May I have a bill?"),
            ("telegram", "It says delivered."),
            ("mastodon", "@shop nobody answers me"),
            ("matrix", "hello, anybody here?"),
        ]
    );
    for (channel, said) in [("telegram", "· telegram"), ("mastodon", "· PUBLIC · mastodon"), ("matrix", "· matrix")]
    {
        let shown = profile.ok(&["show", &alone["email"], "--channel", channel]).out();
        assert!(shown.contains(said), "{channel}: {shown}");
    }
    assert_eq!((world.messages(), world.exported()), (first.clone(), exported.clone()), "a merge changes no message");

    // Answered on every channel, by mail in both threads.
    let order = timeline.iter().find(|message| message["remote_id"] == "order7@test.example").unwrap();
    let ana = alone["email"].as_str();
    for channel in CHANNELS {
        profile.ok(&["reply", ana, "--channel", channel, "--text", &format!("Answered by {channel}.")]);
    }
    profile.ok(&["reply", ana, "--message", &text(&order["id"]), "--text", "About the order."]);
    profile.ok(&["note", ana, "--text", "She tried everything."]);
    world.all_sent(5);
    let inbox = || world.dovecot.doveadm(&["fetch", "-u", "ana", "text", "mailbox", "INBOX", "ALL"], b"");
    let mails = inbox().replace('\r', "");
    let mails: Vec<&str> = mails.split("text:").filter(|mail| !mail.trim().is_empty()).collect();
    assert_eq!(mails.len(), 2, "{mails:?}");
    for (said, parent, subject) in
        [("Answered by email.", "bill7", "Re: A bill"), ("About the order.", "order7", "Re: Order 7")]
    {
        let mail = mails.iter().find(|mail| mail.contains(said)).unwrap_or_else(|| panic!("{said}: {mails:?}"));
        let has = |line: String| assert!(mail.contains(&line), "{line:?} is not in\n{mail}");
        has(format!("In-Reply-To: <{parent}@test.example>"));
        has(format!("Subject: {subject}"));
    }
    let toots = world.mastodon.server.lock().unwrap().posted.clone();
    assert_eq!(toots.len(), 1);
    assert_eq!((&toots[0]["in_reply_to_id"], &toots[0]["visibility"]), (&mention.into(), &"unlisted".into()));
    assert_eq!(toots[0]["status"], "@ana@far.example Answered by mastodon.");
    let chats = world.telegram.bot.lock().unwrap().sent.clone();
    assert_eq!(chats.len(), 1);
    assert_eq!((&chats[0]["chat_id"], &chats[0]["text"]), (&chat["chat"]["id"], &"Answered by telegram.".into()));
    assert_eq!(chats[0]["reply_parameters"]["message_id"], chat["message_id"]);
    let said = world.ana.reads(&world.room);
    let answers: Vec<_> = said.iter().filter(|one| one["content"]["body"] == "Answered by matrix.").collect();
    assert_eq!(answers.len(), 1, "{said:?}");
    assert_eq!(answers[0]["content"]["m.relates_to"]["m.in_reply_to"]["event_id"], event.as_str());

    // She goes on; our own that come back are known.
    world.dovecot.deliver("support", &mail_at("11:00", "thanks", "Re: Order 7", "Thank you!\n"));
    world.ana.says(&world.room, "found it");
    world.sync();
    world.sync();
    let whole = world.timeline(ana);
    assert_eq!(whole.len(), 5 + 5 + 1 + 2, "{:?}", channels(&whole));
    assert!(in_time_order(&whole));
    let (kept, exported) = (world.messages(), world.exported());
    for (id, was) in &first {
        assert_eq!(&kept[id], was, "what was filed stays as it was");
    }

    // One is split off and taken back, the merges are taken back, none in the order they were made.
    let matrix_id = world.ana.id.as_str();
    let split = world.act(&["split", ana, matrix_id]);
    let off = text(&profile.one(&["show", matrix_id])["customer"]);
    assert_ne!(off, ana);
    assert_eq!(channels(&world.timeline(&off)).len(), 3);
    assert!(world.timeline(&off).iter().all(|message| message["channel"] == "matrix"));
    assert_eq!((world.messages(), world.exported()), (kept.clone(), exported.clone()), "a split changes no message");
    profile.ok(&["unmerge", &split]);
    assert_eq!(world.timeline(ana), whole, "as before the split, to the byte");
    for act in [1, 0, 2].map(|at: usize| &merged[at]) {
        profile.ok(&["unmerge", act]);
    }
    assert_eq!(world.by_channel(), alone, "the four they were");
    assert_eq!((world.messages(), world.exported()), (kept.clone(), exported.clone()), "nor does taking it back");
    for (channel, id) in &alone {
        let theirs = |message: &&Value| message["channel"] == channel.as_str() || message["channel"] == "note";
        let mut expected: Vec<&Value> = whole.iter().filter(theirs).collect();
        if channel != "email" {
            // The note was written on the one that stayed.
            expected.retain(|message| message["channel"] != "note");
        }
        let now = profile.one(&["show", id]);
        assert_eq!(now["messages"].as_array().unwrap().iter().collect::<Vec<_>>(), expected, "{channel}");
        let was = &profiles[id];
        for field in ["name", "absorbed", "tags", "notes", "fields", "language", "first_at", "cases_before"] {
            assert_eq!(now[field], was[field], "{channel}: {field}");
        }
        let known = |show: &Value| {
            let identities = show["identities"].as_array().unwrap().iter();
            let who = |one: &Value| ["identity", "address", "handle", "basis", "since"].map(|field| one[field].clone());
            identities.map(who).collect::<Vec<_>>()
        };
        assert_eq!(known(&now), known(was), "{channel}");
    }

    // The owner ends; another process says the same, from the journal alone too.
    assert_eq!(serve.end(rustix::process::Signal::TERM).code, Some(0));
    assert_eq!((world.messages(), world.exported()), (kept.clone(), exported.clone()));
    profile.assert_sound();
    profile.ok(&["rebuild"]);
    assert_eq!((world.messages(), world.exported(), world.by_channel()), (kept, exported, alone));
    profile.assert_sound();
}
