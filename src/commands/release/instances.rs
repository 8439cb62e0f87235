//! Which instances the flags of a release mean.

use super::ReleaseArgs;
use crate::{
    commands::{invocation::Failures, names::instance_names, selection::Selection},
    ops::spread,
    workload::{
        error::{Code, Error},
        shell::{flags, quoted},
    },
};

impl ReleaseArgs {
    /// Checks the flags for an instance on each of several runtimes.
    ///
    /// # Errors
    /// Code 2 for what names instances otherwise, or can only be said of one.
    fn spread(&self, runtimes: &[String]) -> Result<Selection, Failures> {
        let named = self.names.first().map(String::as_str);
        let wrong = match (named, &self.definition) {
            _ if self.all => "--all cannot be used with several runtimes",
            (Some(_), _) => "an instance has one runtime; those on several are called after them",
            (None, None) => "several runtimes need --definition",
            (None, Some(_)) if !self.replace.is_empty() || self.single.is_some() => {
                let flag = self.single.unwrap_or("--replace");
                let message = format!("{flag} needs exactly one instance");
                return Err(Error::usage(Code::SeveralInstances, message).into());
            }
            (None, Some(_)) => return Ok(Selection::Spread(runtimes.to_vec())),
        };
        let definition = quoted(self.definition.as_deref().or(named).unwrap_or("NAME"));
        let runtimes: Vec<_> = runtimes.iter().map(|runtime| ("--runtime", runtime)).collect();
        let hint = format!("workloadctl deploy --definition {definition}{}", flags(runtimes));
        Err(Error::usage(Code::InvalidCommand, wrong).hint(hint).into())
    }

    /// Finds out which instances are meant, and that the other flags fit them.
    ///
    /// # Errors
    /// Code 2 where no instance is named, or several for what can only be said of one.
    pub(crate) fn selection(&self, runtimes: &[String], verb: &str) -> Result<Selection, Failures> {
        if runtimes.len() > 1 || runtimes.iter().any(|runtime| spread::is_pattern(runtime)) {
            return self.spread(runtimes);
        }
        if let Some(path) = self.names.iter().find(|name| self.is_path(name)) {
            let message = format!("{path:?} is a path, and no instance name");
            return Err(Error::usage(Code::InvalidName, message)
                .hint(format!("workloadctl {verb} NAME -f {}", quoted(path)))
                .into());
        }
        let mut names = instance_names(&self.names)?;
        let selection = match names.len() {
            _ if self.all => Selection::All,
            // `deploy` alone must not mean everything: `--all` has to be said.
            0 if self.files.file.is_empty() => {
                return Err(
                    Error::usage(Code::NoInstance, "name an instance, or give --all").into()
                );
            }
            0 => {
                return Err(Error::usage(Code::NoInstance, "-f needs the name of the instance")
                    .hint(format!("workloadctl {verb} NAME{}", self.files.flags()))
                    .into());
            }
            1 => return Ok(Selection::One(names.remove(0))),
            _ => Selection::Several(names),
        };
        // What fits one instance rarely fits another (docs/cli.md, Deploy).
        let single = [
            ("-f", !self.files.file.is_empty()),
            ("--image", !self.overrides.image.is_empty()),
            ("--replicas", !self.overrides.replicas.is_empty()),
            ("--patch", !self.overrides.patch.is_empty()),
            ("--set", !self.overrides.set.is_empty()),
            ("--replace", !self.replace.is_empty()),
            (self.single.unwrap_or_default(), self.single.is_some()),
        ];
        match single.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(Error::usage(
                Code::SeveralInstances,
                format!("{flag} needs exactly one instance"),
            )
            .into()),
            None => Ok(selection),
        }
    }

    /// Tells whether what stands in place of a name is what somebody forgot `-f` before.
    fn is_path(&self, name: &str) -> bool {
        let is_manifest = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
        self.files.file.is_empty() && (is_manifest || name.contains('/'))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::workload::name::InstanceName;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: ReleaseArgs,
    }

    fn selection(line: &str) -> Result<Selection, String> {
        let line = Line::try_parse_from(std::iter::once("x").chain(line.split_whitespace()));
        let args = line.map_err(|error| error.to_string())?.args;
        args.selection(&[], "deploy").map_err(|failures| failures.0[0].to_string())
    }

    #[test]
    fn one_several_or_all() {
        let name = |name: &str| name.parse::<InstanceName>().unwrap();
        assert_eq!(selection("web"), Ok(Selection::One(name("web"))));
        assert_eq!(selection("web web --image web=x -f a -f b"), Ok(Selection::One(name("web"))));
        assert_eq!(selection("web db"), Ok(Selection::Several(vec![name("web"), name("db")])));
        assert_eq!(selection("--all"), Ok(Selection::All));
        assert_eq!(selection("--all --restart"), Ok(Selection::All));
    }

    #[test]
    fn what_needs_one_instance_gets_one() {
        for (line, message) in [
            ("", "name an instance, or give --all"),
            ("-f k8s/", "-f needs the name of the instance"),
            ("web db -f k8s/", "-f needs exactly one instance"),
            ("web db --image web=x", "--image needs exactly one instance"),
            ("--all --set Job/x:spec.parallelism=2", "--set needs exactly one instance"),
        ] {
            assert_eq!(selection(line).unwrap_err(), message, "{line}");
        }
        assert!(selection("--all web").unwrap_err().contains("cannot be used with"));
    }
}
