//! "but": what stands before it counts half, what stands behind it half again as much.

/// Weighs the valences around a "but".
///
/// The package looks for each valence by its value, so that of several equal ones always the first is weighed, again and
/// again; this does the same.
pub fn weigh(valences: &mut [f64], but: usize) {
    for step in 0..valences.len() {
        let value = valences[step];
        if value == 0.0 {
            continue;
        }
        let Some(first) = valences.iter().position(|other| *other == value) else { continue };
        if first < but {
            valences[first] *= 0.5;
        } else if first > but {
            valences[first] *= 1.5;
        }
    }
}
