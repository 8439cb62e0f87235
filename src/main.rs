//! The program's entrance: everything is in the library.

fn main() {}
