//! Jobs that are gone: by their time to live, or by somebody's delete.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::{harness::Place, owners::write};

fn job(spec: Value) -> Value {
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": spec});
    job["spec"]["template"] = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1"}]}});
    job
}

fn config(value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"a": value}})
}

fn remove(place: &Place, path: &str) {
    let options = json!({"propagationPolicy": "Background"});
    place.call(Request::json(Method::DELETE, path, &options)).unwrap();
}

fn states(place: &Place, name: &str) -> Vec<(String, String)> {
    let status = place.run(&format!("status {name} -o json")).json();
    let objects = status["objects"].as_array().unwrap().iter();
    objects
        .map(|object| {
            (object["kind"].as_str().unwrap().into(), object["state"].as_str().unwrap().into())
        })
        .collect()
}

on_both! {
    fn a_completed_job_that_somebody_deleted_runs_again(place) {
        let name = place.instance("");
        write(place, &[job(json!({}))]);
        let path = format!("/apis/batch/v1/namespaces/{name}/jobs/once");
        place.run(&format!("deploy {name} -f set.json --timeout 30s")).expect(0);
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        remove(place, &path);
        place.until("the Job is gone", Duration::from_secs(20), || place.get(&path).is_none());
        assert!(states(place, &name).contains(&("Job".into(), "missing".into())));
        let again = place.run(&format!("deploy {name} --timeout 30s -o json")).expect(0).json();
        assert_eq!(again["counts"]["create"], 1, "{again}");
        assert!(place.get(&path).is_some());
    }

    fn a_job_that_completed_in_an_earlier_release_is_not_missing_without_a_record(place) {
        let name = place.instance("");
        let passing = job(json!({"ttlSecondsAfterFinished": 0}));
        write(place, &[passing.clone(), config("1")]);
        place.run(&format!("deploy {name} -f set.json --timeout 30s")).expect(0);
        let path = format!("/apis/batch/v1/namespaces/{name}/jobs/once");
        place.until("the Job is gone", Duration::from_secs(20), || place.get(&path).is_none());
        write(place, &[passing, config("2")]);
        place.run(&format!("deploy {name} -f set.json --timeout 30s")).expect(0);
        remove(place, &format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}"));
        assert!(states(place, &name).contains(&("Job".into(), "ready".into())), "{:?}", states(place, &name));
        // Another body is another Job, and nobody saw it complete.
        let mut changed = job(json!({"ttlSecondsAfterFinished": 0, "backoffLimit": 1, "suspend": true}));
        changed["metadata"]["annotations"] = json!({"workloadctl/ready-when": "condition=Complete"});
        write(place, &[changed, config("2")]);
        place.run(&format!("deploy {name} -f set.json --no-wait")).expect(0);
        remove(place, &path);
        place.until("the Job is gone", Duration::from_secs(20), || place.get(&path).is_none());
        remove(place, &format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}"));
        assert!(states(place, &name).contains(&("Job".into(), "missing".into())), "{:?}", states(place, &name));
    }

    fn pods_that_the_database_remembers_are_counted(place) {
        let name = place.instance("");
        let mut web = crate::owners::deployment(Some(1), "nginx:1");
        web["metadata"]["name"] = json!("web");
        write(place, &[web, config("1")]);
        place.run(&format!("deploy {name} -f set.json --timeout 30s")).expect(0);
        let path = format!("/apis/apps/v1/namespaces/{name}/deployments/web");
        let before = place.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(before["status"], "Healthy", "{before}");
        remove(place, &path);
        place.until("the Deployment is gone", Duration::from_secs(20), || place.get(&path).is_none());
        // With the record: its pods are wanted, and none is there.
        let recorded = place.run(&format!("status {name} -o json")).json();
        assert_eq!(recorded["status"], "Down", "{recorded}");
        remove(place, &format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}"));
        let remembered = place.run(&format!("status {name} -o json")).json();
        assert_eq!((&remembered["status"], &remembered["reason"]), (&recorded["status"], &recorded["reason"]));
    }
}
