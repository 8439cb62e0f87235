//! A person who thinks about a question holds nobody up, and agrees to nothing else than was asked.

use rustix::process::{Pid, Signal, kill_process};

use crate::{harness::Place, pty::Terminal};

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";

/// A set with these claims.
fn set(claims: &[&str]) -> String {
    let claim = |name: &&str| {
        format!(
            "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\nspec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}\n"
        )
    };
    format!("{CONF}{}", claims.iter().map(claim).collect::<String>())
}

fn has_claim(place: &Place, namespace: &str, claim: &str) -> bool {
    let path = format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}");
    place.get(&path).is_some_and(|live| live["metadata"]["deletionTimestamp"].is_null())
}

on_both! {
    fn a_question_holds_no_lock_and_is_asked_again_when_it_is_another_one(place) {
        let name = place.instance("");
        for (file, claims) in [("none", &[][..]), ("one", &["one"]), ("two", &["one", "two"])] {
            place.write(&format!("{file}.yaml"), &set(claims));
        }
        place.run(&format!("deploy {name} -f one.yaml --no-wait")).expect(0);
        let mut terminal = Terminal::open();
        let line = format!("deploy {name} -f none.yaml --no-wait --progress none --color never");
        let mut child = terminal.start(place.command(&line));
        let asked = terminal.until("[y/N]");
        assert!(asked.contains("This deletes PersistentVolumeClaim/one, with what they hold. Go on?"), "{asked}");
        // From the same database: the lock of this machine is free.
        place.run(&format!("deploy {name} -f two.yaml --no-wait --lock-wait 0s")).expect(0);
        terminal.enter("y\n");
        let asked = terminal.until("[y/N]");
        assert!(asked.contains("This deletes PersistentVolumeClaim/one, PersistentVolumeClaim/two, with"), "{asked}");
        assert!(has_claim(place, &name, "one"), "nobody has agreed to this one");
        terminal.enter("y\n");
        let told = terminal.rest();
        assert!(child.wait().unwrap().success() && told.contains("2 pruned"), "{told}");
        assert!(!has_claim(place, &name, "one") && !has_claim(place, &name, "two"));
        // No is no, and leaves nothing locked.
        place.run(&format!("deploy {name} -f one.yaml --no-wait")).expect(0);
        let mut terminal = Terminal::open();
        let mut child = terminal.start(place.command(&line));
        terminal.until("[y/N]");
        terminal.enter("n\n");
        let told = terminal.rest();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{told}");
        assert!(has_claim(place, &name, "one"));
        place.run(&format!("deploy {name} -f one.yaml --no-wait --lock-wait 0s")).expect(0);
    }

    fn a_question_stops_the_clock(place) {
        let name = place.instance("");
        let never = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: never, annotations: {workloadctl/ready-when: 'jsonpath={.data.x}'}}\n";
        place.write("never.yaml", never);
        place.write("none.yaml", &set(&[]));
        place.write("one.yaml", &set(&["one"]));
        place.run(&format!("deploy {name} -f one.yaml --no-wait")).expect(0);
        for (line, suffix, done) in [
            (format!("deploy {name} -f none.yaml --timeout 6s"), "a", "1 pruned"),
            (format!("delete {name} --timeout 20s"), "b", "deleted"),
        ] {
            let mut terminal = Terminal::open();
            let mut child = terminal.start(place.command(&format!("{line} --progress none --color never")));
            terminal.until("[y/N]");
            // What began later with as much time has run out of it by now.
            let timeout = line.rsplit(' ').next().unwrap();
            let other = place.instance(suffix);
            let late = place.run(&format!("deploy {other} -f never.yaml --timeout {timeout}")).expect(3);
            assert!(late.stderr.contains("out of time"), "{late:?}");
            terminal.enter("y\n");
            let told = terminal.rest();
            assert!(child.wait().unwrap().success() && told.contains(done), "{told}");
        }
    }

    fn a_deletion_asks_again_when_more_goes_than_was_agreed_to(place) {
        let name = place.instance("");
        for (file, claims) in [("one", &["one"][..]), ("two", &["one", "two"])] {
            place.write(&format!("{file}.yaml"), &set(claims));
        }
        place.run(&format!("deploy {name} -f one.yaml --no-wait")).expect(0);
        let mut terminal = Terminal::open();
        let line = format!("delete {name} --progress none --color never");
        let mut child = terminal.start(place.command(&line));
        let asked = terminal.until("[y/N]");
        assert!(asked.contains("3 objects, among them 1 PersistentVolumeClaim with its data?"), "{asked}");
        place.run(&format!("deploy {name} -f two.yaml --no-wait --lock-wait 0s")).expect(0);
        terminal.enter("y\n");
        let asked = terminal.until("[y/N]");
        assert!(asked.contains("4 objects, among them 2 PersistentVolumeClaims with their data?"), "{asked}");
        assert!(has_claim(place, &name, "one"), "nobody has agreed to this");
        terminal.enter("n\n");
        let told = terminal.rest();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{told}");
        assert!(has_claim(place, &name, "one") && has_claim(place, &name, "two"));
        let mut terminal = Terminal::open();
        let mut child = terminal.start(place.command(&line));
        terminal.until("[y/N]");
        terminal.enter("y\n");
        let told = terminal.rest();
        assert!(child.wait().unwrap().success(), "{told}");
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_signal_at_a_question_is_no_answer(place) {
        let name = place.instance("");
        place.write("one.yaml", &set(&[]));
        place.write("other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n");
        place.run(&format!("deploy {name} -f one.yaml --no-wait")).expect(0);
        place.run(&format!("deploy {name} -f other.yaml --no-wait")).expect(0);
        for line in [
            format!("deploy {name} -f one.yaml --ask"),
            format!("delete {name}"),
            format!("delete {name} --forget"),
        ] {
            let mut terminal = Terminal::open();
            let mut child = terminal.start(place.command(&format!("{line} --progress none --color never")));
            terminal.until("[y/N]");
            kill_process(Pid::from_child(&child), Signal::INT).unwrap();
            let told = terminal.rest();
            assert_eq!(child.wait().unwrap().code(), Some(130), "{line}: {told}");
            assert!(told.contains("error: stopped at the question"), "{line}: {told}");
        }
    }
}
