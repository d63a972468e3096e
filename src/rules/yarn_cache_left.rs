//! yarn without `yarn cache clean` in a layer that ships.

use super::support::downloads::Downloads;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "yarn-cache-left",
    aliases: &["DL3060"],
    summary: "what yarn downloads stays in a layer that ships",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/yarn-cache-left.md"),
    check,
};

static DOWNLOADS: Downloads = Downloads {
    manager: Manager::Yarn,
    folders: &["/.cache/yarn", "/usr/local/share/.cache", "/.yarn"],
    folder_flags: &["--cache-folder"],
    folder_variables: &["YARN_CACHE_FOLDER"],
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // From version 2 on the cache can be where programs are run from.
    let modern = ["corepack", "--immutable", ".yarnrc.yml", "yarn set version", "workspaces focus", ".yarn/", ".pnp."];
    if modern.iter().any(|text| cx.source.text.contains(text)) {
        return;
    }
    let all = DOWNLOADS.kept(cx);
    for (index, kept) in all.iter().enumerate() {
        let found = Diagnostic::at(kept.cmd.span, "what yarn downloads stays in this layer")
            .help("run yarn cache clean in the same RUN, or mount a cache and name it with --cache-folder");
        // Behind the last one of a RUN is enough.
        let last = all.get(index + 1).is_none_or(|next| next.run.step.inst != kept.run.step.inst);
        out.push(match kept.clean_behind(cx, "yarn cache clean").filter(|_| last) {
            Some(edit) => found.fix(Applicability::Unsafe, "Clean yarn's cache in the same RUN", vec![edit]),
            None => found,
        });
    }
}
