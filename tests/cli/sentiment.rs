//! `score`: what is felt in lines of text, how right it is, and training.

use crate::support::profile::{Done, Profile};
use std::io::Write;
use std::process::Stdio;

fn fed(profile: &Profile, words: &[&str], input: &[u8]) -> Done {
    let mut command = profile.command(words);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    crate::support::profile::end_of(child)
}

#[test]
fn every_line_has_its_reading() {
    let profile = Profile::new("");
    let input = b"The worst service ever!\r\n\r\nThank you so much\n\xff\xfe\n\xd0\x93\xd0\xb4\xd0\xb5 \xd0\xbc\xd0\xbe\xd0\xb9\n";
    let rows = fed(&profile, &["score", "text", "--json"], input).rows();
    let labels: Vec<_> = rows.iter().map(|row| row["label"].as_str()).collect();
    assert_eq!(labels.len(), 5, "{rows:?}");
    assert_eq!((labels[0], labels[1], labels[2], labels[4]), (Some("negative"), None, Some("positive"), None));
    assert!(rows[0]["score"].as_f64().unwrap() < -0.5 && rows[0]["language"] == "en", "{}", rows[0]);
    assert_eq!(rows[0]["words"][0]["text"], "worst");
}

#[test]
fn labels_measure_and_two_of_them_are_measured_between_themselves() {
    let profile = Profile::new("");
    let labels = profile.home().join("labels");
    std::fs::write(&labels, "1\n0\n1\n").unwrap();
    let words = ["score", "text", "--json", "--labels", labels.to_str().unwrap()];
    let rows = fed(&profile, &words, b"Delicious!\nDirty and rude.\nCan I pay here?\n").rows();
    let figures = rows.last().unwrap();
    assert_eq!((rows.len(), figures["measured"].as_u64()), (4, Some(3)), "{figures}");
    assert_eq!(figures["labels"], serde_json::json!(["negative", "positive"]));
    assert_eq!(figures["confusion"]["positive"]["neutral"], 0);
    let done = fed(&profile, &words, b"Delicious!\n");
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("1 line was read but there are 3 labels"), "{}", done.err);
    // A device has no end.
    let done = fed(&profile, &["score", "text", "--labels", "/dev/zero"], b"");
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("/dev/zero is no file"), "{}", done.err);
}

#[test]
fn without_a_label_there_is_nothing_to_measure() {
    let profile = Profile::new("");
    let labels = profile.home().join("labels");
    let words = ["score", "text", "--labels", labels.to_str().unwrap()];
    for (held, input) in [("", "Delicious!\n"), ("-\n\n", "a\nb\n"), ("-\npos\n", "a\n")] {
        std::fs::write(&labels, held).unwrap();
        let done = fed(&profile, &words, input.as_bytes());
        assert_eq!(done.code, Some(1), "{held:?}");
        assert!(!done.out().contains("macro-F1"), "{}", done.out());
        assert!(done.err.contains("nothing to measure") || done.err.contains("there are 2 labels"), "{}", done.err);
    }
}

#[test]
fn corrections_are_learned_first() {
    let profile = Profile::new("");
    let learn = profile.home().join("learn.jsonl");
    let rows: String = (0..60)
        .map(|at| {
            let (word, label) = [("zorped", -1), ("glimmed", 1)][at % 2];
            format!("{{\"text\": \"part {at} is {word} again\", \"label\": {label}}}\n")
        })
        .collect();
    std::fs::write(&learn, rows).unwrap();
    let words = ["score", "text", "--json", "--learn", learn.to_str().unwrap()];
    let done = fed(&profile, &words, b"it is zorped\nit is glimmed\n");
    assert!(done.err.contains("Learned from 60 corrections"), "{}", done.err);
    let labels: Vec<_> = done.rows().iter().map(|row| row["label"].clone()).collect();
    assert_eq!(labels, ["negative", "positive"]);
}

#[test]
fn training_writes_weights_and_a_report_and_the_same_twice() {
    let profile = Profile::new("");
    let data = profile.home().join("few.jsonl");
    let rows: String = (0..40)
        .map(|at| {
            let (word, label) = [("awful", "neg"), ("lovely", "pos"), ("open", "neu")][at % 3];
            format!("{{\"text\": \"it is {word} {at}\", \"label\": \"{label}\", \"lang\": \"en\"}}\n")
        })
        .collect();
    std::fs::write(&data, rows).unwrap();
    let made = |name: &str| {
        let out = profile.home().join(name);
        let words = ["score", "train", "--bits", "8", "--data", data.to_str().unwrap(), "--out", out.to_str().unwrap()];
        profile.ok(&words);
        let report = std::fs::read_to_string(out.with_extension("report.txt")).unwrap();
        assert!(report.contains("few") && report.contains("model english"), "{report}");
        std::fs::read(out).unwrap()
    };
    assert_eq!(made("one.weights"), made("two.weights"));
}

#[test]
fn what_a_model_is_trained_on_is_never_written_over() {
    let profile = Profile::new("");
    let data = profile.home().join("few.report.txt");
    let text = "{\"text\": \"it is awful\", \"label\": \"neg\"}\n";
    std::fs::write(&data, text).unwrap();
    let train = ["score", "train", "--data", data.to_str().unwrap(), "--out"];
    let beside = profile.home().join("few.weights");
    for model in [&[][..], &["--model", "need"]] {
        let refused = profile.refused(&[&train[..], &[data.to_str().unwrap()], model].concat());
        assert!(refused.contains("is one of --data; it would be written over"), "{refused}");
        let refused = profile.refused(&[&train[..], &[beside.to_str().unwrap()], model].concat());
        assert!(refused.contains("the report beside --out would be written over"), "{refused}");
        assert_eq!(std::fs::read_to_string(&data).unwrap(), text);
    }
    assert!(!beside.exists());
}

#[test]
fn a_weight_of_a_set_that_is_not_there_is_refused() {
    let profile = Profile::new("");
    let data = profile.home().join("few.jsonl");
    std::fs::write(&data, "{\"text\": \"it is awful\", \"label\": \"neg\"}\n").unwrap();
    let out = profile.home().join("made.weights");
    let words = ["score", "train", "--data", data.to_str().unwrap(), "--out", out.to_str().unwrap(), "--weight"];
    for model in [&[][..], &["--model", "need"]] {
        let refused = profile.refused(&[&words[..], &["nosuch=2"], model].concat());
        assert!(refused.contains("--weight nosuch=2: there is no such set") && refused.contains("few"), "{refused}");
    }
    assert!(profile.refused(&[&words[..], &["nosuch"]].concat()).contains("--weight nosuch: it wants SET=NUMBER"));
    assert!(!out.exists());
}
