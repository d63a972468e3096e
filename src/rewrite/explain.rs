//! What the user could state to get a smaller image, or any at all. Nothing is guessed: each fact is stated for a trial,
//! the plan is made again, and what comes of it is told.

use super::{Refusal, RewritePlan, Tier, plan};
use crate::context::BuildContext;
use crate::diagnostic::Cost;
use crate::model::Model;
use crate::settings::{BaseWish, RewriteOptions};
use crate::syntax::Dockerfile;
use crate::text::SourceFile;

/// Facts that together give a better result than the file alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lever {
    /// What has to be true: "no part of the program needs cgo".
    pub holds: String,
    /// On the command line.
    pub flags: String,
    /// In .unladen.yaml.
    pub keys: String,
    /// What comes of it; `None` where only the fact itself could tell.
    pub gives: Option<Gives>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gives {
    pub tier: Tier,
    pub base: String,
    pub after: Option<Cost>,
}

struct Fact {
    holds: &'static str,
    flags: &'static str,
    keys: &'static str,
    state: fn(&mut RewriteOptions),
}

const CGO: Fact = Fact {
    holds: "no part of the program needs cgo",
    flags: "--cgo no",
    keys: "rewrite: {cgo: false}",
    state: |options| options.stated.cgo = Some(false),
};
const FILES: Fact = Fact {
    holds: "the program reads no file of the image but those that you name",
    flags: "--runtime-file PATH (or none)",
    keys: "rewrite: {runtime-files: [PATH]}",
    state: |options| options.stated.runtime_files = Some(Vec::new()),
};
const SHELL: Fact = Fact {
    holds: "the program starts neither a shell nor another program",
    flags: "--needs-shell no",
    keys: "rewrite: {needs-shell: false}",
    state: |options| options.stated.needs_shell = Some(false),
};
const PACKAGE: Fact = Fact {
    holds: "that package brings the programs that it starts",
    flags: "--package NAME",
    keys: "rewrite: {packages: [NAME]}",
    state: |options| options.stated.packages.push("package".into()),
};
const SCRATCH: Fact = Fact {
    holds: "an empty base is wanted, with certificates, time zones and /tmp only where the program needs them",
    flags: "--base scratch",
    keys: "base: scratch",
    state: |options| options.base = BaseWish::Scratch,
};

/// The facts that would improve on `result`: each by itself, then the fewest that together reach the smallest image.
pub fn levers(
    source: &SourceFile,
    file: &Dockerfile,
    model: &Model,
    context: Option<&BuildContext>,
    options: &RewriteOptions,
    result: &Result<RewritePlan, Refusal>,
) -> Vec<Lever> {
    // Nothing that is stated makes a stage or a command, so such refusals are not tried.
    let tried = match result {
        Ok(_) => true,
        Err(refusal) => super::refuse::STATABLE.iter().any(|(code, _)| *code == refusal.reason),
    };
    if !tried {
        return Vec::new();
    }
    let stated = &options.stated;
    let mut facts: Vec<&Fact> = Vec::new();
    facts.extend(stated.cgo.is_none().then_some(&CGO));
    facts.extend(stated.runtime_files.is_none().then_some(&FILES));
    facts.extend(stated.needs_shell.is_none().then_some(&SHELL));
    facts.extend(matches!(result, Err(refusal) if refusal.reason == "unknown-program").then_some(&PACKAGE));
    let with = |facts: &[&Fact]| {
        let mut options = options.clone();
        facts.iter().for_each(|fact| (fact.state)(&mut options));
        plan(source, file, model, context, &options).ok()
    };

    let start = result.as_ref().ok();
    let mut found = Vec::new();
    if context.is_none() {
        found.push(Lever {
            holds: "the sources of the program are at hand".into(),
            flags: "--context DIR".into(),
            keys: String::new(),
            gives: None,
        });
    }
    let readable = context.is_some_and(|context| context.modules.is_none());
    if let (Some(plan), true) = (start.filter(|plan| !plan.unread.is_empty()), readable) {
        found.push(Lever {
            holds: format!("`go mod download` has put the sources of {} there", plan.unread.join(", ")),
            flags: "--module-cache".into(),
            keys: "rewrite: {module-cache: true}".into(),
            gives: None,
        });
    }
    let mut best: Option<RewritePlan> = start.cloned();
    for fact in &facts {
        if let Some(other) = with(&[fact]).filter(|other| better(other, start)) {
            found.push(lever(&[fact], &other));
            if better(&other, best.as_ref()) {
                best = Some(other);
            }
        }
    }
    let leaves =
        start.is_some_and(|plan| plan.obligations.iter().any(|one| one.text.starts_with(super::left::ASSUMED)));
    if leaves && !found.iter().any(|lever| lever.flags == FILES.flags) {
        found.push(Lever {
            holds: FILES.holds.into(),
            flags: FILES.flags.into(),
            keys: FILES.keys.into(),
            gives: None,
        });
    }
    let mut all: Vec<&Fact> = facts.iter().copied().filter(|fact| fact.flags != PACKAGE.flags).collect();
    if let Some(most) = with(&all).filter(|most| better(most, best.as_ref())) {
        for fact in facts {
            let fewer: Vec<&Fact> = all.iter().copied().filter(|other| other.flags != fact.flags).collect();
            if fewer.len() < all.len() && with(&fewer).is_some_and(|other| !better(&most, Some(&other))) {
                all = fewer;
            }
        }
        found.push(lever(&all, &most));
    }
    if let (Some(plan), BaseWish::Auto) = (start.filter(|plan| plan.tier == Tier::Distroless), options.base)
        && let Some(other) = with(&[&SCRATCH]).filter(|other| better(other, Some(plan)))
    {
        found.push(lever(&[&SCRATCH], &other));
    }
    found
}

/// Smaller than the other, or there at all.
fn better(plan: &RewritePlan, than: Option<&RewritePlan>) -> bool {
    let Some(than) = than else { return true };
    let likely = |plan: &RewritePlan| plan.after.map(|cost| cost.size.likely);
    match (likely(plan), likely(than)) {
        _ if plan.tier != than.tier => plan.tier > than.tier,
        (Some(one), Some(other)) => one < other,
        _ => false,
    }
}

fn lever(facts: &[&Fact], plan: &RewritePlan) -> Lever {
    let join = |part: fn(&Fact) -> &'static str, between: &str| {
        facts.iter().map(|fact| part(fact)).collect::<Vec<_>>().join(between)
    };
    Lever {
        holds: join(|fact| fact.holds, ", and "),
        flags: join(|fact| fact.flags, " "),
        keys: keys(facts),
        gives: Some(Gives { tier: plan.tier, base: plan.base.clone(), after: plan.after }),
    }
}

/// The keys of one `rewrite:` in one pair of braces.
fn keys(facts: &[&Fact]) -> String {
    let inner = |fact: &&Fact| fact.keys.strip_prefix("rewrite: {").and_then(|rest| rest.strip_suffix('}'));
    let inside: Vec<&str> = facts.iter().filter_map(inner).collect();
    match facts {
        [fact] => fact.keys.to_string(),
        _ => format!("rewrite: {{{}}}", inside.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, ModelOptions};
    use crate::syntax;

    const FILES: &[(&str, &str)] = &[
        ("go.mod", "module example.test/app\n\ngo 1.22\n\nrequire example.org/unread v1.0.0\n"),
        ("main.go", "package main\n\nimport \"example.org/unread\"\n\nfunc main() { unread.F() }\n"),
    ];

    /// `flags -> base` of each lever.
    fn of(text: &str, context: Option<&[(&str, &str)]>) -> Vec<String> {
        let source = SourceFile::new("Dockerfile", text);
        let file = syntax::parse(&source);
        let model = model::build(&source, &file, &ModelOptions::default());
        let context = context.map(BuildContext::in_memory);
        let options = RewriteOptions::default();
        let result = plan(&source, &file, &model, context.as_ref(), &options);
        let levers = levers(&source, &file, &model, context.as_ref(), &options, &result);
        let show = |lever: &Lever| match &lever.gives {
            Some(gives) => format!("{} -> {}", lever.flags, gives.base),
            None => lever.flags.clone(),
        };
        levers.iter().map(show).collect()
    }

    #[test]
    fn the_fact_that_helps_is_named_with_what_it_gives() {
        let file = |rest: &str| format!("FROM golang:1.22-bookworm\nWORKDIR /app\nCOPY . .\n{rest}");
        let build = "RUN go build -o /app/app .\n";
        let of_context = |rest: &str| of(&file(rest), Some(FILES));
        assert_eq!(
            of_context(&format!("{build}CMD [\"/app/app\"]\n")),
            ["--module-cache", "--cgo no -> gcr.io/distroless/static-debian12"]
        );
        let off = "RUN CGO_ENABLED=0 go build -o /app/app .\n";
        assert_eq!(of_context(&format!("{off}CMD [\"/app/app\"]\n")), ["--module-cache", "--base scratch -> scratch"]);
        // A shell that the command itself needs cannot be stated away.
        assert_eq!(of_context(&format!("{off}CMD /app/app $PORT\n")), ["--module-cache"]);
        assert_eq!(
            of(&file(&format!("{off}CMD [\"/app/app\"]\n")), None),
            ["--context DIR", "--runtime-file PATH (or none) -> gcr.io/distroless/static-debian12"]
        );
        assert_eq!(
            of(&file(&format!("{build}CMD [\"/app/app\"]\n")), None),
            [
                "--context DIR",
                "--runtime-file PATH (or none) -> debian:bookworm-slim",
                "--cgo no --runtime-file PATH (or none) -> gcr.io/distroless/static-debian12"
            ]
        );
    }

    #[test]
    fn a_refusal_names_what_lifts_it_and_nothing_where_nothing_does() {
        let rest = "WORKDIR /app\nCOPY . .\nRUN frobnicate --all\nRUN CGO_ENABLED=0 go build -o /app/app .\nCMD [\"/app/app\"]\n";
        assert_eq!(
            of(&format!("FROM golang:1.22-bookworm\n{rest}"), None),
            ["--context DIR", "--runtime-file PATH (or none) -> gcr.io/distroless/static-debian12"]
        );
        assert_eq!(of("FROM golang:1.22\nCMD [\"go\", \"run\", \".\"]\n", None), [""; 0]);
    }
}
