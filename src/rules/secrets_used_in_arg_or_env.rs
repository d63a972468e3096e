//! ARG or ENV with a secret.

use super::support::instructions::{steps, value_or_written};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::{Body, Keyword};

/// Words of a name that speak of a secret.
const SECRET: &[&str] = &[
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "passphrase",
    "passwd",
    "password",
    "pword",
    "secret",
    "token",
];

/// Ends of words that do.
const ENDS: &[&str] = &["password", "passwd", "secret", "token", "apikey"];

/// Words that say that it is something about a secret, or that it is no secret.
const HARMLESS: &[&str] = &[
    "algorithm",
    "checksum",
    "digest",
    "md5",
    "sha1",
    "sha256",
    "sha512",
    "alias",
    "count",
    "dir",
    "directory",
    "enabled",
    "endpoint",
    "expiration",
    "expire",
    "expires",
    "expiry",
    "file",
    "filename",
    "fingerprint",
    "format",
    "gpg",
    "header",
    "host",
    "issuer",
    "length",
    "limit",
    "method",
    "mode",
    "name",
    "path",
    "pgp",
    "port",
    "prefix",
    "provider",
    "public",
    "server",
    "size",
    "sock",
    "socket",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "version",
];

pub static RULE: Rule = Rule {
    slug: "secrets-used-in-arg-or-env",
    aliases: &["SecretsUsedInArgOrEnv", "DL3064"],
    summary: "an ARG or ENV looks like a secret, which the image would keep",
    category: Category::Security,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/secrets-used-in-arg-or-env.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // Before the first FROM there is no step; such an ARG has the value that stands there.
    let all = || cx.dockerfile.instructions().map(|(_, instruction)| instruction);
    let first = all().position(|instruction| instruction.keyword == Keyword::From).unwrap_or(0);
    let before = all().take(first).map(|instruction| (None, instruction));
    for (env, instruction) in before.chain(steps(cx).map(|(_, step, inst)| (Some(&step.env), inst))) {
        let pairs = match &instruction.body {
            Body::Arg(pairs) => pairs,
            Body::Env(pairs) => &pairs.pairs,
            _ => continue,
        };
        for pair in pairs.iter().filter(|pair| looks_secret(&pair.key.text)) {
            let written = pair.value.as_ref().map(|word| match env {
                Some(env) => value_or_written(cx, env, word),
                None => word.text.trim_matches(['"', '\'']).to_string(),
            });
            let handed_on = written.as_deref().and_then(|value| default_of(cx, value));
            if [&written, &handed_on].into_iter().flatten().any(|value| is_no_secret(value)) {
                continue;
            }
            let name = instruction.name.text.to_ascii_uppercase();
            out.push(
                Diagnostic::at(pair.key.span, format!("{name} `{}` looks like a secret", pair.key.text)).help(
                    "the image keeps its value: use RUN --mount=type=secret, or give it when the container starts",
                ),
            );
        }
    }
}

/// The default of the ARG that a value merely hands on (`ENV KEY=$KEY`), in whichever stage it stands.
fn default_of(cx: &Context<'_>, value: &str) -> Option<String> {
    let name = value.strip_prefix('$')?.trim_start_matches('{').trim_end_matches('}');
    cx.dockerfile.instructions().find_map(|(_, instruction)| {
        let Body::Arg(pairs) = &instruction.body else { return None };
        let pair = pairs.iter().find(|pair| pair.key.text == name)?;
        Some(pair.value.as_ref()?.text.trim_matches(['"', '\'']).to_string())
    })
}

fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // `Filters__0__Key` is the path of a setting.
    if name.contains("__") && name.ends_with("_key") {
        return false;
    }
    let has = |words: &[&str]| name.split(['_', '-', '.']).any(|word| words.contains(&word));
    // `PGPASSWORD`, `accesstoken`
    let ends = name.split(['_', '-', '.']).any(|word| ENDS.iter().any(|end| word.ends_with(end)));
    (has(SECRET) || ends) && !has(HARMLESS)
}

/// A switch, a number, a path or a fingerprint; an empty value may be filled in later.
fn is_no_secret(value: &str) -> bool {
    let switch = matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "none");
    // Key fingerprints are there to be compared.
    let fingerprint = value.len() == 40 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    let path = value.starts_with('/')
        || value.starts_with("./")
        || value.starts_with("unix:")
        || value.contains("://")
        || value.ends_with(".sh");
    switch || fingerprint || path
}
