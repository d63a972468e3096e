//! A relative WORKDIR before any absolute one.

use super::support::chain;
use super::support::instructions::is_rooted;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "workdir-relative-path",
    aliases: &["WorkdirRelativePath", "DL3000"],
    summary: "a relative WORKDIR depends on what the base image happens to have",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
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
        for (_, instruction) in stage.instructions(cx.dockerfile) {
            let Body::Workdir(path) = &instruction.body else { continue };
            if !set && !is_rooted(&path.text) && !matches!(path.text.as_str(), "" | ".") {
                out.push(
                    Diagnostic::at(
                        instruction.content,
                        format!("`{}` is relative to a directory that the file does not set", path.text),
                    )
                    .help("begin with an absolute WORKDIR: that of a base image may change"),
                );
            }
            set = true;
        }
    }
}
