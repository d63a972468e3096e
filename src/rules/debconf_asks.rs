//! A package that asks a question when it is installed, with nobody to answer.

use super::support::calls::{all_runs, editable, resolved};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::{Action, Manager};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "debconf-asks",
    aliases: &[],
    summary: "a package asks a question while it is installed, and the build waits",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/debconf-asks.md"),
    check,
};

/// Packages that ask for a choice without a default: with nobody there, debconf asks for ever.
const ASK: &[&str] = &["keyboard-configuration", "tzdata"];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let text = &cx.source.text;
    // Answers that are given beforehand; what they say is not looked into.
    if text.contains("debconf-") || text.contains("dpkg-reconfigure") || text.contains("debconf/frontend") {
        return;
    }
    let zone_is_set = text.contains("/etc/localtime") || text.contains("/etc/timezone");
    for run in all_runs(cx) {
        // The images of Debian have it.
        let ubuntu = run.stage.facts().is_some_and(|facts| facts.family == "ubuntu");
        for cmd in &run.script.commands {
            let full = resolved(&run, cmd);
            let Some(call) = crate::model::call(&full) else { continue };
            let silent = full.variable("DEBIAN_FRONTEND").is_some() || run.step.env.get("DEBIAN_FRONTEND").is_some();
            let fed = full.redirects.iter().any(|redirect| redirect.operator.starts_with('<'))
                || full.joiner == crate::shell::Joiner::Pipe;
            if call.facts.manager != Manager::Apt || call.action != Action::Install || silent || fed {
                continue;
            }
            let asks = |name: &str| ASK.contains(&name) && (name != "tzdata" || (ubuntu && !zone_is_set));
            let names = call.operands(&full);
            let name = |word: &str| word.split(['=', ':', '/']).next().unwrap_or(word).to_string();
            let Some(asking) = names.iter().map(|word| name(&word.text)).find(|word| asks(word)) else { continue };
            let found =
                Diagnostic::at(cmd.span, format!("{asking} asks a question when it is installed, and nobody answers"))
                    .help("put DEBIAN_FRONTEND=noninteractive before the command; an ENV would stay in the image");
            let plain = cmd.wrappers.is_empty() && cmd.name.literal && editable(&run, cmd);
            out.push(match plain {
                true => {
                    let edit = Edit::insert(cmd.span.start, "DEBIAN_FRONTEND=noninteractive ");
                    found.fix(Applicability::Unsafe, "Add DEBIAN_FRONTEND=noninteractive", vec![edit])
                }
                false => found,
            });
        }
    }
}
