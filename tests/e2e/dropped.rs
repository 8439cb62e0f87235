//! Fields that the definition drops while somebody else holds them with the same value: a person's
//! go, a controller's stay, and that is said and recorded.

use serde_json::{Value, json};

use crate::{
    harness::Place,
    owners::{apply, collection, config_map, data, object, patch, write},
};

fn conf(namespace: &str) -> String {
    format!("{}/conf", collection(namespace, "ConfigMap"))
}

/// An instance whose `b` somebody holds too: written there before the definition brings it.
fn shared_with(place: &Place, name: &str, manager: &str) {
    write(place, &[config_map(&json!({"a": "1"}))]);
    place.run(&format!("deploy {name} -f set.json")).expect(0);
    patch(place, &conf(name), manager, &json!({"data": {"b": "2"}}));
    write(place, &[config_map(&json!({"a": "1", "b": "2"}))]);
    place.run(&format!("deploy {name} -f set.json")).expect(0);
    write(place, &[config_map(&json!({"a": "1"}))]);
}

fn version(place: &Place, path: &str) -> Value {
    place.get(path).unwrap()["metadata"]["resourceVersion"].clone()
}

on_both! {
    fn what_a_controller_holds_too_stays_and_is_said(place) {
        let name = place.instance("");
        shared_with(place, &name, "operator");
        let told = ["plan NAME -f set.json", "deploy NAME -f set.json --progress none", "plan NAME", "status NAME"]
            .map(|line| place.told(&line.replace("NAME", &name)));
        snapshot!(told.join("\n"), @r#"
        $ workloadctl plan NAME -f set.json
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        update  ConfigMap/conf  NAME  data.b stays, since "operator" holds it too
        NAME on RUNTIME: 1 to update, 1 unchanged

        $ workloadctl deploy NAME -f set.json --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 3, NAME revision 3): 1 updated, 1 unchanged; ready in N s
        namespace NAME
        --- stderr
        warning: ConfigMap/conf: data.b stays, since "operator" holds it too (`--conflicts force` takes it away)

        $ workloadctl plan NAME
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        unchanged  ConfigMap/conf  NAME  data.b stays, since "operator" holds it too
        NAME on RUNTIME: 2 unchanged

        $ workloadctl status NAME
        exit code 0
        --- stdout
        NAME: Healthy, all 2 objects are ready
        NAME revision 3 · release 3 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        OBJECT  STATE  AGE  REASON
        ├─ Namespace/NAME  ready  N s  -
        └─ ConfigMap/conf  ready  N s  data.b stays, since "operator" holds it too
        "#);
        assert_eq!(data(place, &name), json!({"a": "1", "b": "2"}));
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        let versions = [version(place, &record), version(place, &conf(&name))];
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        let yielded = json!([{"field": "data.b", "manager": "operator", "dropped": true}]);
        assert_eq!(object(&again, "ConfigMap")["yielded"], yielded);
        assert_eq!([version(place, &record), version(place, &conf(&name))], versions);

        // It comes back with another value: its holder is asked nothing.
        write(place, &[config_map(&json!({"a": "1", "b": "3"}))]);
        let refused = place.run(&format!("plan {name} -f set.json -o json")).expect(5).json();
        assert_eq!(object(&refused, "ConfigMap")["action"], "blocked", "{refused}");

        // Whoever holds it takes it away, and nothing is said any more.
        patch(place, &conf(&name), "operator", &json!({"data": {"b": null}}));
        write(place, &[config_map(&json!({"a": "1"}))]);
        let gone = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
        assert_eq!(object(&gone, "ConfigMap")["yielded"], Value::Null, "{gone}");
    }

    fn what_stayed_goes_by_force(place) {
        let name = place.instance("");
        shared_with(place, &name, "operator");
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let forced = place.run(&format!("deploy {name} --conflicts force -o json")).expect(0).json();
        assert_eq!(forced["counts"]["update"], 1, "{forced}");
        assert_eq!(data(place, &name), json!({"a": "1"}));
        shared_with(place, &name, "operator");
        place.run(&format!("deploy {name} -f set.json --conflicts force")).expect(0);
        assert_eq!(data(place, &name), json!({"a": "1"}));
        for _ in 0..2 {
            let again = place.run(&format!("deploy {name} -o json --conflicts force")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
        }
    }

    fn what_a_person_holds_too_goes(place) {
        let name = place.instance("");
        for manager in ["kubectl-patch", "helm"] {
            shared_with(place, &name, manager);
            let deployed = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
            assert_eq!(object(&deployed, "ConfigMap")["yielded"], Value::Null, "{manager}: {deployed}");
            assert_eq!(data(place, &name), json!({"a": "1"}), "{manager}");
        }
        // Where nothing is taken over, it is said.
        shared_with(place, &name, "kubectl-patch");
        write(place, &[config_map(&json!({"b": "2"}))]);
        apply(place, &conf(&name), "kubectl", &config_map(&json!({"b": "2"})));
        write(place, &[config_map(&json!({"a": "1"}))]);
        let kept = place.run(&format!("deploy {name} -f set.json --conflicts yield -o json")).expect(0).json();
        assert_eq!(object(&kept, "ConfigMap")["yielded"][0]["dropped"], true, "{kept}");
    }

    fn what_others_share_while_it_is_wanted_costs_no_write(place) {
        let name = place.instance("");
        let both = config_map(&json!({"a": "1", "b": "2"}));
        write(place, std::slice::from_ref(&both));
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        apply(place, &conf(&name), "operator", &both);
        place.run(&format!("deploy {name}")).expect(0);
        let before = version(place, &conf(&name));
        let again = place.run(&format!("deploy {name} -v")).expect(0);
        assert!(!again.stderr.contains("PATCH"), "{}", again.stderr);
        assert_eq!(version(place, &conf(&name)), before);
        // Changed by its other holder, it is theirs alone, and stays all the same.
        patch(place, &conf(&name), "operator", &json!({"data": {"b": "3"}}));
        write(place, &[config_map(&json!({"a": "1"}))]);
        let dropped = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
        let yielded = json!([{"field": "data.b", "manager": "operator", "dropped": true}]);
        assert_eq!(object(&dropped, "ConfigMap")["yielded"], yielded, "{dropped}");
        assert_eq!(data(place, &name), json!({"a": "1", "b": "3"}));
    }
}
