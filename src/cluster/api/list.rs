//! Lists of a collection, page by page, as client-go's pager reads them.

use serde_json::Value;

use super::{
    Api,
    limits::{LIST_BYTES, LIST_PAGES, PAGE_ITEMS, too_large},
};
use crate::{
    cluster::{
        failure::Failure,
        request::{Request, encode_query},
    },
    workload::error::Code,
};

/// Asks for the metadata alone of a list's objects.
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// The page size of client-go's pager and of kubectl.
const PAGE: usize = 500;
/// By how much a page is made smaller that was too large.
const SMALLER: usize = 8;

/// A whole collection, read page by page.
#[derive(Debug)]
pub(crate) struct List<T = Value> {
    /// The objects. Lists leave out `apiVersion` and `kind` of their items.
    pub(crate) items: Vec<T>,
    /// The resourceVersion of the list: where a watch goes on.
    pub(crate) resource_version: String,
}

impl Api {
    /// Lists a collection. `query` is appended as it is.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub(crate) async fn list(&self, collection: &str, query: &str) -> Result<List, Failure> {
        self.pages(collection, query, &Request::get(""), Some).await
    }

    /// Lists a collection whose objects are only looked at, and keeps of each what `keep` makes of it.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub(crate) async fn list_look<T>(
        &self,
        collection: &str,
        query: &str,
        keep: impl Fn(Value) -> T,
    ) -> Result<List<T>, Failure> {
        self.pages(collection, query, &Request::look(""), |object| Some(keep(object))).await
    }

    /// Lists the metadata alone of a collection's objects.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub(crate) async fn list_metadata(
        &self,
        collection: &str,
        query: &str,
    ) -> Result<List, Failure> {
        self.pages(collection, query, &metadata_list(), Some).await
    }

    /// Lists a collection, or the metadata alone of its objects, and keeps of each what `keep` makes
    /// of it: a page is all that is held of the rest.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub(crate) async fn list_kept<T>(
        &self,
        collection: &str,
        query: &str,
        whole: bool,
        keep: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, Failure> {
        let page = if whole { Request::get("") } else { metadata_list() };
        Ok(self.pages(collection, query, &page, keep).await?.items)
    }

    async fn pages<T>(
        &self,
        collection: &str,
        query: &str,
        page: &Request,
        keep: impl Fn(Value) -> Option<T>,
    ) -> Result<List<T>, Failure> {
        let mut items = Vec::new();
        let (mut next, mut limit) = (String::new(), Some(PAGE));
        let (mut pages, mut size, mut is_anew) = (0, 0, false);
        loop {
            let limited = limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
            let asked = format!("{limited}{query}{next}");
            let path = format!("{collection}?{}", asked.trim_start_matches('&'));
            let request = Request { path, ..page.clone() };
            let answer = match self.send_bounded(&request).await {
                // The list expired while we read it (etcd has compacted what the token meant):
                // begin anew, in one piece, which cannot expire. Items of two states must not be
                // mixed. A second time the list is never read to its end.
                Err(failure) if failure.code() == 410 && !next.is_empty() && !is_anew => {
                    items.clear();
                    next.clear();
                    (is_anew, limit, pages, size) = (true, None, 0, 0);
                    continue;
                }
                // 500 Secrets of 1 MB each are honest, and more than one answer may be.
                Err(Failure::NoAnswer(error))
                    if error.code == Code::TooLarge && limit != Some(1) =>
                {
                    limit = Some(limit.map_or(PAGE, |limit| (limit / SMALLER).max(1)));
                    continue;
                }
                other => other?,
            };
            (pages, size) = (pages + 1, size + answer.len());
            let read = self.read_page(&request, &answer, &mut |item| items.extend(keep(item)))?;
            self.check(collection, pages, size, read.items.unwrap_or_default())?;
            if read.next.is_empty() {
                return Ok(List { items, resource_version: read.resource_version });
            }
            next = format!("&continue={}", encode_query(&read.next));
        }
    }

    /// Refuses a list that goes on for longer than any collection is.
    fn check(&self, path: &str, pages: usize, size: usize, items: usize) -> Result<(), Failure> {
        let what = if items > PAGE_ITEMS {
            format!("{items} items in one page")
        } else if pages > LIST_PAGES {
            format!("more than {LIST_PAGES} pages of one list")
        } else if size > LIST_BYTES {
            format!("more than {} MiB in one list", LIST_BYTES >> 20)
        } else {
            return Ok(());
        };
        let error = too_large(&self.connection.server, path, &what);
        Err(Failure::NoAnswer(Box::new(error)))
    }
}

/// Asks for pages of the metadata alone.
fn metadata_list() -> Request {
    Request { accept: METADATA_LIST, ..Request::get("") }
}
