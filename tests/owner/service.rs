//! `serve` among other programs: readiness, signals, exit codes, and what dead owners leave behind.

use crate::support::mail;
use crate::support::profile::{Profile, end_of};
use crate::support::push::push;
use crate::support::serve::{RawScreen, Serve, answers};
use crate::support::{free_port, until};
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::Stdio;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn a_service_manager_is_told_when_it_is_ready_and_when_it_ends() {
    let profile = Profile::offline();
    let path = profile.home().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(LIMIT)).unwrap();
    let mut command = profile.command(&["serve"]);
    let serve = command.env("NOTIFY_SOCKET", &path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let heard = || {
        let mut bytes = [0; 200];
        let read = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..read].to_vec()).unwrap()
    };
    assert!(heard().starts_with("READY=1"));
    assert!(answers(&profile.path), "ready means that the door is open");
    rustix::process::kill_process(rustix::process::Pid::from_child(&serve), Signal::TERM).unwrap();
    assert!(heard().starts_with("STOPPING=1"));
    let done = end_of(serve);
    assert_eq!((done.code, done.bytes.len()), (Some(0), 0), "{done:?}");
    assert!(!profile.path.join("door/socket").exists(), "nothing is left behind");
    profile.assert_sound();
}

#[test]
fn each_signal_that_asks_for_an_end_ends_it_in_order() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let profile = Profile::offline();
        let serve = Serve::start(&profile);
        profile.import(&mail::numbered(0..2));
        assert_eq!(serve.end(signal).code, Some(0), "{signal:?}");
        assert_eq!(profile.ok(&["inbox"]).err, "", "nothing had to be mended");
    }
}

#[test]
fn the_door_is_for_this_user_alone() {
    let profile = Profile::offline();
    let _serve = Serve::start(&profile);
    let mode = |name: &str| std::fs::metadata(profile.path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("door"), mode("door/socket")), (0o700, 0o600));
}

#[test]
fn a_socket_left_by_a_dead_owner_is_no_owner() {
    let profile = Profile::offline();
    let serve = Serve::start(&profile);
    profile.import(&mail::numbered(0..2));
    serve.end(Signal::KILL);
    assert!(profile.path.join("door/socket").exists());
    assert_eq!(profile.one(&["inbox"])["name"], "Ana", "a verb owns the profile itself");
    let again = Serve::start(&profile);
    assert_eq!(profile.one(&["inbox"])["name"], "Ana");
    drop(again);
}

#[test]
fn of_owners_started_at_the_same_instant_one_serves() {
    let profile = Profile::offline();
    let start = |_| {
        let mut command = profile.command(&["serve"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut owners: Vec<_> = (0..4).map(start).collect();
    let mut ended = Vec::new();
    let three = until(LIMIT, || {
        let (gone, left) = owners.drain(..).partition::<Vec<_>, _>(|_| false);
        ended.extend(gone);
        for mut owner in left {
            match owner.try_wait().unwrap() {
                Some(_) => ended.push(owner),
                None => owners.push(owner),
            }
        }
        ended.len() == 3
    });
    assert!(three, "all but one give up");
    for loser in ended {
        let done = end_of(loser);
        assert_eq!((done.code, done.err.lines().count()), (Some(3), 1), "{done:?}");
        assert!(done.err.contains("in use"), "{}", done.err);
    }
    assert!(until(LIMIT, || answers(&profile.path)));
    let winner = owners.remove(0);
    rustix::process::kill_process(rustix::process::Pid::from_child(&winner), Signal::TERM).unwrap();
    assert_eq!(end_of(winner).code, Some(0));
}

#[test]
fn verbs_started_at_the_same_instant_are_all_done() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    let note = |at: usize| {
        let mut command = profile.command(&["note", "ana@test.example", "--text", &format!("number {at}")]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let all: Vec<_> = (0..12).map(note).collect();
    for one in all {
        let done = end_of(one);
        assert_eq!(done.code, Some(0), "{done:?}");
    }
    let shown = profile.ok(&["show", "ana@test.example"]).out();
    (0..12).for_each(|at| assert_eq!(shown.matches(&format!("number {at}\n")).count(), 1, "{at}: {shown}"));
}

#[test]
fn a_profile_deep_in_the_tree_has_a_door_too() {
    let profile = Profile::offline();
    let deep = profile.home().join("a-long-name-of-a-folder/".repeat(8));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::copy(profile.path.join("config.toml"), deep.join("config.toml")).unwrap();
    let mut command = profile.command_at(&deep, &["serve"]);
    let mut serve = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(until(LIMIT, || answers(&deep)));
    serve.kill().unwrap();
    serve.wait().unwrap();
}

#[test]
fn a_door_that_leads_elsewhere_is_not_opened() {
    let profile = Profile::offline();
    let victim = profile.home().join("victim");
    std::fs::create_dir(&victim).unwrap();
    std::fs::set_permissions(&victim, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(victim.join("socket"), "keep").unwrap();
    std::os::unix::fs::symlink(&victim, profile.path.join("door")).unwrap();
    let complaint = profile.refused(&["serve"]);
    assert!(complaint.contains("door"), "{complaint}");
    assert_eq!(std::fs::read_to_string(victim.join("socket")).unwrap(), "keep");
    assert_eq!(std::fs::metadata(&victim).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn clients_that_neither_read_nor_write_do_not_hold_up_the_end() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..2000));
    let serve = Serve::start(&profile);
    // One never reads what is printed, one never writes what is read.
    let piped = |words: &[&str]| {
        let mut command = profile.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let threads = || std::fs::read_dir(format!("/proc/{}/task", serve.id())).unwrap().count();
    let before = threads();
    let mut deaf = piped(&["export"]);
    let mut mute = piped(&["note", "ana@test.example", "--text", "-"]);
    // Each verb has two threads.
    assert!(until(LIMIT, || threads() >= before + 4), "both are at work");
    let begun = std::time::Instant::now();
    assert_eq!(serve.end(Signal::TERM).code, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(9), "it ends in time: {:?}", begun.elapsed());
    for client in [&mut deaf, &mut mute] {
        client.kill().unwrap();
        client.wait().unwrap();
    }
    assert_eq!(profile.ok(&["inbox"]).err, "", "and was closed in order");
}

#[test]
fn rubbish_at_the_door_harms_nobody() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    let _serve = Serve::start(&profile);
    let socket = profile.path.join("door/socket");
    let silent: Vec<_> = (0..20).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    for rubbish in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x01\xff\xff\xff\xff", b"\x01\0\0\0\x04abcd", b"\x02\0\0\0\0", &[0; 70_000]]
    {
        use std::io::{Read, Write};
        let mut stream = UnixStream::connect(&socket).unwrap();
        let _ = stream.write_all(rubbish);
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        // Closed, or reset with what was not read.
        assert!(matches!(stream.read(&mut [0; 10]), Ok(0) | Err(_)), "it is let go");
    }
    // Rubbish after a good greeting ends that screen.
    let screen = RawScreen::attach(&profile.path, "lin", (80, 24));
    screen.wait_for("Ana");
    screen.sends(b"\x63\0\0\0\0");
    screen.wait_for_end();
    assert_eq!(profile.one(&["inbox"])["name"], "Ana", "the owner goes on");
    drop(silent);
}

#[test]
fn another_version_is_told_plainly() {
    use switchboard::server::{Hello, Knocked, Wanted, knock};
    let profile = Profile::offline();
    let _serve = Serve::start(&profile);
    let hello = Hello { version: "99.0\u{1b}[31m".to_owned(), ..crate::support::serve::hello("", Wanted::Nothing) };
    match knock(&profile.path, hello).unwrap() {
        Knocked::Refused(why) => {
            assert!(why.contains("99.0") && why.contains(env!("CARGO_PKG_VERSION")), "{why}");
            assert!(!why.contains('\u{1b}'));
        }
        _ => panic!("let in"),
    }
}

#[test]
fn another_place_to_listen_is_followed_while_it_runs() {
    let account = "[[account]]\nname = \"bot\"\nconnector = \"line\"\naddress = \"Ubot\"\nchannel_token_env = \"NONE\"\n\
                   channel_secret_env = \"NONE\"\n";
    let (first, second) = (free_port(), free_port());
    let at = |port: u16| format!("[webhook]\nlisten = \"127.0.0.1:{port}\"\n\n{account}");
    let profile = Profile::new(&at(first));
    let _serve = Serve::start(&profile);
    // Nobody is believed without a signature, and the door is there.
    let answers = |port: u16| push(port, "POST /hook/bot", &[], b"{}").map(|(status, _)| status);
    assert!(until(LIMIT, || answers(first) == Some(401)), "the first door is not open");
    profile.configure(&at(second));
    assert!(until(LIMIT, || answers(second) == Some(401)), "the second door does not open");
    assert_eq!(answers(first), None, "the first one is closed");
    let listening = || profile.one(&["webhook"])["listening"].clone();
    assert_eq!(listening(), format!("127.0.0.1:{second}").as_str());
    // A place that somebody else has: nothing listens, and the account says why.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    profile.configure(&at(port));
    assert!(until(LIMIT, || listening().is_null()), "the door is still open");
    let trouble = || profile.json(&["accounts"])[0]["trouble"].to_string();
    assert!(until(LIMIT, || trouble().contains("cannot be listened at")), "{}", trouble());
    assert_eq!(answers(second), None);
    profile.configure(&at(first));
    assert!(until(LIMIT, || answers(first) == Some(401)), "it does not come back");
    assert!(until(LIMIT, || !trouble().contains("cannot be listened at")), "{}", trouble());
    // And without [webhook] none is open.
    profile.configure(account);
    assert!(until(LIMIT, || answers(first).is_none()), "it stays open");
}
