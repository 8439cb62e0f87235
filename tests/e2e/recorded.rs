//! What was sent of an object counts where the object is gone: its own body, not that of another of
//! its name.

use http::Method;
use serde_json::json;
use workloadctl::testing::Request;

fn namespace(name: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
}

fn deployment(namespace: &str, replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: {namespace}}}\n\
         spec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
         metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: web, image: 'web:1'}}]}}\n"
    )
}

on_both! {
    /// The one that ran pods is gone: nothing runs, whatever stands first in the manifests.
    fn the_order_of_documents_does_not_decide_about_the_status(place) {
        let (name, other) = (place.instance(""), place.instance("other"));
        let places = format!("{}---\n{}", namespace(&name), namespace(&other));
        let (idle, running) = (deployment(&name, 0), deployment(&other, 1));
        for (first, second) in [(&idle, &running), (&running, &idle)] {
            place.write("own.yaml", &format!("{places}---\n{first}---\n{second}"));
            place.run(&format!("deploy {name} -f own.yaml --timeout 60s")).expect(0);
            let options = json!({
                "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground",
            });
            let path = format!("/apis/apps/v1/namespaces/{other}/deployments/web");
            place.call(Request::json(Method::DELETE, &path, &options)).unwrap();
            place.until("the Deployment to go", std::time::Duration::from_secs(30), || {
                place.get(&path).is_none()
            });
            let status = place.run(&format!("status {name} -o json")).expect(0).json();
            assert_eq!(status["status"], "Down", "{status}");
        }
        place.run(&format!("delete {name} --yes")).expect(0);
    }
}
