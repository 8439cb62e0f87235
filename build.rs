//! Tells the program which commit it was built from, for `--version`.
//!
//! Of a release build alone: a development build would be compiled anew after every commit. The date
//! is the commit's, so that the same commit always makes the same program.

use std::{env, fs, process::Command};

#[expect(clippy::disallowed_methods, reason = "it is the program whose environment is read once")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let built = is("PROFILE", "release").then(origin).flatten();
    let shown = match built {
        Some(origin) => format!("{version} ({origin})"),
        None => version,
    };
    println!("cargo:rustc-env=WORKLOADCTL_VERSION={shown}");
    if is("PROFILE", "release") && is("DEBUG", "false") && is("CARGO_CFG_TARGET_OS", "linux") {
        leave_out_unwinding();
        // Functions whose code is the same once: 0.1 MB.
        use_where_it_works("-Wl,--icf=all");
        // What a program that may lie anywhere has to mend as it starts: 0.02 MB instead of 0.5.
        let packed = "-Wl,-z,pack-relative-relocs";
        match is("CARGO_CFG_TARGET_ENV", "musl") {
            true => println!("cargo:rustc-link-arg-bins={packed}"),
            // Before 2.36, it would not start the program.
            false => use_where_it_works(packed),
        }
    }
}

/// Leaves out the tables for unwinding and their index, 1.6 MB: a release aborts where it would unwind, and
/// has no names for a backtrace.
#[expect(clippy::disallowed_methods, reason = "it is the program whose environment is read once")]
fn leave_out_unwinding() {
    let Ok(folder) = env::var("OUT_DIR") else { return };
    let script = format!("{folder}/without-unwinding.ld");
    // What starts a static program asks for the address of its own.
    let sections =
        "SECTIONS { /DISCARD/ : { *(EXCLUDE_FILE(*crt*.o) .eh_frame) } }\nINSERT AFTER .text;\n";
    if fs::write(&script, sections).is_ok() {
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{script}");
        println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    }
}

/// Hands an argument to the linker, where the linker knows it and a program that is linked like that starts.
#[expect(clippy::disallowed_methods, reason = "it is the program whose environment is read once")]
fn use_where_it_works(argument: &str) {
    let given = |name: &str| env::var(name).unwrap_or_default();
    let probe = format!("{}/probe", given("OUT_DIR"));
    let source = format!("{probe}.rs");
    let mut compiler = Command::new(given("RUSTC"));
    compiler.args([
        "--target",
        &given("TARGET"),
        "-C",
        &format!("link-arg={argument}"),
        "-o",
        &probe,
    ]);
    let linker = given("RUSTC_LINKER");
    if !linker.is_empty() {
        compiler.args(["-C", &format!("linker={linker}")]);
    }
    let flags = given("CARGO_ENCODED_RUSTFLAGS");
    compiler.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    let is_linked = fs::write(&source, "fn main() {}").is_ok()
        && compiler.arg(&source).output().is_ok_and(|output| output.status.success());
    // One for another machine does not start here: then it is left out.
    if is_linked && Command::new(&probe).status().is_ok_and(|status| status.success()) {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    for file in [source, probe] {
        let _ = fs::remove_file(file);
    }
}

#[expect(clippy::disallowed_methods, reason = "it is the program whose environment is read once")]
fn is(variable: &str, wanted: &str) -> bool {
    env::var(variable).as_deref() == Ok(wanted)
}

/// Gives commit and date of the checkout, else the commit that `cargo package` wrote down.
fn origin() -> Option<String> {
    if let Some(commit) =
        git(&["show", "-s", "--abbrev=12", "--date=short-local", "--format=%h %cd"])
    {
        // What moves when another commit is checked out, also in a linked worktree.
        if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
            println!("cargo:rerun-if-changed={log}");
        }
        return Some(commit);
    }
    println!("cargo:rerun-if-changed=.cargo_vcs_info.json");
    let packaged = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let commit = packaged.split("\"sha1\"").nth(1)?.split('"').nth(1)?;
    commit.get(..12).map(str::to_owned)
}

/// Asks git, where this is a checkout of its own: an archive unpacked in another one's folder is none.
fn git(arguments: &[&str]) -> Option<String> {
    if !fs::exists(".git").unwrap_or(false) {
        return None;
    }
    let output = Command::new("git").args(arguments).env("TZ", "UTC").output().ok()?;
    let text = output.status.success().then_some(output.stdout)?;
    Some(String::from_utf8(text).ok()?.trim().to_owned())
}
