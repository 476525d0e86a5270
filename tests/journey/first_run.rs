//! `switchboard` for the first time, in a real terminal with real servers.

use crate::need;
use crate::support::dovecot::{Dovecot, PASSWORD};
use crate::support::profile::{Profile, mbox};
use crate::support::tmux::Tmux;
use crate::support::{free_port, mail};

/// Moves the cursor of the form down.
fn down(terminal: &Tmux, times: usize) {
    terminal.keys(&vec!["Down"; times]);
}

#[test]
fn an_account_is_tried_written_down_and_its_mail_is_there() {
    let server = need!(Dovecot::start());
    let terminal = need!(Tmux::start(80, 24));
    server.deliver_all("support", &mail::numbered(0..3));
    let profile = Profile::new("");
    let secret = profile.home().join("secret");
    std::fs::write(&secret, "wrong-one\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, mode).unwrap();
    terminal.open(profile.home(), &profile.path);
    terminal.wait_for("This profile has no account yet");
    terminal.keys(&["2"]);
    terminal.wait_for("Your address");
    terminal.text("support@localhost");
    down(&terminal, 3);
    terminal.keys(&["C-u"]);
    terminal.text("127.0.0.1");
    down(&terminal, 1);
    terminal.keys(&["C-u"]);
    terminal.text(&server.imap.to_string());
    down(&terminal, 1);
    // tls, starttls, none.
    terminal.keys(&["Right", "Right"]);
    down(&terminal, 1);
    // It only reads.
    terminal.keys(&["C-u"]);
    down(&terminal, 3);
    terminal.keys(&["C-u"]);
    terminal.text("support");
    down(&terminal, 1);
    terminal.keys(&["Right"]);
    down(&terminal, 1);
    terminal.text("~/secret");
    terminal.keys(&["Enter", "Enter"]);
    terminal.wait_for("something is wrong");
    terminal.wait_for_line(&["✗ log in as support"]);
    assert!(!terminal.screen().contains("wrong-one"));
    let config = || std::fs::read_to_string(profile.path.join("config.toml")).unwrap();
    assert!(!config().contains("account"), "nothing is kept by itself: {}", config());
    // The remedy, and again.
    std::fs::write(&secret, format!("{PASSWORD}\n")).unwrap();
    terminal.keys(&["r"]);
    terminal.wait_for("all is well, and written down");
    assert!(config().contains("[[account]]") && !config().contains(PASSWORD), "{}", config());
    terminal.keys(&["Enter"]);
    terminal.wait_for_line(&["Ana", "email"]);
    terminal.keys(&["C-c"]);
    terminal.wait_for_end(0);
    profile.assert_sound();
}

#[test]
fn old_mail_is_imported_and_the_inbox_opens() {
    let terminal = need!(Tmux::start(80, 24));
    let profile = Profile::new("");
    mbox(
        &profile.home().join("old.mbox"),
        &[mail::plain("1", "An old letter", "hello\n")]
            .map(|raw| String::from_utf8(raw).unwrap().replace("\r\n", "\n").into_bytes()),
    );
    terminal.open(profile.home(), &profile.path);
    terminal.wait_for("Import a Maildir or mbox");
    terminal.keys(&["3"]);
    terminal.wait_for("Folder or file");
    terminal.text("~/nothing.mbox");
    down(&terminal, 1);
    terminal.text("me@shop.example");
    terminal.keys(&["Enter", "Enter"]);
    terminal.wait_for("! cannot read");
    terminal.keys(&["Up", "Up", "C-u"]);
    terminal.text("~/ol");
    terminal.keys(&["Tab"]);
    terminal.wait_for("~/old.mbox");
    down(&terminal, 2);
    terminal.keys(&["Enter"]);
    terminal.wait_for("Done: 1 read, 1 new");
    terminal.keys(&["Enter"]);
    terminal.wait_for_line(&["Ana", "email"]);
    terminal.keys(&["C-c"]);
    terminal.wait_for_end(0);
    let accounts = profile.one(&["account", "list"]);
    assert_eq!((&accounts["account"], &accounts["sends"]), (&"me".into(), &false.into()));
    profile.assert_sound();
}

#[test]
fn a_server_that_says_nothing_can_be_given_up_with_escape() {
    let terminal = need!(Tmux::start(80, 24));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let profile = Profile::new("");
    terminal.open(profile.home(), &profile.path);
    terminal.wait_for("Add a mail account");
    terminal.keys(&["2"]);
    terminal.text("me@localhost");
    down(&terminal, 3);
    for port in [port, free_port()] {
        terminal.keys(&["C-u"]);
        terminal.text("127.0.0.1");
        down(&terminal, 1);
        terminal.keys(&["C-u"]);
        terminal.text(&port.to_string());
        down(&terminal, 2);
    }
    down(&terminal, 2);
    terminal.text("echo secret");
    terminal.keys(&["Enter", "Enter"]);
    terminal.wait_for("trying …");
    terminal.wait_for_line(&["✓ reach 127.0.0.1"]);
    terminal.keys(&["Escape"]);
    terminal.wait_for("! Stopped. Nothing was written down.");
    terminal.keys(&["C-c"]);
    terminal.wait_for_end(0);
}
