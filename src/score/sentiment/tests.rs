//! What an agent may rely on.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn read(text: &str) -> Reading {
    Reader::shipped().read(text).unwrap_or_else(|| panic!("nothing read in {text:?}"))
}

#[test]
fn plain_cases_are_read_right() {
    for (text, label, language) in [
        ("This is the worst service ever, still waiting for my refund!", Label::Negative, Language::English),
        ("Thank you so much for the quick help!", Label::Positive, Language::English),
        ("Can I change my seat on the flight tomorrow?", Label::Neutral, Language::English),
        ("ok", Label::Neutral, Language::English),
        ("送餐太慢了，都凉了，难吃", Label::Negative, Language::Chinese),
        ("味道不错，送得很快，下次还来", Label::Positive, Language::Chinese),
        ("Ich bin sehr enttäuscht, das Gerät ist kaputt", Label::Negative, Language::German),
        ("Muchas gracias, excelente servicio", Label::Positive, Language::Spanish),
        ("Ottimo servizio, grazie mille", Label::Positive, Language::Italian),
        ("C'est nul, je suis très déçu", Label::Negative, Language::French),
        ("O produto chegou quebrado, péssimo atendimento", Label::Negative, Language::Portuguese),
        ("الخدمة سيئة جدا", Label::Negative, Language::Arabic),
        ("बहुत खराब सेवा", Label::Negative, Language::Hindi),
        ("😡", Label::Negative, Language::Signs),
        ("👍", Label::Positive, Language::Signs),
    ] {
        let reading = read(text);
        assert_eq!((reading.label, reading.language), (label, language), "{text}: {reading:?}");
        assert!((-1.0..=1.0).contains(&reading.score) && (0.3..=1.0).contains(&reading.confidence), "{reading:?}");
        match label {
            Label::Negative => assert!(reading.score < 0.0),
            Label::Positive => assert!(reading.score > 0.0),
            Label::Neutral => {}
        }
    }
}

/// Lines of a code, a tab and a text.
fn by_language(file: &str) -> impl Iterator<Item = (&str, &str)> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('\t').unwrap())
}

/// Sentences that no training saw. Measured: 198 of 211.
#[test]
fn what_is_in_another_language_is_said_to_be_unknown() {
    let mut found: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (code, text) in by_language(include_str!("../../../tests/golden/languages/unread.tsv")) {
        let (unknown, all) = found.entry(code).or_default();
        *unknown += u32::from(Reader::shipped().language(text).is_none());
        *all += 1;
    }
    assert!(found.len() >= 14 && found.values().all(|(_, all)| *all >= 15), "{found:?}");
    assert!(found.values().all(|(unknown, all)| unknown * 100 >= all * 80), "{found:?}");
    let (unknown, all) = found.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(unknown * 100 >= all * 93, "{unknown} of {all}: {found:?}");
}

/// What is in one of ours stays so, names from elsewhere in it or not.
#[test]
fn what_is_in_our_languages_is_not_called_unknown() {
    let (mut right, mut all) = (0, 0);
    for (code, text) in by_language(include_str!("../../../tests/golden/languages/read.tsv")) {
        let guessed = Reader::shipped().language(text);
        assert!(guessed.is_some(), "{code}: {text}");
        right += u32::from(guessed.is_some_and(|language| language.code() == code));
        all += 1;
    }
    assert!(right * 100 >= all * 85, "{right} of {all}");
}

#[test]
fn a_language_it_cannot_read_is_left_alone() {
    for text in [
        "Где мой заказ? Ужасный сервис",
        "注文した商品がまだ届きません",
        "주문한 물건이 아직 안 왔어요",
        "Waar blijft mijn bestelling? Ik ben erg ontevreden",
        "Gdzie jest moja paczka? Jestem bardzo zły",
        "Siparişim nerede? Çok kötü hizmet",
        "Tôi rất thất vọng với dịch vụ này",
        "خدمات شما بسیار عالی بود و من راضی هستم چون پشتیبانی خوب بود",
        "Η υπηρεσία ήταν απαράδεκτη",
        "השירות היה נורא",
        "",
        "   \r\n\t",
        "\u{0}\u{7}\u{1b}\u{200b}\u{feff}",
    ] {
        assert_eq!(Reader::shipped().read(text), None, "{text:?}");
    }
}

#[test]
fn the_words_that_decided_are_named() {
    let reading = read("The room was dirty but the breakfast was delicious");
    let weight = |text: &str| reading.words.iter().find(|word| word.text == text).unwrap().weight;
    assert!(weight("dirty") < 0.0 && weight("delicious") > 0.0, "{reading:?}");
    assert!(reading.words.len() <= 5);
    assert!(reading.words.windows(2).all(|pair| pair[0].weight.abs() >= pair[1].weight.abs()), "{reading:?}");
    // A phrase of trouble stays together in Chinese.
    assert!(read("送餐太慢了，都凉了").words.iter().any(|word| word.text == "太慢" && word.weight < 0.0));
}

#[test]
fn hostile_texts_have_an_answer_in_bounded_time() {
    let long = "x".repeat(1 << 20);
    let but = "good but bad ".repeat(100_000);
    let marks = format!("a{}", "\u{301}".repeat(500_000));
    let nul = "\0".repeat(1 << 20);
    for text in [
        &long,
        &but,
        &marks,
        &nul,
        &"🤬".repeat(300_000),
        &"差".repeat(300_000),
        &"!".repeat(1 << 20),
        &"ok\r\n".repeat(1 << 18),
    ] {
        let begun = Instant::now();
        if let Some(reading) = Reader::shipped().read(text) {
            assert!(reading.score.is_finite() && reading.confidence.is_finite());
            for word in &reading.words {
                assert!(
                    word.text.chars().count() <= 200 && !word.text.chars().any(char::is_control),
                    "{:?}",
                    word.text
                );
            }
        }
        // Unoptimised, on a machine that others use.
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?} for {:?}", begun.elapsed(), &text[..2]);
    }
    // Only the beginning is read.
    let begin = "terrible ".repeat(1_000);
    assert_eq!(read(&begin), read(&format!("{begin}{}", "wonderful ".repeat(1_000))));
}

proptest! {
    #[test]
    fn any_text_is_read_or_left_and_always_the_same(text in "\\PC{0,300}|[a-zé !?.,😀😡太好难吃]{0,200}") {
        let one = Reader::shipped().read(&text);
        prop_assert_eq!(&one, &Reader::shipped().read(&text));
        let skimmed = one.clone().map(|reading| Reading { words: Vec::new(), ..reading });
        prop_assert_eq!(&skimmed, &Reader::shipped().skim(&text));
        if let Some(reading) = one {
            prop_assert!((-1.0..=1.0).contains(&reading.score));
            prop_assert!((0.0..=1.0).contains(&reading.confidence));
            prop_assert!((reading.likelihoods.iter().sum::<f32>() - 1.0).abs() < 1e-3);
            prop_assert_eq!(reading.among(&Label::ALL), reading.label);
        }
    }
}

/// Corrections of a trade whose words the shipped model does not know.
fn corrections(times: usize) -> Vec<(String, Label)> {
    let parts = ["drum", "flange", "gasket", "rotor", "sleeve", "valve", "piston", "shaft"];
    (0..times)
        .flat_map(|at| {
            let part = parts[at % parts.len()];
            [
                (format!("the {part} of number {at} is zorped again"), Label::Negative),
                (format!("the {part} of number {at} is glimmed again"), Label::Positive),
                (format!("the {part} of number {at} is with the carrier"), Label::Neutral),
            ]
        })
        .collect()
}

#[test]
fn corrections_are_learned_and_do_no_harm() {
    let layer = Layer::learn(Reader::shipped(), &corrections(40)).unwrap();
    assert_eq!(layer.len(), 120);
    let reader = Reader::with_layer(layer.clone());
    assert!(layer.fits(&reader));
    assert_ne!(reader.version(), Reader::shipped().version());
    assert_eq!(reader.read("my valve is zorped").unwrap().label, Label::Negative);
    assert_eq!(reader.read("my valve is glimmed").unwrap().label, Label::Positive);
    // What was right before is right still.
    assert_eq!(reader.read("Thank you so much for the quick help!").unwrap().label, Label::Positive);
    assert_eq!(reader.read("This is the worst service ever!").unwrap().label, Label::Negative);
    // Nothing was learned in other languages.
    assert_eq!(reader.read("味道不错，很快"), Reader::shipped().read("味道不错，很快"));
    // The same corrections give the same layer.
    assert_eq!(Layer::learn(Reader::shipped(), &corrections(40)), Some(layer));
}

/// Agents correct what is wrong: that is no sign that everything is.
#[test]
fn corrections_of_one_label_alone_turn_nothing_else() {
    let missed = [
        "The tracking page has not moved since Tuesday.",
        "I was told somebody would call, and that was last week.",
        "The invoice has the wrong company on it once more.",
        "This is the third time that I ask.",
        "The lid does not close.",
        "My parcel went back to the sender.",
    ];
    let ordinary = [
        ("Received, thank you. That was quick.", Label::Positive),
        ("Great service, perfect boots, very happy.", Label::Positive),
        ("Lovely, thank you so much!", Label::Positive),
        ("Is the blanket machine washable?", Label::Neutral),
        ("Where is my order?", Label::Neutral),
        ("Terrible, it came broken.", Label::Negative),
    ];
    for count in [5, 6, 60] {
        for label in Label::ALL {
            let said = |at: usize| (format!("{} Order {at}.", missed[at % missed.len()]), label);
            let corrections: Vec<_> = (0..count).map(said).collect();
            let Some(layer) = Layer::learn(Reader::shipped(), &corrections) else { continue };
            let reader = Reader::with_layer(layer);
            for (text, meant) in ordinary {
                assert_eq!(reader.read(text).unwrap().label, meant, "{text} after {count} {label:?}");
            }
        }
    }
}

#[test]
fn nothing_is_learned_from_nothing() {
    assert_eq!(Layer::learn(Reader::shipped(), &[]), None);
    let unreadable = vec![("Где мой заказ?".to_owned(), Label::Negative); 50];
    assert_eq!(Layer::learn(Reader::shipped(), &unreadable), None);
    assert_eq!(Layer::learn(Reader::shipped(), &corrections(1)), None);
}

#[test]
fn a_layer_survives_being_written_down_and_says_when_it_is_damaged() {
    let layer = Layer::learn(Reader::shipped(), &corrections(20)).unwrap();
    let bytes = layer.to_bytes();
    assert_eq!(Layer::from_bytes(&bytes).unwrap(), layer);
    for cut in [0, 3, 5, 20, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(Layer::from_bytes(&bytes[..cut]), Err(SentimentError::Damaged { .. })), "{cut}");
    }
    for at in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        assert!(Layer::from_bytes(&damaged).is_err(), "byte {at}");
    }
    let mut newer = bytes;
    newer[4] = 9;
    let error = Layer::from_bytes(&newer).unwrap_err();
    assert!(error.to_string().contains("version 9"), "{error}");
}

fn small() -> Vec<Row> {
    let rows = [
        ("this is awful and late", Label::Negative),
        ("late again, awful", Label::Negative),
        ("the worst of all shops", Label::Negative),
        ("broken and dirty", Label::Negative),
        ("lovely and quick", Label::Positive),
        ("quick answer, lovely people", Label::Positive),
        ("the best of all shops", Label::Positive),
        ("clean and whole", Label::Positive),
        ("when do you open", Label::Neutral),
        ("the parcel has number 4", Label::Neutral),
        ("is it open today", Label::Neutral),
        ("number 5 is on its way", Label::Neutral),
    ];
    let row = |(at, (text, label)): (usize, &(&str, Label))| Row {
        text: format!("{text} {at}"),
        label: Some(*label),
        strength: None,
        language: "en".to_owned(),
        set: "small".to_owned(),
        weight: 1.0,
    };
    rows.iter().cycle().take(60).enumerate().map(row).collect()
}

#[test]
fn the_trainer_makes_the_same_weights_again() {
    let recipe = Recipe { bits: 8, ..Recipe::of(Kind::English) };
    let (weights, report) = train(&small(), &recipe, &mut |_| true).unwrap();
    let (again, _) = train(&small(), &recipe, &mut |_| true).unwrap();
    assert_eq!(weights.to_bytes().unwrap(), again.to_bytes().unwrap());
    assert!(report.text().contains("small"), "{}", report.text());
    // Those made when the test was written. Another machine's logarithms may differ in the last digit.
    let stored = Weights::from_bytes(include_bytes!("shipped/small-test.weights")).unwrap();
    assert_eq!((weights.classes, weights.bits, weights.table.len()), (stored.classes, stored.bits, stored.table.len()));
    let apart =
        weights.table.iter().zip(&stored.table).map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs()).max().unwrap();
    assert!(apart <= 1, "a bucket is {apart} apart");
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(near(&weights.numbers, &stored.numbers) && near(&weights.bias, &stored.bias));
}

#[test]
fn weights_say_when_they_are_damaged_or_of_another_version() {
    let recipe = Recipe { bits: 8, ..Recipe::of(Kind::English) };
    let (weights, _) = train(&small(), &recipe, &mut |_| true).unwrap();
    let packed = weights.to_bytes().unwrap();
    assert_eq!(Weights::from_bytes(&packed).unwrap(), weights);
    assert!(matches!(Weights::from_bytes(&packed[..packed.len() / 2]), Err(SentimentError::Damaged { .. })));
    assert!(matches!(Weights::from_bytes(b"not weights"), Err(SentimentError::Damaged { .. })));
    let mut plain = weights.to_plain();
    plain[4] = 7;
    let error = Weights::from_bytes(&zstd::bulk::compress(&plain, 1).unwrap()).unwrap_err();
    assert_eq!(error, SentimentError::Version { what: "weights", found: 7, known: 1 });
    plain[4] = 1;
    plain[30] ^= 1;
    assert!(matches!(
        Weights::from_bytes(&zstd::bulk::compress(&plain, 1).unwrap()),
        Err(SentimentError::Damaged { .. })
    ));
    // A model that cannot be read leaves its languages alone; the others go on.
    let broken: &'static Models = Box::leak(Box::new(Models::from_bytes(
        b"broken",
        include_bytes!("shipped/chinese.weights"),
        include_bytes!("shipped/multilingual.weights"),
        include_bytes!("shipped/language.weights"),
    )));
    let reader = Reader::over(broken, None);
    assert_eq!(reader.read("This is awful"), None);
    assert!(reader.read("难吃").is_some());
}

#[test]
fn training_needs_two_labels_and_can_be_cancelled() {
    let recipe = Recipe { bits: 8, ..Recipe::of(Kind::English) };
    let one: Vec<Row> = small().into_iter().filter(|row| row.label == Some(Label::Positive)).collect();
    assert!(matches!(train(&one, &recipe, &mut |_| true), Err(SentimentError::TooLittle(_))));
    assert!(matches!(train(&small(), &recipe, &mut |_| false), Err(SentimentError::Cancelled)));
}

#[test]
fn every_shipped_model_is_small_and_whole() {
    for bytes in [
        &include_bytes!("shipped/english.weights")[..],
        include_bytes!("shipped/chinese.weights"),
        include_bytes!("shipped/multilingual.weights"),
        include_bytes!("shipped/language.weights"),
    ] {
        assert!(bytes.len() < 500_000 && Weights::from_bytes(bytes).is_ok());
    }
}
