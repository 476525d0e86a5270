#![allow(clippy::unwrap_used)]

use super::*;

fn read(text: &str) -> Option<Intent> {
    Intents::shipped().read(text)
}

/// What is sure enough.
fn need(text: &str) -> Option<&'static str> {
    read(text).filter(Intent::is_sure).map(|intent| intent.name)
}

#[test]
fn typical_sentences_say_what_they_want() {
    for (text, wanted) in [
        ("Hi, I bought a coat from you and sent it back. When do I get my money back?", "refund"),
        ("I want to cancel my subscription, please.", "cancellation"),
        ("it's been 10 days and my package still isnt here", "order status"),
        ("I have forgotten my password and cannot get into my account", "account access"),
        ("My credit card got declined when I tried to pay", "payment problem"),
        ("You charged me twice this month, please explain the invoice", "billing question"),
        ("Somebody stole my card, please block it", "loss or fraud"),
        ("The app keeps crashing on my phone since the update", "fault or damage"),
        ("Can I change my booking from Friday to Sunday?", "change"),
        ("I would like to book a table for two tomorrow evening", "order or booking"),
        ("Do you deliver to Austria?", "information"),
        ("Please send me the invoice for order 33", "document"),
        ("Your waiter was rude and nobody apologised.", "complaint"),
    ] {
        assert_eq!(need(text), Some(wanted), "{text}: {:?}", read(text));
    }
}

#[test]
fn greetings_thanks_and_tales_want_nothing() {
    for text in
        ["Hello", "Hi, how are you today?", "Thanks a lot, that solved it!", "We danced until two.", "ok", "yes"]
    {
        assert_eq!(need(text), None, "{text}: {:?}", read(text));
    }
}

#[test]
fn other_languages_have_no_need_here() {
    for text in ["Wo ist mein Paket? Ich warte seit einer Woche.", "¿Dónde está mi pedido?", "我的订单在哪里", "😡"]
    {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn what_is_no_message_is_read_in_bounded_time() {
    for text in ["", " \n\t", "\u{0}\u{7}\u{202E}", "...!!!???"] {
        assert_eq!(read(text), None, "{text:?}");
    }
    let many = "please refund me. ".repeat(60_000);
    assert_eq!(need(&many), Some("refund"), "1 MB");
    assert_eq!(need(&"a".repeat(1 << 20)), None);
    assert_eq!(need(&"hello there. ".repeat(80_000)), None);
}

#[test]
fn what_is_behind_the_bounds_is_not_read() {
    let asked = "please refund me.";
    let before = |sentences| "hello there. ".repeat(sentences);
    assert_eq!(need(&format!("{}{asked}", before(SENTENCES - 1))), Some("refund"), "the last sentence that is read");
    assert_eq!(read(&format!("{}{asked}", before(SENTENCES))), read(&before(SENTENCES)));
    // One sentence without an end, as long as all that is read.
    let most = crate::score::sentiment::MOST;
    let long = |bytes: usize| "we danced until two and then ".repeat(bytes).split_at(bytes).0.to_owned();
    assert_eq!(need(&format!("{}. {asked}", long(most - 100))), Some("refund"));
    for text in [format!("{}. {asked}", long(most)), format!("{}{}", long(most), format!(". {asked}").repeat(60_000))] {
        assert_eq!(read(&text), read(&long(most)), "{} bytes", text.len());
    }
}

#[test]
fn a_small_model_is_the_same_each_time_and_damage_is_named() {
    let rows: Vec<Row> = sentences()
        .map(|(need, text)| Row { text: text.to_owned(), need, set: "sentences".to_owned(), weight: 1.0 })
        .collect();
    let (model, report) = train(&rows, 1, &mut |_| true).unwrap();
    let packed = model.to_bytes().unwrap();
    assert_eq!(train(&rows, 1, &mut |_| true).unwrap().0.to_bytes().unwrap(), packed);
    assert!(report.text().contains("none is right"), "{}", report.text());
    let small = Intents::from_bytes(&packed).unwrap();
    assert_eq!(small.sentence("I want my money back").unwrap().name, "refund");
    assert!(Intents::from_bytes(&packed[..packed.len() / 2]).is_err());
    assert!(Intents::from_bytes(include_bytes!("../sentiment/shipped/english.weights")).is_err(), "another model");
    assert!(train(&rows, 1, &mut |_| false).is_err(), "cancelled");
    assert!(train(&rows[..1], 1, &mut |_| true).is_err(), "too little");
}

#[test]
fn the_shipped_model_is_small() {
    assert!(include_bytes!("shipped/need.weights").len() < 200_000);
    assert_ne!(Intents::shipped().version(), 0);
}

#[test]
fn labels_are_needs_or_none_or_left_out() {
    assert_eq!(need_of("banking77", "request_refund"), Known::Need(1));
    assert_eq!(need_of("clinc150", "tell_joke"), Known::Need(0));
    assert_eq!(need_of("clinc150", "oos"), Known::LeftOut);
    assert_eq!(need_of("multidogo_airline", "bookflight<div>getboardingpass"), Known::LeftOut);
}
