//! The disk fills up while the screen is open.

use crate::need;
use crate::support::account::imap;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::profile::{Profile, account, finish};
use crate::support::small_disk::SmallDisk;
use crate::support::tmux::Tmux;

#[test]
fn intake_pauses_says_so_and_goes_on_by_itself() {
    let server = need!(Dovecot::start());
    let terminal = need!(Tmux::start(160, 50));
    let profile = Profile::new("");
    let disk = need!(SmallDisk::mount(&profile.home().join("disk"), 48));
    let path = disk.path.join("profile");
    std::fs::create_dir(&path).unwrap();
    let config = format!("keep_free = \"16MB\"\n{}", account("0s", &imap(&server, "support", "")));
    std::fs::write(path.join("config.toml"), config).unwrap();
    server.deliver("support", &mail::plain("one", "First", "the first\n"));
    terminal.open(profile.home(), &path);
    terminal.wait_for("the first");
    terminal.wait_for("support ✓");

    disk.fill(8);
    server.deliver("support", &mail::plain("two", "Second", "the second\n"));
    terminal.wait_for("is full");
    assert!(!terminal.screen().contains("the second"));
    // Reading and an agent's own work go on.
    terminal.keys(&["Enter"]);
    terminal.wait_for("Subject: First");
    terminal.keys(&["m"]);
    terminal.wait_for("NOTE");
    terminal.text("written on a full disk");
    terminal.keys(&["M-Enter"]);
    terminal.wait_for("REVIEW");
    terminal.keys(&["y"]);
    terminal.wait_without("REVIEW");
    terminal.wait_for("written on a full disk");

    disk.clear();
    terminal.wait_for("the second");
    terminal.wait_without("is full");
    terminal.keys(&["C-c"]);
    terminal.wait_for_end(0);
    assert_eq!(finish(profile.command_at(&path, &["export"])).rows().len(), 3, "two messages and the note");
    assert_eq!(finish(profile.command_at(&path, &["verify"])).code, Some(0));
}
