//! Whether a value has the form that its field wants, in the API server's words.

use core::net::IpAddr;

use serde_json::Value;

use super::enforced::Form;
use crate::schema::{
    place::Place,
    rules::{self, FieldError, SUBDOMAIN, is_subdomain, label_fault, qualified_fault},
};

/// Finds what is wrong with the form of a value.
pub(super) fn check(value: &Value, form: Form, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    let text = value.as_str().filter(|text| !text.is_empty());
    let fault = match (form, text) {
        (Form::Labels, _) => return rules::labels(value, place, causes),
        (Form::Subdomain, Some(text)) if text.len() > 253 => Some("must be no more than 253 characters"),
        (Form::Subdomain, Some(text)) => (!is_subdomain(text)).then_some(SUBDOMAIN),
        (Form::Label, Some(text)) if text.len() > 63 => Some("must be no more than 63 bytes"),
        (Form::Label, Some(text)) => label_fault(text),
        (Form::PortName | Form::Port, Some(text)) => port_name(text),
        (Form::Port, None) => port_number(value),
        (Form::PortNumber, _) => port_number(value),
        (Form::Share, Some(text)) => {
            let digits = text.strip_suffix('%').unwrap_or_default();
            let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            (!fits).then_some("a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%')")
        }
        (Form::Share, None) => value
            .as_i64()
            .is_some_and(|number| number < 0)
            .then_some("must be greater than or equal to 0"),
        (Form::Variable, Some(text)) => (!text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'='))
            .then_some("a valid environment variable name must consist only of printable ASCII characters other than '='"),
        (Form::Address, Some(text)) => text
            .parse::<IpAddr>()
            .is_err()
            .then_some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        (Form::AddressRange, Some(text)) => (!is_range(text))
            .then_some("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
        (Form::Key, Some(text)) => {
            let fault = qualified_fault(text);
            causes.extend(fault.map(|fault| FieldError::invalid(place, value, &fault)));
            return;
        }
        (Form::InnerPath, Some(text)) => leaves(text),
        (Form::AbsolutePath, Some(text)) => {
            (!text.starts_with('/')).then_some("must be an absolute path")
        }
        (Form::Mode, _) => outside(value, 0, 0o777)
            .then_some("must be a number between 0 and 0777 (octal), both inclusive"),
        (Form::Id, _) => outside(value, 0, i64::from(i32::MAX))
            .then_some("must be between 0 and 2147483647, inclusive"),
        (Form::Weight, _) => outside(value, 1, 100).then_some("must be in the range 1-100"),
        (Form::Positive, _) => outside(value, 1, i64::MAX).then_some("must be greater than zero"),
        (Form::Count, _) => {
            outside(value, 0, i64::MAX).then_some("must be greater than or equal to 0")
        }
        (Form::Affinity, _) => {
            outside(value, 1, 86_400).then_some("must be greater than 0 and less than 86400")
        }
        (_, None) => None,
    };
    if let Some(fault) = fault {
        causes.push(FieldError::invalid(place, value, fault));
    }
}

/// Tells whether a number is out of bounds.
fn outside(value: &Value, least: i64, most: i64) -> bool {
    value.as_i64().is_some_and(|number| !(least..=most).contains(&number))
}

/// Says how a path leaves the place where it begins.
fn leaves(path: &str) -> Option<&'static str> {
    if path.starts_with('/') {
        return Some("must be a relative path");
    }
    path.split('/').any(|part| part == "..").then_some("must not contain '..'")
}

/// 0 is a number that is not given; where one has to be, other rules say so.
fn port_number(value: &Value) -> Option<&'static str> {
    let is_other = |number| !(0..=65535).contains(&number);
    value.as_i64().is_some_and(is_other).then_some("must be between 1 and 65535, inclusive")
}

/// Says what is wrong with a text that is to be the name of a port (`IsValidPortName`).
fn port_name(text: &str) -> Option<&'static str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.len() > 15 {
        Some("must be no more than 15 characters")
    } else if !text.chars().all(is_part) {
        Some("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    } else if !text.contains(|c: char| c.is_ascii_lowercase()) {
        Some("must contain at least one letter (a-z)")
    } else if text.contains("--") {
        Some("must not contain consecutive hyphens")
    } else if text.starts_with('-') || text.ends_with('-') {
        Some("must not begin or end with a hyphen")
    } else {
        None
    }
}

/// Tells whether a text is an address with the length of its prefix. Go takes leading zeros in old
/// objects, so that only what is clearly none is refused.
fn is_range(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, length)| {
        let longest = if address.contains(':') { 128 } else { 32 };
        address.contains(['.', ':']) && length.parse::<u8>().is_ok_and(|length| length <= longest)
    })
}
