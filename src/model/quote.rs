//! A mail's text in blocks, so that a screen can fold what is quoted and how it is signed.

use std::borrow::Cow;
use std::ops::Range;

/// What a block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// What the sender wrote.
    Text,
    /// What the sender quotes.
    Quote {
        /// Who is quoted, as the mail says it (`On Tuesday Ana wrote:`), on one line; `None` without such a line.
        attribution: Option<String>,
    },
    /// The signature.
    Signature,
}

/// Lines that belong together. The lines of all blocks, in order, are the lines of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What they are.
    pub kind: BlockKind,
    /// The lines, those of the attribution or separator included.
    pub lines: Vec<String>,
}

/// Longest attribution, in lines: long addresses wrap.
const ATTRIBUTION_LINES: usize = 3;
/// Longest line that can be an attribution, in bytes.
const ATTRIBUTION_BYTES: usize = 300;
/// Longest signature, in lines; what follows a separator for longer is no signature.
const SIGNATURE_LINES: usize = 30;

/// Splits a cleaned text into blocks. Nothing is lost: it is folding, not cutting.
pub fn fold(text: &str) -> Vec<Block> {
    if text.is_empty() {
        return Vec::new();
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let owned = |range: Range<usize>| lines[range].iter().map(|line| (*line).to_owned()).collect();
    stretches(&lines).into_iter().map(|(kind, range)| Block { kind, lines: owned(range) }).collect()
}

/// What the sender wrote of a cleaned text: without quotes and signatures. A text that has neither is itself.
pub fn own_words(text: &str) -> Cow<'_, str> {
    let lines: Vec<&str> = text.split('\n').collect();
    let stretches = stretches(&lines);
    if stretches.iter().all(|(kind, _)| *kind == BlockKind::Text) {
        return Cow::Borrowed(text);
    }
    let own = stretches.into_iter().filter(|(kind, _)| *kind == BlockKind::Text);
    Cow::Owned(own.flat_map(|(_, range)| &lines[range]).copied().collect::<Vec<&str>>().join("\n"))
}

/// Lines that belong together, and what they are.
fn stretches(lines: &[&str]) -> Vec<(BlockKind, Range<usize>)> {
    let mut found: Vec<(BlockKind, Range<usize>)> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let rest = &lines[at..];
        let (kind, length) = if is_quoted(rest[0]) {
            (BlockKind::Quote { attribution: None }, quoted_run(rest))
        } else if let Some(length) = attribution(rest) {
            let words = join(&rest[..length]);
            let quote = length + blank_run(&rest[length..]);
            let is_marked = rest.get(quote).is_some_and(|line| is_quoted(line));
            // A quote without marks: everything after is the mail before.
            let end = if is_marked { quote + quoted_run(&rest[quote..]) } else { rest.len() };
            (BlockKind::Quote { attribution: Some(words) }, end)
        } else if let Some(words) = original_header(rest) {
            (BlockKind::Quote { attribution: Some(words) }, rest.len())
        } else if let Some(length) = signature(rest) {
            (BlockKind::Signature, length)
        } else {
            (BlockKind::Text, 1)
        };
        match found.last_mut() {
            Some((BlockKind::Text, range)) if kind == BlockKind::Text => range.end += length,
            _ => found.push((kind, at..at + length)),
        }
        at += length;
    }
    found
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Quoted lines from the start, with blank lines between them.
fn quoted_run(lines: &[&str]) -> usize {
    let mut end = 0;
    let mut at = 0;
    while at < lines.len() {
        if is_quoted(lines[at]) {
            end = at + 1;
        } else if !lines[at].trim().is_empty() {
            break;
        }
        at += 1;
    }
    end
}

fn blank_run(lines: &[&str]) -> usize {
    lines.iter().take_while(|line| line.trim().is_empty()).count()
}

fn join(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The number of lines of an attribution that stands at the start.
fn attribution(lines: &[&str]) -> Option<usize> {
    let first = lines[0].trim();
    if first.is_empty() || first.len() > ATTRIBUTION_BYTES {
        return None;
    }
    for length in 1..=ATTRIBUTION_LINES.min(lines.len()) {
        let last = lines[length - 1].trim();
        if last.is_empty() || last.len() > ATTRIBUTION_BYTES || is_quoted(last) {
            return None;
        }
        if last.ends_with([':', '：']) {
            return is_attribution(&join(&lines[..length]), length == 1).then_some(length);
        }
    }
    None
}

/// `On … wrote:` in the languages mail programs speak: how it begins and how it ends. A date or an address must stand
/// between, so that an ordinary sentence is not taken for one. Forms that begin with anything must stand on one line.
fn is_attribution(words: &str, one_line: bool) -> bool {
    const FORMS: &[(&str, &[&str])] = &[
        ("on ", &["wrote:"]),
        ("am ", &["schrieb:", "geschrieben:"]),
        ("le ", &["a écrit :", "a écrit:"]),
        ("el ", &["escribió:"]),
        ("il ", &["ha scritto:"]),
        ("em ", &["escreveu:"]),
        ("op ", &["schreef:"]),
        ("den ", &["skrev:"]),
        ("w dniu ", &["pisze:", "napisał:", "napisała:", "napisał(a):"]),
        (
            "",
            &[
                "写道：",
                "写道:",
                "寫道：",
                "寫道:",
                "さんは書きました：",
                "さんは書きました:",
                "のメール：",
                "のメール:",
                "님이 작성:",
            ],
        ),
        ("", &[" wrote:", " schrieb:", " a écrit :", " escribió:", " написал:", " написал(а):", " пишет:", ">:"]),
    ];
    // Non-breaking spaces of French were made ordinary by the cleaner.
    let lower = words.to_lowercase();
    // Languages that put the name behind the verb.
    const VERB_FIRST: &[(&str, &str)] = &[("am ", " schrieb "), ("op ", " schreef "), ("den ", " skrev ")];
    let form = FORMS.iter().any(|(begin, ends)| {
        (one_line || !begin.is_empty()) && lower.starts_with(begin) && ends.iter().any(|end| lower.ends_with(end))
    }) || VERB_FIRST.iter().any(|(begin, verb)| lower.starts_with(begin) && lower.contains(verb));
    form && (lower.contains('@') || lower.bytes().filter(u8::is_ascii_digit).count() >= 3)
}

/// A header block of the mail before, as Outlook and its like put it: a rule with words, or `From:` and `Sent:`.
fn original_header(lines: &[&str]) -> Option<String> {
    const RULES: &[&str] = &[
        "original message",
        "ursprüngliche nachricht",
        "originalnachricht",
        "message d'origine",
        "message original",
        "mensaje original",
        "messaggio originale",
        "mensagem original",
        "oorspronkelijk bericht",
        "forwarded message",
        "weitergeleitete nachricht",
        "message transféré",
        "mensaje reenviado",
        "原始邮件",
        "原始郵件",
        "转发邮件",
        "邮件原件",
        "元のメッセージ",
        "转发的邮件",
    ];
    let first = lines[0].trim();
    if first.len() > ATTRIBUTION_BYTES {
        return None;
    }
    let core = first.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | '—' | ' '));
    let dashes = first.len() > core.len() && first.starts_with(['-', '_', '=', '—']);
    if dashes && RULES.contains(&core.to_lowercase().as_str()) {
        let from = lines.iter().skip(1).take(6).map(|line| line.trim()).find(|line| header_name(line) == Some("from"));
        return Some(from.unwrap_or(core).to_owned());
    }
    // A rule of underscores, or nothing, then the block itself.
    let skip = if first.len() >= 10 && core.is_empty() { 1 + blank_run(&lines[1..]) } else { 0 };
    let block = lines.get(skip..)?;
    if header_name(block.first()?.trim()) != Some("from") {
        return None;
    }
    let follows = |wanted: &str| block.iter().skip(1).take(6).any(|line| header_name(line.trim()) == Some(wanted));
    (follows("sent") && (follows("to") || follows("subject"))).then(|| block[0].trim().to_owned())
}

/// Which header a line of such a block is, whatever its language.
fn header_name(line: &str) -> Option<&'static str> {
    let (name, _) = line.trim_matches('*').split_once([':', '：'])?;
    let name = name.trim_matches('*').trim();
    if name.len() > 40 {
        return None;
    }
    Some(match name.to_lowercase().as_str() {
        "from" | "von" | "de" | "da" | "van" | "från" | "发件人" | "寄件者" | "差出人" | "보낸 사람" | "от" => {
            "from"
        }
        "sent"
        | "date"
        | "gesendet"
        | "datum"
        | "envoyé"
        | "enviado"
        | "enviado el"
        | "fecha"
        | "inviato"
        | "data"
        | "verzonden"
        | "skickat"
        | "发送时间"
        | "时间"
        | "日期"
        | "寄件日期"
        | "送信日時"
        | "日時"
        | "보낸 날짜"
        | "отправлено"
        | "дата" => "sent",
        "to" | "an" | "à" | "para" | "a" | "aan" | "till" | "收件人" | "收件者" | "宛先" | "받는 사람" | "кому" => {
            "to"
        }
        "subject" | "betreff" | "objet" | "asunto" | "oggetto" | "assunto" | "onderwerp" | "ämne" | "主题" | "主旨"
        | "件名" | "제목" | "тема" => "subject",
        _ => return None,
    })
}

fn is_separator(line: &str) -> bool {
    line == "-- " || line == "--"
}

/// The number of lines of a signature that stands at the start.
fn signature(lines: &[&str]) -> Option<usize> {
    let first = lines[0];
    if is_separator(first) {
        let bounded = &lines[..lines.len().min(SIGNATURE_LINES + 1)];
        let ends = |at: &usize| {
            let rest = &lines[*at..];
            // A second separator ends the first: else a text of nothing but separators costs a look ahead for each.
            is_quoted(rest[0])
                || is_separator(rest[0])
                || attribution(rest).is_some()
                || original_header(rest).is_some()
        };
        let end = (1..bounded.len()).find(ends).unwrap_or(bounded.len());
        return (end <= SIGNATURE_LINES).then_some(end);
    }
    const MOBILE: &[&str] = &[
        "sent from my ",
        "sent from outlook",
        "get outlook for ",
        "sent from yahoo",
        "sent from mail for windows",
        "von meinem iphone gesendet",
        "von meinem ipad gesendet",
        "gesendet von ",
        "envoyé de mon ",
        "envoyé depuis ",
        "enviado desde mi ",
        "inviato da ",
        "发自我的",
        "發自我的",
        "iphoneから送信",
        "나의 iphone에서 보냄",
    ];
    let first = first.trim();
    if first.len() > 80 {
        return None;
    }
    let lower = if first.is_ascii() { Cow::Borrowed(first) } else { Cow::Owned(first.to_lowercase()) };
    let begins = |sign: &&str| lower.get(..sign.len()).is_some_and(|head| head.eq_ignore_ascii_case(sign));
    MOBILE.iter().any(begins).then_some(1)
}

#[cfg(test)]
mod tests;
