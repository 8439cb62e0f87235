//! The reader of manifests: `cargo +nightly fuzz run reader` in the folder of the repository.
//! Nothing that stands in a file may make it panic, or take memory without end.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| workloadctl::fuzzing::reader(text));
