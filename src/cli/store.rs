//! `verify`, `rebuild`, `backup`, `restore`.

use super::Outcome;
use super::console::Console;
use super::house::{Place, doubt};
use super::output::{Meter, Output, remark};
use crate::engine::backup;
use crate::engine::journal::Damage;
use crate::engine::sled::{OpenReport, Options};
use serde_json::json;
use std::path::Path;

/// What a backup takes along besides the journal. None of it holds a secret.
const EXTRAS: &[&str] = &["config.toml", "keymaps", "themes"];

fn options(place: &Place) -> Options {
    // A broken config.toml must not stand in the way of repairing the store.
    match place.config() {
        Ok(config) => place.options(&config),
        Err(error) => {
            remark(&format!("{error:#}; using the defaults"));
            Options::default()
        }
    }
}

fn progress(meter: &mut Meter, what: &'static str) -> impl FnMut(u64, u64) {
    move |done, total| meter.show(|| format!("{what}: {} of {} MB", done >> 20, total >> 20))
}

fn damage_lines(damage: &[Damage]) -> Vec<String> {
    damage.iter().map(ToString::to_string).collect()
}

pub fn verify(place: &Place) -> Outcome {
    place.must_exist()?;
    let mut meter = Meter::new();
    let mut told = progress(&mut meter, "checking");
    let (report, opened) = match place.shared() {
        Some(shared) => (shared.engine.verify(&mut told)?, OpenReport::default()),
        None => {
            let (engine, opened) = place.engine(options(place))?;
            let report = engine.verify(&mut told)?;
            engine.close()?;
            (report, opened)
        }
    };
    drop(told);
    drop(meter);
    let mut damage = damage_lines(&report.damage);
    damage.extend(
        damage_lines(&opened.damage).into_iter().filter(|line| !report.damage.iter().any(|d| d.to_string() == *line)),
    );
    let ok = report.is_clean() && damage.is_empty();
    let mut out = Output::new(place.json);
    out.row(
        || {
            json!({
                "ok": ok, "segments": report.segments, "records": report.records, "contents": report.contents,
                "bytes": report.bytes, "rows": report.rows, "damage": damage, "differences": report.different,
                "rebuilt": opened.rebuilt, "unchecked": report.rows_unchecked,
            })
        },
        || {
            let mut lines = vec![format!(
                "{} records, {} contents, {} MB of journal; {} rows compared",
                report.records,
                report.contents,
                report.bytes >> 20,
                report.rows
            )];
            lines.extend(damage.iter().map(|line| format!("damaged: {line}")));
            lines.extend(report.different.iter().map(|row| format!("the state differs from the journal: {row}")));
            lines.extend(report.rows_unchecked.iter().map(|why| format!("the state was not compared: {why}")));
            lines.push(if ok { "All is well.".to_owned() } else { "Not all is well.".to_owned() });
            lines.join("\n")
        },
    )?;
    out.finish()?;
    anyhow::ensure!(damage.is_empty(), "the journal is damaged ({} in the list); the rest is usable", damage.len());
    anyhow::ensure!(report.different.is_empty(), "the state differs from the journal; `switchboard rebuild` mends it");
    anyhow::ensure!(report.rows_unchecked.is_none(), "the state could not be compared with the journal");
    Ok(())
}

pub fn rebuild(place: &Place) -> Outcome {
    place.must_exist()?;
    let started = std::time::Instant::now();
    let (records, damage) = match place.shared() {
        Some(shared) => {
            let mut meter = Meter::new();
            let rebuilt = shared.engine.rebuild_open(&mut progress(&mut meter, "reading the journal"))?;
            (rebuilt.records, rebuilt.damage)
        }
        None => {
            let (engine, report) = place.engine(Options { rebuild: true, ..options(place) })?;
            engine.close()?;
            (report.replayed, report.damage)
        }
    };
    let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    let damage = damage_lines(&damage);
    let mut out = Output::new(place.json);
    out.row(
        || json!({ "records": records, "seconds": seconds, "damage": damage }),
        || format!("The state was made anew from {records} records in {seconds} s."),
    )?;
    out.finish()?;
    Ok(())
}

pub fn backup(place: &Place, folder: &Path) -> Outcome {
    place.must_exist()?;
    let mut meter = Meter::new();
    let real = Console::current().path(folder);
    let mut told = progress(&mut meter, "copying");
    let report = match place.shared() {
        Some(shared) => shared.engine.backup(&real, EXTRAS, &mut told)?,
        None => backup::backup(&place.profile, &real, EXTRAS, &mut told)?,
    };
    drop(told);
    drop(meter);
    let damage = damage_lines(&report.damage);
    let mut out = Output::new(place.json);
    out.row(
        || {
            json!({
                "folder": folder.display().to_string(), "segments": report.segments, "copied": report.copied,
                "bytes": report.bytes, "last": report.last, "damage": damage,
            })
        },
        || {
            let mut lines = damage.iter().map(|line| format!("damaged: {line}")).collect::<Vec<_>>();
            lines.push(format!(
                "Backed up to {} as of commit {}: {} bytes copied.",
                folder.display(),
                report.last,
                report.bytes
            ));
            lines.join("\n")
        },
    )?;
    out.finish()?;
    Ok(())
}

pub fn restore(place: &Place, folder: &Path) -> Outcome {
    let mut meter = Meter::new();
    let report = backup::restore(folder, &place.profile, EXTRAS, &mut progress(&mut meter, "copying"))?;
    drop(meter);
    // The first opening makes the state; done now, so that the next start is quick. What waited in the outbox when the
    // backup was made may have left since.
    let (engine, _) = place.restored_engine(options(place))?;
    let reason = "restored from a backup; look whether it was sent since before sending it again";
    let (engine, doubted) = doubt(engine, reason)?;
    engine.close()?;
    if doubted > 0 {
        remark(&format!(
            "{doubted} in the outbox may have left since the backup: they are unknown now, decide on each."
        ));
    }
    let damage = damage_lines(&report.damage);
    let mut out = Output::new(place.json);
    out.row(
        || json!({ "profile": place.profile.display().to_string(), "records": report.records, "bytes": report.bytes, "damage": damage }),
        || format!("Restored {} records into {}.", report.records, place.profile.display()),
    )?;
    out.finish()?;
    Ok(())
}
