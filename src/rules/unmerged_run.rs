//! A RUN that takes away or changes what the RUN before it made: merged, the bytes would not ship.

use super::support::effects::{self, How, Made, Thing, Touched};
use super::support::{Run, layers_ship, merge, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity, Waste};

pub static RULE: Rule = Rule {
    slug: "unmerged-run",
    aliases: &[],
    summary: "a RUN deletes or changes what the RUN before it made, so the bytes ship all the same",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/unmerged-run.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| layers_ship(cx.model, stage)) {
        let runs: Vec<Run<'_>> = runs(cx, stage).collect();
        let made: Vec<Vec<Made>> = runs.iter().map(effects::made).collect();
        for ((later, run), group) in runs.iter().enumerate().zip(merge::groups(cx, &runs)) {
            let touched = effects::touched_before(run);
            if touched.is_empty() {
                continue;
            }
            let found = (group..later)
                .rev()
                // Only RUNs that could be one: nothing but RUN stands between.
                .find_map(|first| {
                    let made = made.get(first)?;
                    let of_note = pair(made, &touched, |thing| !thing.is_managers_cache());
                    let (made, touched) = of_note.or_else(|| pair(made, &touched, |_| true))?;
                    Some((first, made, touched))
                });
            if let Some((first, made, touched)) = found {
                let group = runs.get(first..=later).unwrap_or_default();
                let found = report(cx, group, made, touched);
                // The rule of the manager reports the cache as well; only that the two can be merged is new.
                if found.fix.is_some() || !made.what.is_managers_cache() {
                    out.push(found);
                }
            }
        }
    }
}

fn pair<'m, 't>(
    made: &'m [Made],
    touched: &'t [Touched],
    counts: fn(&Thing) -> bool,
) -> Option<(&'m Made, &'t Touched)> {
    touched.iter().find_map(|touched| {
        let mut all = made.iter().filter(|made| counts(&made.what));
        all.find(|made| effects::hits(touched, &made.what)).map(|made| (made, touched))
    })
}

fn report(cx: &Context<'_>, group: &[Run<'_>], made: &Made, touched: &Touched) -> Diagnostic {
    let what = match &made.what {
        Thing::Path(path) => format!("`{path}`"),
        Thing::Packages { names, .. } => match &touched.what {
            Thing::Packages { names: gone, .. } => {
                let both: Vec<&str> = gone.iter().filter(|name| names.contains(name)).map(String::as_str).collect();
                format!("the packages {}", both.join(", "))
            }
            Thing::Path(_) => "packages".to_string(),
        },
    };
    let message = match touched.how {
        How::Deleted => format!("{what} is deleted here, but an earlier layer still holds it"),
        How::Moved => format!("{what} is moved here, but an earlier layer still holds it"),
        How::Changed => format!("{what} is stored a second time, for its new mode or owner"),
    };
    let message = if message.starts_with("the packages") {
        message.replace(" is deleted", " are removed").replace("holds it", "holds them")
    } else {
        message
    };
    let mut found = Diagnostic::at(touched.span, message).label(made.span, "made here").help("do both in one RUN");
    if let Some(first) = group.first() {
        found = found.waste(waste(made, touched, first.step.inst));
    }
    match merge::merge(cx, group) {
        Some((applicability, edits)) => found.fix(applicability, "Merge the RUN instructions", edits),
        None => found,
    }
}

fn waste(made: &Made, touched: &Touched, inst: crate::syntax::InstId) -> Waste {
    match (&made.what, &touched.what) {
        (Thing::Path(path), _) if path == "/var/lib/apt/lists" => Waste::Leftover("apt-lists"),
        (Thing::Path(path), _) if path.starts_with("/var/cache/dnf") => Waste::Leftover("dnf-cache"),
        (Thing::Path(path), _) if path.starts_with("/var/cache/yum") => Waste::Leftover("yum-cache"),
        (Thing::Packages { manager, names }, Thing::Packages { names: gone, .. }) => {
            let names = names.iter().filter(|name| gone.contains(name)).cloned().collect();
            Waste::Packages { manager, names }
        }
        _ => Waste::Layer(inst),
    }
}
