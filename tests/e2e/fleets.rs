//! Many instances at once: side by side, each with its own answer, and one end for all.

use std::time::Duration;

use serde_json::json;
use workloadctl::testing::Request;

use crate::harness::Outcome;

const WAIT: Duration = Duration::from_secs(60);

/// A ConfigMap that is ready when somebody writes `go: 'yes'` into it.
fn gate(data: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: gate, annotations: \
         {{workloadctl/ready-when: 'jsonpath={{.data.go}}=yes'}}}}\ndata: {{{data}}}\n"
    )
}

fn gate_of(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/gate")
}

on_both! {
    fn one_that_is_waited_for_holds_up_no_other(place) {
        let (slow, quick) = (place.instance("-a"), place.instance("-b"));
        for name in [&slow, &quick] {
            place.write("gate.yaml", &gate(if *name == slow { "go: 'no'" } else { "go: 'yes'" }));
            place.run(&format!("definition apply {name} -f gate.yaml")).expect(0);
        }
        let deploy = place.start(&format!("deploy {slow} {quick} -q"));
        // One after another, the second would not be begun before the first is ready.
        place.until("the other is there", WAIT, || place.get(&gate_of(&quick)).is_some());
        place.call(Request::merge_patch(gate_of(&slow), &json!({"data": {"go": "yes"}}))).unwrap();
        let line = format!("deploy {slow} {quick} -q");
        let outcome = Outcome { line, ..place.finish(deploy) };
        snapshot!(place.shown(&outcome), @"
        $ workloadctl deploy NAME-a NAME-b -q
        exit code 0
        --- stdout
        NAME-a deployed to RUNTIME (release 1, NAME-a revision 1): 2 created; ready in N s
        namespace NAME-a
        NAME-b deployed to RUNTIME (release 1, NAME-b revision 1): 2 created; ready in N s
        namespace NAME-b
        2 instances: 2 ready
        ");
        let one = place.run(&format!("deploy {slow} {quick} --max-parallel 0")).expect(2);
        assert!(one.stderr.contains("--max-parallel"), "{}", one.stderr);
    }
}
