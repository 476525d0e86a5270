//! The port against the answers of the Python package.
#![allow(clippy::unwrap_used)]

use super::polarity;
use std::time::{Duration, Instant};

#[test]
fn it_answers_as_the_python_package() {
    let mut rows = 0;
    for line in include_str!("golden.tsv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let numbers: Vec<f64> = fields[..4].iter().map(|number| number.parse().unwrap()).collect();
        let text: String = serde_json::from_str(fields[4]).unwrap();
        let found = polarity(&text);
        assert!((found.compound - numbers[3]).abs() < 1e-4, "{text:?}: {} and not {}", found.compound, numbers[3]);
        for (own, theirs) in [(found.negative, numbers[0]), (found.neutral, numbers[1]), (found.positive, numbers[2])] {
            // The package rounds these to three places.
            assert!((own - theirs).abs() < 6e-4, "{text:?}: {own} and not {theirs}");
        }
        rows += 1;
    }
    assert!(rows > 350, "{rows}");
}

#[test]
fn a_text_that_repeats_itself_is_read_in_time() {
    let begun = Instant::now();
    let polarity = polarity(&"good but bad ".repeat(500));
    assert!(polarity.compound.abs() <= 1.0);
    assert!(begun.elapsed() < Duration::from_secs(2));
}
