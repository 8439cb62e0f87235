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
        let same_once = "-Wl,--icf=all".to_owned();
        use_where_it_works(&match is("CARGO_CFG_TARGET_ENV", "musl") {
            true => [own_linker(), vec![same_once]].concat(),
            // There it is the usual one.
            false => vec![same_once],
        });
        // What a program that may lie anywhere has to mend as it starts: 0.02 MB instead of 0.5. Before 2.36,
        // glibc would not start it.
        use_where_it_works(&["-Wl,-z,pack-relative-relocs".to_owned()]);
    }
}

/// Gives the arguments for the linker that comes with the compiler.
#[expect(clippy::disallowed_methods, reason = "it is the program whose environment is read once")]
fn own_linker() -> Vec<String> {
    let given = |name: &str| env::var(name).unwrap_or_default();
    let asked = Command::new(given("RUSTC")).args(["--print", "sysroot"]).output();
    let Ok(Ok(root)) = asked.map(|answer| String::from_utf8(answer.stdout)) else {
        return Vec::new();
    };
    let folder = format!("{}/lib/rustlib/{}/bin/gcc-ld", root.trim(), given("HOST"));
    vec![format!("-B{folder}"), "-fuse-ld=lld".to_owned()]
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

/// Hands arguments to the linker, where the linker knows them and a program that is linked like that starts.
#[expect(clippy::disallowed_methods, reason = "it is the program whose environment is read once")]
fn use_where_it_works(arguments: &[String]) {
    let given = |name: &str| env::var(name).unwrap_or_default();
    let probe = format!("{}/probe", given("OUT_DIR"));
    let source = format!("{probe}.rs");
    let mut compiler = Command::new(given("RUSTC"));
    compiler.args(["--target", &given("TARGET"), "-o", &probe]);
    for argument in arguments {
        compiler.args(["-C", &format!("link-arg={argument}")]);
    }
    let linker = given("RUSTC_LINKER");
    if !linker.is_empty() {
        compiler.args(["-C", &format!("linker={linker}")]);
    }
    let flags = given("CARGO_ENCODED_RUSTFLAGS");
    compiler.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    let is_linked = fs::write(&source, "fn main() {}").is_ok()
        && compiler.arg(&source).output().is_ok_and(|output| output.status.success());
    // One for another machine does not start here: then they are left out.
    if is_linked && Command::new(&probe).status().is_ok_and(|status| status.success()) {
        for argument in arguments {
            println!("cargo:rustc-link-arg-bins={argument}");
        }
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
