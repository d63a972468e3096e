//! `check`: parse, model, run the rules, suppress, sort, price.

mod guard;
mod suppress;

use std::cell::OnceCell;
use std::collections::HashSet;

use crate::context::BuildContext;
use crate::diagnostic::{Diagnostic, Severity, Waste};
use crate::model::{self, Model};
use crate::rewrite::{Refusal, RewritePlan};
use crate::rules::{self, Context, RULES, Rule, UNUSED, layers_ship, pragma, shellcheck};
use crate::settings::Settings;
use crate::size::{self, ImageSize};
use crate::syntax::{self, Dockerfile};
use crate::text::SourceFile;

/// One file, read and checked.
pub struct Checked {
    pub source: SourceFile,
    pub dockerfile: Dockerfile,
    pub model: Model,
    /// Sorted by place, then by rule.
    pub diagnostics: Vec<Diagnostic>,
    /// What the image weighs, by stage and instruction.
    pub size: ImageSize,
    /// Findings that an ignore comment switched off, sorted in the same way.
    pub suppressed: Vec<Diagnostic>,
    /// The file as a multi-stage build, where a rule wanted to know.
    pub plan: Option<Result<RewritePlan, Refusal>>,
}

pub fn check(source: SourceFile, build_context: Option<&BuildContext>, settings: &Settings) -> Checked {
    let dockerfile = syntax::parse(&source);
    let model = model::build(&source, &dockerfile, &settings.model);
    let cx = Context {
        source: &source,
        dockerfile: &dockerfile,
        model: &model,
        settings,
        build_context,
        planned: OnceCell::new(),
        go: rules::GoSources::default(),
    };
    let size = size::image(&source, &dockerfile, &model, build_context, &settings.size);
    let mut diagnostics = Vec::new();
    let options = check_options(&dockerfile, settings);
    let asked_for = pragma::check_names(options.unwrap_or_default(), "experimental", 0);
    let strict = pragma::check_is_error(options.unwrap_or_default());
    let selected: Option<HashSet<&str>> = settings.select.as_ref().map(|slugs| slugs.iter().copied().collect());
    let on = |rule: &Rule| {
        let on = match &selected {
            Some(selected) => selected.contains(rule.slug),
            None => rule.in_profile(settings.profile),
        };
        (on || (rule.is_experimental() && asked_for.iter().any(|name| name.what.holds(rule.slug))))
            && !settings.ignore.contains(&rule.slug)
    };
    run(&cx, &on, &mut diagnostics);
    guard::withhold(&source, &dockerfile, &model, &mut diagnostics);
    let given = settings.model.build_args.iter().any(|(name, _)| name == CHECK_ARG);
    let mut ignores = match settings.disable_ignores {
        true => suppress::Suppressions::default(),
        false => suppress::Suppressions::read(&source, &dockerfile, options, given),
    };
    let (mut suppressed, mut diagnostics): (Vec<_>, Vec<_>) =
        diagnostics.into_iter().partition(|diagnostic| ignores.hide(diagnostic));
    if on(UNUSED) {
        // A rule that is off may be what the comment is for: another program has it on.
        let named = ignores.named();
        let mut more = Vec::new();
        run(&cx, &|rule| named.contains(&rule.slug) && !on(rule), &mut more);
        more.iter().for_each(|diagnostic| _ = ignores.hide(diagnostic));
        for mut unused in ignores.unused(&source) {
            unused.rule = UNUSED.slug;
            if ignores.hide(&unused) { suppressed.push(unused) } else { diagnostics.push(unused) }
        }
    }
    for diagnostic in diagnostics.iter_mut().chain(&mut suppressed) {
        let given = settings.severities.get(diagnostic.rule).copied();
        let usual = || {
            let rule = rules::find(diagnostic.rule)?;
            let severity = rule.severity_in(settings.profile);
            Some(if strict && rule.is_buildkits() { Severity::Error } else { severity })
        };
        diagnostic.severity = given.or_else(usual).unwrap_or(diagnostic.severity);
        if stays_behind(&dockerfile, &model, diagnostic) {
            let note = "this stage does not ship, so it costs build time and no bytes";
            let help = diagnostic.help.take();
            diagnostic.help = Some(help.map_or_else(|| note.to_string(), |help| format!("{help}; {note}")));
        } else {
            diagnostic.cost = size::price(&dockerfile, &model, &size, diagnostic);
        }
    }
    for findings in [&mut diagnostics, &mut suppressed] {
        findings.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end, diagnostic.rule));
    }
    if let Some(context) = build_context {
        context.forget_texts();
    }
    let plan = cx.planned.into_inner();
    Checked { source, dockerfile, model, diagnostics, size, suppressed, plan }
}

/// The findings of the rules that are on, each with the rule's slug.
fn run(cx: &Context<'_>, on: &dyn Fn(&Rule) -> bool, out: &mut Vec<Diagnostic>) {
    for rule in RULES.iter().filter(|rule| on(rule)) {
        let first = out.len();
        (rule.check)(cx, out);
        for diagnostic in out.iter_mut().skip(first) {
            diagnostic.rule = rule.slug;
        }
    }
    shellcheck::check(cx, on, out);
}

/// BuildKit's build argument for what the `check` directive says.
const CHECK_ARG: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// The finding is about bytes of a layer that no image has which ships. A program goes on by COPY, and its size with it.
fn stays_behind(file: &Dockerfile, model: &Model, diagnostic: &Diagnostic) -> bool {
    let Some(
        Waste::Packages { .. } | Waste::Recommends { .. } | Waste::Leftover(_) | Waste::Layer(_) | Waste::Base { .. },
    ) = diagnostic.waste
    else {
        return false;
    };
    let stage = file.at(diagnostic.span.start).and_then(|inst| model.stage_of(inst));
    stage.is_some_and(|stage| !layers_ship(model, stage))
}

/// The value of the `check` directive; BuildKit's build argument wins over it.
fn check_options<'a>(dockerfile: &'a Dockerfile, settings: &'a Settings) -> Option<&'a str> {
    let given = settings.model.build_args.iter().rev().find(|(name, _)| name == CHECK_ARG);
    match given {
        Some((_, value)) => Some(value),
        None => dockerfile.directive("check").map(|value| value.text.as_str()),
    }
}
