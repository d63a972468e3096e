//! Files of the build stage that a program might read.

use super::Embed;
use crate::context::tree::{ImageTree, Origin};

/// Not source, not a project's own notes, not what only builds or tests: a file that a program might read. Other
/// Markdown counts (a blog reads it), and `.gitkeep` as well, since its directory may be one that is written to.
pub(super) fn is_data_file(tree: &ImageTree<'_>, path: &str) -> bool {
    if !tree.is_file(path) || tree.origin(path) == Some(&Origin::Program) {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let (stem, extension) = name.split_once('.').unwrap_or((&name, ""));
    let note = NOTES.contains(&stem) && matches!(extension, "" | "md" | "txt" | "rst" | "adoc");
    let compose =
        matches!(stem, "compose" | "docker-compose") && (extension.ends_with("yml") || extension.ends_with("yaml"));
    // `go.mod.tmpl` is what a generator of projects has.
    let template = [".gotmpl", ".j2", ".tmpl", ".tpl"].iter().any(|end| name.ends_with(end));
    let tool = !template
        && TOOLS.iter().any(|tool| name == *tool || name.strip_prefix(tool).is_some_and(|rest| rest.starts_with('.')))
        // `cloudbuild-push.yaml`, one for each trigger.
        || name.starts_with("cloudbuild-") && name.ends_with(".yaml");
    !note
        && !compose
        && !tool
        && ![".go", ".qtpl", ".s", ".templ", ".dockerfile", ".dockerignore"].iter().any(|end| name.ends_with(end))
        && !DIRS.iter().any(|dir| path.contains(dir))
        && !is_vendored(tree, path)
}

/// Below the `vendor` of Go, and not one of a web site's: it has modules.txt, or import paths below it.
fn is_vendored(tree: &ImageTree<'_>, path: &str) -> bool {
    path.match_indices("/vendor/").any(|(at, text)| {
        let inner = path.get(at + text.len()..).unwrap_or("");
        let import_path = inner.split_once('/').is_some_and(|(first, _)| first.contains('.'));
        let dir = path.get(..at + text.len()).unwrap_or("");
        import_path || inner == "modules.txt" || tree.is_file(&format!("{dir}modules.txt"))
    })
}

const NOTES: &[&str] = &[
    "authors",
    "changelog",
    "code_of_conduct",
    "codeowners",
    "contributing",
    "copying",
    "licence",
    "license",
    "notice",
    "readme",
    "security",
];
/// Alone or with an extension.
const TOOLS: &[&str] = &[
    ".air",
    ".codecov",
    ".dockerignore",
    ".ds_store",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    ".gitlab-ci",
    ".gitmodules",
    ".golangci",
    ".goreleaser",
    ".mockery",
    ".pre-commit-config",
    ".travis",
    "appveyor.yml",
    "azure-pipelines",
    "bitbucket-pipelines",
    "buf.gen",
    "cloudbuild",
    "containerfile",
    "dockerfile",
    "fly.toml",
    "go.mod",
    "go.sum",
    "go.work",
    "gnumakefile",
    "gqlgen.yml",
    "heroku.yml",
    "jenkinsfile",
    "justfile",
    "makefile",
    "procfile",
    "renovate.json",
    "skaffold.yaml",
    "sonar-project",
    "sqlc.yaml",
    "taskfile.yml",
    "tiltfile",
];
const DIRS: &[&str] = &["/.circleci/", "/.devcontainer/", "/.git/", "/.github/", "/.idea/", "/.vscode/", "/testdata/"];

/// The files below a directory that the program might read and that are not in it already: everything but sources,
/// go.mod, `vendor`, notes, licences, what only CI and Docker use, and what is embedded. None left: the program's own
/// binary is all it can need from there.
pub fn data_files(tree: &ImageTree<'_>, dir: &str, embeds: &[Embed]) -> Vec<String> {
    let embedded = |path: &str| {
        embeds.iter().any(|embed| {
            let depth = embed.path.split('/').count();
            let end = path.match_indices('/').nth(depth.saturating_sub(1)).map_or(path.len(), |(at, _)| at);
            path.get(..end).is_some_and(|head| crate::context::glob::matches(&embed.path, head))
        })
    };
    tree.under(dir)
        .map(|(path, _)| path)
        .filter(|path| is_data_file(tree, path) && !embedded(path))
        .map(String::from)
        .collect()
}
