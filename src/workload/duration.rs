//! Durations as Go writes them: `5m`, `1h30m`, `1.5s`, `300ms`, `0`.

use std::time::Duration;

const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration as Go's `time.ParseDuration` does, without negative ones.
///
/// # Errors
/// A sentence that says what is wrong and what is right.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = |problem: &str| format!("{problem}; write it like 90s, 5m, 1h30m or 0");
    if text.starts_with('-') {
        return Err(wrong("a duration cannot be negative"));
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.is_empty() {
        return Err(wrong("the duration is empty"));
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| !c.is_ascii_digit() && c != '.');
        if number.is_empty() {
            return Err(wrong("a number is missing"));
        }
        if unit.is_empty() {
            return Err(wrong(&format!("the unit after {number} is missing")));
        }
        // As Go spells them: `µs` with either of the two letters that look alike.
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(wrong(&format!("{unit:?} is no unit")));
        };
        let part = scaled(number, *size).ok_or_else(|| wrong(&format!("{number} is no number")))?;
        total += part;
        rest = after;
    }
    // Go's durations end at 2^63 - 1 nanoseconds, about 292 years.
    match i64::try_from(total) {
        Ok(nanoseconds) => Ok(Duration::from_nanos(nanoseconds.unsigned_abs())),
        Err(_) => Err(wrong("the duration is too long")),
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// Multiplies a decimal number with a unit's nanoseconds, exactly.
fn scaled(number: &str, size: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') || whole.len() > 19 {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
    // Digits beyond these are less than a nanosecond for every unit.
    let fraction = &fraction[..fraction.len().min(15)];
    let power = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    Some(digits(whole)? * size + digits(fraction)? * size / power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("0s", 0),
            ("5m", 300_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("90s", 90_000_000_000),
            ("300ms", 300_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("+5s", 5_000_000_000),
            ("10us", 10_000),
            ("10µs", 10_000),
            ("7ns", 7),
            ("1h1m1s1ms", 3_661_001_000_000),
            ("30m1h", 5_400_000_000_000),
            ("0.3333333333333333333h", 1_199_999_999_999),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in [
            "",
            "5",
            "m",
            ".",
            ".s",
            "1..5s",
            "1.2.3s",
            "-5m",
            "5 m",
            " 5m",
            "5M",
            "5d",
            "5min",
            "1h30",
            "99999999999999999999h",
            "3000000h",
            "0x1s",
            "+",
            "1e3s",
            "۵s",
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.ends_with("write it like 90s, 5m, 1h30m or 0"), "{text}: {error}");
        }
    }
}
