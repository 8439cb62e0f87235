//! What a manifest itself says about readiness. [`allowance`] is how long and for how much of it is
//! waited. Here are `workloadctl/ready-when` and `workloadctl/failed-when`, in the words of
//! `kubectl wait --for`: one condition a line, all lines of `ready-when` have to hold, one of
//! `failed-when` is enough. On a CRD they count for all its objects that do not say it themselves.

pub(super) mod allowance;
mod known;
pub(super) mod quorum;
pub(super) mod removal;

use serde_json::Value;

use super::{
    Verdict,
    condition::Condition,
    field::{annotation, count, shorten, text},
    jsonpath::{JsonPath, said, unquote},
    verdict::State,
};
use crate::workload::{
    error::{Code, Error, Result},
    object::{Object, ObjectId},
    overrides::{Path, PathStep},
};

/// The annotation that says when an object is ready.
const READY_WHEN: &str = "workloadctl/ready-when";
/// The annotation that says when an object has failed.
const FAILED_WHEN: &str = "workloadctl/failed-when";

/// An annotation that says nothing.
#[derive(Debug)]
pub(crate) struct WrongAnnotation {
    /// The object that has it.
    pub id: ObjectId,
    /// The steps that lead to it.
    pub(in crate::workload) path: Path,
    /// What is wrong, with the object and where that begins.
    pub error: Error,
}

impl WrongAnnotation {
    /// Tells what is wrong with an annotation of an object itself.
    pub(crate) fn of(object: &Object, name: &str, error: Error) -> Self {
        let keys = ["metadata", "annotations", name];
        Self::at(object, keys.map(|key| PathStep::Key(key.to_owned())), error)
    }

    fn at(object: &Object, steps: impl IntoIterator<Item = PathStep>, error: Error) -> Self {
        let (id, path) = (object.id(), Path(steps.into_iter().collect()));
        let error = error.object(&id).at(&object.origin);
        Self { id, path, error }
    }
}

/// Checks the annotations of an object as it was read, those of its pods and of its claims.
pub(crate) fn check_annotations(object: &Object) -> Vec<WrongAnnotation> {
    let body = &object.body;
    let read = |key| annotation(body, key).map_or(Ok(()), |text| parse_all(key, text).map(drop));
    let of_values = [
        (READY_WHEN, read(READY_WHEN)),
        (FAILED_WHEN, read(FAILED_WHEN)),
        (allowance::WAIT, allowance::check_wait(body)),
        (allowance::TIMEOUT, allowance::check_timeout(body)),
        (quorum::READY_AT, quorum::check(body)),
        (removal::KEEP_ANNOTATION, removal::check(body)),
    ];
    let of_values = of_values.into_iter().filter_map(|(name, result)| Some((name, result.err()?)));
    let mut wrong: Vec<WrongAnnotation> =
        of_values.map(|(name, error)| WrongAnnotation::of(object, name, error)).collect();
    wrong.extend(known::check(object));
    wrong.extend(known::check_template(object));
    wrong.extend(removal::check_claim_templates(object));
    wrong
}

/// Tells whether an object says itself when it is ready or failed.
pub(crate) fn says_when(object: &Value) -> bool {
    annotation(object, READY_WHEN).or_else(|| annotation(object, FAILED_WHEN)).is_some()
}

/// Tells whether nobody should read what an object holds.
fn is_secret(object: &Value) -> bool {
    text(object, "/kind") == "Secret" && text(object, "/apiVersion") == "v1"
}

/// The annotations of an object, parsed.
#[derive(Debug)]
pub(crate) struct WaitAnnotations {
    ready: Vec<WaitCondition>,
    failed: Vec<WaitCondition>,
}

#[derive(Debug, PartialEq)]
enum WaitCondition {
    /// `condition=Ready`, `condition=Ready=False`
    Condition {
        kind: String,
        status: String,
    },
    /// `jsonpath={.status.phase}=Running`, `jsonpath={.status.address}`
    Path {
        text: String,
        path: JsonPath,
        value: Option<String>,
    },
    Create,
}

impl WaitAnnotations {
    /// Reads the annotations off an object, or else off its CRD; none where neither has any.
    ///
    /// # Errors
    /// Code 2 where one cannot be read.
    pub(crate) fn of(object: &Value, definition: Option<&Value>) -> Result<Option<Self>> {
        let read = |key| {
            annotation(object, key)
                .or_else(|| annotation(definition?, key))
                .map(|text| parse_all(key, text))
                .transpose()
        };
        let (ready, failed) = (read(READY_WHEN)?, read(FAILED_WHEN)?);
        if ready.is_none() && failed.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { ready: ready.unwrap_or_default(), failed: failed.unwrap_or_default() }))
    }

    /// Judges by what is wished. The kind's own rules still tell of failures and, where only
    /// failures are wished for, of readiness.
    pub(crate) fn judge(&self, object: &Value, built_in: impl FnOnce() -> Verdict) -> Verdict {
        let Self { ready, failed } = self;
        if let Some(condition) = failed.iter().find(|condition| condition.lacks(object).is_none()) {
            let message = format!("{} ({FAILED_WHEN})", condition.holds(object));
            return Verdict::failed("FailedWhen", message);
        }
        let verdict = built_in();
        if ready.is_empty() || verdict.state == State::Failed {
            return verdict;
        }
        match ready.iter().find_map(|condition| condition.lacks(object)) {
            Some(lack) => Verdict::waiting("ReadyWhen", format!("{lack} ({READY_WHEN})")),
            None => Verdict::ready(),
        }
    }
}

fn parse_all(key: &str, text: &str) -> Result<Vec<WaitCondition>> {
    let annotations: Vec<WaitCondition> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            WaitCondition::parse(line).map_err(|problem| {
                let message = format!("annotation {key}: cannot read {line:?}: {problem}");
                Error::usage(Code::InvalidAnnotation, message).hint(format!(
                    "write it like `kubectl wait --for`: `{key}: condition=Ready` or \
                     `{key}: jsonpath={{.status.phase}}=Running`"
                ))
            })
        })
        .collect::<Result<_>>()?;
    if annotations.is_empty() {
        return Err(Error::usage(Code::InvalidAnnotation, format!("annotation {key} is empty")));
    }
    Ok(annotations)
}

impl WaitCondition {
    fn parse(line: &str) -> Result<Self, String> {
        let (word, rest) = line.split_once('=').unwrap_or((line, ""));
        match word.to_lowercase().as_str() {
            "condition" => {
                // `condition=Ready` means `condition=Ready=True`, as in kubectl.
                let (kind, status) = rest.split_once('=').unwrap_or((rest, "True"));
                if kind.is_empty() || status.is_empty() {
                    return Err("write condition=TYPE or condition=TYPE=STATUS".to_owned());
                }
                Ok(Self::Condition { kind: kind.to_owned(), status: status.to_owned() })
            }
            "jsonpath" => parse_path(rest),
            "create" => Ok(Self::Create),
            "delete" => Err("an instance's objects are not waited for to go".to_owned()),
            _ => Err("it begins with neither condition= nor jsonpath=".to_owned()),
        }
    }

    /// Says what is missing; none where it holds.
    fn lacks(&self, object: &Value) -> Option<String> {
        match self {
            Self::Create => None,
            Self::Condition { kind, status } => {
                let Some(condition) = Condition::of_any_case(object, kind) else {
                    return Some(format!("its condition {kind} is not there yet"));
                };
                // kubectl wait, too, believes no condition of an older generation.
                let generation = count(object, "/metadata/generation");
                if condition.observed_generation().is_some_and(|observed| observed < generation) {
                    return Some(format!("its condition {kind} is of an older generation"));
                }
                // kubectl compares types and statuses in any case.
                let holds = condition.status().eq_ignore_ascii_case(status);
                (!holds).then(|| {
                    format!("its condition {kind} is {}: {}", condition.status(), condition.why())
                })
            }
            Self::Path { text, path, value } => match (path.find(object).as_slice(), value) {
                ([], _) => Some(format!("{text} is not there yet")),
                ([_, ..], None) => None,
                ([found], Some(value)) => {
                    let found = said(found);
                    (found != *value).then(|| match is_secret(object) {
                        true => format!("{text} is not what it is to be"),
                        false => format!("{text} is {:?}, not {value:?}", shorten(&found)),
                    })
                }
                // kubectl refuses that with an error; here it may still become one value.
                ([_, _, ..], Some(_)) => Some(format!("{text} finds more than one value")),
            },
        }
    }

    /// Says what holds.
    fn holds(&self, object: &Value) -> String {
        match self {
            Self::Create => "it is there".to_owned(),
            Self::Condition { kind, .. } => match Condition::of_any_case(object, kind) {
                Some(condition) => {
                    format!("its condition {kind} is {}: {}", condition.status(), condition.why())
                }
                None => format!("its condition {kind} holds"),
            },
            Self::Path { text, path, .. } => match path.find(object).first() {
                Some(found) if !is_secret(object) => {
                    format!("{text} is {:?}", shorten(&said(found)))
                }
                Some(_) | None => format!("{text} is there"),
            },
        }
    }
}

/// Parses `{.status.phase}=Running`, quoted as a shell would need it or not.
fn parse_path(text: &str) -> Result<WaitCondition, String> {
    let text = text.trim();
    let (path, value) = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let end = text[1..].find(quote).ok_or("the closing quote is missing")? + 1;
            (&text[1..end], &text[end + 1..])
        }
        Some('{') => {
            let end = closing_brace(text).ok_or("the closing `}` is missing")?;
            (&text[..=end], &text[end + 1..])
        }
        _ => {
            let end = text.find('=').unwrap_or(text.len());
            (&text[..end], &text[end..])
        }
    };
    let value = match value.strip_prefix('=') {
        Some("") => return Err("the value after `=` is missing".to_owned()),
        Some(value) => Some(unquote(value).unwrap_or(value).to_owned()),
        None if value.is_empty() => None,
        None => return Err(format!("cannot read {value:?}")),
    };
    let parsed = JsonPath::parse(path)?;
    let text = path.trim_start_matches('{').trim_end_matches('}').to_owned();
    Ok(WaitCondition::Path { text, path: parsed, value })
}

fn closing_brace(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, character)| {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '}') => return Some(at),
            (None, _) => {}
        }
        None
    })
}
