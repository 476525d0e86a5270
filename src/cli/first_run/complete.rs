//! How a path that is being typed goes on.

use crate::config::expand;
use crate::model::clean_line;
use std::path::Path;

/// Folders larger than this are not looked through to the end.
const MOST: usize = 20_000;
/// So many names are shown.
const SHOWN: usize = 60;

/// What the text becomes, and the names that fit: as far as they agree it is filled in.
pub(super) fn complete(typed: &str) -> (String, Vec<String>) {
    if typed == "~" {
        return ("~/".to_owned(), Vec::new());
    }
    let (folder, begun) = typed.rsplit_once('/').map_or(("", typed), |(folder, begun)| (folder, begun));
    let shown = if typed.contains('/') { format!("{folder}/") } else { String::new() };
    let real = if shown.is_empty() { Path::new(".").to_owned() } else { expand(&shown) };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(real).into_iter().flatten().take(MOST).flatten() {
        // A name that is not plain text is for the agent to type, not for us to put on a screen.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let hidden = name.starts_with('.') && !begun.starts_with('.');
        if !name.starts_with(begun) || hidden || clean_line(&name) != name {
            continue;
        }
        names.push(if entry.path().is_dir() { format!("{name}/") } else { name });
    }
    names.sort();
    let Some(first) = names.first() else { return (typed.to_owned(), names) };
    let agreed = names.iter().fold(first.as_str(), |agreed, name| {
        let length = agreed.char_indices().zip(name.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
        &agreed[..length.unwrap_or(agreed.len().min(name.len()))]
    });
    let text = format!("{shown}{agreed}");
    names.truncate(SHOWN);
    (text, names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_path_goes_on_as_far_as_the_names_agree() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Maildir", "Mail old", "mächtig", "mähen", ".hidden"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("archive.mbox"), "").unwrap();
        std::fs::write(folder.path().join("evil\u{1b}[31m"), "").unwrap();
        let at = |begun: &str| format!("{}/{begun}", folder.path().display());
        assert_eq!(complete(&at("Ma")), (at("Mail"), vec!["Mail old/".to_owned(), "Maildir/".to_owned()]));
        assert_eq!(complete(&at("Maild")).0, at("Maildir/"));
        assert_eq!(complete(&at("arch")).0, at("archive.mbox"));
        assert_eq!(complete(&at("m")).0, at("mä"), "whole letters");
        assert_eq!(complete(&at("nothing")), (at("nothing"), vec![]));
        assert_eq!(complete(&at("evil")).1, Vec::<String>::new());
        assert_eq!(complete(&at(".h")).0, at(".hidden/"));
    }
}
