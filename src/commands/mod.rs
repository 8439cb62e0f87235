//! The commands: flags become an options struct, an operation runs, one view goes to the output.
