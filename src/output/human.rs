//! Words for people: `4.2 s`, `2 min 5 s`, `3 d ago`, `2 objects`, `created`. JSON never sees these.

use std::time::Duration;

use jiff::Timestamp;

use crate::workload::release::Action;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Shows how long something took.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |big, big_unit, small, small_unit| match small {
        0 => format!("{big} {big_unit}"),
        small => format!("{big} {big_unit} {small} {small_unit}"),
    };
    if duration.as_millis() < 1000 {
        format!("{} ms", duration.as_millis())
    } else if seconds < 10 {
        format!("{seconds}.{} s", duration.subsec_millis() / 100)
    } else if seconds < MINUTE {
        format!("{seconds} s")
    } else if seconds < HOUR {
        two(seconds / MINUTE, "min", seconds % MINUTE, "s")
    } else {
        two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min")
    }
}

/// Shows how long a number of seconds is; what is no duration counts as none.
pub(crate) fn seconds(seconds: f64) -> String {
    duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// Shows the age of a moment in one unit: `5 s`, `7 min`, `2 h`, `3 d`, `2 y`. A moment in the
/// future (clocks differ) is `0 s` old.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = u64::try_from(now.duration_since(then).as_secs()).unwrap_or(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / MINUTE),
        7_200..=172_799 => format!("{} h", seconds / HOUR),
        _ if seconds < 730 * DAY => format!("{} d", seconds / DAY),
        _ => format!("{} y", seconds / (365 * DAY)),
    }
}

/// Says that an action was done.
pub(crate) fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Unchanged => "unchanged",
        Action::Recreate => "recreated",
        Action::Adopt => "adopted",
        Action::Prune => "pruned",
        Action::Delete => "deleted",
        Action::Blocked => "blocked",
    }
}

/// Shows a count with its noun: `1 object`, `2 objects`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (milliseconds, shown) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (4_240, "4.2 s"),
            (9_999, "9.9 s"),
            (10_000, "10 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (125_400, "2 min 5 s"),
            (3_600_000, "1 h"),
            (90_061_000, "25 h 1 min"),
        ] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), shown);
        }
        assert_eq!(seconds(-1.0), "0 ms");
        assert_eq!(seconds(f64::NAN), "0 ms");
    }

    #[test]
    fn ages_have_one_unit() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        for (seconds, shown) in [
            (-5, "0 s"),
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 d"),
            (800 * 86_400, "2 y"),
        ] {
            assert_eq!(age(now - jiff::SignedDuration::from_secs(seconds), now), shown);
        }
    }
}
