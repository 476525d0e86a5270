//! `completions` and `man`: made from the same words as `--help`, so that they cannot differ.

use super::Outcome;
use super::arguments::Man;
use super::house::Place;
use super::output::{Output, remark};
use super::verbs;
use anyhow::Context;
use clap_complete::Shell;
use std::path::Path;

/// `completions`: a script for a shell.
pub fn completions(shell: Shell) -> Outcome {
    print(&script(shell))
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut verbs::words(), "switchboard", &mut script);
    script
}

/// `man`: the main page, or all pages into a folder.
pub fn man(place: &Place, args: Man) -> Outcome {
    let Some(folder) = args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(verbs::words()).render(&mut page).context("cannot make the page")?;
        return print(&page);
    };
    let shown = folder.display();
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {shown}"))?;
    clap_mangen::generate_to(verbs::words(), &folder).with_context(|| format!("cannot write into {shown}"))?;
    let pages = pages(&folder).with_context(|| format!("cannot list {shown}"))?;
    let mut out = Output::new(place.json);
    for page in &pages {
        out.row(|| serde_json::json!({ "file": page }), || page.clone())?;
    }
    out.finish()?;
    if !place.json {
        remark(&format!("{} pages. Try `man {}`.", pages.len(), folder.join("switchboard.1").display()));
    }
    Ok(())
}

/// The pages in a folder.
fn pages(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("switchboard") && name.ends_with(".1") {
            pages.push(entry.path().display().to_string());
        }
    }
    pages.sort();
    Ok(pages)
}

/// Our own text, in which nothing comes from outside.
fn print(text: &[u8]) -> Outcome {
    let mut out = Output::new(false);
    out.line(String::from_utf8_lossy(text).trim_end())?;
    Ok(out.finish()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The page's name of every verb, those below others included.
    fn names(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        for below in command.get_subcommands() {
            names(below, &format!("{path}-{}", below.get_name()), found);
        }
    }

    #[test]
    fn every_verb_has_a_page_and_is_completed_with_its_words() {
        let mut all = Vec::new();
        names(&verbs::words(), "switchboard", &mut all);
        assert!(all.len() > 40 && all.contains(&"switchboard-account-add".to_owned()), "{all:?}");
        let folder = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(verbs::words(), folder.path()).unwrap();
        for name in &all {
            let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
            assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{name}: {page}");
        }
        assert_eq!(pages(folder.path()).unwrap().len(), all.len());
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(script(shell)).unwrap();
            for verb in verbs::words().get_subcommands() {
                assert!(script.contains(verb.get_name()), "{shell}: {}", verb.get_name());
                // These two shells show what a verb does beside its name.
                let about = verb.get_about().unwrap().to_string().replace('\'', "");
                let plain = script.replace("\\'", "").replace("'\\'", "").replace(['\\', '\''], "");
                assert!(shell == Shell::Bash || plain.contains(&about), "{shell}: {about}");
            }
        }
    }
}
