//! The verdict on the state that is found when a profile is opened: can it be used, and if not, what did it know?

use super::EngineError;
use super::journal::Damage;
use super::journal::reader::Reader;
use super::state::{Applied, State};
use std::path::Path;

/// What is to become of it.
pub(crate) enum Verdict {
    Usable(State, Applied),
    Rejected(Rejected),
}

/// A state that has to be made anew.
#[derive(Default)]
pub(crate) struct Rejected {
    /// `None`: there was simply nothing to use.
    pub why: Option<String>,
    /// The last record it holds, which proves that all up to there were in this journal and acknowledged.
    pub applied: Option<Applied>,
    /// It knows what the journal does not, so it is never removed.
    pub keep: bool,
}

/// How a state and the journal fit together.
enum Fit {
    Together,
    /// The state's last record is where it should be, but damaged.
    Damaged(Damage),
    /// The journal ends before it.
    Ahead,
    /// Another record is at its place.
    Foreign,
}

/// Opens a state and reads up to where it goes.
pub(crate) fn read_state(path: &Path, cache: u64) -> Result<(State, Option<Applied>), EngineError> {
    let state = State::open(path, cache)?;
    let applied = state.applied()?;
    Ok((state, applied))
}

/// Judges the state in a folder. Also one that is not trusted (`distrust` says why) is asked what it knows, since its
/// checkpoint may be missing or behind. Damage met in the journal is added to `damage`.
pub(crate) fn judge(
    path: &Path,
    cache: u64,
    reader: &Reader,
    distrust: Option<String>,
    damage: &mut Vec<Damage>,
) -> Verdict {
    let rejected = |why, applied, keep| Verdict::Rejected(Rejected { why, applied, keep });
    let (state, applied) = match read_state(path, cache) {
        Ok(read) => read,
        Err(error) => {
            let why = match error {
                EngineError::State(why) => format!("the state database could not be opened ({why})"),
                other => other.to_string(),
            };
            tracing::warn!(why, "the state cannot tell how far it went");
            return rejected(distrust.or(Some(why)), None, false);
        }
    };
    let distrust = distrust.or_else(|| match state.is_outdated() {
        Ok(true) => Some("it was written by an older switchboard".to_owned()),
        Ok(false) => None,
        Err(error) => Some(error.to_string()),
    });
    let Some(applied) = applied else {
        let empty = (reader.bytes() > 0).then(|| "the state was empty".to_owned());
        return rejected(distrust.or(empty), None, false);
    };
    match (fit(applied, reader), distrust) {
        (Ok(Fit::Ahead), _) => {
            let why = "the state knows more than the journal, which was put back or cut";
            rejected(Some(why.to_owned()), Some(applied), true)
        }
        (Ok(Fit::Foreign), _) => rejected(Some("the state belongs to another journal".to_owned()), None, true),
        (Ok(_), Some(why)) => rejected(Some(why), Some(applied), false),
        (Ok(Fit::Together), None) => Verdict::Usable(state, applied),
        (Ok(Fit::Damaged(found)), None) => {
            damage.push(found);
            Verdict::Usable(state, applied)
        }
        (Err(error), distrust) => rejected(distrust.or(Some(error.to_string())), Some(applied), false),
    }
}

fn fit(applied: Applied, reader: &Reader) -> Result<Fit, EngineError> {
    Ok(match reader.look(applied.at)? {
        Ok(hash) if hash == applied.hash => Fit::Together,
        Ok(_) => Fit::Foreign,
        Err(_) if reader.span(applied.at.segment).map_or(0, |span| span.end) < applied.end => Fit::Ahead,
        Err(damage) => {
            let length = applied.end.saturating_sub(applied.at.offset);
            Fit::Damaged(Damage { length, records: Some((applied.seq, applied.seq)), ..damage })
        }
    })
}
