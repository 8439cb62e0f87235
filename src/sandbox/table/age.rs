//! How long ago something was, in kubectl's short form (`duration.HumanDuration`).

use jiff::Timestamp;

/// A span of seconds.
pub(super) fn span(seconds: i64) -> String {
    let with = |whole: i64, unit: &str, rest: i64, small: &str| {
        if rest == 0 { format!("{whole}{unit}") } else { format!("{whole}{unit}{rest}{small}") }
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let days = hours / 24;
    match () {
        () if seconds < -1 => "<invalid>".to_owned(),
        () if seconds < 0 => "0s".to_owned(),
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => with(minutes, "m", seconds % 60, "s"),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => with(hours, "h", minutes % 60, "m"),
        () if hours < 48 => format!("{hours}h"),
        () if days < 8 => with(days, "d", hours % 24, "h"),
        () if days < 365 * 2 => format!("{days}d"),
        () if days < 365 * 8 => with(days / 365, "y", days % 365, "d"),
        () => format!("{}y", days / 365),
    }
}

/// The span since a time as objects carry it.
pub(super) fn since(now: Timestamp, time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => span(now.as_second() - time.as_second()),
        Err(_) => "<unknown>".to_owned(),
    }
}
