//! A mail's text in blocks, so that a screen can fold what is quoted and how it is signed.

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
    let mut blocks = Blocks::default();
    let mut at = 0;
    while at < lines.len() {
        let rest = &lines[at..];
        if is_quoted(rest[0]) {
            let end = quoted_run(rest);
            blocks.add(BlockKind::Quote { attribution: None }, &rest[..end]);
            at += end;
        } else if let Some(length) = attribution(rest) {
            let words = join(&rest[..length]);
            let quote = length + blank_run(&rest[length..]);
            if rest.get(quote).is_some_and(|line| is_quoted(line)) {
                let end = quote + quoted_run(&rest[quote..]);
                blocks.add(BlockKind::Quote { attribution: Some(words) }, &rest[..end]);
                at += end;
            } else {
                // A quote without marks: everything after is the mail before.
                blocks.add(BlockKind::Quote { attribution: Some(words) }, rest);
                at = lines.len();
            }
        } else if let Some(words) = original_header(rest) {
            blocks.add(BlockKind::Quote { attribution: Some(words) }, rest);
            at = lines.len();
        } else if let Some(length) = signature(rest) {
            blocks.add(BlockKind::Signature, &rest[..length]);
            at += length;
        } else {
            blocks.add(BlockKind::Text, &rest[..1]);
            at += 1;
        }
    }
    blocks.0
}

#[derive(Default)]
struct Blocks(Vec<Block>);

impl Blocks {
    fn add(&mut self, kind: BlockKind, lines: &[&str]) {
        let lines = lines.iter().map(|line| (*line).to_owned());
        match self.0.last_mut() {
            Some(last) if last.kind == kind && kind == BlockKind::Text => last.lines.extend(lines),
            _ => self.0.push(Block { kind, lines: lines.collect() }),
        }
    }
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
    let lower = first.trim().to_lowercase();
    (lower.len() <= 80 && MOBILE.iter().any(|sign| lower.starts_with(sign))).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds of the blocks, with how many lines each has.
    fn shape(text: &str) -> Vec<(char, usize)> {
        fold(text)
            .iter()
            .map(|block| {
                let kind = match block.kind {
                    BlockKind::Text => 't',
                    BlockKind::Quote { .. } => 'q',
                    BlockKind::Signature => 's',
                };
                (kind, block.lines.len())
            })
            .collect()
    }

    fn attribution_of(text: &str) -> Option<String> {
        fold(text).into_iter().find_map(|block| match block.kind {
            BlockKind::Quote { attribution } => attribution,
            _ => None,
        })
    }

    #[test]
    fn answers_between_quotes_stay_text() {
        let text = "Hi\n\nOn Tue, 14 Nov 2023, Ana wrote:\n> one\n> two\n\nYes.\n> three\nNo.\n-- \nLin\nShop";
        assert_eq!(shape(text), [('t', 2), ('q', 3), ('t', 2), ('q', 1), ('t', 1), ('s', 3)]);
        assert_eq!(attribution_of(text).as_deref(), Some("On Tue, 14 Nov 2023, Ana wrote:"));
    }

    #[test]
    fn attributions_are_known_in_many_languages_and_over_wrapped_lines() {
        for line in [
            "On Tue, Nov 14, 2023 at 10:00 PM Ana <ana@example.com> wrote:",
            "On Tue, Nov 14, 2023 at 10:00 PM Ana Maria de la Luz\n<ana@example.com> wrote:",
            "On Tue, Nov 14, 2023 at 10:00 PM\nAna\n<ana@example.com> wrote:",
            "Am 14.11.2023 um 22:00 schrieb Ana:",
            "Am 14.11.23 um 22:00 Uhr hat Ana geschrieben:",
            "Le 14/11/2023 à 22:00, Ana a écrit :",
            "Le mar. 14 nov. 2023 à 22:00, Ana <ana@example.com> a écrit :",
            "El 14/11/2023 a las 22:00, Ana escribió:",
            "Il giorno 14 nov 2023 Ana ha scritto:",
            "Em 14/11/2023 22:00, Ana escreveu:",
            "Op 14-11-2023 om 22:00 schreef Ana:",
            "在 2023年11月14日，22:00，Ana <ana@example.com> 写道：",
            "Ana <ana@example.com> 于2023年11月14日周二 22:00写道：",
            "2023年11月14日(火) 22:00 Ana <ana@example.com>:",
            "2023/11/14 22:00、Ana <ana@example.com>のメール:",
            "Ana <ana@example.com> wrote:",
        ] {
            let lines = line.lines().count();
            assert_eq!(shape(&format!("New\n{line}\n\n> old\n> older")), [('t', 1), ('q', lines + 3)], "{line}");
        }
    }

    #[test]
    fn ordinary_sentences_are_no_attributions() {
        for line in [
            "On the box I wrote:",
            "Please send to:",
            "My order numbers are 12345 and 67890:",
            "From: the beginning it was broken",
            "Am Montag kommt das Paket:",
            "Sent the parcel back yesterday",
            "-- not a signature",
        ] {
            assert_eq!(shape(&format!("{line}\n\nmore\nand more")), [('t', 4)], "{line}");
        }
    }

    #[test]
    fn the_mail_before_without_marks_folds_to_the_end() {
        let outlook = "New words\n\n-----Original Message-----\nFrom: Ana <ana@example.com>\nSent: Tuesday\nTo: Shop\nSubject: x\n\nold\nold";
        assert_eq!(shape(outlook), [('t', 2), ('q', 8)]);
        assert_eq!(attribution_of(outlook).as_deref(), Some("From: Ana <ana@example.com>"));
        let modern =
            "New\n\n________________________________\nVon: Ana\nGesendet: Dienstag\nAn: Shop\nBetreff: x\n\nalt";
        assert_eq!(shape(modern), [('t', 2), ('q', 7)]);
        let bare = "好的\n\n发件人: Ana\n发送时间: 2023年11月14日\n收件人: 客服\n主题: 订单\n\n旧";
        assert_eq!(shape(bare), [('t', 2), ('q', 6)]);
        let unmarked = "New\n\nOn Tue, 14 Nov 2023 Ana <ana@example.com> wrote:\n\nold text";
        assert_eq!(shape(unmarked), [('t', 2), ('q', 3)]);
    }

    #[test]
    fn mobile_signatures_are_signatures() {
        assert_eq!(shape("Ok\n\nSent from my iPhone"), [('t', 2), ('s', 1)]);
        assert_eq!(shape("好\n\n发自我的 iPhone\n\n> 旧"), [('t', 2), ('s', 1), ('t', 1), ('q', 1)]);
    }

    #[test]
    fn a_separator_far_from_the_end_does_not_swallow_the_mail() {
        let text = format!("a\n-- \n{}", "line\n".repeat(100));
        assert_eq!(shape(&text), [('t', 103)]);
        assert_eq!(shape("a\n-- \nAna\n> quoted"), [('t', 1), ('s', 2), ('q', 1)]);
    }

    #[test]
    fn work_grows_with_the_text_only() {
        // Lines that each look like the start of something: were each a walk to the end, this would not come back.
        for line in ["-- ", "> x", "________________", "On a@b wrote", "From: x", "-----Original Message----", "\n"] {
            let text = format!("{line}\n").repeat(50_000);
            let lines: usize = fold(&text).iter().map(|block| block.lines.len()).sum();
            assert_eq!(lines, text.split('\n').count(), "{line:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn nothing_is_lost(lines in proptest::collection::vec(proptest::sample::select(vec![
            "", "text", "> quote", ">> deep", "-- ", "On 14.11.2023 a@b wrote:", "From: x", "Sent: y", "To: z",
            "-----Original Message-----", "Sent from my phone", "______________", "  ", "wrote:", "On 2023",
        ]), 0..30)) {
            let text = lines.join("\n");
            let folded: Vec<String> = fold(&text).into_iter().flat_map(|block| block.lines).collect();
            proptest::prop_assert_eq!(folded.join("\n"), text);
        }
    }
}
