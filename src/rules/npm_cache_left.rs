//! npm without `npm cache clean --force` in a layer that ships.

use super::support::downloads::Downloads;
use super::support::known;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity, Waste};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "npm-cache-left",
    aliases: &[],
    summary: "what npm downloads stays in a layer that ships",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/npm-cache-left.md"),
    check,
};

static DOWNLOADS: Downloads = Downloads {
    manager: Manager::Npm,
    folders: &["/.npm"],
    folder_flags: &["--cache"],
    folder_variables: &["NPM_CONFIG_CACHE", "npm_config_cache"],
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let text = &cx.source.text;
    // The author has the cache elsewhere, or wants it.
    if ["_cacache", "offline", "npm_config_cache", "NPM_CONFIG_CACHE"].iter().any(|word| text.contains(word)) {
        return;
    }
    let kept = DOWNLOADS.kept(cx);
    for (index, found) in kept.iter().enumerate() {
        let (run, cmd) = (&found.run, found.cmd);
        // One finding for each RUN, at its last install.
        if kept.get(index + 1).is_some_and(|next| next.run.step.inst == run.step.inst) {
            continue;
        }
        if cmd.has_flag(&["--cache", "--help", "--dry-run", "--package-lock-only"]) {
            continue;
        }
        let diagnostic = Diagnostic::at(cmd.span, "what npm downloads stays in this layer")
            .help("run npm cache clean --force in the same RUN, or mount a cache at /root/.npm")
            .waste(Waste::Leftover("npm-cache"));
        let Some(edit) = found.clean_behind(cx, "npm cache clean --force") else {
            out.push(diagnostic);
            continue;
        };
        // A script of the author's that comes later in the RUN may look at anything.
        let rest_is_known =
            run.script.commands.iter().filter(|later| later.span.start > cmd.span.end).all(known::plain_or_builder);
        let applicability = match rest_is_known && !text.contains(".npm") {
            true => Applicability::Safe,
            false => Applicability::Unsafe,
        };
        out.push(diagnostic.fix(applicability, "Clean npm's cache in the same RUN", vec![edit]));
    }
}
