//! The whole command line as clap knows it: the words of `arguments.rs`, the verbs in groups (thirty in one column are
//! not read), examples.

use super::arguments::{Arguments, Verb};
use super::examples::{EXAMPLES, below};
use clap::{Command, CommandFactory, FromArgMatches, Subcommand};
use std::ffi::OsString;

/// The groups in their order, and the verbs of each.
const GROUPS: &[(&str, &[&str])] = &[
    ("Read", &["inbox", "show", "log", "original", "automated", "export"]),
    ("Write", &["reply", "forward", "compose", "note", "drafts", "outbox"]),
    ("Cases and customers", &["resolve", "reopen", "wait", "snooze", "assign", "tag", "priority", "edit"]),
    ("Scores", &["score", "segment"]),
    ("Who is who", &["merge", "split", "move", "accept", "suggestions", "history", "unmerge"]),
    ("Messages in", &["sync", "import", "webhook", "dead", "account", "accounts", "connector"]),
    ("The profile", &["verify", "rebuild", "backup", "restore"]),
    ("The program", &["demo", "serve", "doctor", "bench", "keys", "completions", "man", "help"]),
];

/// Columns of a verb's name.
const NAME: usize = 13;

/// The command line.
pub fn words() -> Command {
    let mut words = Arguments::command().help_template(page()).after_help(AFTER).subcommand_value_name("VERB");
    for (path, examples) in EXAMPLES {
        words = with_examples(words, path, examples);
    }
    words
}

/// Reads a command line, the program's name first.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let mut matches = words().try_get_matches_from(arguments)?;
    Arguments::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut words()))
}

fn with_examples(command: Command, path: &str, examples: &[&str]) -> Command {
    match path.split_once(' ') {
        Some((verb, rest)) => command.mut_subcommand(verb, |below| with_examples(below, rest, examples)),
        None => command.mut_subcommand(path, |verb| verb.after_help(below(examples))),
    }
}

/// All verbs with what they do.
fn all() -> Vec<Command> {
    Verb::augment_subcommands(Command::new("switchboard")).get_subcommands().cloned().collect()
}

/// The page of `switchboard --help`, as clap's template.
fn page() -> String {
    let verbs = all();
    let mut text = "{about}\n\n{usage-heading} {usage}\n".to_owned();
    let known = GROUPS.iter().flat_map(|(_, names)| *names);
    let other: Vec<&str> =
        verbs.iter().map(Command::get_name).filter(|name| !known.clone().any(|k| k == name)).collect();
    // A verb that nobody has put into a group yet is listed all the same.
    for (title, names) in GROUPS.iter().copied().chain([("More", other.as_slice())]) {
        let found: Vec<&Command> =
            names.iter().filter_map(|name| verbs.iter().find(|verb| verb.get_name() == *name)).collect();
        if !found.is_empty() {
            text.push_str(&format!("\n{title}:\n"));
        }
        for verb in found {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!("  {:<NAME$}{about}\n", verb.get_name()));
        }
    }
    text.push_str("\nOptions:\n{options}{after-help}");
    text
}

/// What stands below the options.
const AFTER: &str = "\
First steps:
  switchboard demo                     a lively invented shop: nothing to set up, nothing kept
  switchboard                          your own inbox; without an account it asks for one
  switchboard doctor                   what is wrong, and what to do

`switchboard VERB --help` explains a verb, `switchboard help json` the fields of
--json, `switchboard help profile` files and settings.

Exit codes: 0 done, 1 not done, 2 the command line cannot be read, 3 another
process owns the profile.";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_verb_stands_in_one_group() {
        let listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        for verb in all() {
            let times = listed.iter().filter(|name| **name == verb.get_name()).count();
            assert_eq!(times, 1, "{} in cli/verbs.rs", verb.get_name());
        }
        assert_eq!(listed.len(), all().len(), "a group names a verb that is not there");
    }

    #[test]
    fn the_page_fits_a_small_terminal() {
        let mut command = words().term_width(80);
        let page = command.render_help().to_string();
        for line in page.lines() {
            let columns = unicode_width::UnicodeWidthStr::width(line);
            assert!(columns <= 80, "{columns}: {line}");
        }
        assert!(page.contains("\nWrite:\n  reply        "), "{page}");
    }

    /// A command and all below it.
    fn each(command: &Command, path: &str, look: &mut dyn FnMut(&str, &Command)) {
        look(path, command);
        for below in command.get_subcommands() {
            each(below, &format!("{path} {}", below.get_name()), look);
        }
    }

    #[test]
    fn every_verb_and_every_flag_says_what_it_does() {
        let mut command = words();
        command.build();
        let mut mute = Vec::new();
        each(&command, "switchboard", &mut |path, command| {
            if command.get_about().is_none() {
                mute.push(path.to_owned());
            }
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                if argument.get_help().is_none_or(|help| help.to_string().trim().is_empty()) {
                    mute.push(format!("{path} {}", argument.get_id()));
                }
            }
        });
        assert_eq!(mute, Vec::<String>::new());
    }
}
