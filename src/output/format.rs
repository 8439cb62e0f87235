//! The words that choose how things look: `-o`, `--color`, `--progress`.

use clap::ValueEnum as _;

/// Declares an enum whose variants are words on the command line.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $type {
            $($(#[$variant_doc])* $variant),+
        }

        $crate::output::format::words!(impl $type { $($variant = $word),+ });
    };
    // An enum of the operations, which know no command line: its words alone. What is left out
    // cannot be said.
    (impl $type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl clap::ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self::$variant),+]
            }

            fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
                let words = [$((Self::$variant, $word)),+];
                let (_, word) = words.into_iter().find(|(variant, _)| variant == self)?;
                Some(clap::builder::PossibleValue::new(word))
            }
        }
    };
}
pub(crate) use words;

words!(
    /// The form of an answer (`-o`).
    Format {
        /// Columns for people.
        Table = "table",
        /// More columns for people.
        Wide = "wide",
        /// One JSON document.
        Json = "json",
        /// One YAML document.
        Yaml = "yaml",
        /// One name per line.
        Name = "name",
    }
);

impl Format {
    /// Gives the word on the command line.
    pub(crate) fn word(self) -> String {
        let value = self.to_possible_value().expect("every form has a word");
        value.get_name().to_owned()
    }

    /// Tells whether the answer is a document for programs, which it is on failure too.
    pub(crate) fn is_document(self) -> bool {
        match self {
            Self::Json | Self::Yaml => true,
            Self::Table | Self::Wide | Self::Name => false,
        }
    }
}

words!(
    /// When to colour (`--color`).
    ColorWhen {
        /// On a terminal that can, unless the environment says no.
        Auto = "auto",
        Always = "always",
        Never = "never",
    }
);

words!(
    /// How progress looks (`--progress`).
    Progress {
        /// Bars on a terminal, lines elsewhere.
        Auto = "auto",
        /// Bars that move.
        Bars = "bars",
        /// A line for whatever happens, and a heartbeat.
        Lines = "lines",
        /// A JSON object per line.
        Json = "json",
        /// Nothing.
        None = "none",
    }
);
