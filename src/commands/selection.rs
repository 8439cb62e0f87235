//! Which instances a command is about: one, several, or all that fit.

use crate::{
    ops::catalogue::{self, ListOptions},
    store::Store,
    workload::{
        error::Result,
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
}

impl Selection {
    /// Tells whether the answer is a list.
    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::Several(_) | Self::All => true,
        }
    }

    /// Gives the name that failures before the beginning are told under.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::One(name) => name.as_str(),
            Self::Several(_) | Self::All => "",
        }
    }

    /// Finds the instances.
    ///
    /// # Errors
    /// Those of the database; code 1 for a definition that is not there.
    pub(crate) fn resolve(
        self,
        store: &Store,
        definition: Option<&DefinitionName>,
        runtime: Option<&str>,
    ) -> Result<Vec<InstanceName>> {
        match self {
            // A name need not be in the database: the instance may be new, or known to its cluster
            // alone.
            Self::One(name) => Ok(vec![name]),
            Self::Several(names) => Ok(names),
            Self::All => {
                let runtime = runtime.map(RuntimeName::stored).transpose()?;
                let runtime = runtime.as_ref();
                let options = ListOptions { definition, runtime, ..ListOptions::default() };
                catalogue::instance_names(store, &options)
            }
        }
    }
}
