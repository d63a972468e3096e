//! A relative WORKDIR before any absolute one.

use super::support::instructions::is_rooted;
use super::support::{chain, normal};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::Body;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "workdir-relative-path",
    aliases: &["WorkdirRelativePath", "DL3000"],
    summary: "a relative WORKDIR depends on what the base image happens to have",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/workdir-relative-path.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let below = chain(cx, stage).into_iter().filter(|below| below.id != stage.id);
        let mut set = below
            .flat_map(|below| below.instructions(cx.dockerfile))
            .any(|(_, instruction)| matches!(instruction.body, Body::Workdir(_)));
        for (step, instruction) in stage.instructions(cx.dockerfile) {
            let Body::Workdir(path) = &instruction.body else { continue };
            if !set && !is_rooted(&path.text) && !matches!(path.text.as_str(), "" | ".") {
                let message = format!("`{}` is relative to a directory that the file does not set", path.text);
                let found = Diagnostic::at(instruction.content, message)
                    .help("begin with an absolute WORKDIR: that of a base image may change");
                let plain = path.text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
                // What the table has not read in the image itself is only likely.
                let seen = stage.facts().is_some_and(|facts| facts.seen);
                let applicability = if seen { Applicability::Safe } else { Applicability::Unsafe };
                out.push(match step.workdir.as_deref().filter(|_| plain && !stage.windows) {
                    Some(dir) => {
                        let whole = normal(&format!("{dir}/{}", path.text));
                        found.fix(applicability, "Write the whole path", vec![Edit::replace(path.span, whole)])
                    }
                    None => found,
                });
            }
            set = true;
        }
    }
}
