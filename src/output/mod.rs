//! Every character that reaches a terminal is written here.
