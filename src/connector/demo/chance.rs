//! Chance that repeats itself: every choice has a generator of its own, made from the seed and what is chosen.

/// A generator for one choice. The same seed and names give the same numbers on every machine.
pub(super) fn chance(seed: u64, names: &[&[u8]]) -> fastrand::Rng {
    fastrand::Rng::with_seed(number(seed, names))
}

/// A number that stands for the seed and these names.
pub(super) fn number(seed: u64, names: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    for name in names {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
    }
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

/// One of a list; empty text from an empty one.
pub(super) fn pick<'a>(list: &'a [String], chance: &mut fastrand::Rng) -> &'a str {
    if list.is_empty() { "" } else { &list[chance.usize(..list.len())] }
}

/// True in so many of a hundred cases.
pub(super) fn percent(chance: &mut fastrand::Rng, percent: u32) -> bool {
    chance.u32(..100) < percent
}
