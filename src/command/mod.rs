//! What an agent can say: the table [`COMMANDS`]. Every key runs one of them, `:` takes one by name with arguments.

mod argument;
mod call;
mod table;

pub use argument::{ArgumentError, snooze, tags};
pub use call::{CallError, call, direction, duration};
pub use table::{COMMANDS, Verb};

/// Where a command belongs in the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Moving about.
    Move,
    /// Panes and lists.
    Go,
    /// The case of a customer.
    Case,
    /// Writing.
    Write,
    /// Reading a timeline.
    Read,
    /// The customer's profile.
    Profile,
    /// The lists: outbox, dead letters, automated mail, drafts.
    List,
    /// The program itself.
    Program,
}

impl Group {
    /// The heading in the help.
    pub fn title(self) -> &'static str {
        match self {
            Group::Move => "Move",
            Group::Go => "Go to",
            Group::Case => "Case",
            Group::Write => "Write",
            Group::Read => "Read",
            Group::Profile => "Profile",
            Group::List => "Lists",
            Group::Program => "Program",
        }
    }
}

/// What takes a command back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoClass {
    /// Changes nothing that is kept.
    Harmless,
    /// `undo` takes it back.
    Undoable,
    /// Cannot be taken back, so it asks first.
    Asks,
}

/// Whether a command takes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// May have one; the text says which.
    Optional(&'static str),
    /// Must have one and asks for it when run by a key alone; the text says which.
    Needed(&'static str),
}

impl Takes {
    /// What the argument may be, for help and prompts; empty when there is none.
    pub fn help(self) -> &'static str {
        match self {
            Takes::Nothing => "",
            Takes::Optional(help) | Takes::Needed(help) => help,
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Command {
    /// What it is in the program.
    pub verb: Verb,
    /// What an agent and a keymap call it.
    pub name: &'static str,
    /// Where it stands in the help.
    pub group: Group,
    /// Its argument.
    pub takes: Takes,
    /// What takes it back.
    pub undo: UndoClass,
    /// What it does, one sentence without a full stop.
    pub doc: &'static str,
}

/// A command with its argument, as a key or the command line runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Which command.
    pub verb: Verb,
    /// The rest of the line, trimmed; empty when there was none.
    pub argument: String,
}

/// Why a line is not a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Nothing was said.
    #[error("say a command; ? lists them")]
    Empty,
    /// There is no such command.
    #[error("there is no command `{name}`{hint}; ? lists them")]
    Unknown {
        /// What was typed.
        name: String,
        /// ` (did you mean …?)` or nothing.
        hint: String,
    },
    /// More than one command begins like this.
    #[error("`{name}` could be {candidates}; type more of it")]
    Ambiguous {
        /// What was typed.
        name: String,
        /// The names that fit.
        candidates: String,
    },
    /// It takes no argument.
    #[error("`{name}` takes no argument, but `{argument}` was given")]
    NoArgument {
        /// The command.
        name: &'static str,
        /// What was given.
        argument: String,
    },
}

/// The row of a verb.
pub fn of(verb: Verb) -> &'static Command {
    // The table is made by the macro that makes `Verb`, in the same order.
    &COMMANDS[verb as usize]
}

impl Action {
    /// This command without an argument.
    pub fn plain(verb: Verb) -> Action {
        Action { verb, argument: String::new() }
    }

    /// Reads `name argument…`. A name may be cut short as long as only one fits.
    ///
    /// # Errors
    /// [`CommandError`] when no single command fits, or an argument is given to one that takes none.
    pub fn parse(line: &str) -> Result<Action, CommandError> {
        let line = line.trim();
        let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim();
        if name.is_empty() {
            return Err(CommandError::Empty);
        }
        let command = match COMMANDS.iter().find(|command| command.name == name) {
            Some(command) => command,
            None => match completions(name).as_slice() {
                [only] => only,
                [] => return Err(CommandError::Unknown { name: name.to_owned(), hint: nearest(name) }),
                several => {
                    let candidates = several.iter().map(|c| c.name).collect::<Vec<_>>().join(", ");
                    return Err(CommandError::Ambiguous { name: name.to_owned(), candidates });
                }
            },
        };
        if command.takes == Takes::Nothing && !argument.is_empty() {
            return Err(CommandError::NoArgument { name: command.name, argument: argument.to_owned() });
        }
        Ok(Action { verb: command.verb, argument: argument.to_owned() })
    }

    /// The line that [`Action::parse`] reads back.
    pub fn line(&self) -> String {
        let name = of(self.verb).name;
        if self.argument.is_empty() { name.to_owned() } else { format!("{name} {}", self.argument) }
    }
}

/// The commands whose names begin with `start`, in the order of the table.
pub fn completions(start: &str) -> Vec<&'static Command> {
    COMMANDS.iter().filter(|command| command.name.starts_with(start)).collect()
}

/// ` (did you mean …?)` for a name that differs by a letter or two.
fn nearest(name: &str) -> String {
    let best = COMMANDS.iter().map(|command| (distance(name, command.name), command.name)).min();
    match best {
        Some((steps, best)) if steps <= 2 => format!(" (did you mean `{best}`?)"),
        _ => String::new(),
    }
}

/// Levenshtein distance, for names of a few letters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(40).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_verb_finds_its_own_row_and_names_are_unique() {
        for (index, command) in COMMANDS.iter().enumerate() {
            assert_eq!(of(command.verb).name, command.name);
            assert_eq!(COMMANDS.iter().position(|other| other.name == command.name), Some(index), "{}", command.name);
            assert!(!command.doc.ends_with('.') && !command.doc.is_empty(), "{}", command.name);
        }
    }

    #[test]
    fn a_line_is_a_command_with_its_argument() {
        let action = Action::parse("  tag   vip  gold ").unwrap();
        assert_eq!((action.verb, action.argument.as_str()), (Verb::Tag, "vip  gold"));
        assert_eq!(Action::parse(&action.line()).unwrap(), action);
        assert_eq!(Action::parse("snoo 2h").unwrap().verb, Verb::Snooze, "a name may be cut short");
    }

    #[test]
    fn what_is_no_command_says_what_to_do() {
        assert_eq!(
            Action::parse("resolv3").unwrap_err().to_string(),
            "there is no command `resolv3` (did you mean `resolve`?); ? lists them"
        );
        assert!(Action::parse("re").unwrap_err().to_string().contains("reply, reply-all"));
        assert!(Action::parse("undo all").unwrap_err().to_string().contains("takes no argument"));
        assert_eq!(Action::parse(" "), Err(CommandError::Empty));
    }
}
