//! A file of the agent's own: what cannot be read of it is left out line by line, and the rest counts.

use toml::de::DeTable;

/// Lines that are left out at most; a file with more is none of ours.
const MAX_BROKEN: usize = 100;

/// Stands between a section's name and a line when a section comes a second time.
pub(super) const AGAIN: char = '\u{1f}';

/// A file of the agent's own, read already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFile {
    /// What it is called: the file's name without `.toml`.
    pub name: String,
    /// The file, as shown in warnings.
    pub shown: String,
    /// What it says, without the lines that cannot be read. The others stand in the lines they had.
    pub(super) text: String,
    /// What cannot be read: line and column, counted from 1, and why.
    pub(super) broken: Vec<(usize, usize, String)>,
}

impl OwnFile {
    /// A file called `name` with this text.
    pub fn new(name: &str, shown: &str, text: &str) -> OwnFile {
        let (text, broken) = readable(text);
        OwnFile { name: name.to_owned(), shown: shown.to_owned(), text, broken }
    }
}

/// The text without the lines that are no TOML, and which those are.
fn readable(text: &str) -> (String, Vec<(usize, usize, String)>) {
    if text.len() > super::MAX_BYTES {
        return (String::new(), vec![(1, 1, format!("larger than {} kB, so it is not read", super::MAX_BYTES / 1024))]);
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut broken: Vec<(usize, usize, String)> = Vec::new();
    while broken.len() < MAX_BROKEN {
        let joined = lines.join("\n");
        let Err(error) = DeTable::parse(&joined) else { return (joined, broken) };
        let at = error.span().unwrap_or_default().start;
        let before = joined.get(..at).unwrap_or_default();
        let named = before.matches('\n').count();
        // What is open at the end of the text, or at a line left out already, began in one before.
        let Some(number) = lines.iter().take(named + 1).rposition(|line| !line.is_empty()) else { break };
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let mended = broken.iter().any(|(line, ..)| *line == number + 1);
        let section = section(&lines[number]).filter(|_| !mended);
        lines[number] = section.map(|name| format!("[\"{name}{}\"]", again(number))).unwrap_or_default();
        if !mended {
            broken.push((number + 1, if number == named { column } else { 1 }, reason(error.message())));
        }
    }
    broken.push((1, 1, "too much of it cannot be read, so none of it is used".to_owned()));
    (String::new(), broken)
}

fn reason(message: &str) -> String {
    match message.split_once('\n').map_or(message, |(first, _)| first) {
        "duplicate key" => "this stands here a second time".to_owned(),
        message => format!("this line cannot be read: {message}"),
    }
}

/// The section a line begins, when it looks as if it were to begin one: what follows is that section's, and must not become
/// the one's before.
fn section(line: &str) -> Option<String> {
    let name: String = line
        .trim_start()
        .strip_prefix('[')?
        .trim_start_matches(['[', ' ', '"', '\''])
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'))
        .collect();
    (!name.is_empty()).then_some(name)
}

/// What makes a section's name one of its own, as TOML writes it.
fn again(line: usize) -> String {
    format!("\\u{:04x}{line}", AGAIN as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that count, and those that are left out.
    fn read(text: &str) -> (Vec<String>, Vec<usize>) {
        let file = OwnFile::new("a", "a.toml", text);
        let (_, table) = crate::data_file::Reader::of(&file);
        let mut counts = Vec::new();
        for (name, section) in &table {
            let keys = section.get_ref().as_table().into_iter().flatten();
            counts.extend(keys.map(|(key, _)| format!("{}.{}", name.get_ref(), key.get_ref())));
        }
        (counts, file.broken.iter().map(|(line, ..)| *line).collect())
    }

    #[test]
    fn only_the_line_that_cannot_be_read_is_left_out() {
        for broken in ["x = = 1", "x = \"down", "g g = 1", "? = 1", "x", "]", "\u{7}"] {
            let (counts, out) = read(&format!("[a]\nb = 1\n{broken}\nc = 1\n\n[d]\ne = 1\n"));
            assert_eq!((counts, out), (["a.b", "a.c", "d.e"].map(str::to_owned).to_vec(), vec![3]), "{broken}");
        }
        // What is left open swallows what follows it up to where it shows; never what is before.
        for broken in ["x = [", "x = { a", "\"\"\"", "x = '''"] {
            let (counts, out) = read(&format!("[a]\nb = 1\n{broken}\nc = 1\n\n[d]\ne = 1\n"));
            assert!(out.contains(&3), "{broken}: {out:?}");
            assert!(counts.contains(&"a.b".to_owned()), "{broken}: {counts:?}");
        }
    }

    #[test]
    fn what_stands_under_a_broken_section_stays_in_it() {
        assert_eq!(read("[a]\nb = 1\n[c\nd = 1\n"), (vec!["a.b".to_owned(), "c.d".to_owned()], vec![3]));
        assert_eq!(read("[a]\nb = 1\n[a]\nd = 1\n[a]\ne = 1\n").0, ["a.b", "a.d", "a.e"]);
        assert_eq!(read("[a]\nb = 1\n[[a]]\nd = 1\n").0, ["a.b", "a.d"]);
    }

    #[test]
    fn what_is_no_text_of_ours_is_not_read_and_costs_little() {
        let garbage: String = (0..2_000).map(|n| format!("%{n} ]] = [[\n")).collect();
        let file = OwnFile::new("a", "a.toml", &garbage);
        assert_eq!((file.text.as_str(), file.broken.len()), ("", MAX_BROKEN + 1));
        assert_eq!(OwnFile::new("a", "a.toml", &"a".repeat(300_000)).broken.len(), 1);
    }
}
