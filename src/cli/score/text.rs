//! `score text`: reads lines, says what is felt in them, and measures it against labels.

use super::super::Outcome;
use super::super::arguments::ScoreText;
use super::super::console::Console;
use super::super::house::Place;
use super::super::output::{Output, remark};
use super::labels::{self, Labelled};
use crate::model::count;
use crate::score::sentiment::{FEWEST, Label, Layer, Measure, Reader, Reading};
use anyhow::Context;
use serde_json::{Value, json};
use std::io::{BufReader, IsTerminal};

pub fn run(place: &Place, args: &ScoreText) -> Outcome {
    let console = Console::current();
    let learned = args.learn.as_ref().map(|path| learn(&console.path(path))).transpose()?.flatten();
    let reader = learned.as_ref().unwrap_or_else(|| Reader::shipped());
    let labels = args.labels.as_ref().map(|path| labels::read(&console.path(path))).transpose()?;
    if let (Some(path), Some(rows)) = (&args.labels, &labels) {
        let path = path.display();
        anyhow::ensure!(rows.iter().any(|row| row.label.is_some()), "{path} has no label: there is nothing to measure");
    }
    let mut out = Output::new(place.json);
    let mut counted = Counted::new(labels.as_deref());
    let has_texts = labels.as_ref().is_some_and(|rows| rows.iter().any(|row| row.text.is_some()));
    let mut lines = 0;
    if !(has_texts && std::io::stdin().is_terminal()) {
        let mut input = BufReader::with_capacity(64 << 10, std::io::stdin().lock());
        while let Some(line) = labels::line(&mut input).context("standard input cannot be read")? {
            lines += 1;
            let whole = labels::object(&line);
            let text = whole.as_ref().and_then(|object| object.get("text")).and_then(Value::as_str).unwrap_or(&line);
            one(&mut out, reader, &mut counted, lines, text)?;
        }
    }
    if lines == 0 && has_texts {
        // The labels file brings its own texts.
        for row in labels.iter().flatten() {
            lines += 1;
            one(&mut out, reader, &mut counted, lines, row.text.as_deref().unwrap_or_default())?;
        }
    }
    if let Some(rows) = &labels {
        if counted.measure.total() > 0 {
            counted.print(&mut out)?;
        }
        out.finish()?;
        anyhow::ensure!(
            rows.len() == lines,
            "{} read but there are {}: line n must have label n; the figures are of those that have both",
            count(lines as u64, "line was", "lines were"),
            count(rows.len() as u64, "label", "labels")
        );
        anyhow::ensure!(counted.measure.total() > 0, "no line that was read has a label: there is nothing to measure");
        return Ok(());
    }
    out.finish()?;
    Ok(())
}

fn learn(path: &std::path::Path) -> anyhow::Result<Option<Reader>> {
    let rows = labels::read(path)?;
    let corrections: Vec<(String, Label)> =
        rows.iter().filter_map(|row| Some((row.text.clone()?, row.label?))).collect();
    anyhow::ensure!(
        !corrections.is_empty(),
        "{} has no texts: write a JSON object with `text` and `label`, or a label, a tab and the text, on every line",
        path.display()
    );
    let Some(layer) = Layer::learn(Reader::shipped(), &corrections) else {
        remark(&format!(
            "Nothing was learned from {}: the shipped model is right as it is, or they are fewer than {FEWEST} in a language.",
            count(corrections.len() as u64, "correction", "corrections")
        ));
        return Ok(None);
    };
    let left = corrections.len() - layer.len();
    let aside = if left > 0 {
        format!("; {left} could not be used (unknown language, or too few of it)")
    } else {
        String::new()
    };
    remark(&format!("Learned from {}{aside}.", count(layer.len() as u64, "correction", "corrections")));
    Ok(Some(Reader::with_layer(layer)))
}

fn one(out: &mut Output, reader: &Reader, counted: &mut Counted<'_>, line: usize, text: &str) -> std::io::Result<()> {
    let reading = reader.read(text);
    counted.count(line, reading.as_ref());
    out.row(|| form(line, reading.as_ref()), || plain(reading.as_ref()))
}

/// A reading as JSON.
fn form(line: usize, reading: Option<&Reading>) -> Value {
    let rounded = |number: f32| (f64::from(number) * 10_000.0).round() / 10_000.0;
    let Some(reading) = reading else {
        return json!({ "line": line, "label": null, "score": null, "confidence": null, "language": null, "words": [] });
    };
    let words: Vec<Value> =
        reading.words.iter().map(|word| json!({ "text": word.text, "weight": rounded(word.weight) })).collect();
    json!({
        "line": line,
        "label": reading.label.name(),
        "score": rounded(reading.score),
        "confidence": rounded(reading.confidence),
        "language": reading.language.code(),
        "words": words,
    })
}

fn plain(reading: Option<&Reading>) -> String {
    let Some(reading) = reading else { return "-          nothing that can be read".to_owned() };
    let words: Vec<String> = reading
        .words
        .iter()
        .map(|word| format!("{}{}", if word.weight < 0.0 { '-' } else { '+' }, word.text))
        .collect();
    format!(
        "{:<8}  {:>+5.2}  {:>3.0} %  {:<3}  {}",
        reading.label.name(),
        reading.score,
        reading.confidence * 100.0,
        reading.language.code(),
        words.join(" ")
    )
}

/// What was read right and wrong.
struct Counted<'a> {
    labels: Option<&'a [Labelled]>,
    /// With two labels only, the likelier of the two is the answer.
    among: Vec<Label>,
    measure: Measure,
}

impl Counted<'_> {
    fn new(labels: Option<&[Labelled]>) -> Counted<'_> {
        let given = |wanted: &Label| labels.is_some_and(|rows| rows.iter().any(|row| row.label == Some(*wanted)));
        Counted { labels, among: Label::ALL.into_iter().filter(given).collect(), measure: Measure::default() }
    }

    fn count(&mut self, line: usize, reading: Option<&Reading>) {
        let row = self.labels.and_then(|rows| rows.get(line - 1));
        let Some(said) = row.and_then(|row| row.label) else { return };
        self.measure.count(
            said,
            reading.map(|reading| if self.among.len() == 2 { reading.among(&self.among) } else { reading.label }),
        );
    }

    fn print(&self, out: &mut Output) -> std::io::Result<()> {
        let measure = &self.measure;
        let cells = |said: Label| {
            let row = measure.confusion[said as usize];
            json!({ "negative": row[0], "neutral": row[1], "positive": row[2], "unread": row[3] })
        };
        let names: Vec<&str> = self.among.iter().map(|label| label.name()).collect();
        if out.json {
            return out.object(&json!({
                "measured": measure.total(),
                "labels": names,
                "accuracy": (measure.accuracy() * 10_000.0).round() / 10_000.0,
                "macro_f1": (measure.macro_f1() * 10_000.0).round() / 10_000.0,
                "confusion": {
                    "negative": cells(Label::Negative),
                    "neutral": cells(Label::Neutral),
                    "positive": cells(Label::Positive),
                },
            }));
        }
        out.line("")?;
        out.line(&format!(
            "{} messages, labels {}: accuracy {:.4}, macro-F1 {:.4}",
            measure.total(),
            names.join(", "),
            measure.accuracy(),
            measure.macro_f1()
        ))?;
        out.line("said \\ read  negative   neutral  positive    unread")?;
        for label in &self.among {
            let row = measure.confusion[*label as usize];
            out.line(&format!("{:<11} {:>9} {:>9} {:>9} {:>9}", label.name(), row[0], row[1], row[2], row[3]))?;
        }
        Ok(())
    }
}
