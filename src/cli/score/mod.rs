//! `score`: what the program reads in texts, how right it is, and the training of its models. Needs no profile.

mod labels;
mod text;
mod train;

use super::Outcome;
use super::arguments::ScoreVerb;
use super::house::Place;

pub fn run(place: &Place, verb: &ScoreVerb) -> Outcome {
    match verb {
        ScoreVerb::Text(args) => text::run(place, args),
        ScoreVerb::Train(args) => train::run(place, args),
    }
}
