//! What a scalar means: YAML 1.1 as Go's decoder (go-yaml v2) understands it.

use std::borrow::Cow;

use super::timestamp;

/// The prefix of the tags that are written `!!int`.
const CORE: &str = "tag:yaml.org,2002:";

/// What a scalar resolves to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ScalarValue {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above the range of [`ScalarValue::Int`].
    Unsigned(u64),
    Float(f64),
    /// The text itself.
    Text,
    /// The bytes that the text encodes in base64.
    Binary,
}

impl ScalarValue {
    fn tag(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Unsigned(_) => "int",
            Self::Float(_) => "float",
            Self::Text => "str",
            Self::Binary => "binary",
        }
    }
}

/// Resolves a plain scalar, or any scalar with a tag (`!!int "1"`).
///
/// # Errors
/// The tag (`!!int`) that the text does not fit.
pub(super) fn resolve(tag: Option<&str>, text: &str) -> Result<ScalarValue, String> {
    let Some(tag) = tag else { return Ok(resolve_plain(text)) };
    let wanted = match tag.strip_prefix(CORE) {
        Some(wanted @ ("str" | "bool" | "int" | "float" | "null" | "timestamp")) => wanted,
        Some("binary") => return Ok(ScalarValue::Binary),
        _ => return Ok(ScalarValue::Text),
    };
    if wanted == "str" || wanted == "timestamp" && timestamp::is_timestamp(text) {
        return Ok(ScalarValue::Text);
    }
    match (wanted, resolve_plain(text)) {
        ("float", ScalarValue::Int(number)) => Ok(ScalarValue::Float(number as f64)),
        (wanted, resolved) if resolved.tag() == wanted => Ok(resolved),
        (wanted, _) => Err(format!("!!{wanted}")),
    }
}

/// Resolves a scalar without quotes and without a tag.
pub(super) fn resolve_plain(text: &str) -> ScalarValue {
    use ScalarValue::{Bool, Float, Null, Text};
    let Some(first) = text.bytes().next() else { return Null };
    match first {
        b'~' | b'n' | b'N' | b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => match text {
            "~" | "null" | "Null" | "NULL" => Null,
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
                Bool(true)
            }
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off"
            | "OFF" => Bool(false),
            _ => Text,
        },
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Float(f64::INFINITY),
            // Go's ParseFloat reads it as it is written: its own rule of underscores counts.
            _ if !separates_digits(text) => Text,
            _ => match text.replace('_', "") {
                digits if is_float(&digits) => float(&digits),
                _ => Text,
            },
        },
        b'+' | b'-' | b'0'..=b'9' => match text {
            "+.inf" | "+.Inf" | "+.INF" => Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Float(f64::NEG_INFINITY),
            _ => number(text),
        },
        _ => Text,
    }
}

fn number(text: &str) -> ScalarValue {
    let digits: Cow<'_, str> =
        if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    if let Some(number) = integer(&digits) {
        return number;
    }
    if is_float(&digits) {
        return float(&digits);
    }
    // Go falls back to binary digits with a sign behind the prefix.
    let signed = digits.strip_prefix("0b").filter(|rest| rest.starts_with(['+', '-']));
    match signed.map(|rest| i64::from_str_radix(rest, 2)) {
        Some(Ok(number)) => ScalarValue::Int(number),
        _ => ScalarValue::Text,
    }
}

/// Reads an integer as Go's `ParseInt` and then `ParseUint` do with base 0.
fn integer(text: &str) -> Option<ScalarValue> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => (Some(true), &text[1..]),
        b'+' => (Some(false), &text[1..]),
        _ => (None, text),
    };
    let (base, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &unsigned[2..]),
        [b'0'] => return Some(ScalarValue::Int(0)),
        // YAML 1.1: `0644` is octal.
        [b'0', ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    match (sign, i64::try_from(magnitude)) {
        (Some(true), _) => 0i64.checked_sub_unsigned(magnitude).map(ScalarValue::Int),
        (_, Ok(number)) => Some(ScalarValue::Int(number)),
        // Go's ParseUint takes no sign.
        (Some(false), Err(_)) => None,
        (None, Err(_)) => Some(ScalarValue::Unsigned(magnitude)),
    }
}

fn float(text: &str) -> ScalarValue {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => ScalarValue::Float(number),
        _ => ScalarValue::Text,
    }
}

/// Tells whether every underscore of a text stands between two digits.
fn separates_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| byte.is_ascii_digit())
    };
    let mut underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    underscores.all(|(at, _)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)))
}

/// Tells whether a text is `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if whole + count == 0 {
            return false;
        }
        rest = &fraction[count..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        ScalarValue::{Binary, Bool, Float, Int, Null, Text, Unsigned},
        *,
    };

    #[test]
    fn plain_scalars_mean_what_go_makes_of_them() {
        for (text, expected) in [
            ("", Null),
            ("~", Null),
            ("Null", Null),
            ("nULL", Text),
            ("y", Bool(true)),
            ("Off", Bool(false)),
            ("oFF", Text),
            ("t", Text),
            ("0", Int(0)),
            ("00", Int(0)),
            ("-0", Int(0)),
            ("+1", Int(1)),
            ("1__0", Int(10)),
            ("_1", Text),
            ("-_1", Int(-1)),
            ("0644", Int(420)),
            ("0o644", Int(420)),
            ("0O644", Int(420)),
            ("-0644", Int(-420)),
            ("0o", Text),
            ("0x", Text),
            ("0x1F", Int(31)),
            ("0X1f", Int(31)),
            ("0x+1", Text),
            ("0b101", Int(5)),
            ("0b+1", Int(1)),
            ("0b-1", Int(-1)),
            ("0b2", Text),
            ("08", Float(8.0)),
            ("089", Float(89.0)),
            ("+-1", Text),
            ("--1", Text),
            ("9223372036854775807", Int(i64::MAX)),
            ("-9223372036854775808", Int(i64::MIN)),
            ("-9223372036854775809", Float(-9_223_372_036_854_775_809.0)),
            ("9223372036854775808", Unsigned(1 << 63)),
            ("+9223372036854775808", Float(9_223_372_036_854_775_808.0)),
            ("0xFFFFFFFFFFFFFFFF", Unsigned(u64::MAX)),
            ("0x1FFFFFFFFFFFFFFFF", Text),
            ("1e3", Float(1000.0)),
            ("1.", Float(1.0)),
            (".5", Float(0.5)),
            ("._5", Text),
            (".5_", Text),
            (".5__1", Text),
            (".5_e1", Text),
            (".51_000", Float(0.51)),
            (".5_1e1_0", Float(5.1e9)),
            ("-.5_", Float(-0.5)),
            ("-.5e-1", Float(-0.05)),
            (".e5", Text),
            (".", Text),
            ("-.", Text),
            ("1e", Text),
            ("1e+", Text),
            ("1e400", Text),
            ("1_0.5_0", Float(10.5)),
            ("inf", Text),
            ("-.Inf", Float(f64::NEG_INFINITY)),
            ("+.inf", Float(f64::INFINITY)),
            ("1:30", Text),
            ("2001-01-01", Text),
            ("1.2.3", Text),
            ("<<", Text),
            ("=", Text),
        ] {
            assert_eq!(resolve_plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn tags_force_or_refuse() {
        let core = |tag: &str, text| resolve(Some(&format!("{CORE}{tag}")), text);
        assert_eq!(core("int", "0x10"), Ok(Int(16)));
        assert_eq!(core("float", "1"), Ok(Float(1.0)));
        assert_eq!(core("str", "1"), Ok(Text));
        assert_eq!(core("bool", "on"), Ok(Bool(true)));
        assert_eq!(core("null", ""), Ok(Null));
        assert_eq!(core("binary", "aGk="), Ok(Binary));
        assert_eq!(core("set", "1"), Ok(Text));
        assert_eq!(resolve(Some("!mine"), "1"), Ok(Text));
        for (tag, text) in [
            ("int", "1.5"),
            ("int", "x"),
            ("float", "x"),
            ("bool", "1"),
            ("null", "x"),
            ("timestamp", "x"),
            ("timestamp", "2001-02-30"),
            ("timestamp", "null"),
        ] {
            assert_eq!(core(tag, text), Err(format!("!!{tag}")), "{tag} {text}");
        }
    }
}
