//! What a process used: CPU time and memory, as the system counts them.

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// CPU time of this process so far, user and system, all threads.
pub(super) fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// Resident memory of this process now (`VmRSS`) or at its peak (`VmHWM`), in MB.
pub(super) fn memory_mb(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kb: f64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
    rounded(kb / 1024.0, 10.0)
}

/// A number with no more digits than were measured.
pub(super) fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

/// Seconds with milliseconds.
pub(super) fn seconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64(), 1000.0)
}

/// A stretch of work being measured.
pub(super) struct Stretch {
    wall: Instant,
    cpu: Duration,
}

impl Stretch {
    pub(super) fn begin() -> Stretch {
        Stretch { wall: Instant::now(), cpu: process_cpu() }
    }

    /// What it took for so many messages.
    pub(super) fn end(self, messages: u64) -> Value {
        let (wall, cpu) = (self.wall.elapsed(), process_cpu().saturating_sub(self.cpu));
        let rate = |time: Duration| (messages as f64 / time.as_secs_f64().max(1e-9)).round();
        json!({
            "seconds": seconds(wall), "cpu_seconds": seconds(cpu), "messages_per_second": rate(wall),
            "messages_per_cpu_second": rate(cpu), "peak_mb": memory_mb("VmHWM"),
        })
    }
}

/// Many short pieces of work on this thread, in microseconds of CPU and of wall time.
#[derive(Default)]
pub(super) struct Samples {
    cpu: Vec<f64>,
    wall: Vec<f64>,
}

impl Samples {
    /// Measures one.
    pub(super) fn take<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, before) = (Instant::now(), cpu(ClockId::ThreadCPUTime));
        let made = work();
        self.cpu.push((cpu(ClockId::ThreadCPUTime).saturating_sub(before)).as_secs_f64() * 1e6);
        self.wall.push(wall.elapsed().as_secs_f64() * 1e6);
        made
    }

    /// The middle one, and the one that only one in a hundred exceeds.
    pub(super) fn figures(mut self) -> Value {
        let mut at = |share: f64, cpu: bool| {
            let all = if cpu { &mut self.cpu } else { &mut self.wall };
            all.sort_unstable_by(f64::total_cmp);
            let index = ((all.len() as f64 * share).ceil() as usize).clamp(1, all.len().max(1)) - 1;
            rounded(all.get(index).copied().unwrap_or_default(), 10.0)
        };
        json!({
            "cpu_p50_us": at(0.5, true), "cpu_p99_us": at(0.99, true),
            "wall_p50_us": at(0.5, false), "wall_p99_us": at(0.99, false),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_samples() {
        let wall: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        let figures = Samples { cpu: wall.iter().map(|us| us / 2.0).collect(), wall }.figures();
        let of = |name: &str| figures[name].as_f64().unwrap();
        assert_eq!([of("wall_p50_us"), of("wall_p99_us"), of("cpu_p50_us")], [100.0, 198.0, 50.0]);
    }

    #[test]
    fn work_shows_as_cpu_time_and_memory_is_read() {
        let mut samples = Samples::default();
        let begun = Instant::now();
        samples.take(|| while begun.elapsed() < Duration::from_millis(3) {});
        assert!(samples.cpu[0] > 100.0, "{:?}", samples.cpu);
        let (now, peak) = (memory_mb("VmRSS"), memory_mb("VmHWM"));
        assert!(now > 1.0 && peak > 1.0, "{now} {peak}");
    }
}
