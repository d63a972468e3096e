//! A credential written out: in a URL, or one that is known by its form.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Keyword;
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "credential-in-text",
    aliases: &[],
    summary: "a password or an access token stands in the file",
    category: Category::Security,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/credential-in-text.md"),
    check,
};

/// How tokens of well-known services begin, and how many more letters, digits, `_` and `-` they have at least.
const TOKENS: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "an access key of AWS"),
    ("ASIA", 16, "an access key of AWS"),
    ("AIza", 35, "an API key of Google"),
    ("dckr_pat_", 20, "an access token of Docker Hub"),
    ("ghp_", 36, "an access token of GitHub"),
    ("gho_", 36, "an access token of GitHub"),
    ("ghs_", 36, "an access token of GitHub"),
    ("ghu_", 36, "an access token of GitHub"),
    ("github_pat_", 50, "an access token of GitHub"),
    ("glpat-", 20, "an access token of GitLab"),
    ("hf_", 34, "an access token of Hugging Face"),
    ("npm_", 36, "an access token of npm"),
    ("pypi-AgEI", 50, "an access token of PyPI"),
    ("sk_live_", 24, "a secret key of Stripe"),
    ("xoxb-", 24, "a token of Slack"),
    ("xoxp-", 24, "a token of Slack"),
];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, instruction) in cx.dockerfile.instructions() {
        if matches!(instruction.keyword, Keyword::From | Keyword::Maintainer) {
            continue;
        }
        let mut spans = vec![Span::new(instruction.content.start, instruction.args.end.max(instruction.content.start))];
        spans.extend(instruction.heredocs.iter().map(|heredoc| heredoc.body));
        for span in spans {
            let text = cx.source.slice(span);
            let secret_mount = text.contains("type=secret");
            let found = token(text).or_else(|| (!secret_mount).then(|| password(text)).flatten());
            if let Some((start, end, what)) = found {
                let at = Span::new(span.start + start as u32, span.start + end as u32);
                // The text itself is not repeated: reports are kept and shown around.
                out.push(
                    Diagnostic::at(at, format!("{what} stands here, and in the history of every image"))
                        .help("take it back where it was issued, and hand the new one in with RUN --mount=type=secret"),
                );
            }
        }
    }
}

fn token(text: &str) -> Option<(usize, usize, &'static str)> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    for (prefix, length, what) in TOKENS {
        for (at, _) in text.match_indices(prefix) {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let rest = text.get(at + prefix.len()..).unwrap_or_default();
            let tail: String = rest.chars().take_while(|c| word(*c)).collect();
            // Examples of documentation say what they are; a real one is no run of one letter.
            let example = tail.to_ascii_lowercase().contains("example") || tail.to_ascii_lowercase().contains("xxxx");
            let varied = tail.chars().collect::<std::collections::BTreeSet<_>>().len() > 6;
            let exact = *length > 16 || tail.len() == *length;
            if before.is_none_or(|c| !word(c)) && tail.len() >= *length && exact && !example && varied {
                return Some((at, at + prefix.len() + tail.len(), what));
            }
        }
    }
    let key = text.find("-----BEGIN ").filter(|at| {
        text.get(*at..).and_then(|rest| rest.lines().next()).is_some_and(|line| line.contains("PRIVATE KEY-----"))
    });
    key.map(|at| (at, at + "-----BEGIN ".len(), "a private key"))
}

/// `https://user:password@host`, also with a variable that the build gets as an argument.
fn password(text: &str) -> Option<(usize, usize, &'static str)> {
    for scheme in ["https://", "http://", "ftp://"] {
        for (at, _) in text.match_indices(scheme) {
            let rest = text.get(at + scheme.len()..)?;
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?' | '#' | '<' | '>'));
            let authority = rest.get(..end.unwrap_or(rest.len()))?;
            let Some((user, host)) = authority.rsplit_once('@') else { continue };
            let Some((_, password)) = user.split_once(':') else { continue };
            let local = host.starts_with("localhost") || host.starts_with("127.");
            // `$(cat file)`, and words that hold the place of one.
            let vague = password.contains(['(', '`', '*', '[', '{']) && !password.starts_with("${")
                || matches!(
                    password.to_ascii_lowercase().as_str(),
                    "" | "password" | "pass" | "token" | "x-oauth-basic"
                );
            if !local && !vague && !host.is_empty() {
                return Some((at, at + scheme.len() + authority.len(), "a password in a URL"));
            }
        }
    }
    None
}
