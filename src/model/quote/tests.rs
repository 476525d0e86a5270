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
    let modern = "New\n\n________________________________\nVon: Ana\nGesendet: Dienstag\nAn: Shop\nBetreff: x\n\nalt";
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
        let text = format!("{line}\n").repeat(20_000);
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
        proptest::prop_assert_eq!(folded.join("\n"), text.clone());
        let own = fold(&text).into_iter().filter(|block| block.kind == BlockKind::Text).flat_map(|block| block.lines);
        proptest::prop_assert_eq!(own.collect::<Vec<_>>().join("\n"), own_words(&text));
    }

    #[test]
    fn nothing_is_lost_of_any_text(text in "([\\PC\n>:\\-_ ]|On 14.11.2023|wrote:|From:|-- \n){0,60}") {
        let folded: Vec<String> = fold(&text).into_iter().flat_map(|block| block.lines).collect();
        proptest::prop_assert_eq!(folded.join("\n"), text);
    }
}
