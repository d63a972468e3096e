//! dnf used in a layer that ships, without `dnf clean all` in the same RUN.

use super::support::caches::{Cache, RPM_FILLS};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "dnf-cache-left",
    aliases: &["DL3040"],
    summary: "dnf caches stay in a layer that ships",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/dnf-cache-left.md"),
    check,
};

static CACHE: Cache = Cache {
    programs: &["dnf", "dnf5", "dnf-3"],
    fills: RPM_FILLS,
    unless: &[],
    dirs: &["/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/yum"],
    cleans: &[("dnf", &["clean"]), ("dnf5", &["clean"]), ("dnf-3", &["clean"]), ("yum", &["clean"])],
    update_installs: true,
    message: "what dnf downloads for itself stays in this layer",
    help: "run dnf clean all in the same RUN, or mount a cache at /var/cache/dnf",
    idle: None,
    leftover: Some("dnf-cache"),
    append: Some(("dnf clean all", "Run dnf clean all in the same RUN")),
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    CACHE.check(cx, out);
}
