//! What progress looks like on a terminal, at every width, through a resize and Ctrl-C: whatever
//! happens, nothing is left over.

use std::{fmt::Write as _, io::BufRead as _, time::Duration};

use crate::{program::Program, screen::Screen};

/// Deployments none of which ever becomes ready.
fn deployments(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        write!(
            text,
            "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{number:03}}}
spec:
  selector: {{matchLabels: {{app: w{number}}}}}
  template:
    metadata: {{labels: {{app: w{number}}}, annotations: {{test.workloadctl/fail: never-ready}}}}
    spec: {{containers: [{{name: web, image: 'web:1'}}]}}
"
        )
        .unwrap();
    }
    text
}

/// One that becomes ready.
fn calm() -> String {
    deployments(1).replace(", annotations: {test.workloadctl/fail: never-ready}", "")
}

fn start(program: &Program, count: usize, size: (u16, u16)) -> Screen {
    program.write("web.yaml", &deployments(count));
    let line = "deploy web -f web.yaml --runtime sandbox --color never --timeout 100s";
    Screen::start(program, line, size)
}

/// Tells whether each object has its line, or is counted, and each line names a pod.
fn all_wait(text: &str, count: usize) -> bool {
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("Deployment/")).collect();
    let folded = text.lines().find_map(|line| line.trim().strip_prefix("and ")?.split(' ').next());
    let folded: usize = folded.map_or(0, |folded| folded.parse().unwrap());
    text.contains(&format!("/{} ready", count + 1))
        && lines.len() + folded == count
        && lines.iter().all(|line| line.contains("0 of 1 pods available: pod web"))
}

/// Times and the names of pods differ from run to run.
fn still(text: &str) -> String {
    let filters =
        [(r" *\b[0-9]+(\.[0-9])? s\b", " N s"), (r"pod web[^\n]*?(…?)(\n|$)", "pod web-POD$1$2")];
    let mut text = text.to_owned();
    for (pattern, shown) in filters {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, shown).into_owned();
    }
    text
}

#[test]
fn what_is_not_ready_has_a_line_each() {
    let mut told = String::new();
    for (count, size) in [(1, (24, 60)), (12, (24, 80)), (12, (8, 100)), (1, (24, 140))] {
        let program = Program::new();
        let mut screen = start(&program, count, size);
        let text = screen.until("all wait", |text| all_wait(text, count));
        let is_cut = |line: &&str| line.contains("pod web-") && !line.ends_with('…');
        assert_eq!(text.lines().find(is_cut).is_some(), size.1 > 120, "{text}");
        screen.interrupt();
        let (code, end) = screen.end();
        write!(told, "{count} at {size:?}\n{text}\n--- exit code {code}\n").unwrap();
        assert!(!end.contains("ready · waiting"), "{end}");
        // A longer end scrolls, as far as the names of the pods are long.
        if count == 1 {
            told += &(end + "\n\n");
        }
    }
    snapshot!(still(&told), @"
    1 at (24, 60)
    runtime sandbox: --runtime
    web 1/2 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
    --- exit code 130
    runtime sandbox: --runtime
    stopping in good order; once more to leave at once
    web interrupted on sandbox (release 1, web revision 1): 2 created; after N s
    namespace web
    error: stopped: 2 of 2 objects of `web` are applied
      Deployment/web-000: pod web-POD
    hint: `workloadctl deploy web` goes on, `workloadctl delete web` removes it

    12 at (24, 80)
    runtime sandbox: --runtime
    web ━─────────────── 1/13 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-001 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-002 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-003 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-004 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-005 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-006 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-007 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-008 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-009 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-010 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-011 N s  0 of 1 pods available: pod web-POD…
    --- exit code 130
    12 at (8, 100)
    web ━─────────────── 1/13 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-001 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-002 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-003 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-004 N s  0 of 1 pods available: pod web-POD…
      and 7 more
    --- exit code 130
    1 at (24, 140)
    runtime sandbox: --runtime
    web ━━━━━━━━──────── 1/2 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD
    --- exit code 130
    runtime sandbox: --runtime
    stopping in good order; once more to leave at once
    web interrupted on sandbox (release 1, web revision 1): 2 created; after N s
    namespace web
    error: stopped: 2 of 2 objects of `web` are applied
      Deployment/web-000: pod web-POD
    hint: `workloadctl deploy web` goes on, `workloadctl delete web` removes it
    ");
}

#[test]
fn a_window_that_changes_has_no_leftovers() {
    let program = Program::new();
    let mut screen = start(&program, 3, (24, 100));
    let mut told = screen.until("all wait", |text| all_wait(text, 3));
    for size in [(24, 60), (24, 140), (3, 80)] {
        screen.resize(size.0, size.1);
        // The next frame is for the new window.
        screen.watch(Duration::from_millis(1500));
        write!(told, "\n{size:?}\n{}", screen.text()).unwrap();
    }
    screen.interrupt();
    let (code, end) = screen.end();
    write!(told, "\n--- exit code {code}\n{end}").unwrap();
    snapshot!(still(&told), @"
    runtime sandbox: --runtime
    web ━━━━──────────── 1/4 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-001 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-002 N s  0 of 1 pods available: pod web-POD…
    (24, 60)
    runtime sandbox: --runtime
    web 1/4 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-001 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-002 N s  0 of 1 pods available: pod web-POD…
    (24, 140)
    runtime sandbox: --runtime
    web ━━━━──────────── 1/4 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD
      Deployment/web-001 N s  0 of 1 pods available: pod web-POD
      Deployment/web-002 N s  0 of 1 pods available: pod web-POD
    (3, 80)
    web ━━━━──────────── 1/4 ready · waiting N s
      and 3 more
    --- exit code 130
    , but is not ready yet
    hint: `workloadctl deploy web` goes on, `workloadctl delete web` removes it
    ");
}

/// The widths of a window.
const WIDTHS: [u16; 4] = [60, 80, 100, 140];

/// Shows the first lines and the last one at every width, on the way from one to the next.
fn at_every_width(screen: &mut Screen, count: usize) -> String {
    let mut told = String::new();
    for columns in WIDTHS {
        screen.resize(24, columns);
        // The next frame is for the new window.
        screen.watch(Duration::from_millis(1500));
        let text = screen.until("all wait", |text| all_wait(text, count));
        assert!(text.lines().all(|line| line.chars().count() <= columns.into()), "{text}");
        assert_eq!(text.matches(" ready \u{b7} waiting").count(), 1, "{text}");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("runtime")).collect();
        let (first, last) = (&lines[..2.min(lines.len())], lines.last().unwrap());
        write!(told, "{columns}\n{}\n{last}\n", first.join("\n")).unwrap();
    }
    still(&told)
}

#[test]
fn every_width_shows_what_fits_until_ctrl_c() {
    let mut told = String::new();
    for count in [1, 12] {
        let program = Program::new();
        let mut screen = start(&program, count, (24, 80));
        screen.until("all wait", |text| all_wait(text, count));
        told += &at_every_width(&mut screen, count);
        screen.interrupt();
        let (code, end) = screen.end();
        assert_eq!((code, end.contains("ready \u{b7} waiting")), (130, false), "{end}");
    }
    snapshot!(told, @"
    60
    web 1/2 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
    80
    web ━━━━━━━━──────── 1/2 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
    100
    web ━━━━━━━━──────── 1/2 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
    140
    web ━━━━━━━━──────── 1/2 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD
    60
    web 1/13 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-011 N s  0 of 1 pods available: pod web-POD…
    80
    web ━─────────────── 1/13 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-011 N s  0 of 1 pods available: pod web-POD…
    100
    web ━─────────────── 1/13 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-011 N s  0 of 1 pods available: pod web-POD…
    140
    web ━─────────────── 1/13 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD
      Deployment/web-011 N s  0 of 1 pods available: pod web-POD
    ");
}

#[test]
fn two_hundred_objects_do_not_flicker() {
    let program = Program::new();
    let mut screen = start(&program, 200, (24, 80));
    let text = screen.until("all wait", |text| all_wait(text, 200));
    (screen.frames, screen.bytes) = (0, 0);
    screen.watch(Duration::from_secs(3));
    // Nothing changes but the times, once a second; a frame may come in two pieces.
    assert!(screen.frames <= 8, "{} frames", screen.frames);
    assert!(screen.bytes <= 8 * 24 * 90, "{} bytes", screen.bytes);
    snapshot!(at_every_width(&mut screen, 200), @"
    60
    web 1/201 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      and 179 more
    80
    web ──────────────── 1/201 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      and 179 more
    100
    web ──────────────── 1/201 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      and 179 more
    140
    web ──────────────── 1/201 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD
      and 179 more
    ");
    screen.interrupt();
    let (code, end) = screen.end();
    assert_eq!(code, 130);
    snapshot!(still(&text), @"
    web ──────────────── 1/201 ready · waiting N s
      Deployment/web-000 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-001 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-002 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-003 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-004 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-005 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-006 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-007 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-008 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-009 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-010 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-011 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-012 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-013 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-014 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-015 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-016 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-017 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-018 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-019 N s  0 of 1 pods available: pod web-POD…
      Deployment/web-020 N s  0 of 1 pods available: pod web-POD…
      and 179 more
    ");
    assert!(!end.contains("ready · waiting"), "{end}");
}

#[test]
fn a_status_that_is_watched_is_drawn_in_place() {
    let program = Program::new();
    program.write("web.yaml", &deployments(1));
    assert_eq!(program.call("deploy web -f web.yaml --runtime sandbox --no-wait").code, 0);
    let mut screen = Screen::start(&program, "status web --watch --color never", (24, 100));
    screen.until("the pod", |text| text.contains("Pod/web-000") && text.contains("0 of 1"));
    program.write("web.yaml", &calm());
    assert_eq!(program.call("deploy web -f web.yaml").code, 0);
    let text = screen.until("all is ready", |text| text.contains("Healthy, all 2"));
    assert_eq!(text.matches("OBJECT").count(), 1, "{text}");
    screen.interrupt();
    let (code, end) = screen.end();
    assert_eq!(code, 130, "{end}");
    // What was drawn is gone, and what was seen last stays.
    assert_eq!(end.matches("OBJECT").count(), 1, "{end}");
    let lines: Vec<&str> = end.lines().take(2).collect();
    snapshot!(still(&lines.join("\n")), @"
    stopping in good order; once more to leave at once
    web: Healthy, all 2 objects are ready
    ");
}

#[test]
fn what_is_longer_than_the_window_of_a_watch_is_folded() {
    let program = Program::new();
    program.write("web.yaml", &calm());
    for name in ["web", "shop"] {
        let line = format!("deploy {name} -f web.yaml --runtime sandbox");
        assert_eq!(program.call(&line).code, 0);
    }
    program.write("web.yaml", &deployments(1));
    assert_eq!(program.call("deploy web -f web.yaml --no-wait").code, 0);
    // A fold may come anywhere.
    let in_one = |text: &str| text.split_whitespace().collect::<String>();
    let reason = in_one("container web runs, but is not ready yet");
    for (line, header) in [
        ("status --watch -o wide", "OUTCOME DEPLOYED BY REASON"),
        // The reason in the heading is all of it, while the tree cuts its own.
        ("status web --watch", "OBJECT"),
    ] {
        let mut screen = Screen::start(&program, &format!("{line} --color never"), (24, 80));
        for columns in [80, 40, 57, 200, 60] {
            screen.resize(24, columns);
            let shown = screen.until("the whole reason", |text| {
                let is_within = |line: &str| line.chars().count() < columns.into();
                in_one(text).contains(&reason) && text.lines().all(is_within)
            });
            // Nothing is left of the frame before.
            assert_eq!(in_one(&shown).matches(&in_one(header)).count(), 1, "{columns}\n{shown}");
        }
        screen.interrupt();
        assert_eq!(screen.end().0, 130);
    }
}

#[test]
fn in_a_small_window_several_show_what_is_wrong_first() {
    let program = Program::new();
    program.write("web.yaml", &calm());
    for name in ["a", "b", "c", "d"] {
        let line = format!("deploy {name} -f web.yaml --runtime sandbox");
        assert_eq!(program.call(&line).code, 0);
    }
    program.write("web.yaml", &deployments(1));
    assert_eq!(program.call("deploy z -f web.yaml --runtime sandbox --no-wait").code, 0);
    let mut told = String::new();
    for size in [(24, 50), (5, 50), (5, 30)] {
        let mut screen = Screen::start(&program, "status --watch --color never", size);
        let text = screen.until("all of them", |text| text.contains("z  ") && text.contains("a  "));
        write!(told, "{size:?}\n{text}\n").unwrap();
        screen.interrupt();
        assert_eq!(screen.end().0, 130);
    }
    snapshot!(still(&told), @"
    (24, 50)
    NAME  RELEASE  RUNTIME  STATUS       REASON
    a     1        sandbox  Healthy      all 2 objec…
    b     1        sandbox  Healthy      all 2 objec…
    c     1        sandbox  Healthy      all 2 objec…
    d     1        sandbox  Healthy      all 2 objec…
    z     1        sandbox  Reconciling  Deployment/…
    (5, 50)
    NAME  RELEASE  RUNTIME  STATUS       REASON
    z     1        sandbox  Reconciling  Deployment/…
    a     1        sandbox  Healthy      all 2 objec…
    and 3 more lines
    (5, 30)
    NAME  STATUS       REASON
    z     Reconciling  Deploymen…
    a     Healthy      all 2 obj…
    and 3 more lines
    ");
}

#[test]
fn elsewhere_what_changes_is_a_line() {
    let program = Program::new();
    program.write("web.yaml", &deployments(1));
    assert_eq!(program.call("deploy web -f web.yaml --runtime sandbox --no-wait").code, 0);
    let mut command = program.command(&["status", "web", "--watch"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |what: &str| {
        lines.by_ref().map(|line| line.unwrap()).find(|line| line.contains(what)).unwrap()
    };
    until("─ Deployment/web-000");
    program.write("web.yaml", &calm());
    assert_eq!(program.call("deploy web -f web.yaml").code, 0);
    let told = until("web: release 2, Healthy");
    child.kill().unwrap();
    child.wait().unwrap();
    snapshot!(told, @"TIME web: release 2, Healthy, all 2 objects are ready");
    let told = program.told(&["status web --watch -o json", "status --watch --wait"]);
    snapshot!(told, @r#"
    $ workloadctl status web --watch -o json
    exit code 2
    --- stdout
    {
      "apiVersion": "workloadctl/v1alpha1",
      "kind": "Error",
      "error": {
        "code": "invalid-flag",
        "exitCode": 2,
        "message": "`status --watch` has no -o json, only table, wide"
      }
    }
    --- stderr
    error: `status --watch` has no -o json, only table, wide

    $ workloadctl status --watch --wait
    exit code 2
    --- stderr
    error: the argument '--watch' cannot be used with '--wait'

    Usage: workloadctl status --watch [INSTANCE]...

    For more information, try '--help'.
    "#);
}
