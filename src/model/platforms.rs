//! Platforms as `--platform` names them, in one spelling each: `linux/amd64`, `linux/arm64`, `linux/arm/v7`.
//!
//! The rules are containerd's, which BuildKit follows: platforms/{platforms,database,compare}.go.

/// What is built where nothing says otherwise.
pub const DEFAULT_PLATFORM: &str = "linux/amd64";

const SYSTEMS: [&str; 12] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
    "windows",
];

/// The one spelling of a platform; `None` when it can be none or a variable stands in it.
pub fn platform(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    };
    // `windows(10.0.17763)/amd64` names a version of the system.
    let (first, rest) = text.split_once('/').map_or((text.as_str(), None), |(first, rest)| (first, Some(rest)));
    let first = first.split_once('(').map_or(first, |(first, _)| first);
    let first = if first == "macos" { "darwin" } else { first };
    let (os, architecture, variant) = match rest.map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
        None if SYSTEMS.contains(&first) => (first, "amd64", ""),
        None => ("linux", first, ""),
        Some((architecture, variant)) => (first, architecture, variant),
    };
    if !plain(os) || !plain(architecture) || !(variant.is_empty() || plain(variant)) {
        return None;
    }
    let (architecture, variant) = match (architecture, variant) {
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("i386", _) => ("386", ""),
        ("aarch64" | "arm64", "8" | "v8" | "") => ("arm64", ""),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    Some(match variant {
        "" => format!("{os}/{architecture}"),
        variant => format!("{os}/{architecture}/{variant}"),
    })
}

/// What an image may be published for so that it runs on the platform, the best first.
pub fn runs_on(platform: &str) -> Vec<String> {
    let mut parts = platform.split('/');
    let (os, architecture) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let variant: Option<u8> = parts.next().and_then(|variant| variant.strip_prefix('v')?.parse().ok());
    let mut found = vec![platform.to_string()];
    let arm = |from: u8| (5..=from).rev().map(|variant| format!("{os}/arm/v{variant}"));
    match (architecture, variant) {
        ("arm", Some(variant)) if variant > 5 => found.extend(arm(variant - 1)),
        ("arm64", _) => {
            if platform != format!("{os}/arm64") {
                found.push(format!("{os}/arm64"));
            }
            found.extend(arm(8));
        }
        ("amd64", variant) => {
            if let Some(variant) = variant {
                found.extend((2..variant).rev().map(|variant| format!("{os}/amd64/v{variant}")));
                found.push(format!("{os}/amd64"));
            }
            found.push(format!("{os}/386"));
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_one_spelling() {
        for (text, expected) in [
            ("linux/amd64", "linux/amd64"),
            ("Linux/x86_64", "linux/amd64"),
            ("amd64", "linux/amd64"),
            ("linux", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("linux/arm64/v8", "linux/arm64"),
            ("aarch64", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("armhf", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("linux/i386", "linux/386"),
            ("windows(10.0.17763)/amd64", "windows/amd64"),
        ] {
            assert_eq!(platform(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "$BUILDPLATFORM", "linux/${TARGETARCH}", "linux/", "linux/a b"] {
            assert_eq!(platform(text), None, "{text}");
        }
    }

    #[test]
    fn a_processor_runs_what_its_forerunners_ran() {
        for (platform, expected) in [
            ("linux/amd64", "linux/amd64 linux/386"),
            ("linux/amd64/v3", "linux/amd64/v3 linux/amd64/v2 linux/amd64 linux/386"),
            ("linux/arm/v7", "linux/arm/v7 linux/arm/v6 linux/arm/v5"),
            ("linux/arm64", "linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5"),
            ("linux/s390x", "linux/s390x"),
        ] {
            assert_eq!(runs_on(platform).join(" "), expected);
        }
    }
}
