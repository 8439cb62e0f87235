//! `render`: objects as they were read, or as they would be sent.

use clap::Args;

use crate::{
    commands::{
        invocation::{Done, Invocation},
        manifests::{FileArgs, load_packed},
        validation::{ValidationArgs, load_and_judge},
        workload_file::NamedWorkload,
    },
    ops::{
        history,
        render::{self, Rendered, Wanted},
    },
    output::{format::Format, objects::ObjectsAnswer},
    workload::{
        name::{DefinitionName, InstanceName},
        overrides::Overrides,
        packed::PackedContent,
    },
};

const MORE: &str = "\
Neither a cluster nor the database is touched where only manifests are named. With an instance \
the objects are printed as they would be sent: with overrides, namespaces and labels.

Examples:
  workloadctl render -f k8s/                     the objects as they are read
  workloadctl render -f k8s/ -o json | jq .      one list
  workloadctl render web-prod -f app.yaml        instance `web-prod` of a workload file
  workloadctl render web                         instance `web` as `deploy web` would send it
  workloadctl render web --release 7             what release 7 of it sent
  workloadctl render --definition web --revision 3

Exit codes:
  0  rendered
  1  no such instance, release or revision
  2  wrong command or input";

/// Print the objects of manifests as they are read, or those of an instance as they would be sent
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct RenderArgs {
    /// The instance
    #[arg(value_name = "INSTANCE", required_unless_present_any = ["file", "definition"])]
    name: Option<String>,
    /// The objects that this release of the instance sent
    #[arg(long, value_name = "N", requires = "name", conflicts_with_all = ["file", "definition"])]
    release: Option<u64>,
    /// The objects of a stored definition, as they were read
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "name"])]
    definition: Option<String>,
    /// The definition's revision [default: the newest]
    #[arg(long, value_name = "N", requires = "definition")]
    revision: Option<u64>,
    /// Its manifests, in place of the stored definition.
    #[command(flatten)]
    files: FileArgs,
    /// How strictly the objects are looked at.
    #[command(flatten)]
    validation: ValidationArgs,
}

/// Renders.
pub(super) fn run(args: RenderArgs, call: &Invocation) -> Done {
    call.only("render", &[Format::Yaml, Format::Json, Format::Name])?;
    let RenderArgs { name, release, definition, revision, files, validation } = args;
    let read = match files.file.is_empty() {
        true => Vec::new(),
        false => files.read(call, name.as_deref())?,
    };
    if let Some(source) = files.workload(&read) {
        return from_file(&NamedWorkload::read(source, name.as_slice())?, &validation, call);
    }
    let name: Option<InstanceName> = name.map(|name| name.parse()).transpose()?;
    let mut answer = ObjectsAnswer::new(call.printer.chosen_format());
    match (name, release, definition) {
        (Some(name), Some(number), _) => {
            let sent = history::sent(&call.open_for_reading()?, &name, number)?;
            sent.iter().for_each(|body| answer.add(body));
        }
        (Some(name), None, _) => {
            let given = match files.file.is_empty() {
                true => None,
                false => Some(load_packed(read, call)?),
            };
            return print(&name, given, None, call.namespace.as_deref(), &validation, call);
        }
        (None, _, Some(definition)) => {
            let definition: DefinitionName = definition.parse()?;
            let content = history::content(&call.open_for_reading()?, &definition, revision)?;
            content.objects.into_iter().for_each(|object| answer.add(&object.body));
        }
        (None, _, None) => {
            let (report, wrong) =
                load_and_judge(read, call, &mut |object| answer.add(&object.body))?;
            // No instance of them is rendered either.
            if !wrong.is_empty() {
                return Err(wrong.into());
            }
            validation.tell(call, || report)?;
        }
    }
    answer.print(&call.printer)?;
    Ok(None)
}

/// Renders an instance of a workload file.
fn from_file(named: &NamedWorkload, validation: &ValidationArgs, call: &Invocation) -> Done {
    named.require_instances()?;
    named.refuse_for_several(&[("render", true)])?;
    let instance = &named.selected[0];
    let content = named.load_packed(call, &instance.definition)?;
    let declared = instance.namespace.as_ref().map(|(namespace, _)| namespace.as_str());
    let namespace = call.namespace.as_deref().or(declared);
    print(&instance.name, content, Some(&instance.overrides), namespace, validation, call)
}

fn print(
    name: &InstanceName,
    given: Option<PackedContent>,
    declared: Option<&Overrides>,
    namespace: Option<&str>,
    validation: &ValidationArgs,
    call: &Invocation,
) -> Done {
    let mut answer = ObjectsAnswer::new(call.printer.chosen_format());
    let how = validation.validate;
    let wanted = Wanted { name, given, declared, namespace, validation: how };
    let store = call.open_for_reading()?;
    let Rendered { placement, report } =
        render::instance(&store, wanted, &mut |placed| answer.add(&placed.body))?;
    validation.tell(call, || report)?;
    placement.notes.iter().for_each(|note| call.printer.talk(note));
    placement.warnings.iter().for_each(|warning| call.printer.warn(warning));
    answer.print(&call.printer)?;
    Ok(None)
}
