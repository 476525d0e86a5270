//! `segment`: the segments there are, who is in one, and fitting them anew.

use super::arguments::{SegmentArgs, SegmentFit, SegmentShow, SegmentVerb};
use super::console::Console;
use super::house::Place;
use super::output::{Meter, Output, remark};
use super::{Outcome, form};
use crate::desk::FitProgress;
use crate::model::{Segment, SegmentKind, clean_line, count};
use crate::score::segment::Settings;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

const PAGE: usize = 500;

pub fn run(place: &Place, args: SegmentArgs) -> Outcome {
    match args.verb {
        SegmentVerb::List => list(place),
        SegmentVerb::Show(args) => show(place, &args),
        SegmentVerb::Fit(args) => fit(place, &args),
    }
}

/// Columns of a name at most; a longer one pushes what is behind it to the right.
const NAME: usize = 48;

/// Segments as lines whose columns stand under one another.
fn lines(segments: &[Segment]) -> Vec<String> {
    let widest = |column: fn(&Segment) -> &str| segments.iter().map(|one| column(one).width()).max().unwrap_or(0);
    let (kinds, names) = (widest(|one| one.kind.word()), widest(|one| &one.name).min(NAME));
    let line = |one: &Segment| {
        // Cleaned before it is put together: cleaning takes the spaces at the beginning away.
        let (kind, name) = (filled(one.kind.word(), kinds), filled(&clean_line(&one.name), names));
        format!("{:>7}  {kind}  {name}  {}", one.size, clean_line(&one.traits.join(", ")))
    };
    segments.iter().map(line).collect()
}

/// A text with spaces behind it up to so many columns.
fn filled(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

fn list(place: &Place) -> Outcome {
    let house = place.open()?;
    let segments = house.desk.segments()?;
    let mut out = Output::new(place.json);
    for (segment, line) in segments.iter().zip(lines(&segments)) {
        out.row(|| form::segment(segment), || line)?;
    }
    out.finish()?;
    match segments.iter().map(|segment| segment.at).max() {
        None => remark("No segments were fitted yet: `switchboard segment fit`."),
        Some(at) if !place.json => {
            remark(&format!(
                "Sizes as of the last fit, {at}; `switchboard segment show NAME` lists who is in one now."
            ));
        }
        Some(_) => {}
    }
    house.close()
}

fn show(place: &Place, args: &SegmentShow) -> Outcome {
    let house = place.open()?;
    let wanted = args.kind.as_deref().and_then(SegmentKind::from_word);
    let name = args.name.trim();
    let mut found = house.desk.segments()?;
    found.retain(|segment| segment.name.eq_ignore_ascii_case(name) && wanted.is_none_or(|kind| segment.kind == kind));
    let segment = match found.as_slice() {
        [segment] => segment,
        [] => anyhow::bail!("there is no segment \"{}\"; `switchboard segment list` names them", clean_line(name)),
        _ => anyhow::bail!("several kinds have a segment \"{}\"; say which with --kind", clean_line(name)),
    };
    let mut out = Output::new(place.json);
    let mut after = None;
    loop {
        let page = house.desk.segment_members(segment.kind, &segment.name, after.as_deref(), PAGE)?;
        for member in &page.rows {
            out.row(
                || form::member(member),
                || {
                    clean_line(&format!(
                        "{} <{}>  {}  {}",
                        member.name,
                        member.address,
                        member.customer,
                        member.last_at.known().map_or_else(|| "–".to_owned(), |at| at.to_string())
                    ))
                },
            )?;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    out.finish()?;
    house.close()
}

/// How far a fit is, in one line.
pub fn fitting(progress: FitProgress) -> String {
    let FitProgress { customers, fitting } = progress;
    let customers = count(customers, "customer", "customers");
    match fitting {
        Some((kind, share)) => format!("{customers}; {} {} %", kind.word(), share / 10),
        None => format!("{customers} counted"),
    }
}

fn fit(place: &Place, args: &SegmentFit) -> Outcome {
    let house = place.open()?;
    let settings = Settings { k: args.kmeans, ..Settings::default() };
    let mut meter = Meter::new();
    let report = house.desk.fit_segments(&settings, &mut |progress| {
        meter.show(|| fitting(progress));
        Console::current().is_waited_for()
    })?;
    drop(meter);
    anyhow::ensure!(!report.stopped, "stopped; the segments are as they were");
    let mut out = Output::new(place.json);
    if place.json {
        out.object(&json!({
            "customers": report.customers,
            "left_out": report.left_out,
            "moved": report.moved,
            "silhouette": report.silhouette,
            "stability": report.stability,
            "without": report.without.iter().map(|(kind, why)| json!({
                "kind": kind.word(),
                "why": why,
            })).collect::<Vec<_>>(),
            "segments": report.segments.iter().map(form::segment).collect::<Vec<_>>(),
        }))?;
    } else {
        lines(&report.segments).iter().try_for_each(|line| out.line(line))?;
        for (kind, why) in &report.without {
            out.line(&format!("{}: {why}", kind.word()))?;
        }
        if report.left_out > 0 {
            out.line(&format!(
                "{} left out: a record is damaged; the log names them",
                count(report.left_out, "customer", "customers")
            ))?;
        }
        out.line(&format!(
            "{}, {} in another segment than before",
            count(report.customers, "customer", "customers"),
            report.moved
        ))?;
    }
    out.finish()?;
    house.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SegmentKind, Timestamp};

    #[test]
    fn columns_stand_under_one_another_whatever_is_in_them() {
        let segment = |kind, name: &str, size| Segment {
            kind,
            name: name.to_owned(),
            traits: vec!["came once".to_owned()],
            size,
            sizes: vec![],
            centre: [0.0; 3],
            at: Timestamp(0),
        };
        let found = lines(&[
            segment(SegmentKind::Rfm, "lost", 7),
            segment(SegmentKind::KMeans, "recent, now and then, middling orders", 12_345),
            segment(SegmentKind::Dbscan, "流失的客户", 1),
        ]);
        let at = |line: &String| line.split("came once").next().map(UnicodeWidthStr::width);
        assert_eq!(found.iter().map(at).collect::<Vec<_>>(), vec![at(&found[0]); 3], "{found:#?}");
        assert!(found[0].starts_with("      7  rfm      lost  "), "{found:#?}");
    }
}
