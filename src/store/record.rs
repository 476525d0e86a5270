//! How a row is written: version byte, number of places, CBOR, places.

use super::StoreError;
use crate::engine::Place;
use crate::model::Event;
use minicbor::{Decode, Encode};

const ROW_VERSION: u8 = 1;

/// A row as read: the record and where its contents are.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T> {
    pub record: T,
    pub places: Vec<Place>,
}

/// Encodes a record whose contents so far are at `places`; `coming` more are appended by the engine.
pub fn encode<T: Encode<()>>(record: &T, places: &[Place], coming: usize) -> Vec<u8> {
    let mut row = vec![ROW_VERSION, (places.len() + coming).min(255) as u8];
    // Writing into a vector cannot fail, and the model's types have no encoder that refuses.
    let _ = minicbor::encode(record, &mut row);
    places.iter().for_each(|place| row.extend_from_slice(&place.to_bytes()));
    row
}

/// Decodes a row of `table`.
pub fn decode<T: for<'b> Decode<'b, ()>>(table: u8, row: &[u8]) -> Result<Stored<T>, StoreError> {
    let problem = |problem: String| StoreError::Record { table: table as char, problem };
    let [version, count, rest @ ..] = row else { return Err(problem("too short".to_owned())) };
    if *version != ROW_VERSION {
        return Err(problem(format!("version {version}")));
    }
    let places_at = rest
        .len()
        .checked_sub(usize::from(*count) * Place::SIZE)
        .ok_or_else(|| problem("its places are missing".to_owned()))?;
    let (record, places) = rest.split_at(places_at);
    let record = minicbor::decode(record).map_err(|error| problem(error.to_string()))?;
    let places = places.chunks_exact(Place::SIZE).filter_map(Place::from_bytes).collect();
    Ok(Stored { record, places })
}

/// Encodes an event for the log.
pub fn encode_event(event: &Event) -> Vec<u8> {
    encode(event, &[], 0)
}

/// Decodes an event of the log.
pub fn decode_event(bytes: &[u8]) -> Result<Event, StoreError> {
    Ok(decode(b'e', bytes)?.record)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use minicbor::{Decode, Encode};

    #[derive(Encode)]
    struct Later {
        #[n(0)]
        name: String,
        #[n(7)]
        added: u64,
    }

    #[derive(Decode, Debug, PartialEq)]
    struct Earlier {
        #[n(0)]
        name: String,
        #[n(3)]
        missing: Option<u8>,
    }

    #[test]
    fn a_reader_skips_fields_it_does_not_know_and_keeps_places() {
        let place = Place { segment: 1, offset: 2, length: 3, index: None };
        let row = encode(&Later { name: "Ana".to_owned(), added: 9 }, &[place], 0);
        let read: Stored<Earlier> = decode(b'c', &row).unwrap();
        assert_eq!(read.record, Earlier { name: "Ana".to_owned(), missing: None });
        assert_eq!(read.places, [place]);
    }

    #[test]
    fn a_cut_row_is_an_error() {
        let row = encode(&Later { name: "Ana".to_owned(), added: 9 }, &[], 0);
        for end in 0..row.len() {
            assert!(decode::<Earlier>(b'c', &row[..end]).is_err(), "cut at {end}");
        }
    }
}
