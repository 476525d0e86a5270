//! `score`: customers' numbers and what messages sound like, kept up to date; and what the program reads in texts of one's own,
//! how right it is, and the training of its models, which needs no profile.

mod keep;
mod labels;
mod need;
mod text;
mod train;

pub use keep::bring_up_to_date;

use super::Outcome;
use super::arguments::ScoreVerb;
use super::house::Place;

pub fn run(place: &Place, verb: &ScoreVerb) -> Outcome {
    match verb {
        ScoreVerb::Show(who) => keep::show(place, &who.customer),
        ScoreVerb::Correct(args) => keep::correct(place, args),
        ScoreVerb::Refresh(args) => keep::refresh(place, args),
        ScoreVerb::Layer(args) => keep::layer(place, args),
        ScoreVerb::Text(args) => text::run(place, args),
        ScoreVerb::Train(args) if args.model.as_deref() == Some("need") => need::run(place, args),
        ScoreVerb::Train(args) => train::run(place, args),
    }
}
