//! Two limits end what takes too long: `--timeout` the whole of it, `--request-timeout` one request.
//! What is told names the one that was reached, and not the other.

use std::{sync::Arc, time::Duration};

use workloadctl::testing::{Effect, Fault, Matches, When};

use crate::harness::side_by_side;

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: '1'}\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: never, annotations: {test.workloadctl/delay: 100s}}\n\
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: 'x:1'}]}\n";

const ONE: &str = "--request-timeout 1s --timeout 50s";
const WHOLE: &str = "--request-timeout 40s --timeout 2s";

fn hangs(method: Option<&'static str>, path: &str) -> Vec<Arc<Fault>> {
    let matches = Matches { method, path: Some(path.to_owned()), ..Matches::default() };
    vec![Arc::new(Fault::new(matches, When::Always, Effect::Slow(Duration::from_secs(60))))]
}

on_both! {
    fn what_is_told_names_the_limit_that_was_reached(place) {
        let cases = vec![
            ("plan NAME -f new.yaml", None, "", ONE),
            ("deploy NAME -f new.yaml", None, "", ONE),
            ("deploy NAME -f new.yaml", None, "", WHOLE),
            ("deploy NAME -f new.yaml", Some("GET"), "/configmaps", ONE),
            ("deploy NAME -f new.yaml", Some("GET"), "/configmaps", WHOLE),
            ("deploy NAME -f new.yaml", Some("PATCH"), "/configmaps/", ONE),
            ("deploy NAME -f new.yaml", Some("PATCH"), "/secrets/", ONE),
            ("deploy NAME -f new.yaml", Some("PATCH"), "/secrets/", WHOLE),
            ("deploy NAME -f pod.yaml", Some("PATCH"), "/pods/", ONE),
            ("deploy NAME -f pod.yaml", Some("PATCH"), "/pods/", WHOLE),
            ("deploy NAME -f pod.yaml", None, "nothing-hangs", WHOLE),
            ("delete NAME --yes", None, "", ONE),
            ("delete NAME --yes", Some("DELETE"), "/namespaces/", ONE),
            ("delete NAME --yes", Some("DELETE"), "/namespaces/", WHOLE),
            ("delete NAME --yes", Some("PATCH"), "/secrets/", ONE),
            ("delete NAME --yes", Some("PATCH"), "/secrets/", WHOLE),
            ("delete NAME --yes", Some("GET"), "/configmaps", WHOLE),
            ("delete NAME --yes", None, "", WHOLE),
            ("status NAME", None, "", ONE),
            ("status NAME --wait", None, "", WHOLE),
            ("logs NAME", None, "", ONE),
        ];
        side_by_side(cases, 6, |(line, method, path, limits)| {
            let place = place.behind_proxy();
            let name = place.instance("");
            place.write("conf.yaml", CONF);
            place.write("new.yaml", &CONF.replace("'1'", "'2'"));
            place.write("pod.yaml", &format!("{CONF}---\n{POD}"));
            place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
            place.faults(&hangs(method, path));
            let command = line.replace("NAME", &name);
            // Not every command has both.
            let whole = command.starts_with("deploy") || command.starts_with("delete") || command.ends_with("--wait");
            let flags = if whole { limits } else { limits.split(" --timeout").next().unwrap() };
            let ended = place.run(&format!("{command} {flags}"));
            let told = format!("{}{}", ended.stdout, ended.stderr);
            let named = [told.contains("`--request-timeout`"), told.contains("`--timeout`")];
            assert_eq!(named, [limits == ONE, limits == WHOLE], "{line} {method:?} {path} {limits}: {}\n{told}", ended.code);
            assert_ne!(ended.code, 0, "{line} {method:?} {path} {limits}: {told}");
            place.faults(&[]);
        });
    }
}
