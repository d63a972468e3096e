//! COPY or ADD of files that are there to hold secrets.

use super::support::instructions::context_paths;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "secret-file-copied",
    aliases: &[],
    summary: "a file that holds secrets is copied into the image",
    category: Category::Security,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/secret-file-copied.md"),
    check,
};

const NAMES: &[&str] = &[
    ".aws",
    ".env",
    ".git-credentials",
    ".gnupg",
    ".htpasswd",
    ".kube",
    ".netrc",
    ".pgpass",
    ".pypirc",
    ".ssh",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (path, word) in context_paths(cx) {
        let named = is_secret(path).then(|| path.to_string());
        if let Some(secret) = named.or_else(|| inside(cx, path)) {
            out.push(
                Diagnostic::at(word.span, format!("`{secret}` holds secrets, and whoever pulls the image can read it"))
                    .help("leave it out (.dockerignore keeps it out of every COPY), and mount it where a RUN needs it"),
            );
        }
    }
}

/// The file is called so, or stands in a directory that is: its public parts are no secret.
fn is_secret(path: &str) -> bool {
    let mut parts = path.split('/');
    let name = parts.next_back().unwrap_or(path);
    let public = matches!(name, "authorized_keys" | "known_hosts" | "config") || name.ends_with(".pub");
    NAMES.contains(&name) || (!public && parts.any(|part| NAMES.contains(&part)))
}

/// A secret file among those that a directory brings, as far as the context is known.
fn inside(cx: &Context<'_>, path: &str) -> Option<String> {
    let context = cx.build_context?;
    if path.contains(['*', '?', '[']) || context.is_file(path) {
        return None;
    }
    let dir = if path == "." { "" } else { path };
    context.under(dir).map(|(file, _)| file).find(|file| is_secret(file)).map(String::from)
}
