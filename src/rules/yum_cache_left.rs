//! yum used in a layer that ships, without `yum clean all` in the same RUN.

use super::support::caches::{Cache, RPM_FILLS};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "yum-cache-left",
    aliases: &["DL3032"],
    summary: "yum caches stay in a layer that ships",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/yum-cache-left.md"),
    check,
};

static CACHE: Cache = Cache {
    programs: &["yum"],
    fills: RPM_FILLS,
    unless: &[],
    dirs: &["/var/cache/yum", "/var/cache/dnf"],
    cleans: &[("yum", &["clean"]), ("dnf", &["clean"])],
    update_installs: true,
    message: "what yum downloads for itself stays in this layer",
    help: "run yum clean all in the same RUN, or mount a cache at /var/cache/yum",
    idle: None,
    leftover: Some("yum-cache"),
    append: Some(("yum clean all", "Run yum clean all in the same RUN")),
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    CACHE.check(cx, out);
}
