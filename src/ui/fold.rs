//! What of a message is new: the quoted text and the signature are folded on the screen.

/// A stretch of lines of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stretch<'t> {
    /// What was written.
    New(Vec<&'t str>),
    /// Quoted text, with the line that introduces it.
    Quote(Vec<&'t str>),
    /// From `-- ` on.
    Signature(Vec<&'t str>),
}

impl<'t> Stretch<'t> {
    /// Its lines.
    pub(super) fn lines(&self) -> &[&'t str] {
        match self {
            Stretch::New(lines) | Stretch::Quote(lines) | Stretch::Signature(lines) => lines,
        }
    }
}

/// Lines looked at; beyond them all counts as new.
const MAX_LINES: usize = 20_000;

/// Cuts a text into stretches. The lines of all stretches together are the lines of the text.
pub(super) fn stretches(text: &str) -> Vec<Stretch<'_>> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let mut all: Vec<Stretch<'_>> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if at >= MAX_LINES {
            push_new(&mut all, lines[at..].to_vec());
            break;
        }
        if line == "-- " || line == "--" && at > 0 && lines.len() - at <= 12 {
            all.push(Stretch::Signature(lines[at..].to_vec()));
            break;
        }
        let intro = intro_length(&lines[at..]);
        if intro > 0 || line.starts_with('>') {
            let mut end = at + intro;
            while end < lines.len() && (lines[end].starts_with('>') || lines[end].trim().is_empty()) {
                end += 1;
            }
            all.push(Stretch::Quote(lines[at..end].to_vec()));
            at = end;
            continue;
        }
        if is_original_head(line) {
            all.push(Stretch::Quote(lines[at..].to_vec()));
            break;
        }
        push_new(&mut all, vec![line]);
        at += 1;
    }
    all
}

fn push_new<'t>(all: &mut Vec<Stretch<'t>>, lines: Vec<&'t str>) {
    match all.last_mut() {
        Some(Stretch::New(known)) => known.extend(lines),
        _ => all.push(Stretch::New(lines)),
    }
}

/// How many lines introduce a quote: `On … wrote:` and its like, over at most three lines and an empty one.
fn intro_length(lines: &[&str]) -> usize {
    const ENDS: [&str; 9] =
        ["wrote:", "schrieb:", "escribió:", "écrit :", "écrit:", "写道：", "写道:", "scritto:", "escreveu:"];
    if lines.first().is_none_or(|line| line.trim().is_empty()) {
        return 0;
    }
    for length in 1..=lines.len().min(3) {
        let line = lines[length - 1].trim_end();
        if line.trim().is_empty() {
            return 0;
        }
        if ENDS.iter().any(|end| line.ends_with(end)) {
            let after = lines[length..].iter().take(2).take_while(|line| line.trim().is_empty()).count();
            let quoted = lines.get(length + after).is_some_and(|line| line.starts_with('>'));
            return if quoted { length + after } else { 0 };
        }
    }
    0
}

/// The head some programs put before an unmarked quote.
fn is_original_head(line: &str) -> bool {
    let words = line.trim_matches(|c: char| c == '-' || c == '_' || c.is_whitespace());
    line.starts_with("---")
        && ["Original Message", "Ursprüngliche Nachricht", "Mensaje original", "Message d'origine", "原始邮件"]
            .iter()
            .any(|head| words.eq_ignore_ascii_case(head))
}

/// Only what is new, for quoting it in a reply.
pub(super) fn new_text(text: &str) -> String {
    let lines: Vec<&str> = stretches(text)
        .iter()
        .filter(|stretch| matches!(stretch, Stretch::New(_)))
        .flat_map(|stretch| stretch.lines().to_vec())
        .collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_with_their_introduction_and_signatures_are_told_from_what_is_new() {
        let text = "Hello\n\nthanks!\n\nOn Mon, Ana\n<a@b> wrote:\n\n> old\n> older\n\nMore\n-- \nAna";
        let all = stretches(text);
        assert_eq!(all.len(), 4);
        assert_eq!(all[0], Stretch::New(vec!["Hello", "", "thanks!", ""]));
        assert!(matches!(&all[1], Stretch::Quote(lines) if lines.len() == 6));
        assert_eq!(all[2], Stretch::New(vec!["More"]));
        assert_eq!(all[3], Stretch::Signature(vec!["-- ", "Ana"]));
        assert_eq!(new_text(text), "Hello\n\nthanks!\n\nMore");
    }

    #[test]
    fn no_line_is_lost_and_a_sentence_is_no_quote() {
        for text in ["", "a\n> b\nc", "He wrote:\nno quote here", "-----Original Message-----\nFrom: x\n\ny", "--\nx"] {
            let all = stretches(text);
            let lines: Vec<&str> = all.iter().flat_map(|stretch| stretch.lines().to_vec()).collect();
            assert_eq!(lines, text.lines().collect::<Vec<_>>(), "{text}");
        }
        assert_eq!(new_text("He wrote:\nno quote here"), "He wrote:\nno quote here");
        assert_eq!(new_text("Hi\n-----Original Message-----\nFrom: x"), "Hi");
    }
}
