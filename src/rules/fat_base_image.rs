//! A shipping stage on a full image whose publisher has a slim one with the same programs.

use super::support::{chain, ended, layers_ship, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity, Waste};
use crate::model::{ConfigCommand, Source, Stage};
use crate::syntax::{Body, ImageRef, Keyword};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "fat-base-image",
    aliases: &[],
    summary: "the base image brings compilers and tools that nothing here uses",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/fat-base-image.md"),
    check,
};

/// What the full images bring and the slim ones do not, as far as a RUN could call it.
const FULL_ONLY: &[&str] = &[
    "autoconf",
    "automake",
    "bzr",
    "c++",
    "cc",
    "configure",
    "cpp",
    "curl",
    "file",
    "g++",
    "gcc",
    "git",
    "gpg",
    "hg",
    "imagemagick",
    "javac",
    "jar",
    "jdeps",
    "jlink",
    "ld",
    "make",
    "mvn",
    "patch",
    "pkg-config",
    "python",
    "python3",
    "ssh",
    "svn",
    "unzip",
    "wget",
    "xz",
];

/// Programs of a JDK that people call in a running container.
const JDK_TOOLS: &[&str] = &["jcmd", "jhsdb", "jinfo", "jmap", "jps", "jshell", "jstack", "jstat", "jconsole"];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| layers_ship(cx.model, stage)) {
        let Some(image) = stage.image() else { continue };
        // Where the release has ended, a slimmer image of it is no advice.
        if ended::of(image).is_some() {
            continue;
        }
        if let Some(found) = toolchain(cx, stage, image) {
            out.push(found);
            continue;
        }
        let Some((from, to)) = slimmer(image) else { continue };
        let Some(Body::From { image: written, .. }) = cx.dockerfile.get(stage.from).map(|from| &from.body) else {
            continue;
        };
        if uses_full(cx, stage) {
            continue;
        }
        let debian = image.repository.text.rsplit('/').next() == Some("debian");
        let (what, help) = if debian {
            ("brings manual pages, documentation and translations that no program reads", format!("try {to}"))
        } else {
            let what = if to.contains("jre") {
                "brings the compiler and tools of the JDK that nothing here calls"
            } else {
                "brings compilers, headers and tools that nothing here calls"
            };
            (what, format!("try {to}; what a package needs to compile belongs in a stage that builds"))
        };
        let found = Diagnostic::at(written.span, format!("`{}` {what}", image.text))
            .help(help)
            .waste(Waste::Base { from: from.clone(), to: to.clone() });
        let applicability = if only_copies(cx, stage) { Applicability::Unsafe } else { Applicability::DisplayOnly };
        out.push(match edit(cx, written, image, &to) {
            Some(edit) => found.fix(applicability, format!("Use {to}"), vec![edit]),
            None => found,
        });
    }
}

/// A stage that only takes a finished program from another one, and stands on the image that such programs are
/// compiled in. Silent unless everything that it runs is known.
fn toolchain(cx: &Context<'_>, stage: &Stage, image: &ImageRef) -> Option<Diagnostic> {
    use crate::rewrite::toolchains::detect::{self, Language};
    let (language, tools): (_, &[&str]) = match detect::base(&image.repository.text)? {
        Language::Go => ("Go", &["go", "gofmt", "dlv", "air", "reflex", "gopls"]),
        Language::Rust => ("Rust", &["cargo", "rustc", "rustup"]),
        _ => return None,
    };
    let stages = chain(cx, stage);
    let copies = || stages.iter().flat_map(|stage| &stage.steps).filter_map(|step| step.copied.as_ref());
    if !copies().any(|copy| matches!(copy.from, Source::Stage(_))) || uses_full(cx, stage) {
        return None;
    }
    // A directory may hold sources, and a script may call the toolchain.
    let sources =
        |path: &str| path.ends_with('/') || path.ends_with('.') || path.ends_with("src") || path.ends_with(".go");
    if copies().flat_map(|copy| &copy.sources).any(|source| source.path.as_deref().is_none_or(sources)) {
        return None;
    }
    let needs = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        tools.contains(&name) || SHELLS.contains(&name) || name.ends_with(".sh") || name == "make"
    };
    let calls = |stage: &Stage| {
        runs(cx, stage)
            .any(|run| run.script.commands.iter().chain(&run.script.substitutions).any(|c| needs(&c.name.text)))
    };
    let (entrypoint, cmd) = (&stage.config.entrypoint, &stage.config.cmd);
    let argv = |command: &ConfigCommand| {
        let skip = if command.shell_form { 2 } else { 0 };
        let words = command
            .argv
            .iter()
            .skip(skip)
            .flat_map(|text| text.split(|c: char| c.is_whitespace() || "&|;()".contains(c)));
        words.map(String::from).collect::<Vec<String>>()
    };
    let started: Vec<String> =
        [entrypoint, cmd, &stage.config.healthcheck].into_iter().flatten().flat_map(argv).collect();
    let program = entrypoint.as_ref().or(cmd.as_ref())?.inst?;
    if stages.iter().any(|stage| calls(stage)) || started.iter().any(|word| needs(word)) || program == stage.from {
        return None;
    }
    let facts = stage.facts.as_deref()?;
    let release = facts.release.as_deref()?;
    let to = match facts.family.as_str() {
        "debian" => format!("debian:{release}-slim"),
        "alpine" => format!("alpine:{release}"),
        _ => return None,
    };
    let Body::From { image: written, .. } = &cx.dockerfile.get(stage.from)?.body else { return None };
    let message = format!("`{}` ships the {language} toolchain, and what runs here is already built", image.text);
    let help = format!("try {to}, or a distroless image where the program is static");
    Some(Diagnostic::at(written.span, message).help(help).waste(Waste::Base { from: image.text.to_string(), to }))
}

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh"];

/// The full reference, and the slim one of the same release; `None` for an image or a tag that has none.
fn slimmer(image: &ImageRef) -> Option<(String, String)> {
    let registry = image.registry.as_ref().map(|registry| registry.text.as_str());
    if image.digest.is_some() || !matches!(registry, None | Some("docker.io" | "public.ecr.aws" | "mirror.gcr.io")) {
        return None;
    }
    let name = image.repository.text.trim_start_matches("docker/").trim_start_matches("library/");
    let tag = image.tag.as_ref().map_or("latest", |tag| tag.text.as_str());
    let slim = match name {
        "python" | "ruby" => before_suite(tag, "slim")?,
        "node" | "perl" => format!("{}-slim", plain(tag)?),
        "debian" => format!("{}-slim", plain_debian(tag)?),
        "openjdk" => jre(tag, "-slim")?,
        "eclipse-temurin" => jre(tag, "")?,
        _ => return None,
    };
    let slim = slim.replace("latest-slim", if name == "debian" { "stable-slim" } else { "slim" });
    let prefix = image.text.strip_suffix(&format!(":{tag}")).unwrap_or(&image.text);
    Some((format!("{prefix}:{tag}"), format!("{prefix}:{slim}")))
}

const SUITES: &[&str] = &["buster", "bullseye", "bookworm", "trixie", "stretch", "jessie", "sid"];

fn is_version(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// A tag of the full image: a version, a version and a Debian release, or nothing.
fn plain(tag: &str) -> Option<&str> {
    let (version, suite) = tag.split_once('-').unwrap_or((tag, ""));
    let named = is_version(version) || matches!(version, "lts" | "current" | "latest");
    (named && (suite.is_empty() || SUITES.contains(&suite)) || SUITES.contains(&tag)).then_some(tag)
}

fn plain_debian(tag: &str) -> Option<&str> {
    (is_version(tag) || SUITES.contains(&tag) || matches!(tag, "stable" | "testing" | "oldstable" | "latest"))
        .then_some(tag)
}

/// `3.12-bookworm` -> `3.12-slim-bookworm`.
fn before_suite(tag: &str, word: &str) -> Option<String> {
    let tag = plain(tag)?;
    Some(match tag.split_once('-') {
        Some((version, suite)) => format!("{version}-{word}-{suite}"),
        None if SUITES.contains(&tag) => format!("{word}-{tag}"),
        None => format!("{tag}-{word}"),
    })
}

/// `17-jdk-jammy` -> `17-jre-jammy`.
fn jre(tag: &str, ending: &str) -> Option<String> {
    let (version, rest) = tag.split_once('-').unwrap_or((tag, ""));
    let number: u32 = version.split(['.', 'u', '_', '+']).next()?.parse().ok()?;
    // openjdk has no runtime image after 8 that is of any use, and its 8 is a jre by another name.
    if !ending.is_empty() {
        return (number <= 8 && matches!(rest, "" | "jdk")).then(|| format!("{version}-jre{ending}"));
    }
    match rest.split_once('-').unwrap_or((rest, "")) {
        ("", "") => Some(format!("{version}-jre")),
        ("jdk", "") => Some(format!("{version}-jre")),
        ("jdk", more) if !more.contains("windows") && !more.contains("nanoserver") => {
            Some(format!("{version}-jre-{more}"))
        }
        _ => None,
    }
}

/// A RUN of the stage calls what only the full image has, or installs to build; or it cannot be read.
fn uses_full(cx: &Context<'_>, stage: &Stage) -> bool {
    use crate::rewrite::toolchains::detect;
    let name = stage.image().map(|image| image.repository.text.clone()).unwrap_or_default();
    let own = |program: &str| name.ends_with("python") && program.starts_with("python");
    let started = |stage: &Stage| {
        stage.steps.iter().filter_map(|step| cx.dockerfile.get(step.inst)).any(|instruction| {
            let starts = matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
            let text = cx.source.slice(instruction.content);
            let mut words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '+' | '_' | '.')));
            starts && words.any(|word| (FULL_ONLY.contains(&word) && !own(word)) || JDK_TOOLS.contains(&word))
        })
    };
    chain(cx, stage).into_iter().any(|stage| {
        started(stage)
            || runs(cx, stage).any(|run| {
                run.script.opaque.is_some()
                    || run.script.commands.iter().chain(&run.script.substitutions).any(|cmd| {
                        let program = cmd.name.text.as_str();
                        (FULL_ONLY.contains(&program) && !own(program))
                            || matches!(
                                detect::command(cmd),
                                Some((_, detect::Work::Compiles | detect::Work::RunsSources))
                            )
                            || (name.ends_with("temurin")
                                && matches!(program, "gradle" | "gradlew" | "mvn" | "mvnw" | "sbt"))
                    })
            })
    })
}

/// No RUN installs anything: the stage only sets up what is copied.
fn only_copies(cx: &Context<'_>, stage: &Stage) -> bool {
    let quiet = [
        "chmod", "chown", "mkdir", "groupadd", "useradd", "adduser", "addgroup", "ln", "rm", "mv", "cp", "touch",
        "echo", "cd", "true",
    ];
    chain(cx, stage).into_iter().all(|stage| {
        stage.children.is_empty()
            && runs(cx, stage).all(|run| {
                run.editable() && run.script.commands.iter().all(|cmd| quiet.contains(&cmd.name.text.as_str()))
            })
            && stage.steps.iter().all(|step| {
                // The entrypoint is run by the image, with all its tools; a script may call any of them.
                step.script
                    .as_ref()
                    .is_none_or(|script| script.commands.iter().all(|cmd| !cmd.name.text.ends_with(".sh")))
            })
    })
}

/// Replaces the tag where it stands; nothing where it comes from a variable.
fn edit(cx: &Context<'_>, written: &ImageRef, image: &ImageRef, to: &str) -> Option<Edit> {
    let text = cx.source.slice(written.span);
    if text != image.text || text.contains('$') {
        return None;
    }
    let tag = to.rsplit(':').next()?;
    Some(match &written.tag {
        Some(old) => Edit::replace(old.span, tag),
        None => Edit::insert(written.span.end, format!(":{tag}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slim_tag_of_the_same_release_is_found() {
        for (tag, slim) in [
            ("3.12", "3.12-slim"),
            ("3.12-bookworm", "3.12-slim-bookworm"),
            ("3", "3-slim"),
            ("bookworm", "slim-bookworm"),
        ] {
            assert_eq!(before_suite(tag, "slim").as_deref(), Some(slim), "{tag}");
        }
        for tag in ["3.12-slim", "3.12-alpine", "3.12-slim-bookworm", "3.12-windowsservercore", "rc-x", "2-onbuild"] {
            assert_eq!(before_suite(tag, "slim"), None, "{tag}");
        }
        for (tag, slim) in [
            ("17", "17-jre"),
            ("17-jdk", "17-jre"),
            ("21.0.1_12-jdk-jammy", "21.0.1_12-jre-jammy"),
            ("17-jdk-alpine", "17-jre-alpine"),
        ] {
            assert_eq!(jre(tag, "").as_deref(), Some(slim), "{tag}");
        }
        assert_eq!(jre("17-jre", ""), None);
        assert_eq!(jre("17-jdk", "-slim"), None);
    }
}
