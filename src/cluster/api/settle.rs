//! Whether an answer is an API server's, and what a 404 that is no `Status` means.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::{Api, Try, limits, status::excerpt};
use crate::{
    cluster::{
        absence::{Looked, Resource},
        explain::NOT_AN_API_SERVER,
        failure::Failure,
        page::{self, Page},
        request::Request,
        trimmed,
    },
    workload::error::{Code, Error},
};

/// How often a 404 of a kind that discovery has is asked again: it is served in a moment, or not
/// named any more. A loaded server follows a CustomResourceDefinition within seconds (3.15 s in all).
const TRIES: u32 = 6;
/// The first pause before that.
const PAUSE: Duration = Duration::from_millis(50);

impl Api {
    /// Looks into a failure: where it may mean that the kind is not served, discovery decides.
    pub(super) async fn settle(&self, request: &Request, mut failure: Failure) -> Settled {
        let Failure::Status(status) = &mut failure else { return Settled::Failed(failure) };
        if status.code != 404 || status.absence.is_some() {
            return Settled::Failed(failure);
        }
        match self.look_into(&request.path).await {
            Looked::Absent(proof) => status.absence = Some(proof),
            Looked::Served | Looked::Changing if request.retry => {
                return Settled::AskAgain(failure);
            }
            Looked::Served | Looked::Changing | Looked::Unknown => {}
        }
        Settled::Failed(failure)
    }

    /// Gives the pause before a request is sent again whose kind is served by now, or comes or
    /// goes; none after the last try.
    pub(super) fn pause_until_served(tries: u32) -> Option<Duration> {
        (tries < TRIES).then(|| PAUSE * 2u32.pow(tries))
    }

    async fn look_into(&self, path: &str) -> Looked {
        let Some(resource) = Resource::of_path(path) else { return Looked::Unknown };
        let groups = match self.read_list("/apis", "APIGroupList").await {
            Ok(groups) => groups,
            // Every server has it: whoever answers 404 here may be a filter.
            Err(_) => return Looked::Unknown,
        };
        let Some(versions) = resource.versions(&groups) else { return Looked::Unknown };
        let mut lists = Vec::new();
        for version in versions {
            match self.read_list(&format!("/apis/{version}"), "APIResourceList").await {
                Ok(list) => lists.push((version, list)),
                Err(looked) => return looked,
            }
        }
        resource.look_into(&lists)
    }

    /// Reads one of discovery's lists.
    ///
    /// # Errors
    /// What it means for a resource that the list is not there, or that it is none.
    async fn read_list(&self, path: &str, kind: &str) -> Result<Value, Looked> {
        let bytes = match self.attempt(&Request::get(path)).await {
            Try::Done(bytes) => bytes,
            // The list of the groups follows the end of a definition a moment later.
            Try::Failed { failure, .. } if failure.code() == 404 => return Err(Looked::Changing),
            Try::Failed { .. } => return Err(Looked::Unknown),
        };
        let list = limits::has_few_values(&bytes).then(|| serde_json::from_slice::<Value>(&bytes));
        match list {
            Some(Ok(list)) if list["kind"] == kind => Ok(list),
            _ => Err(Looked::Unknown),
        }
    }

    /// Reads an answer as JSON, and as one of an API server: whatever that says of its objects has
    /// a kind. A login page, or a service's `{"ok": true}`, is no object without a uid.
    pub(super) fn read_answer(&self, request: &Request, bytes: &Bytes) -> Result<Value, Failure> {
        let is_page = bytes.trim_ascii_start().starts_with(b"<");
        let read = match request.trimmed {
            true => trimmed::answer(bytes),
            false => serde_json::from_slice::<Value>(bytes),
        };
        let why = match read {
            Ok(body) if !is_of_objects(&request.path) || body["kind"].is_string() => {
                return Ok(body);
            }
            Ok(_) => None,
            Err(error) => (!is_page).then(|| error.to_string()),
        };
        let failure = self.is_no_api_server().causes(why).cause(excerpt(bytes));
        Err(no_answer(failure.hint(NOT_AN_API_SERVER)))
    }

    /// Reads a page and gives its items away: what is no list does not say that there are none.
    pub(super) fn read_page(
        &self,
        request: &Request,
        bytes: &Bytes,
        take: &mut dyn FnMut(Value),
    ) -> Result<Page, Failure> {
        match page::read(bytes, request.trimmed, take) {
            // A CRD may give its lists any kind (`listKind`).
            Ok(page) if page.items.is_some() && !page.kind.is_empty() => Ok(page),
            // Go writes a list without items in this way.
            Ok(page) if page.items.is_none() && page.kind.ends_with("List") => Ok(page),
            _ => {
                self.read_answer(request, bytes)?;
                let why = "a list was asked for, and something else was answered";
                Err(no_answer(self.is_no_api_server().cause(why).hint(NOT_AN_API_SERVER)))
            }
        }
    }

    fn is_no_api_server(&self) -> Error {
        let server = &self.connection().server;
        let what = format!("{server} does not answer as a Kubernetes API server does");
        Error::runtime(Code::NotAnApiServer, what)
    }
}

/// What becomes of a failed request.
pub(super) enum Settled {
    Failed(Failure),
    /// The kind is served by now, or comes or goes.
    AskAgain(Failure),
}

fn no_answer(error: Error) -> Failure {
    Failure::NoAnswer(Box::new(error))
}

/// Tells whether a path is one of objects (or of discovery), whose answers all have a kind.
fn is_of_objects(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/apis/")
}
