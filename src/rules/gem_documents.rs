//! gem install with the documents of every gem.

use super::support::calls::editable;
use super::support::shipping_runs;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::{Action, Manager};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "gem-documents",
    aliases: &[],
    summary: "gem makes and stores the documents of what it installs",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/gem-documents.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // A gemrc switches them off for good.
    if cx.source.text.contains("gemrc") {
        return;
    }
    for run in shipping_runs(cx) {
        // The images of Ruby have such a gemrc; of an image that is not known nothing is said.
        let without = |name: &str| !name.rsplit('/').next().unwrap_or(name).contains("ruby");
        if !run.stage.facts().is_some_and(|facts| without(&facts.name)) {
            continue;
        }
        for cmd in &run.script.commands {
            let Some(call) = crate::model::call(cmd) else { continue };
            let off = ["--no-document", "-N", "--no-ri", "--no-rdoc", "--no-doc"];
            if call.facts.manager != Manager::Gem
                || call.action != Action::Install
                || cmd.name.text != "gem"
                || cmd.args.iter().any(|arg| off.contains(&arg.text.as_str()) || !arg.literal)
            {
                continue;
            }
            let Some(verb) = call.verb.and_then(|verb| cmd.args.get(verb)) else { continue };
            let found =
                Diagnostic::at(cmd.span, "gem stores the documents of every gem beside it").help("add --no-document");
            out.push(match editable(&run, cmd) {
                true => {
                    let edit = Edit::insert(verb.span.end, " --no-document");
                    found.fix(Applicability::Unsafe, "Add --no-document", vec![edit])
                }
                false => found,
            });
        }
    }
}
