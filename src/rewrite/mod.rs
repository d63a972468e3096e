//! Single stage -> multi-stage, as a plan: what is built, what it needs at run time, which base carries it, and what
//! was assumed on the way.

mod accounts;
mod artifacts;
mod base;
mod behind;
mod brings;
pub mod builder_pattern;
mod by_name;
mod carried;
mod case;
mod chain;
mod changed;
mod compose;
mod cost;
mod credentials;
mod deployed;
mod detect;
mod downloads;
mod effects;
mod entry;
mod environment;
pub mod explain;
mod fetched;
mod health;
mod language;
mod layout;
mod left;
mod link;
mod modes;
mod moved;
mod named;
mod needs;
mod obligations;
mod operands;
mod others;
mod outside;
mod packages;
mod parents;
mod paths;
mod placed;
mod presence;
mod refuse;
mod releases;
mod render;
mod reruns;
mod resolver;
mod scripts;
mod shells;
mod sources;
mod standing;
mod strip;
mod symlinks;
mod system;
pub mod toolchains;
mod trust;
mod verify;
mod words;

pub use environment::is_build_only;
pub use refuse::REASONS;
pub use resolver::configures_c_library;

use case::Case;

use crate::context::BuildContext;
use crate::diagnostic::Cost;
use crate::model::{Model, Stage};
use crate::settings::RewriteOptions;
use crate::syntax::{Dockerfile, InstId};
use crate::text::{Edit, SourceFile, Span};

/// How small the final image may be; see docs/rewrite.md for what each has to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The same distribution, the whole working tree.
    SameDistroTree,
    /// The same distribution, the named files.
    SameDistro,
    Distroless,
    Scratch,
}

/// A file or directory that the build makes and the final image gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Absolute path in the build stage.
    pub from: String,
    /// Absolute path in the final stage.
    pub to: String,
    pub why: String,
}

/// Something that had to be assumed, and whether it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    pub text: String,
    /// In the Dockerfile.
    pub span: Option<Span>,
    /// In the build context: path and line, from 1.
    pub file: Option<(String, u32)>,
    pub proved: bool,
}

#[derive(Clone, Debug)]
pub struct RewritePlan {
    pub tier: Tier,
    /// The final base, as it is written into FROM.
    pub base: String,
    pub why_base: String,
    pub build_stage: String,
    pub keep: Vec<InstId>,
    pub artifacts: Vec<Artifact>,
    pub obligations: Vec<Obligation>,
    /// What the final image lacks that the old one had: "shell", "package manager", …
    pub lost: Vec<String>,
    /// Why it is no smaller base; empty when it is the smallest.
    pub ruled_out: Vec<RuledOut>,
    /// Modules of which nothing is known: not in the context, and not in the table.
    pub unread: Vec<String>,
    /// How to look into an image without a shell; empty where it has one.
    pub way_in: Option<String>,
    pub before: Option<Cost>,
    pub after: Option<Cost>,
    pub edits: Vec<Edit>,
}

/// Why no smaller base was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledOut {
    pub text: String,
    /// In the Dockerfile.
    pub span: Option<Span>,
    /// In the build context: path and line, from 1.
    pub file: Option<(String, u32)>,
    /// The smallest image that it still allows.
    pub most: Tier,
}

/// Why there is no plan; a finding too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `dev-server`, `onbuild`, … as in docs/rewrite.md.
    pub reason: &'static str,
    pub message: String,
    pub span: Span,
    /// What would unlock it.
    pub help: String,
}

/// The multi-stage file that does what this one does, or why there is none.
///
/// Six steps: detect what builds, find what it leaves, collect what that needs, choose the base, render, verify.
pub fn plan(
    source: &SourceFile,
    file: &Dockerfile,
    model: &Model,
    context: Option<&BuildContext>,
    options: &RewriteOptions,
) -> Result<RewritePlan, Refusal> {
    let stage = detect::single_stage(source, file, model)?;
    let walk = detect::walk(source, file, stage, context);
    let workdir = stage.config.working_dir.clone().unwrap_or_default();
    let case = Case { source, file, model, stage, context, options, workdir, walk };
    detect::require_go(&case)?;
    let mut entry = entry::entry(&case)?;
    let ground = detect::ground(&case)?;
    let (effects, opaque) = effects::effects(&case);
    detect::refuse_effects(&case, &effects)?;

    let mut found = artifacts::find(&case, &entry, &effects)?;
    let mut programs = needs::programs(&case, &entry, &found);
    let image = presence::Image { case: &case, ground: ground.as_ref(), effects: &effects };
    let mut needs = needs::collect(&image, &entry, &found, &programs);
    let starts = |name: &str| needs.programs.iter().any(|(program, _)| program == name);
    if found.tools.iter().any(|tool| !needs.is_complete() || starts(paths::base_name(&tool.path))) {
        let tools = std::mem::take(&mut found.tools);
        found.others.extend(tools);
        programs = needs::programs(&case, &entry, &found);
        needs = needs::collect(&image, &entry, &found, &programs);
    }
    let builder = link::Builder { case: &case, ground: ground.as_ref(), effects: &effects };
    let links = link::links(&builder, needs::shipped(&found), &programs);
    link::refuse_own_libraries(&links, &effects)?;
    let own: Vec<&str> = needs::shipped(&found).map(|built| paths::base_name(&built.path)).collect();
    let mut choice = base::choose(&case, ground.as_ref(), &links, &needs, &effects, &own)?;
    choice.open.extend(link::contradicted(&builder, needs::shipped(&found), &programs));
    if choice.tier <= Tier::SameDistro {
        // There is a shell, and a script without a `#!` line runs only through one.
        entry.exec_form = None;
    }
    if let (Some((inst, reason)), true) = (opaque.first(), choice.tier <= Tier::SameDistro && !needs.is_complete()) {
        return Err(refuse::refuse(
            "unclassified-run",
            case.content(*inst),
            format!("what this RUN does cannot be read: {reason}"),
            reruns::unclassified_help(&case),
        ));
    }

    let pure = links.iter().all(|link| matches!(link, link::Link::Static { .. }));
    let parts = layout::Parts {
        case: &case,
        entry: &entry,
        found: &found,
        needs: &needs,
        choice: &choice,
        ground: ground.as_ref(),
        effects: &effects,
        pure,
    };
    let alias = stage.name.as_ref().map(|word| word.text.to_string());
    let outline = render::Outline {
        add_alias: alias.is_none(),
        build_stage: alias.unwrap_or_else(|| render::free_name(&case, &["build", "builder", "compile"])),
        base: choice.base.clone(),
        platform: stage.platform.clone().or_else(|| platform_of_base(stage, &choice)),
        lines: Vec::new(),
        tail: None,
        inside: strip::edits(&case, &found, &links, &effects, &needs),
        debug: debug_stage(&case, &choice),
    };
    let laid = layout::lay(&parts, outline)?;
    let edits = render::edits(&case, &laid.outline);
    let layers = verify::verify(&parts, &laid, &edits)?;
    Ok(RewritePlan {
        tier: choice.tier,
        base: choice.base.clone(),
        why_base: choice.why.clone(),
        build_stage: laid.outline.build_stage.clone(),
        keep: verify::kept(&case, &laid.outline),
        artifacts: obligations::artifacts(&parts, &laid),
        obligations: obligations::obligations(&parts, &laid, &links),
        lost: obligations::lost(&parts, &laid),
        ruled_out: choice.ruled_out.clone(),
        unread: needs.unknown().into_iter().map(String::from).collect(),
        way_in: way_in(&case, &choice),
        before: cost::before(&case),
        after: cost::after(&case, &choice, &layers),
        edits,
    })
}

/// The platform of a base whose name is that of one architecture, for a final base whose name is not.
fn platform_of_base(stage: &Stage, choice: &base::Choice) -> Option<String> {
    let own = stage.image().and_then(releases::architecture)?;
    (choice.tier >= Tier::Distroless).then(|| own.platform.to_string())
}

/// The image that has the shell which the final one lacks.
fn debug_image(case: &Case<'_>, choice: &base::Choice) -> Option<String> {
    match choice.tier {
        Tier::Distroless => Some(format!("{}:debug", choice.base)),
        Tier::Scratch => {
            let image = format!("{}:debug", releases::Ground::unknown().distroless_static());
            Some(case.options.stated.prefixed(&image))
        }
        Tier::SameDistro | Tier::SameDistroTree => None,
    }
}

fn debug_stage(case: &Case<'_>, choice: &base::Choice) -> Option<render::DebugStage> {
    if !case.options.debug_stage {
        return None;
    }
    let image = debug_image(case, choice)?;
    let (ship, name) = (render::free_name(case, &["ship", "final"]), render::free_name(case, &["debug", "shell"]));
    Some(render::DebugStage { ship, name, image })
}

fn way_in(case: &Case<'_>, choice: &base::Choice) -> Option<String> {
    let image = debug_image(case, choice)?;
    Some(match choice.tier {
        _ if case.options.debug_stage => {
            "the stage `debug` is the same image with a shell, and is built only when it is asked for".into()
        }
        Tier::Distroless => {
            format!("{image} is the same base with a shell, /busybox/sh; --debug-stage adds a stage that has it")
        }
        _ => "--debug-stage adds a stage that is the same image with a shell".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, ModelOptions};
    use crate::syntax;

    const GO_MOD: (&str, &str) = ("go.mod", "module example.test/app\n\ngo 1.22\n");
    const MAIN: (&str, &str) = ("main.go", "package main\n\nfunc main() { println(1) }\n");

    fn rewrite(text: &str, options: &RewriteOptions) -> Result<(RewritePlan, String), Refusal> {
        let source = SourceFile::new("Dockerfile", text);
        let file = syntax::parse(&source);
        let model = model::build(&source, &file, &ModelOptions::default());
        let context = BuildContext::in_memory(&[GO_MOD, MAIN]);
        let plan = plan(&source, &file, &model, Some(&context), options)?;
        let after = source.apply(&plan.edits).unwrap();
        Ok((plan, after.text))
    }

    /// The result for a file whose build and command are these.
    fn of(build: &str, rest: &str, options: &RewriteOptions) -> String {
        let text = format!("FROM golang:1.22-bookworm\nWORKDIR /app\nCOPY . .\nRUN {build}\n{rest}\n");
        match rewrite(&text, options) {
            Ok((_, text)) => text,
            Err(refusal) => format!("refused: {}", refusal.reason),
        }
    }

    fn strip() -> RewriteOptions {
        RewriteOptions { strip: true, ..RewriteOptions::default() }
    }

    #[test]
    fn flags_are_merged_into_those_that_are_there() {
        for (build, want) in [
            ("go build -o app", "CGO_ENABLED=0 go build -ldflags=\"-s -w\" -o app"),
            ("CGO_ENABLED=0 go build -o app", "CGO_ENABLED=0 go build -ldflags=\"-s -w\" -o app"),
            ("GOOS=linux go build -o app", "GOOS=linux CGO_ENABLED=0 go build -ldflags=\"-s -w\" -o app"),
            (
                "go build -ldflags=\"-X main.v=1\" -o app",
                "CGO_ENABLED=0 go build -ldflags=\"-s -w -X main.v=1\" -o app",
            ),
            ("go build -ldflags '-X main.v=1 -w' -o app", "CGO_ENABLED=0 go build -ldflags '-s -X main.v=1 -w' -o app"),
            ("go build -ldflags=-w -o app", "CGO_ENABLED=0 go build -ldflags=\"-s -w\" -o app"),
            ("go build -ldflags=-s -o app", "CGO_ENABLED=0 go build -ldflags=-s -o app"),
            (
                "go build \"-ldflags=-X main.v=1\" -o app",
                "CGO_ENABLED=0 go build \"-ldflags=-s -w -X main.v=1\" -o app",
            ),
            // `-C` has to come first, and so has a pattern in the value.
            ("go build -C . -o app", "CGO_ENABLED=0 go build -C . -ldflags=\"-s -w\" -o app"),
            ("go build -C=. -o app", "CGO_ENABLED=0 go build -C=. -ldflags=\"-s -w\" -o app"),
            (
                "go build -ldflags=\"all=-X main.v=1\" -o app",
                "CGO_ENABLED=0 go build -ldflags=\"all=-X main.v=1\" -o app",
            ),
            (
                "go build -ldflags=all=\"-X main.v=1\" -o app",
                "CGO_ENABLED=0 go build -ldflags=all=\"-X main.v=1\" -o app",
            ),
            ("go build -ldflags=all=-w -o app", "CGO_ENABLED=0 go build -ldflags=all=-w -o app"),
            ("go build -ldflags=\"\" -o app", "CGO_ENABLED=0 go build -ldflags=\"-s -w\" -o app"),
            ("go build -gcflags='all=-N -l' -o app", "CGO_ENABLED=0 go build -gcflags='all=-N -l' -o app"),
            ("env GOOS=linux go build -o app", "env GOOS=linux CGO_ENABLED=0 go build -ldflags=\"-s -w\" -o app"),
            ("CGO_ENABLED=1 go build -o app", "CGO_ENABLED=1 go build -ldflags=\"-s -w\" -o app"),
        ] {
            let after = of(build, "CMD [\"./app\"]", &strip());
            let run = after.lines().find(|line| line.starts_with("RUN")).unwrap_or(&after);
            assert_eq!(run, format!("RUN {want}"), "{build}");
        }
    }

    #[test]
    fn a_shell_form_command_becomes_exec_form_only_where_nothing_is_lost() {
        for (command, want) in [
            ("CMD ./app", "CMD [\"./app\"]"),
            ("CMD exec ./app -v", "CMD [\"./app\", \"-v\"]"),
            ("CMD ./app 'a b' \"c\"", "CMD [\"./app\", \"a b\", \"c\"]"),
            ("CMD ./app \"a(b)?c\" '$x'", "CMD [\"./app\", \"a(b)?c\", \"$x\"]"),
            ("CMD ./app \"$x\"", "CMD ./app \"$x\""),
            ("ENTRYPOINT ./app", "ENTRYPOINT [\"./app\"]"),
            ("CMD ./app $PORT", "CMD ./app $PORT"),
            ("CMD ./app *.txt", "CMD ./app *.txt"),
            ("CMD ./app > /log", "CMD ./app > /log"),
            ("CMD PORT=1 ./app", "CMD PORT=1 ./app"),
            ("CMD ./app &", "CMD ./app &"),
            ("CMD sleep 5 && ./app", "CMD sleep 5 && ./app"),
            ("CMD [\"sh\", \"-c\", \"./app\"]", "CMD [\"sh\", \"-c\", \"./app\"]"),
        ] {
            let after = of("go build -o app", command, &RewriteOptions::default());
            assert_eq!(after.lines().last(), Some(want), "{command}\n{after}");
            let kept = command == want;
            assert_eq!(after.contains("debian:bookworm-slim"), kept, "{command}\n{after}");
        }
    }

    #[test]
    fn commands_that_cannot_be_carried_are_refused() {
        for (command, want) in [
            ("CMD [\"go\", \"run\", \".\"]", "dev-server"),
            ("CMD go test ./...", "dev-server"),
            ("CMD [\"bash\"]", "dev-server"),
            ("CMD tail -f /dev/null", "dev-server"),
            ("CMD [\"sleep\", \"infinity\"]", "dev-server"),
            ("CMD []", "no-command"),
            ("ENTRYPOINT []", "no-command"),
            ("EXPOSE 80", "no-command"),
            ("CMD [\"./other\"]", "name-mismatch"),
            ("CMD [\"supervisord\"]", "supervisor"),
            ("CMD $PROGRAM", "opaque-command"),
            ("CMD [\"./app\"]\nONBUILD RUN true", "onbuild"),
        ] {
            let after = of("go build -o app", command, &RewriteOptions::default());
            assert_eq!(after, format!("refused: {want}"), "{command}");
        }
    }

    #[test]
    fn variables_of_the_toolchain_stay_behind() {
        let text = "FROM golang:1.22-bookworm\nENV GOPROXY=direct CGO_ENABLED=0\nENV A=1 GOFLAGS=-v \\\n    B=\"x y\"\n\
                    ENV PATH=/opt/tools:$PATH\nENV HOMEGO $GOPATH\nWORKDIR /app\nCOPY . .\nRUN go build -o app\nCMD [\"./app\"]\n";
        let (_, after) = rewrite(text, &RewriteOptions::default()).unwrap();
        let (_, last) = after.split_once("\n\n").unwrap();
        assert_eq!(
            last,
            "FROM gcr.io/distroless/static-debian12\nENV A=1 \\\n    B=\"x y\"\nENV PATH=/opt/tools:$PATH\nENV HOMEGO=/go\n\
             WORKDIR /app\nCOPY --from=build /app/app /app/app\nCMD [\"./app\"]\n"
        );
    }

    #[test]
    fn stated_facts_close_obligations() {
        let mut options = RewriteOptions::default();
        options.stated.runtime_files = Some(vec!["main.go".into()]);
        options.stated.base_prefix = Some("mirror.example.test/".into());
        let source = SourceFile::new(
            "Dockerfile",
            "FROM golang:1.22-bookworm\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=0 go build -o app\nCMD [\"./app\"]\n",
        );
        let file = syntax::parse(&source);
        let model = model::build(&source, &file, &ModelOptions::default());
        let plan = plan(&source, &file, &model, None, &options).unwrap();
        assert_eq!(plan.tier, Tier::Distroless);
        assert_eq!(plan.base, "mirror.example.test/gcr.io/distroless/static-debian12");
    }

    #[test]
    fn bytes_that_are_not_text_are_never_replaced() {
        let text = |label: &str| {
            let mut bytes =
                b"FROM golang:1.22-bookworm\n# \xff\nWORKDIR /app\nCOPY . .\nRUN go build -o app\n".to_vec();
            bytes.extend_from_slice(label.as_bytes());
            bytes.extend_from_slice(b"CMD [\"./app\"]\n");
            bytes
        };
        for (label, want) in [("", Ok(())), ("LABEL a=b\n", Ok(()))] {
            let source = SourceFile::from_bytes("Dockerfile", text(label));
            let file = syntax::parse(&source);
            let model = model::build(&source, &file, &ModelOptions::default());
            let context = BuildContext::in_memory(&[GO_MOD, MAIN]);
            let plan = plan(&source, &file, &model, Some(&context), &RewriteOptions::default());
            assert_eq!(plan.as_ref().map(|_| ()).map_err(|refusal| refusal.reason), want);
            let after = source.apply(&plan.unwrap().edits).unwrap();
            assert!(after.all_bytes().windows(3).any(|bytes| bytes == b"# \xff"));
        }
        let mut bytes = text("");
        bytes.extend_from_slice(b"LABEL a=\"\xff\"\n");
        let source = SourceFile::from_bytes("Dockerfile", bytes);
        let file = syntax::parse(&source);
        let model = model::build(&source, &file, &ModelOptions::default());
        let context = BuildContext::in_memory(&[GO_MOD, MAIN]);
        let refusal = plan(&source, &file, &model, Some(&context), &RewriteOptions::default()).unwrap_err();
        assert_eq!(refusal.reason, "not-verified");
    }
}
