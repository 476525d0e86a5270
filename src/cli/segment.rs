//! `segment`: the segments there are, who is in one, and fitting them anew.

use super::arguments::{SegmentArgs, SegmentFit, SegmentShow, SegmentVerb};
use super::console::Console;
use super::house::Place;
use super::output::{Meter, Output, remark};
use super::{Outcome, form};
use crate::desk::segment_kind;
use crate::model::{Segment, clean_line};
use crate::score::segment::Settings;
use serde_json::json;

const PAGE: usize = 500;

pub fn run(place: &Place, args: SegmentArgs) -> Outcome {
    match args.verb {
        SegmentVerb::List => list(place),
        SegmentVerb::Show(args) => show(place, &args),
        SegmentVerb::Fit(args) => fit(place, &args),
    }
}

fn line(segment: &Segment) -> String {
    let (kind, traits) = (segment.kind.word(), segment.traits.join(", "));
    clean_line(&format!("{:>7}  {kind:<7} {:<24} {traits}", segment.size, segment.name))
}

fn list(place: &Place) -> Outcome {
    let house = place.open()?;
    let segments = house.desk.segments()?;
    let mut out = Output::new(place.json);
    for segment in &segments {
        out.row(|| form::segment(segment), || line(segment))?;
    }
    out.finish()?;
    if segments.is_empty() {
        remark("No segments were fitted yet: `switchboard segment fit`.");
    }
    house.close()
}

fn show(place: &Place, args: &SegmentShow) -> Outcome {
    let house = place.open()?;
    let wanted = args.kind.as_deref().and_then(segment_kind);
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

fn fit(place: &Place, args: &SegmentFit) -> Outcome {
    let house = place.open()?;
    let settings = Settings { k: args.kmeans, ..Settings::default() };
    let mut meter = Meter::new();
    let report = house.desk.fit_segments(&settings, &mut |counted| {
        meter.show(|| format!("{counted} customers"));
        Console::current().is_waited_for()
    })?;
    drop(meter);
    anyhow::ensure!(!report.stopped, "stopped; the segments are as they were");
    let mut out = Output::new(place.json);
    if place.json {
        out.object(&json!({
            "customers": report.customers,
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
        report.segments.iter().try_for_each(|segment| out.line(&line(segment)))?;
        for (kind, why) in &report.without {
            out.line(&format!("{}: {why}", kind.word()))?;
        }
        out.line(&format!("{} customers, {} in another segment than before", report.customers, report.moved))?;
    }
    out.finish()?;
    house.close()
}
