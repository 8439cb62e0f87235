//! The times that YAML 1.1 knows, as far as go-yaml does. kubectl sends them as text.

/// Tells whether go-yaml takes the text for a time: a date, or a date and a time of day.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let split = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let (date, rest) = text.split_at(split);
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day), None) = (
        parts.next(),
        number_in(parts.next(), 1, 12),
        number_in(parts.next(), 1, 31),
        parts.next(),
    ) else {
        return false;
    };
    let leap = year.parse::<u32>().is_ok_and(|y| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    day <= days
        && match rest.chars().next() {
            None => true,
            Some(' ') => is_clock(&rest[1..]),
            Some(_) => {
                let (clock, zone) = match rest.find(['Z', '+', '-']) {
                    Some(at) => rest[1..].split_at(at - 1),
                    None => return false,
                };
                is_clock(clock) && is_zone(zone)
            }
        }
}

fn number_in(text: Option<&str>, low: u32, high: u32) -> Option<u32> {
    let text = text.filter(|text| matches!(text.len(), 1 | 2))?;
    let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())??;
    (low..=high).contains(&number).then_some(number)
}

fn is_clock(text: &str) -> bool {
    let (time, fraction) = match text.split_once(['.', ',']) {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (text, None),
    };
    let mut parts = time.split(':');
    number_in(parts.next(), 0, 23).is_some()
        && number_in(parts.next(), 0, 59).is_some()
        && number_in(parts.next(), 0, 59).is_some()
        && parts.next().is_none()
        && fraction.is_none_or(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()))
}

fn is_zone(text: &str) -> bool {
    let Some(offset) = text.strip_prefix(['+', '-']) else { return text == "Z" };
    matches!(offset.as_bytes(), [a, b, b':', c, d] if [a, b, c, d].iter().all(|b| b.is_ascii_digit()))
        && offset[..2] <= *"24"
        && offset[3..] < *"60"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_known_in_four_forms() {
        for text in [
            "2001-1-1",
            "2000-02-29",
            "2001-12-14T21:59:43Z",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43.10",
            "2001-12-14 1:2:3",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "1",
            "2001-13-1",
            "1900-02-29",
            "2001-12-14 21:59:43.10 -5",
            "2001-12-14T21:59:43",
            "2001-12-14 24:00:00",
            "20010-1-1",
            "2001-12-14T",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
