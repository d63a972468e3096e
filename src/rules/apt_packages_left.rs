//! `apt-get install` where the base image's own cleaning is switched off, without deleting the downloads.

use super::support::caches::Cache;
use super::support::{Run, chain};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "apt-packages-left",
    aliases: &["DL3009"],
    summary: "the packages that apt downloads stay in a layer that ships",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/apt-packages-left.md"),
    check,
};

static CACHE: Cache = Cache {
    programs: &["apt-get", "apt", "aptitude"],
    fills: &["install", "reinstall", "upgrade", "dist-upgrade", "full-upgrade", "build-dep"],
    unless: &["--print-uris", "-s", "--simulate", "--dry-run"],
    dirs: &["/var/cache/apt/archives"],
    cleans: &[
        ("apt-get", &["clean", "dist-clean", "distclean"]),
        ("apt", &["clean", "dist-clean", "distclean"]),
        ("aptitude", &["clean"]),
    ],
    update_installs: false,
    message: "the packages that apt downloads stay in this layer: docker-clean, which deletes them, is gone",
    help: "mount a cache at /var/cache/apt, or run apt-get clean in the same RUN",
    idle: None,
    leftover: None,
    append: Some(("apt-get clean", "Run apt-get clean in the same RUN")),
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    if cx.source.text.contains(SWITCH) {
        CACHE.check_where(cx, out, |run| is_kept(cx, run));
    }
}

/// The file of Debian's and Ubuntu's images that has apt delete what it has installed.
const SWITCH: &str = "docker-clean";

/// That file is deleted before the RUN ends.
fn is_kept(cx: &Context<'_>, run: &Run<'_>) -> bool {
    let deletes = |other: &Run<'_>| {
        other
            .script
            .commands
            .iter()
            .any(|cmd| cmd.name.text == "rm" && cmd.args.iter().any(|arg| arg.text.ends_with(SWITCH)))
    };
    deletes(run)
        || chain(cx, run.stage).into_iter().any(|stage| {
            super::support::runs(cx, stage).any(|other| other.step.inst < run.step.inst && deletes(&other))
        })
}
