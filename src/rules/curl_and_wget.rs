//! curl and wget in one stage.

use super::support::calls::{all_runs, commands};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "curl-and-wget",
    aliases: &["DL4001"],
    summary: "curl and wget where one would do",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/curl-and-wget.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let (mut curl, mut wget) = (None, None);
        for run in all_runs(cx).filter(|run| run.stage.id == stage.id) {
            let mut here = None;
            for cmd in commands(&run) {
                let seen = match cmd.name.text.as_str() {
                    "curl" => &mut curl,
                    "wget" => &mut wget,
                    _ => continue,
                };
                seen.get_or_insert(cmd.span);
                here = Some(cmd.span);
            }
            if let (Some(here), Some(curl), Some(wget)) = (here, curl, wget) {
                let found = Diagnostic::at(here, "the stage uses both curl and wget").help("use one of them");
                out.push(found.label(curl, "curl").label(wget, "wget"));
            }
        }
    }
}
