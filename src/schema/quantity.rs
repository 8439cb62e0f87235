//! Quantities such as `500m`, `1.5Gi` and `1e3`: their value, and the one way of writing it that
//! the API server gives back.

/// A number with the family of suffixes it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity {
    /// The value in billionths.
    nanos: i128,
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    DecimalSI,
    BinarySI,
    DecimalExponent,
}

const BILLION: i128 = 1_000_000_000;
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// What the API server says about a text that is no quantity.
pub(crate) const MALFORMED: &str = "quantities must match the regular expression \
     '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

impl Quantity {
    /// Reads a quantity; none if the text is not one. What is finer than a billionth is rounded up.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let end = text
            .char_indices()
            .find(|(place, c)| {
                !(c.is_ascii_digit() || *c == '.' || (*place == 0 && (*c == '-' || *c == '+')))
            })
            .map_or(text.len(), |(place, _)| place);
        let (number, suffix) = text.split_at(end);
        let negative = number.starts_with('-');
        let digits = number.trim_start_matches(['+', '-']);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || digits.len() > 30
        {
            return None;
        }
        let mantissa: i128 = format!("0{whole}{fraction}").parse().ok()?;
        let places = i32::try_from(fraction.len()).ok()?;
        let (format, scaled) = scale(mantissa, places, suffix)?;
        Some(Self { nanos: if negative { -scaled } else { scaled }, format })
    }

    /// The value in thousandths, rounded up.
    pub(crate) fn millis(self) -> i128 {
        self.nanos.div_euclid(1_000_000) + i128::from(self.nanos.rem_euclid(1_000_000) != 0)
    }

    /// The text that the API server gives back for it.
    pub(crate) fn canonical(self) -> String {
        let sign = if self.nanos < 0 { "-" } else { "" };
        let nanos = self.nanos.abs();
        if nanos == 0 {
            return "0".to_owned();
        }
        // Below 1024, and with a fraction, a binary quantity is written in decimals.
        if self.format == Format::BinarySI && nanos % BILLION == 0 && nanos / BILLION >= 1024 {
            let mut value = nanos / BILLION;
            let mut power = 0;
            while value % 1024 == 0 && power + 1 < BINARY.len() {
                value /= 1024;
                power += 1;
            }
            return format!("{sign}{value}{}", BINARY[power]);
        }
        let mut value = nanos;
        // The largest suffix that leaves a whole number: `CanonicalizeBytes`.
        let mut exponent = -9;
        while value % 1000 == 0 && exponent < 18 {
            value /= 1000;
            exponent += 3;
        }
        if self.format == Format::DecimalExponent {
            return match exponent {
                0 => format!("{sign}{value}"),
                _ => format!("{sign}{value}e{exponent}"),
            };
        }
        let suffix = DECIMAL.iter().find(|(_, power)| *power == exponent).map_or("", |(s, _)| s);
        format!("{sign}{value}{suffix}")
    }
}

/// Gives the family of a suffix and `mantissa` × 10^-`places` × suffix in billionths.
fn scale(mantissa: i128, places: i32, suffix: &str) -> Option<(Format, i128)> {
    if let Some(power) = BINARY.iter().skip(1).position(|known| *known == suffix) {
        let factor = 1024_i128.checked_pow(u32::try_from(power + 1).ok()?)?;
        return Some((Format::BinarySI, shift(mantissa.checked_mul(factor)?, 9 - places)?));
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Some((Format::DecimalSI, shift(mantissa, 9 - places + power)?));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    if !(-30..=30).contains(&exponent) {
        return None;
    }
    Some((Format::DecimalExponent, shift(mantissa, 9 - places + exponent)?))
}

/// Multiplies by a power of ten; a remainder is rounded up.
fn shift(value: i128, power: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(power.unsigned_abs())?;
    if power >= 0 {
        value.checked_mul(factor)
    } else {
        Some(value / factor + i128::from(value % factor != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_the_server_writes_them() {
        let cases = [
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("100", "100"),
            ("1000", "1k"),
            ("1e3", "1e3"),
            ("12e2", "1200"),
            ("0", "0"),
            ("128974848", "128974848"),
            ("1000Mi", "1000Mi"),
            ("0.1Gi", "107374182400m"),
            ("512", "512"),
            ("+1", "1"),
            ("-2k", "-2k"),
            ("1.", "1"),
            (".5", "500m"),
            ("1000Ki", "1000Ki"),
            ("512Ki", "512Ki"),
            ("0.5Ki", "512"),
        ];
        for (text, expected) in cases {
            let quantity = Quantity::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(quantity.canonical(), expected, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "m", "1x", "1 Gi", "1.2.3", "--1", "1mi", "1GB", "e3"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
