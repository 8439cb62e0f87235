//! When a CronJob runs: its schedule and its time zone, read as the API server reads them.

use std::num::IntErrorKind;

/// The time zones of Go's own database, which the server falls back to: one a line.
const TIME_ZONES: &str = include_str!("../time_zones.txt");

/// A field of a schedule: its least and its greatest number, and the names of numbers from the least.
struct Bounds(u64, u64, &'static [&'static str]);

const FIELDS: [Bounds; 5] = [
    Bounds(0, 59, &[]),
    Bounds(0, 23, &[]),
    Bounds(1, 31, &[]),
    Bounds(
        1,
        12,
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ),
    Bounds(0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// The words for whole schedules.
pub(super) const DESCRIPTORS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Gives the time zones that are known.
pub(super) fn time_zones() -> impl Iterator<Item = &'static str> {
    TIME_ZONES.lines()
}

/// Checks a time zone (`validateTimeZone` in `pkg/apis/batch/validation`).
///
/// # Errors
/// What the server says of it.
pub(super) fn time_zone(zone: &str) -> Result<(), String> {
    if zone.is_empty() {
        return Err("timeZone must be nil or non-empty string".to_owned());
    }
    if zone.eq_ignore_ascii_case("local") {
        let why =
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        return Err(why.to_owned());
    }
    match time_zones().any(|known| known == zone) {
        true => Ok(()),
        false => Err(format!("unknown time zone {zone}")),
    }
}

/// Checks a schedule (`ParseStandard` of robfig/cron v3).
///
/// # Errors
/// What the server says of it, the first thing that is wrong.
pub(super) fn schedule(text: &str) -> Result<(), String> {
    let mut schedule = text;
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        let Some((zone, rest)) = text.split_once(' ') else {
            let why = "invalid schedule format: runtime error: slice bounds out of range [:-1]";
            return Err(why.to_owned());
        };
        let zone = zone.split_once('=').map_or("", |(_, zone)| zone);
        // Go takes none for UTC.
        if !zone.is_empty() && zone != "Local" && time_zones().all(|known| known != zone) {
            return Err(format!("provided bad location {zone}: unknown time zone {zone}"));
        }
        schedule = rest.trim();
    }
    if schedule.starts_with('@') {
        return descriptor(schedule);
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let (count, fields) = (fields.len(), fields.join(" "));
        return Err(format!("expected exactly 5 fields, found {count}: [{fields}]"));
    }
    for (text, bounds) in fields.iter().zip(&FIELDS) {
        text.split(',').filter(|part| !part.is_empty()).try_for_each(|part| range(part, bounds))?;
    }
    Ok(())
}

fn descriptor(text: &str) -> Result<(), String> {
    match text.strip_prefix("@every ") {
        Some(duration) => self::duration(duration)
            .map_err(|why| format!("failed to parse duration {text}: time: {why}")),
        None if DESCRIPTORS.contains(&text) => Ok(()),
        None => Err(format!("unrecognized descriptor: {text}")),
    }
}

/// Checks `*`, `3`, `mon-fri`, `0-30/10`.
fn range(text: &str, Bounds(least, greatest, names): &Bounds) -> Result<(), String> {
    let mut parts = text.split('/');
    let ends: Vec<&str> = parts.next().unwrap_or_default().split('-').collect();
    let steps: Vec<&str> = parts.collect();
    let end_of = |word: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(word));
        named.map_or_else(|| number(word), |index| Ok(least + index as u64))
    };
    let (start, mut end) = match *ends {
        // What follows a hyphen behind a star is not looked at.
        ["*" | "?", ..] => (*least, *greatest),
        [only] => (end_of(only)?, end_of(only)?),
        [start, end] => (end_of(start)?, end_of(end)?),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = match *steps {
        [] => 1,
        [step] => {
            if ends.len() == 1 {
                end = *greatest;
            }
            number(step)?
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    if start < *least {
        return Err(format!("beginning of range ({start}) below minimum ({least}): {text}"));
    }
    if end > *greatest {
        return Err(format!("end of range ({end}) above maximum ({greatest}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(())
}

fn number(text: &str) -> Result<u64, String> {
    let number: i64 = text.parse().map_err(|error: std::num::ParseIntError| {
        let why = match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: {why}")
    })?;
    u64::try_from(number).map_err(|_| format!("negative number ({number}) not allowed: {text}"))
}

/// Checks a duration as Go writes it: `1h30m`, `-1.5h`, `0`.
fn duration(text: &str) -> Result<(), String> {
    let invalid = || format!("invalid duration {text:?}");
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(());
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        let behind = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (whole, fraction) = rest.split_at(rest.len() - behind(rest));
        let digits = fraction.strip_prefix('.').unwrap_or_default();
        let digits = &digits[..digits.len() - behind(digits)];
        if whole.is_empty() && digits.is_empty() {
            return Err(invalid());
        }
        let unit = fraction.strip_prefix('.').map_or(fraction, |text| &text[digits.len()..]);
        let length = unit.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(unit.len());
        match &unit[..length] {
            "" => return Err(format!("missing unit in duration {text:?}")),
            "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h" => rest = &unit[length..],
            other => return Err(format!("unknown unit {other:?} in duration {text:?}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_as_the_server_does() {
        for text in [
            "* * * * *",
            "*/5 0-6/2 1,15 jan-MAR mon",
            "0 0 ? * SUN",
            " 1  2 3 4 5 ",
            "@hourly",
            "@every 1h30m",
            "@every -.5s",
            "@every 0",
            "5/10 * * * *",
            ", * * * *",
            "*-9 * * * *",
            "+1 * * * *",
            "CRON_TZ=Europe/Berlin 0 0 * * *",
            "TZ= @daily",
        ] {
            assert_eq!(schedule(text), Ok(()), "{text}");
        }
        for (text, why) in [
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("* * * * 7", "end of range (7) above maximum (6): 7"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            (
                "* * L * *",
                "failed to parse int from L: strconv.Atoi: parsing \"L\": invalid syntax",
            ),
            (
                "99999999999999999999 * * * *",
                "failed to parse int from 99999999999999999999: strconv.Atoi: parsing \
                 \"99999999999999999999\": value out of range",
            ),
            ("@dayly", "unrecognized descriptor: @dayly"),
            (
                "@every 1d",
                "failed to parse duration @every 1d: time: unknown unit \"d\" in duration \"1d\"",
            ),
            ("@every 5", "failed to parse duration @every 5: time: missing unit in duration \"5\""),
            ("@every ", "failed to parse duration @every : time: invalid duration \"\""),
            ("TZ=Mars 0 0 * * *", "provided bad location Mars: unknown time zone Mars"),
            ("TZ=UTC", "invalid schedule format: runtime error: slice bounds out of range [:-1]"),
        ] {
            assert_eq!(schedule(text), Err(why.to_owned()), "{text}");
        }
    }

    #[test]
    fn time_zones_are_those_of_the_server() {
        for zone in ["UTC", "Etc/UTC", "Europe/Berlin", "Europe/Kyiv", "Etc/GMT+5", "EST5EDT"] {
            assert_eq!(time_zone(zone), Ok(()), "{zone}");
        }
        for zone in ["Europe/Berln", "europe/berlin", "UTC+1", "/UTC", "../UTC", " UTC"] {
            assert_eq!(time_zone(zone), Err(format!("unknown time zone {zone}")), "{zone}");
        }
        assert!(time_zone("").is_err() && time_zone("local").is_err());
    }
}
