//! Why there is no plan: the stable codes, each explained in docs/rewrite.md, and how a refusal is made.

use super::Refusal;
use crate::text::Span;

/// Every code with the sentence that docs/rewrite.md opens its section with.
pub const REASONS: &[(&str, &str)] = &[
    ("syntax-error", "the file has an error that has to be mended first"),
    ("no-stage", "the file has no FROM"),
    ("already-multi-stage", "the file has more than one stage"),
    ("windows", "the base is a Windows image"),
    ("unknown-base", "what the base image brings is not known"),
    ("base-from-argument", "FROM needs a build argument that has no default"),
    ("not-go", "no Go program is built here"),
    ("onbuild", "ONBUILD makes this a base for other images"),
    ("no-command", "the file says nothing of what the image runs"),
    ("dev-server", "the image runs a development server, a test or a shell"),
    ("runtime-toolchain", "the image needs the Go toolchain or a compiler when it runs"),
    ("supervisor", "the image starts several programs through a supervisor"),
    ("nothing-to-gain", "the file leaves nothing of the build in the image already"),
    ("no-artifact", "the build makes no file that the image runs"),
    ("name-mismatch", "the file that the image runs is not one that the build makes"),
    ("ambiguous-output", "where the build puts its program is not sure"),
    ("opaque-command", "what the image runs cannot be read from its command"),
    ("unclassified-run", "a RUN does something to the image that cannot be told"),
    ("data-unknown", "files are put where they cannot be told apart from the base's own"),
    ("unknown-program", "the image starts a program of which it is not known where it comes from"),
    ("package-sources", "packages of the final stage would not come from where the file has them from"),
    ("capabilities", "file capabilities or set-user-id bits do not surely survive the copy"),
    ("unknown-user", "the user of the image cannot be carried over"),
    ("unknown-release", "which release of the distribution the base has is not known"),
    ("base-not-possible", "the base that was asked for cannot carry the program"),
    ("builder-pattern", "the files of a builder pattern cannot surely be put together"),
    ("not-verified", "the finished rewrite did not pass its own checks"),
];

/// Refusals that a stated fact may lift, and the flag that states it.
pub(super) const STATABLE: &[(&str, &str)] = &[
    ("base-from-argument", "--build-arg"),
    ("base-not-possible", "--base"),
    ("data-unknown", "--runtime-file"),
    ("unclassified-run", "--runtime-file"),
    ("unknown-program", "--package"),
    ("unknown-release", "--cgo"),
    ("unknown-user", "--build-arg"),
];

pub(super) fn refuse(reason: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) -> Refusal {
    debug_assert!(REASONS.iter().any(|(code, _)| *code == reason), "{reason} is not in the list");
    Refusal { reason, message: message.into(), span, help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::{REASONS, STATABLE};

    #[test]
    fn every_code_has_its_section_in_the_docs() {
        let docs = include_str!("../../docs/rewrite.md");
        for (code, _) in REASONS {
            assert!(docs.contains(&format!("### {code}\n")), "docs/rewrite.md has no section {code}");
        }
    }

    #[test]
    fn the_docs_name_the_flag_that_lifts_a_refusal() {
        let docs = include_str!("../../docs/rewrite.md");
        for (code, flag) in STATABLE {
            assert!(REASONS.iter().any(|(known, _)| known == code), "{code}");
            let section = docs.split(&format!("### {code}\n")).nth(1).unwrap_or("");
            let section = section.split("\n###").next().unwrap_or("");
            assert!(section.contains(flag), "the section {code} does not name {flag}");
        }
    }
}
