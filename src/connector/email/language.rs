//! Which language a text is in: by script where the script says it, by statistics only with enough text.

use whatlang::Lang;

/// Letters a Latin, Cyrillic or Arabic text needs before statistics mean anything.
const ENOUGH: usize = 60;
/// How much text is looked at, in characters.
const SAMPLE: usize = 2_000;

/// ISO 639-1 code of the language of a cleaned text, when there is enough of it to tell.
pub(super) fn detect(text: &str) -> Option<String> {
    let sample: String = text.split_whitespace().filter(|word| !word.contains("://") && !word.contains('@')).fold(
        String::new(),
        |mut sample, word| {
            if sample.len() < SAMPLE * 4 {
                sample.push_str(word);
                sample.push(' ');
            }
            sample
        },
    );
    let count = |is: fn(char) -> bool| sample.chars().filter(|&c| is(c)).count();
    let letters = count(char::is_alphabetic);
    let kana = count(|c| matches!(c, '\u{3041}'..='\u{30FF}' | '\u{FF66}'..='\u{FF9F}'));
    let hangul = count(|c| matches!(c, '\u{AC00}'..='\u{D7A3}' | '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}'));
    let han = count(|c| matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}'));
    // A few words of another script (a name, a product) do not decide.
    let leads = |found: usize| found >= 2 && found * 5 >= letters;
    if leads(kana) || (kana >= 2 && leads(han + kana)) {
        return Some("ja".to_owned());
    }
    if leads(hangul) {
        return Some("ko".to_owned());
    }
    if leads(han) {
        return Some("zh".to_owned());
    }
    for (is, code) in [
        (('\u{E01}', '\u{E5B}'), "th"),
        (('\u{5D0}', '\u{5EA}'), "he"),
        (('\u{370}', '\u{3FF}'), "el"),
        (('\u{10D0}', '\u{10FF}'), "ka"),
        (('\u{531}', '\u{587}'), "hy"),
    ] {
        let found = sample.chars().filter(|c| (is.0..=is.1).contains(c)).count();
        if found >= 4 && found * 2 >= letters {
            return Some(code.to_owned());
        }
    }
    if letters < ENOUGH {
        return None;
    }
    let info = whatlang::detect(&sample)?;
    if info.is_reliable() { code(info.lang()).map(str::to_owned) } else { None }
}

fn code(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Spa => "es",
        Lang::Ita => "it",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Pol => "pl",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Tur => "tr",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "nb",
        Lang::Fin => "fi",
        Lang::Est => "et",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Cat => "ca",
        Lang::Vie => "vi",
        Lang::Ind => "id",
        Lang::Tgl => "tl",
        Lang::Ara => "ar",
        Lang::Pes => "fa",
        Lang::Urd => "ur",
        Lang::Hin => "hi",
        Lang::Ben => "bn",
        Lang::Mar => "mr",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Kan => "kn",
        Lang::Mal => "ml",
        Lang::Guj => "gu",
        Lang::Pan => "pa",
        Lang::Afr => "af",
        Lang::Epo => "eo",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::detect;

    #[test]
    fn scripts_say_their_language_with_few_letters() {
        assert_eq!(detect("请问我的订单到哪里了？").as_deref(), Some("zh"));
        assert_eq!(detect("注文はいつ届きますか").as_deref(), Some("ja"));
        assert_eq!(detect("주문이 언제 도착하나요").as_deref(), Some("ko"));
        assert_eq!(detect("สินค้าจะมาถึงเมื่อไหร่").as_deref(), Some("th"));
    }

    #[test]
    fn latin_text_needs_enough_letters() {
        assert_eq!(detect("Ok, danke."), None);
        let german = "Guten Tag, leider ist die Bestellung noch immer nicht angekommen, obwohl sie schon vor zwei Wochen \
                      verschickt werden sollte. Können Sie bitte nachsehen?";
        assert_eq!(detect(german).as_deref(), Some("de"));
    }

    #[test]
    fn a_name_in_another_script_does_not_decide() {
        let english = "Hello, this is 王 from the sales department and I would like to ask where the parcel is that you \
                       promised to send us last week, thank you very much for your help.";
        assert_eq!(detect(english).as_deref(), Some("en"));
    }
}
