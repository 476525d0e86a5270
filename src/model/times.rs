//! How a list of pairs of times is stored: each time as its distance from the one before, since they lie close together.
//! A customer's unread messages are most of their row, and the row is written with every message of theirs.

use super::Timestamp;
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error as DecodeError};
use minicbor::encode::{Encoder, Error as EncodeError, Write};

type Pairs = Vec<(Timestamp, Timestamp)>;

/// Writes one flat list: for each pair the step from the pair before, then the step from its first to its second.
pub(super) fn encode<C, W: Write>(
    pairs: &Pairs,
    encoder: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), EncodeError<W::Error>> {
    encoder.array(pairs.len() as u64 * 2)?;
    let mut before = 0;
    for (first, second) in pairs {
        encoder.i64(first.0.wrapping_sub(before))?.i64(second.0.wrapping_sub(first.0))?;
        before = first.0;
    }
    Ok(())
}

/// Reads it. Rows of earlier programs hold a list of pairs of whole times.
pub(super) fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<Pairs, DecodeError> {
    let numbers = decoder.array()?.ok_or_else(|| DecodeError::message("a list of times without its length"))?;
    if numbers > 0 && matches!(decoder.datatype()?, Type::Array | Type::ArrayIndef) {
        return (0..numbers).map(|_| decoder.decode()).collect();
    }
    if numbers % 2 > 0 {
        return Err(DecodeError::message("a list of times with half a pair"));
    }
    let mut before = 0_i64;
    let mut pair = || {
        let first = before.wrapping_add(decoder.i64()?);
        before = first;
        Ok((Timestamp(first), Timestamp(first.wrapping_add(decoder.i64()?))))
    };
    (0..numbers / 2).map(|_| pair()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use minicbor::{Decode, Encode};

    #[derive(Encode, Decode, Debug, PartialEq)]
    struct Row {
        #[n(0)]
        #[cbor(with = "super", default)]
        times: Pairs,
        #[n(1)]
        after: u8,
    }

    #[derive(Encode)]
    struct EarlierRow {
        #[n(0)]
        times: Pairs,
        #[n(1)]
        after: u8,
    }

    fn pairs(times: &[(i64, i64)]) -> Pairs {
        times.iter().map(|(first, second)| (Timestamp(*first), Timestamp(*second))).collect()
    }

    #[test]
    fn what_is_written_is_read_and_takes_a_third() {
        let year =
            pairs(&(0..200).map(|day| (1_700_000_000_000 + day * 86_400_000, 1_700_000_000_900)).collect::<Vec<_>>());
        for times in [pairs(&[]), pairs(&[(5, 5)]), pairs(&[(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, -1)]), year]
        {
            let row = Row { times, after: 7 };
            let bytes = minicbor::to_vec(&row).unwrap();
            assert_eq!(minicbor::decode::<Row>(&bytes).unwrap(), row);
        }
        let same = pairs(&(0..200).map(|day| (day * 86_400_000, day * 86_400_000)).collect::<Vec<_>>());
        let earlier = minicbor::to_vec(EarlierRow { times: same.clone(), after: 7 }).unwrap();
        let now = minicbor::to_vec(Row { times: same, after: 7 }).unwrap();
        assert!(now.len() * 3 < earlier.len() * 2, "{} of {}", now.len(), earlier.len());
    }

    #[test]
    fn rows_of_earlier_programs_are_read() {
        let times = pairs(&[(1_700_000_000_000, 1_700_000_000_100), (1_700_000_000_200, 1_700_000_000_100)]);
        let bytes = minicbor::to_vec(EarlierRow { times: times.clone(), after: 7 }).unwrap();
        assert_eq!(minicbor::decode::<Row>(&bytes).unwrap(), Row { times, after: 7 });
    }

    #[test]
    fn a_damaged_list_is_an_error() {
        let bytes = minicbor::to_vec(Row { times: pairs(&[(3, 4), (5, 6)]), after: 7 }).unwrap();
        (0..bytes.len()).for_each(|end| assert!(minicbor::decode::<Row>(&bytes[..end]).is_err(), "cut at {end}"));
        assert!(minicbor::decode::<Row>(&[0x82, 0x83, 1, 2, 3, 7]).is_err());
    }
}
