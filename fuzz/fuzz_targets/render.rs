//! All of `render`: reading, overrides, placement and labels: `cargo +nightly fuzz run render` in the folder of the repository.
//! Nothing that stands in a file may make it panic, or take memory without end.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| workloadctl::fuzzing::render(text));
