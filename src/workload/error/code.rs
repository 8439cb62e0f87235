//! The stable words by which scripts tell failures apart, each in one spelling.

/// Makes the enum and its words from one list, so that neither lacks one.
macro_rules! codes {
    ($($variant:ident $word:literal,)*) => {
        /// What went wrong, as a value that branches compare and a word that scripts read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($variant,)*
        }

        impl Code {
            /// Gives the word as JSON shows it.
            pub(crate) fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

codes! {
    AmbiguousObject "ambiguous-object", AmbiguousRuntime "ambiguous-runtime",
    AnsweredNo "answered-no", BadAnswer "bad-answer", Blocked "blocked", CannotLock "cannot-lock",
    CannotOpenDatabase "cannot-open-database",
    ContextGone "context-gone", CopiedRecord "copied-record", CorruptDatabase "corrupt-database",
    DamagedRecord "damaged-record", Database "database", DatabaseIo "database-io",
    DatabaseLocked "database-locked", DefinitionExists "definition-exists", DefinitionInUse "definition-in-use",
    DependencyCycle "dependency-cycle", DependencyFailed "dependency-failed", Discovery "discovery", DiskFull "disk-full", Dns "dns",
    DownloadFailed "download-failed",
    DroppedContent "dropped-content", DuplicateKey "duplicate-key", EmptyFolder "empty-folder",
    ExecPlugin "exec-plugin", ExpansionBomb "expansion-bomb", Failed "failed",
    FieldConflict "field-conflict", FileExists "file-exists", Forbidden "forbidden", GenerateName "generate-name",
    GroupUnavailable "group-unavailable", HelmChart "helm-chart", HelmFailed "helm-failed", HolderLost "holder-lost",
    ImagesNotLoaded "images-not-loaded", Immutable "immutable", InexactNumber "inexact-number", InstanceExists "instance-exists",
    Interrupted "interrupted", InvalidAnnotation "invalid-annotation",
    InvalidCommand "invalid-command", InvalidDependsOn "invalid-depends-on",
    InvalidFlag "invalid-flag", InvalidJson "invalid-json", InvalidKey "invalid-key",
    InvalidLabel "invalid-label", InvalidName "invalid-name", InvalidNumber "invalid-number",
    InvalidManifest "invalid-manifest", InvalidObject "invalid-object",
    InvalidOverride "invalid-override",
    InvalidPatch "invalid-patch", InvalidRequest "invalid-request",
    InvalidSeparator "invalid-separator", InvalidYaml "invalid-yaml", DeniedByAdmission "denied-by-admission", Kubeconfig "kubeconfig",
    Kubectl "kubectl", Forward "forward",
    Kustomization "kustomization", KustomizeFailed "kustomize-failed", Locked "locked",
    LostBytes "lost-bytes", MergeOrder "merge-order", MissingField "missing-field",
    MissingReferences "missing-references",
    NamespaceInDefinition "namespace-in-definition", NamespaceModeFixed "namespace-mode-fixed",
    NamespaceTaken "namespace-taken", NamespaceTerminating "namespace-terminating",
    NeedsYes "needs-yes", NestedList "nested-list", NewerDatabase "newer-database",
    NewerRecord "newer-record", NoDatabase "no-database", NoHelm "no-helm", NoInstance "no-instance",
    NoKubeconfig "no-kubeconfig", NoKustomize "no-kustomize", NoNamespace "no-namespace",
    NoObjects "no-objects", NoReplicas "no-replicas", NoRuntime "no-runtime",
    NoSandbox "no-sandbox", NoSuchDefinition "no-such-definition", NoSuchField "no-such-field",
    NoSuchInstance "no-such-instance", NoSuchOverride "no-such-override", NoSuchRelease "no-such-release",
    NoSuchRevision "no-such-revision", NoSuchSource "no-such-source",
    NotADatabase "not-a-database", NotAString "not-a-string", NotAnApiServer "not-an-api-server",
    NotAnObject "not-an-object", NotFound "not-found", NotInCluster "not-in-cluster",
    NotOurs "not-ours", NotReady "not-ready", NotText "not-text", NotUsable "not-usable",
    ObjectBusy "object-busy", ObjectTwice "object-twice", OtherCluster "other-cluster",
    OtherDefinition "other-definition", OtherNamespace "other-namespace",
    OtherRuntime "other-runtime", OwnNamespacesTaken "own-namespaces-taken", PlanMoved "plan-moved", Proxy "proxy",
    RecordManifest "record-manifest", RecordTooLarge "record-too-large",
    ReadOnlyDatabase "read-only-database", ReadableByOthers "readable-by-others", RecordBusy "record-busy",
    RecordDeleted "record-deleted", Rejected "rejected", ReservedNamespace "reserved-namespace",
    RuntimeNotNamed "runtime-not-named", SameObject "same-object",
    Sandbox "sandbox", ServerError "server-error", SeveralInstances "several-instances",
    SeveralNamespaces "several-namespaces", SharedDefinition "shared-definition",
    StdinTwice "stdin-twice", Stdout "stdout", System "system", Timeout "timeout", Tls "tls",
    TooDeep "too-deep", TooLarge "too-large", TooManyRequests "too-many-requests",
    TwoRecords "two-records", Unauthorized "unauthorized", Unavailable "unavailable",
    UnfilledTemplate "unfilled-template", UnknownAnchor "unknown-anchor",
    UnknownContainer "unknown-container", UnknownContext "unknown-context",
    UnknownDependsOn "unknown-depends-on", UnknownKind "unknown-kind",
    UnknownObject "unknown-object", UnknownRuntime "unknown-runtime",
    UnknownVersion "unknown-version", UnknownWord "unknown-word", Unreachable "unreachable",
    UnreadableSource "unreadable-source", UnwritableReport "unwritable-report", UnsupportedMember "unsupported-member",
    UnsupportedSource "unsupported-source",
    WorkloadFile "workload-file",
}
