//! The name by which the program was called: commands in help, errors and hints are told under it.

use std::{borrow::Cow, ffi::OsString, path::Path};

/// How the program was called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Called {
    /// By its own name.
    #[default]
    Program,
    /// As kubectl's plugin, by a link `kubectl-workload`.
    Plugin,
    /// By kubectl, for the words that fit: by a link `kubectl_complete-workload`.
    PluginCompletion,
}

impl Called {
    /// Finds it out from the first word of the command line.
    pub(crate) fn of(arguments: &[OsString]) -> Self {
        let name = arguments.first().and_then(|program| Path::new(program).file_stem());
        match name.and_then(|name| name.to_str()) {
            Some("kubectl-workload") => Self::Plugin,
            Some("kubectl_complete-workload") => Self::PluginCompletion,
            _ => Self::Program,
        }
    }

    /// Gives the words that call it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Program => "workloadctl",
            Self::Plugin | Self::PluginCompletion => "kubectl workload",
        }
    }

    /// Writes the commands in a text as they are typed.
    pub(crate) fn tell(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Program => Cow::Borrowed(text),
            Self::Plugin | Self::PluginCompletion => {
                Cow::Owned(text.replace("workloadctl ", "kubectl workload "))
            }
        }
    }
}
