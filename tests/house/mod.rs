//! The rooms of the house import downwards only, and keep outside crates where they belong (the table in `src/lib.rs`).

use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms it may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("engine", &[]),
    ("data_file", &[]),
    ("store", &["engine", "model"]),
    ("identity", &["model"]),
    ("score", &["model"]),
    ("connector", &["identity", "model"]),
    ("desk", &["store", "engine", "identity", "score", "connector", "model"]),
    ("worker", &["desk", "score", "connector", "model"]),
    ("command", &["model"]),
    ("keymap", &["command", "data_file"]),
    ("theme", &["data_file"]),
    ("ui", &["model", "command", "keymap", "theme", "identity"]),
    ("seat", &["ui", "desk", "worker", "engine", "keymap", "theme", "model"]),
    ("server", &["seat", "desk", "connector", "config", "model"]),
    ("config", &["connector", "model"]),
];

/// Outside crates, and the only places that may name them.
const CRATES: &[(&str, &[&str])] = &[
    ("sled::", &["engine/"]),
    ("crossbeam_epoch::", &["engine/"]),
    ("zstd::", &["engine/", "score/sentiment/"]),
    ("lz4_flex::", &["engine/"]),
    ("lettre::", &["connector/email/"]),
    ("async_imap::", &["connector/email/"]),
    ("reqwest::", &["connector/http/"]),
    ("hyper::", &["server/webhook/"]),
    ("hyper_util::", &["server/webhook/"]),
    ("http_body_util::", &["server/webhook/"]),
    ("ring::", &["connector/signature"]),
    ("subtle::", &["connector/signature"]),
    ("tokio_xmpp::", &["connector/xmpp/"]),
    ("aes::", &["connector/wechat/"]),
    ("cbc::", &["connector/wechat/"]),
    ("quick_xml::", &["connector/wechat/"]),
    ("mail_parser::", &["connector/email/"]),
    ("ratatui::", &["ui/", "theme/", "seat/"]),
    ("tokio::", &["connector/", "desk/", "worker/", "seat/", "server/", "cli/"]),
    ("termina::", &["seat/"]),
    ("nucleo_matcher::", &["ui/"]),
    ("anyhow::", &["cli/"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The code of every source file by its path under `src/`, without comments and without its tests.
fn code() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let is_test = |path: &str| path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("contract.rs");
    files
        .iter()
        .map(|file| (file.strip_prefix(&root).unwrap().display().to_string(), fs::read_to_string(file).unwrap()))
        .filter(|(path, _)| !is_test(path))
        .map(|(path, text)| {
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            (path, lines.collect::<Vec<_>>().join("\n"))
        })
        .collect()
}

#[test]
fn rooms_import_downwards_only() {
    let mut wrong = Vec::new();
    for (path, text) in code() {
        let room = path.split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else { continue };
        for part in text.split("crate::").skip(1) {
            let used: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_room = ROOMS.iter().any(|(name, _)| *name == used) || used == "cli";
            if is_room && used != room && !allowed.contains(&used.as_str()) {
                wrong.push(format!("src/{path} uses {used}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (path, text) in code() {
        for (name, homes) in CRATES {
            let named = text.match_indices(name).any(|(at, _)| {
                // `crate::engine::sled::` is a file of ours.
                !text[..at].ends_with("::") && !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            });
            let home = path.replace(".rs", "/");
            if named && !homes.iter().any(|allowed| home.starts_with(allowed)) {
                wrong.push(format!("src/{path} names {name}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_map_names_every_room() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for (room, _) in ROOMS.iter().chain(&[("cli", &[][..])]) {
        assert!(map.contains(&format!("[`{room}`]")), "src/lib.rs does not name {room}");
    }
}
