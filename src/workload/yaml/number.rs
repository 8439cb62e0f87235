//! Numbers on their way from text to JSON, as Go's encoder and decoder leave them.

use crate::workload::error::Code;
use serde_json::Number;

use super::{Position, Problem, shown};

/// Turns a number that JSON calls a float into an integer where it is one, as Go's decoder of
/// JSON does with the text that Go's encoder made of it.
pub(super) fn number(float: f64) -> Option<Number> {
    // 2^63: what is below is exact as an integer.
    let whole = float.fract() == 0.0 && float.abs() < 9_223_372_036_854_775_808.0;
    if whole { Some(Number::from(float as i64)) } else { Number::from_f64(float) }
}

/// Tells whether a number as written is more precise than what is sent for it: above 2^53, where
/// whole numbers begin to fall through the grid.
pub(super) fn loses_digits(written: &str, float: f64) -> bool {
    float.abs() > 9_007_199_254_740_992.0
        && significant(written) != significant(&format!("{float:e}"))
}

/// Gives the digits of a decimal number without sign, point, exponent and outer zeros.
fn significant(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

/// Says that a number cannot be sent as it was written.
pub(super) fn lost_digits(written: &str, value: f64, position: Position) -> Problem {
    let sent = number(value).map(|number| number.to_string()).unwrap_or_default();
    let message = format!("the number `{}` would be sent as {sent}", shown(written));
    Problem::new(Code::InexactNumber, position, message).hint("quote it if it is meant as text")
}

/// Writes a float that is a key as Go does (`%g` with 32 bits), where that needs no exponent.
pub(super) fn float_key(value: f64) -> Option<String> {
    // sigs.k8s.io/yaml writes float keys with the precision of 32 bits.
    let short = value as f32;
    (1e-4..1e6).contains(&short.abs()).then(|| short.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_lost_only_above_2_to_the_53() {
        for (written, lost) in [
            ("3.141592653589793238", false),
            ("9007199254740993.5", true),
            ("100000000000000000000", false),
            ("1e23", false),
            ("12.5e20", false),
            ("18446744073709551615", true),
            ("18446744073709552000", false),
            ("-9223372036854775809", true),
        ] {
            assert_eq!(loses_digits(written, written.parse().unwrap()), lost, "{written}");
        }
    }

    #[test]
    fn whole_floats_become_integers() {
        for (float, expected) in
            [(1.0, "1"), (-0.0, "0"), (1e18, "1000000000000000000"), (1e19, "1e+19"), (0.5, "0.5")]
        {
            let found = number(float).unwrap().to_string();
            assert!(found == expected || found == expected.replace("e+", "e"), "{float}: {found}");
        }
        assert_eq!(number(f64::NAN), None);
    }

    #[test]
    fn float_keys_are_written_as_go_writes_them() {
        for (float, expected) in
            [(1.0, Some("1")), (0.1, Some("0.1")), (1e6, None), (1e-5, None), (-2.5, Some("-2.5"))]
        {
            assert_eq!(float_key(float).as_deref(), expected, "{float}");
        }
    }
}
