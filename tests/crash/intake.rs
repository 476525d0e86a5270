//! Killed while taking in: every message is there once in the end.

use crate::need;
use crate::support::account::imap;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::profile::Profile;
use crate::support::until;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How often each Message-ID is in the export, without its domain.
fn copies(rows: &[Value]) -> BTreeMap<String, usize> {
    let mut copies = BTreeMap::new();
    for row in rows {
        let id = row["remote_id"].as_str().unwrap().split('@').next().unwrap().to_owned();
        *copies.entry(id).or_insert(0) += 1;
    }
    copies
}

fn once(numbers: std::ops::Range<usize>) -> BTreeMap<String, usize> {
    numbers.map(|number| (format!("n{number}"), 1)).collect()
}

#[test]
fn killed_again_and_again_every_message_is_there_once() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &mail::numbered(0..260));
    let profile = Profile::with_account(&imap(&server, "support", ""));
    // How long a run takes on this machine, to know when there is something to disturb.
    let other = Profile::with_account(&imap(&server, "support", ""));
    let started = Instant::now();
    other.ok(&["sync"]);
    let mut whole = started.elapsed();
    drop(other);
    let (mut killed, mut delivered, mut rounds) = (0, 260, 0);
    while killed < 15 && rounds < 60 {
        rounds += 1;
        let mut command = profile.command(&["sync"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        if rounds % 3 == 0 {
            server.deliver_all("support", &mail::numbered(delivered..delivered + 5));
            delivered += 5;
        }
        let moment = whole.mul_f64(fastrand::f64());
        if until(moment, || child.try_wait().unwrap().is_some()) {
            // It had less to do than before.
            whole = started.elapsed();
        } else {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
    }
    eprintln!("killed {killed} times in {rounds} rounds");
    assert_eq!(killed, 15, "in {rounds} rounds");
    assert_eq!(profile.one(&["sync"])["error"], Value::Null);
    let rows = profile.export();
    assert_eq!(copies(&rows), once(0..delivered));
    assert!(rows.iter().all(|row| row["raw_sha256"].is_string()), "with every original");
    assert_eq!(profile.one(&["sync"])["new"], 0);
    profile.assert_sound();
}

#[test]
fn the_same_mail_delivered_twice_is_filed_once() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &[mail::numbered(0..5), mail::numbered(2..5)].concat());
    let profile = Profile::with_account(&imap(&server, "support", ""));
    let report = profile.one(&["sync"]);
    assert_eq!((&report["new"], &report["duplicate"]), (&5.into(), &3.into()));
    server.deliver_all("support", &mail::numbered(0..5));
    assert_eq!(profile.one(&["sync"])["new"], 0);
    assert_eq!(copies(&profile.export()), once(0..5));
    assert_eq!(profile.one(&["inbox"])["unread"], 5, "and counted once");
}

#[test]
fn a_mailbox_made_anew_is_read_anew_and_nothing_doubles() {
    let server = need!(Dovecot::start());
    server.doveadm(&["mailbox", "create", "-u", "support", "Orders"], b"");
    let all = mail::numbered(0..6);
    all.iter().for_each(|raw| server.append("support", "Orders", raw));
    let profile = Profile::with_account(&imap(&server, "support", "folders = [\"Orders\"]"));
    assert_eq!(profile.one(&["sync"])["new"], 6);
    let before = profile.export();
    let validity = || server.doveadm(&["mailbox", "status", "-u", "support", "uidvalidity", "Orders"], b"");
    let was = validity();
    server.doveadm(&["mailbox", "delete", "-u", "support", "Orders"], b"");
    // UIDVALIDITY is made of the time in seconds: a folder of the same second could get the same one.
    let renewed = until(Duration::from_secs(10), || {
        server.doveadm(&["mailbox", "create", "-u", "support", "Orders"], b"");
        let renewed = validity() != was;
        if !renewed {
            server.doveadm(&["mailbox", "delete", "-u", "support", "Orders"], b"");
        }
        renewed
    });
    assert!(renewed, "the same UIDVALIDITY again: {was}");
    // The same messages in another order under the same UIDs, and a new one.
    for raw in all.iter().rev().chain(&mail::numbered(6..7)) {
        server.append("support", "Orders", raw);
    }
    let report = profile.one(&["sync"]);
    assert_eq!((&report["new"], &report["error"]), (&1.into(), &Value::Null), "{report}");
    let after = profile.export();
    assert_eq!(copies(&after), once(0..7));
    assert!(before.iter().all(|row| after.contains(row)), "what was there is as it was");
    profile.assert_sound();
}
