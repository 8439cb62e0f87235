//! Who owns a field: managedFields, our Apply entry, and the rule that says nothing changed.
