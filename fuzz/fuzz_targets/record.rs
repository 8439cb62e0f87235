//! The decoder of records: `cargo +nightly fuzz run record` in the folder of the repository.
//! Whoever may write Secrets writes what it reads: it must never panic, nor take memory without end.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| workloadctl::fuzzing::record(bytes));
