//! Which instances a command is about: one, several, or all that fit.

use crate::{
    ops::{
        listing::{self, ListOptions},
        session::Session,
        spread,
    },
    workload::{
        error::{Code, Error, Result},
        name::{DefinitionName, InstanceName},
        runtime::RuntimeName,
    },
};

/// Which instances are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The one that was named.
    One(InstanceName),
    /// Those that were named.
    Several(Vec<InstanceName>),
    /// All that fit `--definition` and `--runtime`.
    All,
    /// One of `--definition` on each of these runtimes, or on those that fit a pattern.
    Spread(Vec<String>),
}

/// An instance that a command is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub name: InstanceName,
    /// The runtime that it was named with, beside others.
    pub runtime: Option<String>,
}

impl Selection {
    /// Tells whether the answer is a list.
    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::Several(_) | Self::All | Self::Spread(_) => true,
        }
    }

    /// Gives the name that failures before the beginning are told under.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::One(name) => name.as_str(),
            Self::Several(_) | Self::All | Self::Spread(_) => "",
        }
    }

    /// Finds the instances.
    ///
    /// # Errors
    /// Those of the database; code 1 for a definition that is not there, code 2 for runtimes that are
    /// not.
    pub(crate) fn resolve(
        self,
        session: &Session<'_>,
        definition: Option<&DefinitionName>,
    ) -> Result<Vec<Member>> {
        let names = match self {
            // A name need not be in the database: the instance may be new, or known to its cluster
            // alone.
            Self::One(name) => vec![name],
            Self::Several(names) => names,
            Self::All => {
                let runtime = session.runtime.as_deref().map(RuntimeName::stored).transpose()?;
                let runtime = runtime.as_ref();
                let options = ListOptions { definition, runtime, ..ListOptions::default() };
                listing::instance_names(&session.store(), &options)?
            }
            Self::Spread(wanted) => {
                let Some(definition) = definition else {
                    let message = "several runtimes need --definition";
                    return Err(Error::usage(Code::InvalidCommand, message));
                };
                let found = spread::instances(session.kubeconfig, definition, &wanted)?;
                let member = |(name, runtime): (_, RuntimeName)| Member {
                    name,
                    runtime: Some(runtime.to_string()),
                };
                return Ok(found.into_iter().map(member).collect());
            }
        };
        Ok(names.into_iter().map(|name| Member { name, runtime: None }).collect())
    }
}
