//! A full disk, on a small file system of its own: intake pauses with one sentence, everything else goes on.

use crate::need;
use crate::support::account::imap;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::profile::{Profile, account, finish};
use crate::support::small_disk::SmallDisk;
use std::collections::BTreeSet;

#[test]
fn intake_pauses_and_goes_on_and_nothing_is_lost() {
    let server = need!(Dovecot::start());
    let profile = Profile::new("");
    let disk = need!(SmallDisk::mount(&profile.home().join("disk"), 48));
    let path = disk.path.join("profile");
    std::fs::create_dir(&path).unwrap();
    let config = format!("keep_free = \"16MB\"\n{}", account("0s", &imap(&server, "support", "")));
    std::fs::write(path.join("config.toml"), config).unwrap();
    let run = |words: &[&str]| finish(profile.command_at(&path, words));
    server.deliver_all("support", &mail::numbered(0..20));
    assert_eq!(run(&["sync"]).code, Some(0));
    server.deliver_all("support", &mail::numbered(20..60));
    disk.fill(8);

    let done = run(&["sync", "--json"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let said = done.rows()[0]["error"].as_str().unwrap().to_owned();
    assert!(said.contains("full") && said.contains("16 MB") && said.lines().count() == 1, "{said}");
    let shown = run(&["show", "ana@test.example", "--json"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert_eq!(shown.rows()[0]["messages"].as_array().unwrap().len(), 20, "reading works");
    assert_eq!(run(&["inbox"]).code, Some(0));
    let note = run(&["note", "ana@test.example", "--text", "written on a full disk"]);
    assert_eq!(note.code, Some(0), "an agent's own work goes on: {note:?}");

    disk.clear();
    let done = run(&["sync", "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let rows = run(&["export"]).rows();
    let ids: BTreeSet<_> =
        rows.iter().filter_map(|row| row["remote_id"].as_str()).filter(|id| !id.is_empty()).collect();
    assert_eq!((ids.len(), rows.len()), (60, 61), "each once, and the note");
    let checked = run(&["verify"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
}
