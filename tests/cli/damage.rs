//! Whatever happens to the files: it is said, and nothing that can be read is lost.

use super::with_attachment;
use crate::support::mail;
use crate::support::profile::{Profile, finish};
use serde_json::Value;
use std::path::PathBuf;

/// A profile with mail, answers and triage.
fn lived_in() -> Profile {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..12));
    profile.import(&[with_attachment()]);
    profile.ok(&["reply", "ana@test.example", "--text", "On its way."]);
    profile.ok(&["note", "ana@test.example", "--text", "asked"]);
    profile.ok(&["tag", "ana@test.example", "vip"]);
    profile
}

fn segment(profile: &Profile) -> PathBuf {
    let mut segments: Vec<_> =
        std::fs::read_dir(profile.path.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
    segments.sort();
    segments.remove(0)
}

#[test]
fn a_lost_state_is_said_and_made_anew() {
    let profile = lived_in();
    let (exported, shown) = (profile.export(), profile.one(&["show", "ana@test.example"]));
    profile.assert_sound();
    std::fs::remove_dir_all(profile.path.join("state")).unwrap();
    let done = profile.ok(&["inbox", "--json"]);
    assert!(done.err.contains("rebuilt from the journal") && done.err.contains("Nothing was lost"), "{}", done.err);
    assert_eq!(profile.ok(&["inbox"]).err, "", "said once");
    assert_eq!((profile.export(), profile.one(&["show", "ana@test.example"])), (exported.clone(), shown));
    // As asked for.
    let report = profile.one(&["rebuild"]);
    assert!(report["records"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(profile.export(), exported);
    profile.assert_sound();
}

#[test]
fn a_state_of_rubbish_is_made_anew() {
    let profile = lived_in();
    let exported = profile.export();
    let mut pending = vec![profile.path.join("state")];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                std::fs::write(path, b"rubbish").unwrap();
            }
        }
    }
    let done = profile.ok(&["export"]);
    assert!(done.err.contains("rebuilt"), "{}", done.err);
    assert_eq!(done.rows(), exported);
    profile.assert_sound();
}

/// A place in the contents that the second import brought: a text and its original, packed together.
fn second_import(journal: &[u8]) -> usize {
    const BLOCK: &[u8] = b"SwF1\x04";
    let number = |at: usize| u64::from_le_bytes(journal[at + 16..at + 24].try_into().unwrap());
    let blocks: Vec<usize> = (0..journal.len() - 36).filter(|at| journal[*at..].starts_with(BLOCK)).collect();
    let first = number(blocks[0]);
    let block = *blocks.iter().find(|at| number(**at) > first).unwrap();
    let stored = u32::from_le_bytes(journal[block + 8..block + 12].try_into().unwrap());
    block + 36 + stored as usize / 2
}

#[test]
fn a_flipped_byte_is_named_and_the_rest_is_readable() {
    let profile = lived_in();
    let exported = profile.export();
    let segment = segment(&profile);
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = second_import(&bytes);
    bytes[at] ^= 0x20;
    std::fs::write(&segment, &bytes).unwrap();
    let done = profile.run(&["verify", "--json"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let report = &done.rows()[0];
    assert_eq!(report["ok"], false);
    let damage = report["damage"].as_array().unwrap();
    let name = segment.file_name().unwrap().to_str().unwrap();
    assert!(damage.iter().any(|line| line.as_str().unwrap().contains(name)), "the file is named: {damage:?}");
    // Everything but what was hit is as before.
    let done = profile.run(&["export"]);
    let rows = done.rows();
    assert_eq!(rows.len(), exported.len(), "still all listed: {}", done.err);
    let harmed: Vec<_> = rows.iter().filter(|row| !exported.contains(row)).collect();
    assert_eq!(harmed.len(), 1, "{harmed:?}");
    assert_eq!((&harmed[0]["remote_id"], &harmed[0]["raw_sha256"]), (&"cup@test.example".into(), &Value::Null));
    assert!(done.code == Some(1) && done.err.contains("damaged"), "{}", done.err);
    let said = profile.refused(&["original", harmed[0]["id"].as_str().unwrap()]);
    assert!(said.contains("damaged") && said.contains("backup"), "never shown as if it were right: {said}");
    assert_eq!(profile.json(&["inbox"]).len(), 1);
    // Work goes on, also over a rebuild.
    profile.ok(&["note", "ana@test.example", "--text", "still here"]);
    std::fs::remove_dir_all(profile.path.join("state")).unwrap();
    profile.ok(&["inbox"]);
    assert_eq!(profile.run(&["export"]).rows().len(), exported.len() + 1, "all, and the new note");
}

#[test]
fn a_backup_restores_elsewhere_and_again_copies_only_what_is_new() {
    let profile = lived_in();
    let exported = profile.export();
    let copy = profile.home().join("copy");
    let copy = copy.to_str().unwrap();
    let first = profile.one(&["backup", copy]);
    profile.ok(&["note", "ana@test.example", "--text", "after the backup"]);
    let second = profile.one(&["backup", copy]);
    assert!(second["last"].as_u64() > first["last"].as_u64(), "{first} {second}");
    let elsewhere = profile.home().join("restored");
    let restore = || finish(profile.command_at(&elsewhere, &["restore", copy, "--json"]));
    let done = restore();
    assert_eq!(done.code, Some(0), "{done:?}");
    let there = finish(profile.command_at(&elsewhere, &["export"]));
    assert_eq!(there.code, Some(0), "{there:?}");
    // The answer that waited when the backup was made may have left since: a person decides, nothing sends it again.
    let still = |mut row: Value| {
        let fields = row.as_object_mut().unwrap();
        let waits = (fields.remove("delivery"), fields.remove("reason"));
        (row, waits)
    };
    let (here, there): (Vec<_>, Vec<_>) =
        (profile.export().into_iter().map(still).collect(), there.rows().into_iter().map(still).collect());
    assert_eq!(there.len(), exported.len() + 1);
    let mut doubted = Vec::new();
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here.0, there.0, "nothing else differs");
        if here.1 != there.1 {
            doubted.push((here.1.clone(), there.1.clone()));
        }
    }
    assert_eq!(doubted.len(), 1, "the one that waited: {doubted:?}");
    let rows = |place: &std::path::Path| finish(profile.command_at(place, &["outbox", "--json"])).rows();
    assert_eq!(rows(&elsewhere)[0]["state"], "unknown");
    assert_eq!(rows(&profile.path)[0]["state"], "queued", "here it still waits");
    assert!(done.err.contains("unknown"), "and it is said: {}", done.err);
    assert_eq!(finish(profile.command_at(&elsewhere, &["verify"])).code, Some(0));
    let accounts = finish(profile.command_at(&elsewhere, &["account", "list", "--json"]));
    assert_eq!(accounts.rows()[0]["account"], "support", "the settings come along");
    let again = restore();
    assert_eq!(again.code, Some(1), "never over a profile that is there: {again:?}");
}
