//! A runtime that answers: the connection to it, the kinds that it knows, and whether it is the
//! cluster that it was before.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;

use super::session::Session;
use crate::{
    cluster::{
        api::Api,
        connect::{ConnectOptions, connect},
        discovery,
        explain::NOT_AN_API_SERVER,
        failure::Failure,
        pool::SharedDiscovery,
        request::Request,
    },
    store::{KnownRuntime, Store},
    workload::{
        error::{Code, Error, Result},
        instance::Instance,
        kinds::Kinds,
        object::{GroupKind, ObjectId},
        ownership::uid,
        record::Entry,
        runtime::RuntimeName,
    },
};

/// How long one request may take, where nothing else is said.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest that one request may take: the holder of a record has to be renewed meanwhile.
// A holder lasts 90 s and the fence closes one request's time plus 5 s before that: longer requests
// would leave no time in which a write may be sent (docs/design.md, One at a time).
const LONGEST_REQUEST_TIMEOUT: Duration = Duration::from_secs(45);

/// Gives the file of the sandbox: it lies beside the database and is called after it.
pub(crate) fn sandbox_file(database: &Path) -> PathBuf {
    database.with_extension("sandbox.db")
}

/// A runtime that answers.
pub(crate) struct Target {
    pub runtime: RuntimeName,
    /// Its API server.
    pub api: Api,
    /// The kinds that are known.
    pub kinds: Kinds,
    /// The uid of `kube-system`, where it may be read; set by [`Target::identify`].
    pub cluster_uid: Option<String>,
    discovery: SharedDiscovery,
}

impl Target {
    /// Connects to a runtime. Nothing is sent yet.
    ///
    /// # Errors
    /// Code 2 for a kubeconfig that cannot be used, code 7 for a login that fails.
    pub(crate) async fn connect(session: &Session<'_>, runtime: &RuntimeName) -> Result<Self> {
        Self::connect_within(session, runtime, REQUEST_TIMEOUT).await
    }

    /// Connects to a runtime, with another time for one request where the user gave none.
    ///
    /// # Errors
    /// As [`Target::connect`].
    pub(crate) async fn connect_within(
        session: &Session<'_>,
        runtime: &RuntimeName,
        request_timeout: Duration,
    ) -> Result<Self> {
        let timeout = session.request_timeout.unwrap_or(request_timeout);
        let timeout = if timeout.is_zero() { LONGEST_REQUEST_TIMEOUT } else { timeout };
        let timeout = timeout.min(LONGEST_REQUEST_TIMEOUT);
        let options = ConnectOptions {
            request_timeout: timeout,
            plugins: session.plugins.clone(),
            pool: session.pool.clone(),
            on_request: session.on_request.clone(),
            warnings: session.warnings.clone(),
            sandbox: session.database.as_deref().map(sandbox_file),
            ..ConnectOptions::default()
        };
        let connection = connect(session.kubeconfig, runtime, &options).await?;
        Ok(Self {
            runtime: runtime.clone(),
            api: Api::new(connection, timeout).telling_bodies(session.reporter.verbosity() > 1),
            kinds: Kinds::builtin(),
            cluster_uid: None,
            discovery: session.pool.discovery(runtime),
        })
    }

    /// Gives the URL path of an object: in the version given where it is served, else in the
    /// preferred one. `None` where the kind is not known.
    pub(crate) fn path(&self, id: &ObjectId, version: &str) -> Option<String> {
        self.kinds.resource_path(id, self.version(id, version))
    }

    /// Gives the version to ask for an object in.
    pub(crate) fn version<'a>(&'a self, id: &ObjectId, version: &'a str) -> &'a str {
        match self.kinds.of(id) {
            Some(info) if !version.is_empty() && info.serves(version) => version,
            // The version in the inventory may have been removed by an upgrade of the cluster
            // since; identity does not depend on it (docs/design.md, Nouns).
            Some(info) => info.versions.first().map_or(version, String::as_str),
            None => version,
        }
    }

    /// Refuses a namespace that is not there. One that may not be read counts as there.
    ///
    /// # Errors
    /// `not-found` (1).
    pub(crate) async fn require_namespace(&self, namespace: &str) -> Result<()> {
        let path = format!("/api/v1/namespaces/{namespace}");
        match self.api.find(Request::get_metadata(path)).await {
            Ok(None) => {
                let message = format!("runtime `{}` has no namespace {namespace}", self.runtime);
                Err(Error::failed(Code::NotFound, message))
            }
            // What was asked for beside it has said what is wrong.
            Ok(Some(_)) | Err(_) => Ok(()),
        }
    }

    /// Reads the uid of `kube-system`.
    ///
    /// # Errors
    /// Any failure but a missing right: then the kubeconfig's server and CA stand in. Code 7 where
    /// there is no `kube-system`: every cluster has one.
    pub(crate) async fn identify(&self) -> Result<Option<String>> {
        let system = ObjectId::new("", "Namespace", None, "kube-system");
        match self.api.send(Request::get_metadata("/api/v1/namespaces/kube-system")).await {
            Ok(answer) => match uid(&answer.body) {
                Some(uid) => Ok(Some(uid.to_owned())),
                None => Err(self.no_cluster("its kube-system has no uid".to_owned())),
            },
            // An account of one namespace may not read it (docs/design.md, Rights). It exists on
            // every cluster from the first moment on, so that its uid is the cluster's
            // (docs/design.md, The right cluster).
            Err(failure) if failure.is_forbidden() => Ok(None),
            Err(failure) if failure.is_not_found() => Err(self.no_cluster(failure.message())),
            // It is the first request of all.
            Err(Failure::NoAnswer(error)) => {
                Err(error.while_doing(format!("cannot use runtime `{}`", self.runtime)))
            }
            Err(failure) => {
                let what = format!("cannot use runtime `{}`: cannot read", self.runtime);
                Err(failure.explain("get", &what, &system, None))
            }
        }
    }

    /// Makes the failure of a server that has no `kube-system`, and so is no Kubernetes.
    fn no_cluster(&self, why: String) -> Error {
        let what = format!("cannot use runtime `{}`: it is no Kubernetes cluster", self.runtime);
        Error::runtime(Code::NotAnApiServer, what).cause(why).hint(NOT_AN_API_SERVER)
    }

    /// Learns all kinds of the cluster, as they are now.
    pub(crate) async fn learn_kinds(&mut self) -> Result<()> {
        self.learn_kinds_until(|_| false).await
    }

    /// Learns the kinds of the cluster where something is not built in: what another operation of
    /// this command has just read suffices, where it is enough.
    ///
    /// # Errors
    /// As [`discovery::read_shared`].
    pub(crate) async fn learn_kinds_until(
        &mut self,
        is_enough: impl Fn(&Kinds) -> bool,
    ) -> Result<()> {
        let Self { discovery, api, kinds, .. } = self;
        let take = |documents: &[serde_json::Value]| {
            documents.iter().for_each(|document| kinds.add_discovery(document));
            is_enough(kinds)
        };
        discovery::read_shared(discovery, api, take).await
    }

    /// Learns the kinds of the cluster if an object of the inventory is of a kind that is not
    /// known: its CRD may not be in the set, or not any more.
    ///
    /// # Errors
    /// As [`Target::learn_kinds`]; code 7 where the group of an object does not answer: then
    /// nobody can tell whether it is there.
    pub(crate) async fn know_kinds_of(&mut self, inventory: &[Entry]) -> Result<()> {
        let knows_all = |kinds: &Kinds| inventory.iter().all(|entry| kinds.of(&entry.id).is_some());
        if knows_all(&self.kinds) {
            return Ok(());
        }
        self.learn_kinds_until(knows_all).await?;
        // A group whose APIService is down is still listed, as stale. Its objects would else count
        // as gone, and be forgotten with the record (docs/design.md, Absence).
        let hidden = inventory.iter().find(|entry| {
            self.kinds.of(&entry.id).is_none() && self.kinds.is_stale(&entry.id.group)
        });
        hidden.map_or(Ok(()), |entry| Err(group_unavailable(&entry.id.group_kind())))
    }

    /// Tells whether the cluster is the one that was seen before under this runtime, or under
    /// this instance.
    pub(crate) fn compare(
        &self,
        session: &Session<'_>,
        stored: Option<&Instance>,
    ) -> Result<Sameness> {
        let store = session.store();
        let known = store.runtime(&self.runtime.to_string())?;
        let expected = stored
            .and_then(|instance| instance.cluster_uid.clone())
            .or_else(|| known.as_ref().and_then(|known| known.cluster_uid.clone()));
        let connection = self.api.connection();
        Ok(match (&self.cluster_uid, expected, known) {
            (Some(read), Some(expected), _) if *read != expected => {
                Sameness::Other { expected, found: format!("kube-system has uid {read}") }
            }
            // The identity may not be read: server and authority stand in. A cluster that is
            // created again at the same address has a new authority.
            (None, _, Some(KnownRuntime { server: Some(server), ca_digest, .. }))
                if server != connection.server || ca_digest != connection.ca_digest =>
            {
                let found = format!("the server is {}", connection.server);
                let same = server == connection.server;
                let expected =
                    if same { "another certificate authority".to_owned() } else { server };
                Sameness::Other { expected, found }
            }
            (_, _, None) => Sameness::First,
            _ => Sameness::Same,
        })
    }

    /// Refuses another cluster than the one that was seen before under this runtime: what the
    /// database knows of that one must not be mixed with another's.
    ///
    /// # Errors
    /// Code 7, but for a local runtime: those are made anew all the time.
    pub(crate) fn refuse_other(&self, session: &Session<'_>) -> Result<()> {
        match self.compare(session, None)? {
            Sameness::Other { expected, found } if !self.runtime.is_kind_like() => {
                Err(other_cluster(&self.runtime, &expected, &found)
                    .hint("`--db FILE` names a database that is to know this cluster"))
            }
            Sameness::First | Sameness::Same | Sameness::Other { .. } => Ok(()),
        }
    }

    /// Stores what this runtime's cluster is known by from now on.
    pub(crate) fn remember(&self, session: &Session<'_>) -> Result<()> {
        self.remember_in(&mut session.store(), session.now())
    }

    /// Notes the same with what else is written.
    pub(crate) fn remember_in(&self, store: &mut Store, now: Timestamp) -> Result<()> {
        let connection = self.api.connection();
        let name = self.runtime.to_string();
        // An account that may not read it does not make it unknown.
        // The same runtime may be used by an administrator and by an account of one namespace in
        // turn.
        let known = store.runtime(&name)?.and_then(|known| known.cluster_uid);
        store.remember_runtime(&KnownRuntime {
            name,
            cluster_uid: self.cluster_uid.clone().or(known),
            server: Some(connection.server.clone()),
            ca_digest: connection.ca_digest.clone(),
            seen_at: now,
        })
    }
}

/// Whether a cluster is the one that was seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sameness {
    /// Nothing was known of it.
    First,
    Same,
    /// It is another one.
    Other {
        /// What was expected: the uid, or where it may not be read the server.
        expected: String,
        /// What is there, as a sentence.
        found: String,
    },
}

/// Makes the failure of a command that found another cluster behind a runtime.
pub(crate) fn other_cluster(runtime: &RuntimeName, expected: &str, found: &str) -> Error {
    Error::runtime(
        Code::OtherCluster,
        format!("`{runtime}` reaches another cluster than before; nothing was sent"),
    )
    .cause(format!("{found}, expected {expected}"))
    .hint("if the cluster was replaced on purpose, repeat the command with `--new-cluster`")
}

/// Makes the failure of a command that concerns a kind whose API group does not answer.
pub(crate) fn group_unavailable(kind: &GroupKind) -> Error {
    Error::runtime(
        Code::GroupUnavailable,
        format!(
            "the server of API group {} does not answer; {kind} is one of its kinds",
            kind.group
        ),
    )
    .hint("`kubectl get apiservices` shows why; then repeat the command")
}

/// Tells a failure of a list or watch that GETs can stand in for.
pub(crate) fn is_list_forbidden(failure: &Failure) -> bool {
    // 405: this kind has no such verb, which says nothing of single reads.
    failure.is_forbidden() || failure.is_status(405)
}
