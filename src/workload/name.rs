//! Names of definitions and instances: RFC 1123 labels, checked once and then trusted.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::error::{Code, Error, Result};

/// The longest name of an instance: the manager's name must fit in 128 bytes.
pub(crate) const INSTANCE_NAME_LIMIT: usize = 52;
/// The longest RFC 1123 label.
pub(crate) const LABEL_LIMIT: usize = 63;

/// Checks an RFC 1123 label: lower-case letters, digits and `-`, beginning and ending with a
/// letter or digit.
///
/// # Errors
/// Code 2 with the offending text and what is allowed.
pub(crate) fn check_label(what: &str, text: &str, limit: usize) -> Result<()> {
    let problem = if text.is_empty() {
        "it is empty".to_owned()
    } else if text.len() > limit {
        format!("it is {} characters long, at most {limit} are allowed", text.len())
    } else if let Some(bad) =
        text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'))
    {
        format!("{bad:?} is not a lower-case letter, a digit or `-`")
    } else if text.starts_with('-') || text.ends_with('-') {
        "it must begin and end with a letter or digit".to_owned()
    } else {
        return Ok(());
    };
    let error =
        Error::usage(Code::InvalidName, format!("{text:?} is not a valid {what}: {problem}"));
    let suggestion = suggest(text, limit);
    Err(if suggestion.is_empty() { error } else { error.hint(format!("use `{suggestion}`")) })
}

fn suggest(text: &str, limit: usize) -> String {
    let lowered: String = text
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(limit)
        .collect();
    lowered.trim_matches('-').to_owned()
}

macro_rules! name_type {
    ($(#[$doc:meta])* $type:ident, $what:literal, $limit:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Gives the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                check_label($what, text, $limit)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// The name of a workload definition.
    DefinitionName, "definition name", LABEL_LIMIT
);
name_type!(
    /// The name of a workload instance.
    InstanceName, "instance name", INSTANCE_NAME_LIMIT
);

/// Finds the known name that is nearest to a mistyped one, if one is near.
pub(crate) fn nearest<'a>(
    wanted: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // One mistake in three letters: beyond it the nearest name is no help.
    let limit = (wanted.chars().count() / 3).max(1);
    known
        .into_iter()
        // Two swapped letters are one mistake.
        .map(|name| (strsim::osa_distance(wanted, name), name))
        .filter(|(distance, name)| {
            *distance <= limit || name.starts_with(wanted) || wanted.starts_with(name)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_labels_and_names_what_is_wrong() {
        assert!("web-1".parse::<InstanceName>().is_ok());
        for bad in ["", "-a", "a-", "Web", "a_b", "a.b", &"a".repeat(53)] {
            assert!(bad.parse::<InstanceName>().is_err(), "{bad}");
        }
        assert!("a".repeat(52).parse::<InstanceName>().is_ok());
        let error = "Web_App".parse::<InstanceName>().unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("use `web-app`"));
    }

    #[test]
    fn finds_the_nearest_name() {
        assert_eq!(nearest("we", ["db", "web"]), Some("web"));
        assert_eq!(nearest("wbe", ["db", "web"]), Some("web"));
        assert_eq!(nearest("kind-dve", ["kind-dev", "prod"]), Some("kind-dev"));
        assert_eq!(nearest("zzz", ["kind-dev", "prod"]), None);
    }
}
