//! `apt-get update` in a layer that ships, without deleting the lists in the same RUN.

use super::support::caches::Cache;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "apt-lists-left",
    aliases: &["DL3009"],
    summary: "apt package lists stay in a layer that ships",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/apt-lists-left.md"),
    check,
};

static CACHE: Cache = Cache {
    programs: &["apt-get", "apt", "aptitude"],
    fills: &["update"],
    unless: &["--print-uris"],
    dirs: &["/var/lib/apt/lists"],
    cleans: &[("apt-get", &["dist-clean", "distclean"]), ("apt", &["dist-clean", "distclean"])],
    update_installs: false,
    message: "the package lists that apt downloads stay in this layer",
    help: "delete /var/lib/apt/lists/* in the same RUN, or mount a cache there",
    idle: Some("leave apt-get update out: nothing here installs from the lists"),
    leftover: Some("apt-lists"),
    append: Some(("rm -rf /var/lib/apt/lists/*", "Delete the package lists in the same RUN")),
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    CACHE.check(cx, out);
}
