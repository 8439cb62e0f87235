//! Whose replicas they are when autoscalers go, stay behind or cannot be read.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::{
    harness::Place,
    owners::{collection, deployment, write},
    yielding::{autoscaler, replicas_holders, scale},
};

fn unread(effect: Effect) -> Arc<Fault> {
    let path = Some("/horizontalpodautoscalers".to_owned());
    let matches = Matches { method: Some("GET"), path, ..Matches::default() };
    Arc::new(Fault::new(matches, When::Always, effect))
}

fn replicas(place: &Place, path: &str) -> Value {
    place.get(path).unwrap()["spec"]["replicas"].clone()
}

on_both! {
    fn an_autoscaler_that_cannot_be_read_is_not_gone(place) {
        let place = &place.behind_proxy();
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        let deploy = |replicas, image: &str, code| {
            write(place, &[deployment(replicas, image)]);
            place.run(&format!("deploy {name} -f set.json")).expect(code)
        };
        deploy(Some(2), "nginx:1", 0);
        let autoscalers = format!("/apis/autoscaling/v2/namespaces/{name}/horizontalpodautoscalers");
        place.call(Request::json(Method::POST, &*autoscalers, &autoscaler())).unwrap();
        scale(place, &path, "kube-controller-manager", 5);
        deploy(Some(2), "nginx:2", 0);
        assert_eq!(replicas(place, &path), 5);
        place.faults(&[unread(Effect::Internal)]);
        snapshot!(place.shown(&deploy(Some(2), "nginx:3", 1)), @"
        $ workloadctl deploy NAME -f set.json
        exit code 1
        --- stderr
        error: cannot look for autoscalers in namespace NAME
          the server failed (500)
          Internal error occurred: etcdserver: request timed out
        ");
        place.faults(&[unread(Effect::Forbidden)]);
        for image in ["nginx:3", "nginx:4"] {
            deploy(Some(2), image, 0);
            assert_eq!(replicas(place, &path), 5, "{image}");
        }
        place.faults(&[]);
        place.call(Request::json(Method::DELETE, format!("{autoscalers}/web"), &json!({}))).unwrap();
        deploy(Some(2), "nginx:5", 0);
        assert_eq!(replicas(place, &path), 2, "now it is gone");
    }

    fn replicas_that_are_dropped_do_not_fall_where_autoscalers_may_not_be_read(place) {
        let place = &place.behind_proxy();
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        place.faults(&[unread(Effect::Forbidden)]);
        for (wanted, image, live) in [(Some(2), "nginx:1", 2), (Some(3), "nginx:1", 3), (None, "nginx:2", 3), (None, "nginx:3", 3)] {
            write(place, &[deployment(wanted, image)]);
            place.run(&format!("deploy {name} -f set.json")).expect(0);
            assert_eq!(replicas(place, &path), live, "{wanted:?} {image}");
        }
    }

    fn an_autoscaler_that_leaves_the_definition_and_stays_goes_on_scaling(place) {
        for (index, (kept, flag)) in [(true, ""), (false, " --prune never")].into_iter().enumerate() {
            let name = place.instance(&format!("-{index}"));
            let path = format!("{}/web", collection(&name, "Deployment"));
            let mut autoscaler = autoscaler();
            if kept {
                autoscaler["metadata"]["annotations"] = json!({"workloadctl/on-remove": "keep"});
            }
            write(place, &[deployment(Some(2), "nginx:1"), autoscaler]);
            place.run(&format!("deploy {name} -f set.json")).expect(0);
            scale(place, &path, "kube-controller-manager", 5);
            place.run(&format!("deploy {name}")).expect(0);
            for image in ["nginx:2", "nginx:3"] {
                write(place, &[deployment(Some(2), image)]);
                place.run(&format!("deploy {name} -f set.json{flag}")).expect(0);
                assert_eq!(replicas(place, &path), 5, "{image}{flag}");
            }
        }
    }

    fn what_an_autoscaler_set_that_was_never_seen_at_work_is_ours_when_it_goes(place) {
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        write(place, &[deployment(Some(2), "nginx:1"), autoscaler()]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        scale(place, &path, "kube-controller-manager", 5);
        write(place, &[deployment(Some(2), "nginx:1")]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let live = place.get(&path).unwrap();
        assert_eq!(live["spec"]["replicas"], 2);
        assert_eq!(replicas_holders(&live), [&*format!("workloadctl:{name}/{name}")]);
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
    }

    fn what_was_handed_over_is_in_nobodys_way_where_conflicts_fail(place) {
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        for image in ["nginx:1", "nginx:2"] {
            write(place, &[deployment(Some(2), image), autoscaler()]);
            place.run(&format!("deploy {name} -f set.json")).expect(0);
        }
        assert_eq!(replicas_holders(&place.get(&path).unwrap()), ["workloadctl-yielded"]);
        let same = place.run(&format!("deploy {name} --conflicts fail -o json")).expect(0).json();
        assert_eq!(same["outcome"], "unchanged", "{same}");
        write(place, &[deployment(Some(2), "nginx:3"), autoscaler()]);
        place.run(&format!("deploy {name} -f set.json --conflicts fail")).expect(0);
        assert_eq!(replicas_holders(&place.get(&path).unwrap()), ["workloadctl-yielded"]);
    }

    fn a_scale_of_what_the_definition_leaves_open_is_said_and_counted(place) {
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        write(place, &[deployment(None, "nginx:1")]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let status = place.run(&format!("status {name} -o json")).expect(0).json();
        assert!(status.get("addedFields").is_none() && status.get("remarks").is_none(), "{status}");
        scale(place, &path, "kubectl", 3);
        place.run(&format!("status {name} --wait")).expect(0);
        let status = place.run(&format!("status {name} --exit-code -o json")).expect(0).json();
        assert_eq!(status["addedFields"], 1, "{status}");
        let said = "Deployment/web has 3 replicas, and its definition sets none: they stay as somebody scaled them";
        assert_eq!(status["remarks"], json!([said]), "{status}");
        assert!(status.get("drift").is_none(), "{status}");
        place.run(&format!("deploy {name}")).expect(0);
        assert_eq!(replicas(place, &path), 3);
        // What an autoscaler of the set does needs no words.
        write(place, &[deployment(None, "nginx:1"), autoscaler()]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let status = place.run(&format!("status {name} -o json")).expect(0).json();
        assert!(status.get("remarks").is_none(), "{status}");
    }
}
