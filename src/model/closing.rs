//! How a text ends in manners: "Kind regards," and a name. They are in every message, whatever its mood.

/// Lines that can follow a closing: a name, a company, a number.
const NAME_LINES: usize = 4;
/// The longest of them, in letters.
const NAME: usize = 48;

/// Closings that say nothing else.
const REGARDS: &[&str] = &[
    "kind regards",
    "kindest regards",
    "best regards",
    "warm regards",
    "warmest regards",
    "with kind regards",
    "with best regards",
    "regards",
    "best wishes",
    "best",
    "all the best",
    "cheers",
    "sincerely",
    "yours sincerely",
    "yours faithfully",
    "yours truly",
    "yours",
    "respectfully",
    "take care",
    "mit freundlichen grüßen",
    "mit freundlichen gruessen",
    "mit freundlichem gruß",
    "freundliche grüße",
    "viele grüße",
    "liebe grüße",
    "beste grüße",
    "schöne grüße",
    "herzliche grüße",
    "gruß",
    "mfg",
    "lg",
    "vg",
    "cordialement",
    "bien cordialement",
    "bien à vous",
    "salutations",
    "sincères salutations",
    "saludos",
    "un saludo",
    "saludos cordiales",
    "un cordial saludo",
    "atentamente",
    "saluti",
    "cordiali saluti",
    "distinti saluti",
    "un saluto",
    "cumprimentos",
    "com os melhores cumprimentos",
    "atenciosamente",
    "abraços",
    "met vriendelijke groet",
    "vriendelijke groet",
    "此致",
    "此致敬礼",
    "敬礼",
    "祝好",
    "顺祝商祺",
    "مع التحية",
    "مع خالص التحية",
    "सादर",
];

/// Thanks: a closing only where a comma or a name follows.
const THANKS: &[&str] = &[
    "thanks",
    "thank you",
    "many thanks",
    "thanks again",
    "thanks in advance",
    "thank you in advance",
    "thanks and regards",
    "danke",
    "vielen dank",
    "besten dank",
    "danke im voraus",
    "vielen dank im voraus",
    "merci",
    "merci d'avance",
    "merci beaucoup",
    "gracias",
    "muchas gracias",
    "gracias de antemano",
    "grazie",
    "grazie mille",
    "obrigado",
    "obrigada",
    "谢谢",
    "شكرا",
    "धन्यवाद",
];

/// A text without its closing and the name below it. A text of nothing else is itself, and so is one without.
pub fn without_closing(text: &str) -> &str {
    let text = text.trim_end();
    let mut end = text.len();
    let mut below = 0;
    // From the last line up.
    for line in text.rsplit('\n') {
        let begin = end - line.len();
        let line = line.trim();
        if is_closing(line, below > 0) {
            let before = text[..begin].trim_end();
            return if before.is_empty() { text } else { before };
        }
        if !line.is_empty() {
            below += 1;
            if below > NAME_LINES || !could_be_name(line) {
                return text;
            }
        }
        end = begin.saturating_sub(1);
    }
    text
}

fn could_be_name(line: &str) -> bool {
    line.chars().count() <= NAME && !line.contains(['?', '!', '？', '！', '。', ':'])
}

fn is_closing(line: &str, has_name_below: bool) -> bool {
    // A name may stand on the same line: "Best regards, Ana".
    let (words, rest) = line.split_once([',', '，']).unwrap_or((line, ""));
    if !could_be_name(rest) || words.chars().count() > NAME {
        return false;
    }
    let words = words.trim().trim_end_matches(['.', '-', '–', '—', '~']).trim_end().to_lowercase();
    let is_named = has_name_below || words.len() < line.trim_end_matches(['.', '-', '–', '—', '~', ' ']).len();
    REGARDS.contains(&words.as_str()) || (is_named && THANKS.contains(&words.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_and_the_name_below_are_left_out() {
        for (text, own) in [
            ("Where is it?\n\nKind regards,\nKofi Stanhope", "Where is it?"),
            ("Where is it?\nBest regards, Ana", "Where is it?"),
            ("It is broken.\n\nMany thanks\nKofi\nStanhope Ltd.\n+44 20 7946 0000\n", "It is broken."),
            ("Kommt es noch?\n\nMit freundlichen Grüßen\nJürgen", "Kommt es noch?"),
            ("还没到\n谢谢，\n小明", "还没到"),
            ("It is late.\nThanks,", "It is late."),
        ] {
            assert_eq!(without_closing(text), own, "{text:?}");
        }
    }

    #[test]
    fn what_is_meant_stays() {
        for text in [
            "It works now!\nThank you",
            "It works now.\nThanks!\nBob",
            "Thanks,\nBob",
            "Kind regards",
            "Thank you so much, you saved my day",
            "Best\nthing I ever bought, and I will come back for more of it next year, that is sure",
            "Where is my order?\nIt is late.",
            "",
            "\n\n",
        ] {
            assert_eq!(without_closing(text), text.trim_end(), "{text:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn it_is_always_the_beginning_of_the_text(text in "(Thanks|Best|,|\n|谢谢|\\PC){0,40}") {
            let own = without_closing(&text);
            proptest::prop_assert!(text.starts_with(own));
            proptest::prop_assert!(!own.trim().is_empty() || text.trim().is_empty());
        }
    }
}
