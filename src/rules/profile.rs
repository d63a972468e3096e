//! Which rules belong to which profile, and hadolint's severities.

use super::{Rule, all};
use crate::diagnostic::Severity;
use crate::settings::Profile;

/// BuildKit runs these only when asked for by name (`# check=experimental=`).
const EXPERIMENTAL: &[&str] = &["InvalidDefinitionDescription"];

/// hadolint has these off until a severity is given to them.
const HADOLINT_OFF: &[&str] = &["DL1001", "DL3057"];

/// hadolint throws these of ShellCheck's findings away: a RUN sources files of the image, and has no shebang.
const HADOLINT_NEVER: &[&str] = &["SC1090", "SC1091", "SC2187"];

impl Rule {
    /// Runs in the profile without being selected.
    pub fn in_profile(&self, profile: Profile) -> bool {
        match profile {
            Profile::Default => self.default,
            Profile::Hadolint if is_hadolint(self.slug) => !HADOLINT_NEVER.contains(&self.slug),
            Profile::Hadolint => self.aliases.iter().any(|alias| is_hadolint(alias) && !HADOLINT_OFF.contains(alias)),
            Profile::Buildkit => self.aliases.iter().any(|alias| !is_hadolint(alias) && !EXPERIMENTAL.contains(alias)),
            Profile::All => true,
        }
    }

    /// The severity that the rule has in the profile.
    pub fn severity_in(&self, profile: Profile) -> Severity {
        let hadolints = self.aliases.iter().copied().find(|alias| is_hadolint(alias));
        match hadolints {
            Some(code) if profile == Profile::Hadolint => hadolint_severity(code).unwrap_or(self.severity),
            _ => self.severity,
        }
    }

    /// One of BuildKit's checks.
    pub fn is_buildkits(&self) -> bool {
        self.aliases.iter().any(|alias| !is_hadolint(alias))
    }

    /// BuildKit asks for it with `# check=experimental=NAME` or `all`.
    pub fn is_experimental(&self) -> bool {
        self.aliases.iter().any(|alias| EXPERIMENTAL.contains(alias))
    }
}

/// One of BuildKit's checks.
pub(super) fn is_buildkits(slug: &str) -> bool {
    all().any(|rule| rule.slug == slug && rule.is_buildkits())
}

/// The slugs of the rules that tally knows by that prefix: `hadolint`, `shellcheck`.
pub(super) fn of_namespace(prefix: &str) -> Vec<&'static str> {
    let code = match prefix {
        "hadolint" => "DL",
        "shellcheck" => "SC",
        _ => return Vec::new(),
    };
    let is = |name: &str| is_hadolint(name) && name.starts_with(code);
    all().filter(|rule| is(rule.slug) || rule.aliases.iter().any(|alias| is(alias))).map(|rule| rule.slug).collect()
}

/// The slugs of the rules that run in the profile.
pub fn rules_in(profile: Profile) -> Vec<&'static str> {
    all().filter(|rule| rule.in_profile(profile)).map(|rule| rule.slug).collect()
}

/// `DL3006`, `SC2086`.
pub fn is_hadolint(alias: &str) -> bool {
    let digits = alias.strip_prefix("DL").or_else(|| alias.strip_prefix("SC"));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// hadolint's severities, as its binary (2.15.1) prints them; most of its rules are warnings.
fn hadolint_severity(code: &str) -> Option<Severity> {
    let number: u32 = code.strip_prefix("DL")?.parse().ok()?;
    Some(match number {
        3000 | 3004 | 3011 | 3012 | 3020 | 3021 | 3023 | 3024 | 3026 | 3043 | 3044 | 3061 | 4000 | 4004 => {
            Severity::Error
        }
        1001 | 3001 | 3009 | 3010 | 3015 | 3019 | 3047 | 3049 | 3050 | 3057 | 3059 | 3060 | 3066 => Severity::Info,
        3048 => Severity::Style,
        _ => Severity::Warning,
    })
}
