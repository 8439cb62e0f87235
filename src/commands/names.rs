//! Names on the command line, checked before anything is opened.

use std::str::FromStr;

use crate::workload::{
    error::{Code, Error, Result},
    name::{DefinitionName, InstanceName},
};

/// Reads names of instances; one that is said twice counts once.
///
/// # Errors
/// Code 2 with all that are no names.
pub(crate) fn instance_names(texts: &[String]) -> Result<Vec<InstanceName>, Vec<Error>> {
    distinct(texts)
}

/// Reads names of definitions; one that is said twice counts once.
///
/// # Errors
/// Code 2 with all that are no names.
pub(crate) fn definition_names(texts: &[String]) -> Result<Vec<DefinitionName>, Vec<Error>> {
    distinct(texts)
}

fn distinct<N: FromStr<Err = Error> + PartialEq>(texts: &[String]) -> Result<Vec<N>, Vec<Error>> {
    let mut names = Vec::new();
    let mut errors = Vec::new();
    for text in texts {
        match text.parse() {
            Ok(name) if names.contains(&name) => {}
            Ok(name) => names.push(name),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(names) } else { Err(errors) }
}

/// A name with the number behind its `@`.
pub(crate) struct Numbered<'t> {
    pub name: &'t str,
    pub number: Option<u64>,
}

impl<'t> Numbered<'t> {
    /// Reads `NAME` or `NAME@N`.
    ///
    /// # Errors
    /// Code 2 where behind `@` stands no number.
    pub(crate) fn parse(text: &'t str) -> Result<Self> {
        let Some((name, number)) = text.split_once('@') else {
            return Ok(Self { name: text, number: None });
        };
        match number.parse() {
            Ok(number) => Ok(Self { name, number: Some(number) }),
            Err(_) => {
                let message = format!("{text:?}: behind `@` stands a number, not {number:?}");
                Err(Error::usage(Code::InvalidCommand, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_once_and_every_wrong_one_is_told() {
        let texts =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let names = instance_names(&texts(&["web", "db", "web"])).unwrap();
        assert_eq!(names.iter().map(InstanceName::as_str).collect::<Vec<_>>(), ["web", "db"]);
        assert_eq!(instance_names(&texts(&["Web", "db", "a_b"])).unwrap_err().len(), 2);
    }
}
