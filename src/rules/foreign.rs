//! The checks of Checkov and Trivy that rules here answer to, for their skip comments.

use super::named;

/// Checkov's id, Trivy's number, and the rules here by any of their names.
const CHECKS: &[(&str, u32, &[&str])] = &[
    ("CKV_DOCKER_1", 4, &["remote-login-exposed"]),
    ("CKV_DOCKER_2", 26, &["DL3057"]),
    ("CKV_DOCKER_3", 2, &["DL3002", "missing-user"]),
    ("CKV_DOCKER_4", 5, &["DL3020"]),
    ("CKV_DOCKER_5", 17, &["update-apart-from-install"]),
    ("CKV_DOCKER_6", 22, &["DL4000"]),
    ("CKV_DOCKER_7", 1, &["DL3006", "DL3007"]),
    ("CKV_DOCKER_8", 2, &["DL3002"]),
    ("CKV_DOCKER_9", 0, &["DL3027"]),
    ("CKV_DOCKER_10", 9, &["DL3000"]),
    ("CKV_DOCKER_11", 12, &["DL3024"]),
    ("CKV2_DOCKER_1", 10, &["DL3004"]),
    ("CKV2_DOCKER_2", 0, &["unverified-download"]),
    ("CKV2_DOCKER_3", 0, &["unverified-download"]),
    ("CKV2_DOCKER_4", 0, &["unverified-download"]),
    ("CKV2_DOCKER_5", 0, &["unverified-download"]),
    ("CKV2_DOCKER_6", 0, &["unverified-download"]),
    ("CKV2_DOCKER_7", 0, &["unverified-download"]),
    ("CKV2_DOCKER_8", 0, &["unverified-download"]),
    ("CKV2_DOCKER_9", 0, &["unverified-download"]),
    ("CKV2_DOCKER_10", 0, &["unverified-download"]),
    ("CKV2_DOCKER_11", 0, &["unverified-download"]),
    ("CKV2_DOCKER_12", 0, &["unverified-download"]),
    ("CKV2_DOCKER_13", 0, &["unverified-download"]),
    ("CKV2_DOCKER_14", 0, &["unverified-download"]),
    ("CKV2_DOCKER_15", 0, &["unverified-download"]),
    ("CKV2_DOCKER_16", 0, &["unverified-download"]),
    ("CKV2_DOCKER_17", 0, &["password-in-image"]),
    ("", 30, &["workdir-in-system-directory"]),
    ("", 6, &["DL3023"]),
    ("", 7, &["DL4004"]),
    ("", 8, &["DL3011"]),
    ("", 11, &["DL3021"]),
    ("", 13, &["DL3003"]),
    ("", 14, &["DL4001"]),
    ("", 15, &["DL3032"]),
    ("", 16, &["DL4003"]),
    ("", 19, &["DL3040"]),
    ("", 20, &["DL3036"]),
    ("", 21, &["DL3014"]),
    ("", 23, &["DL3012"]),
    ("", 25, &["DL3019"]),
    ("", 27, &["DL3040"]),
    ("", 29, &["DL3015"]),
    ("", 31, &["DL3064"]),
];

/// The slugs of the rules that `CKV_DOCKER_2`, `DS026`, `DS-0026` or `AVD-DS-0026` stands for.
pub(super) fn rules(id: &str) -> Vec<&'static str> {
    let id = id.to_ascii_uppercase();
    let number = id.strip_prefix("AVD-").unwrap_or(&id).strip_prefix("DS").map(|rest| rest.trim_start_matches('-'));
    let number: Option<u32> = number.and_then(|digits| digits.parse().ok()).filter(|number| *number > 0);
    let mut slugs: Vec<&'static str> = CHECKS
        .iter()
        .filter(|(checkov, trivy, _)| *checkov == id || Some(*trivy) == number)
        .flat_map(|(_, _, names)| names.iter().copied())
        .flat_map(named)
        .map(|rule| rule.slug)
        .collect();
    slugs.sort_unstable();
    slugs.dedup();
    slugs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_rule() {
        for (checkov, trivy, names) in CHECKS {
            for name in *names {
                assert!(named(name).next().is_some(), "{checkov} {trivy}: {name}");
            }
        }
    }
}
