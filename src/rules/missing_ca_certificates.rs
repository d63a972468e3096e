//! A Go program that speaks TLS, in an image without CA certificates.

use super::support::go::{self, Build, Taken};
use super::support::{chain, layers_ship};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::{Source, Stage};
use crate::rewrite::toolchains::go::{Need, NeedKind};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "missing-ca-certificates",
    aliases: &[],
    summary: "a program makes TLS connections in an image that has no CA certificates",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/missing-ca-certificates.md"),
    check,
};

const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // Only the sources of the program tell.
    if cx.build_context.is_none() || cx.model.commands("go").next().is_none() {
        return;
    }
    for stage in &cx.model.stages {
        for build in go::builds(cx, stage).iter().filter(|build| build.makes_program()) {
            for taken in go::taken(cx, build) {
                if !layers_ship(cx.model, taken.stage) || has_certificates(cx, taken.stage) {
                    continue;
                }
                if let Some(need) = need(cx, build, &taken) {
                    out.extend(report(cx, stage, &taken, &need));
                }
            }
        }
    }
}

fn need(cx: &Context<'_>, build: &Build<'_>, taken: &Taken<'_>) -> Option<Need> {
    let program = go::program(cx, build, taken.output)?;
    program.needs.into_iter().find(|need| need.kind == NeedKind::CaCertificates)
}

fn report(cx: &Context<'_>, builder: &Stage, taken: &Taken<'_>, need: &Need) -> Option<Diagnostic> {
    let copy = cx.dockerfile.get(taken.step.inst)?;
    let place = need.place.as_ref().map_or_else(String::new, |place| format!(" ({}:{})", place.file, place.line));
    let found = Diagnostic::at(copy.content, "the program makes TLS connections and the image has no CA certificates")
        .help(format!("copy {BUNDLE} from the stage that builds: the program calls {}{place}", need.why));
    let facts = builder.facts().filter(|facts| facts.ca_certificates && facts.seen)?;
    // The name of the stage as the COPY beside it has it.
    let from = copy.flag("from")?.value.as_ref()?;
    if !matches!(facts.family.as_str(), "debian" | "alpine" | "ubuntu") {
        return Some(found);
    }
    let line = format!("{} --from={} {BUNDLE} /etc/ssl/certs/{}", copy.name.text, from.text, cx.source.line_ending());
    let indent = cx.source.slice(crate::text::Span::new(copy.span.start, copy.content.start));
    let edit = Edit::insert(copy.span.start, format!("{indent}{line}"));
    Some(found.fix(Applicability::Unsafe, "Copy the CA certificates from the builder", vec![edit]))
}

/// Certificates are there, may be there, or the program is told where to find its own.
fn has_certificates(cx: &Context<'_>, stage: &Stage) -> bool {
    let Some(facts) = stage.facts() else { return true };
    let named = |text: &str| ["cert", "/etc/ssl", "pki"].iter().any(|word| text.contains(word));
    facts.ca_certificates
        || stage.config.env.iter().any(|(name, _)| name == "SSL_CERT_FILE" || name == "SSL_CERT_DIR")
        || chain(cx, stage).into_iter().flat_map(|stage| &stage.steps).any(|step| {
            let copied = step.copied.as_ref().is_some_and(|copied| {
                let whole =
                    |path: &str| path == "/" || path == "/etc" || path == "." && copied.dest.as_deref() == Some("/");
                copied.dest.as_deref().is_none_or(|dest| named(dest) || whole(dest) && copied.from != Source::Context)
                    || copied
                        .sources
                        .iter()
                        .any(|source| source.path.as_deref().is_none_or(|path| named(path) || whole(path)))
            });
            let spoken = cx.dockerfile.get(step.inst).is_some_and(|inst| named(cx.source.slice(inst.content)));
            let installed = step.installs.iter().flat_map(|install| &install.packages).any(|package| {
                // Many packages bring them along.
                matches!(package.name.as_str(), "curl" | "git" | "openssl" | "wget") || named(&package.name)
            });
            copied || spoken || installed
        })
}
