//! An instance of a definition on each of several runtimes: which runtimes are meant, and what the
//! instances are called.

use serde_json::Value;

use super::runtimes::known;
use crate::{
    cluster::kubeconfig::Kubeconfig,
    workload::{
        definition::digest_of,
        error::{Code, Error, Result},
        name::{DefinitionName, INSTANCE_NAME_LIMIT, InstanceName},
        runtime::RuntimeName,
        shell::quoted,
    },
};

/// Tells whether a text stands for all contexts that fit it.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Finds the runtimes that are named, or that fit a pattern, and names the instance on each after the
/// definition and the runtime.
///
/// # Errors
/// Code 2 for an unknown runtime, for a pattern that no context fits, and where two runtimes would give
/// their instances the same name.
pub(crate) fn instances(
    kubeconfig: &Kubeconfig,
    definition: &DefinitionName,
    wanted: &[String],
) -> Result<Vec<(InstanceName, RuntimeName)>> {
    let mut found: Vec<(InstanceName, RuntimeName)> = Vec::new();
    for text in wanted {
        for runtime in fitting(kubeconfig, text)? {
            if found.iter().any(|(_, other)| *other == runtime) {
                continue;
            }
            let name = name_on(definition, &runtime)?;
            if let Some((_, other)) = found.iter().find(|(taken, _)| *taken == name) {
                let message = format!("`{other}` and `{runtime}` would both get instance `{name}`");
                return Err(Error::usage(Code::InvalidName, message).hint(format!(
                    "workloadctl deploy NAME --definition {definition} --runtime {}",
                    quoted(&runtime.to_string())
                )));
            }
            found.push((name, runtime));
        }
    }
    Ok(found)
}

/// Names the instance of a definition on a runtime after both: `web-prod-eu`. What is not legal in a
/// name becomes `-`; where the name is too long or nothing legal is left, a digest stands for the rest.
fn name_on(definition: &DefinitionName, runtime: &RuntimeName) -> Result<InstanceName> {
    let shown = runtime.to_string();
    let whole = format!("{definition}-{}", runtime.context().unwrap_or(&shown));
    let mut legal = String::new();
    for c in whole.to_ascii_lowercase().chars() {
        let c = if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
        if c != '-' || !legal.ends_with('-') {
            legal.push(c);
        }
    }
    let legal = legal.trim_matches('-');
    if legal.len() > definition.as_str().len() && legal.len() <= INSTANCE_NAME_LIMIT {
        return legal.parse();
    }
    let digest = &digest_of(&Value::from(whole.as_str()))[..8];
    let kept = legal.get(..INSTANCE_NAME_LIMIT - 9).unwrap_or(legal).trim_end_matches('-');
    format!("{kept}-{digest}").parse()
}

/// Gives the runtimes that a text stands for.
fn fitting(kubeconfig: &Kubeconfig, text: &str) -> Result<Vec<RuntimeName>> {
    if !is_pattern(text) {
        return Ok(vec![known(kubeconfig, text)?]);
    }
    let mut names: Vec<String> =
        kubeconfig.contexts().into_iter().map(|context| context.name).collect();
    names.retain(|name| fits(text.as_bytes(), name.as_bytes()));
    names.sort();
    if names.is_empty() {
        let message = format!("no context of the kubeconfig fits `{text}`");
        return Err(Error::usage(Code::UnknownRuntime, message).hint("workloadctl runtime list"));
    }
    Ok(names.into_iter().map(RuntimeName::Context).collect())
}

/// Tells whether a name fits a pattern: `*` stands for any characters, `?` for one.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            fits(rest, name) || name.split_first().is_some_and(|(_, tail)| fits(pattern, tail))
        }
        (Some((wanted, rest)), Some((there, tail))) => {
            (*wanted == b'?' || wanted == there) && fits(rest, tail)
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_what_fits_it() {
        for (pattern, name, expected) in [
            ("prod-*", "prod-eu", true),
            ("prod-*", "prod-", true),
            ("prod-*", "preprod-eu", false),
            ("*", "arn:aws:eks:eu:1:cluster/web", true),
            ("*/web", "arn:aws:eks:eu:1:cluster/web", true),
            ("*-eu-?", "a-eu-1", true),
            ("*-eu-?", "a-eu-12", false),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn an_instance_is_called_after_its_runtime() {
        let on = |definition: &str, context: &str| {
            let runtime = RuntimeName::Context(context.to_owned());
            name_on(&definition.parse().unwrap(), &runtime).unwrap().to_string()
        };
        for (context, name) in [
            ("prod-eu", "web-prod-eu"),
            ("Admin@kind_1", "web-admin-kind-1"),
            ("arn:aws:eks:eu-1:12:cluster/a", "web-arn-aws-eks-eu-1-12-cluster-a"),
            ("--x--", "web-x"),
            ("sandbox", "web-sandbox"),
        ] {
            assert_eq!(on("web", context), name);
        }
        // What would say nothing, or too much, is told apart by a digest.
        assert!(on("web", "...").starts_with("web-") && on("web", "...") != on("web", "---"));
        let (long, other) = ("x".repeat(60), "x".repeat(61));
        assert!(on("web", &long).starts_with("web-xxx") && on("web", &long) != on("web", &other));
        let sandbox = name_on(&"web".parse().unwrap(), &RuntimeName::Sandbox).unwrap();
        assert_eq!(sandbox.as_str(), "web-sandbox");
    }
}
