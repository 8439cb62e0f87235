//! A text at a URL.

use super::text;
use crate::{
    cluster::download::download,
    env::Env,
    workload::{
        definition::SourceFile,
        error::{Code, Error, Result},
        yaml::TEXT_LIMIT,
    },
};

/// Tells a URL from a path.
pub(super) fn is_url(name: &str) -> bool {
    name.starts_with("https://") || name.starts_with("http://")
}

/// Downloads it.
///
/// # Errors
/// Those of [`download`], and of a text.
pub(super) fn read(url: &str, env: &Env) -> Result<SourceFile> {
    // Sources are read before there is an operation, which has a runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Error::failed(Code::System, format!("cannot read {url}")).cause(error.to_string())
    })?;
    let bytes = runtime.block_on(download(url, TEXT_LIMIT, env))?;
    text::read_made(url, &*bytes)
}
