//! How long to wait after trouble.

use std::time::Duration;

/// The pause before try number `tries + 1`: `first`, then three times as long each time up to `longest`, give or take a
/// quarter, so that many workers in the same trouble do not come back at the same moment.
pub fn pause(tries: u32, first: Duration, longest: Duration) -> Duration {
    let grown = first.saturating_mul(3_u32.saturating_pow(tries.min(20))).min(longest);
    grown.mul_f64(0.75 + fastrand::f64() * 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_held() {
        let (first, longest) = (Duration::from_secs(2), Duration::from_secs(300));
        for tries in 0..60 {
            let pause = pause(tries, first, longest);
            let middle = (2.0 * 3_f64.powi(tries.min(20) as i32)).min(300.0);
            assert!(pause.as_secs_f64() >= middle * 0.74 && pause.as_secs_f64() <= middle * 1.26, "{tries}: {pause:?}");
        }
    }
}
