//! How much aliases may repeat: go-yaml's rule for nodes, and a limit for text.

/// How much text aliases may repeat, in bytes.
const ALIAS_TEXT_LIMIT: usize = 64 << 20;

/// Counts the work that a document and its aliases cause.
#[derive(Debug, Default)]
pub(super) struct Budget {
    nodes: u64,
    alias_nodes: u64,
    alias_text: usize,
    alias_depth: u32,
}

impl Budget {
    /// Begins a document, which go-yaml counts too.
    pub(super) fn new() -> Self {
        Self { nodes: 1, ..Self::default() }
    }

    /// Begins to follow an alias.
    pub(super) fn enter_alias(&mut self) {
        self.alias_depth += 1;
    }

    /// Ends to follow an alias.
    pub(super) fn leave_alias(&mut self) {
        self.alias_depth -= 1;
    }

    /// Counts a node and tells whether that is still fine.
    pub(super) fn spend(&mut self) -> bool {
        self.nodes += 1;
        self.alias_nodes += u64::from(self.alias_depth > 0);
        // The figures of go-yaml's decoder: small documents may repeat as they like, large ones
        // ever less.
        let few = self.alias_nodes <= 100 || self.nodes <= 1000;
        few || self.alias_nodes as f64 / self.nodes as f64 <= self.allowed_ratio()
    }

    fn allowed_ratio(&self) -> f64 {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        let position = (self.nodes as f64 - LOW) / (HIGH - LOW);
        0.99 - 0.89 * position.clamp(0.0, 1.0)
    }

    /// Counts a text and tells whether that is still fine.
    pub(super) fn spend_text(&mut self, length: usize) -> bool {
        // go-yaml counts nodes only: a few aliases of one large text would pass.
        if self.alias_depth > 0 {
            self.alias_text += length;
        }
        self.alias_text <= ALIAS_TEXT_LIMIT
    }
}
