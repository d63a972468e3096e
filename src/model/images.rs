//! What a base image brings: rules/tables/images.tsv.

/// One row of the table of base images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    /// Image name without the default registry and without `library/`, such as `golang` or `gcr.io/distroless/static-debian12`.
    pub name: String,
    /// `debian`, `ubuntu`, `alpine`, `rhel`, `distroless`, `scratch`, `windows`, …
    pub family: String,
    /// Release of the distribution where the tag tells: `bookworm`, `3.20`.
    pub release: Option<String>,
    /// Path of the shell, such as `/bin/sh`; `None` when there is none.
    pub shell: Option<String>,
    pub bash: bool,
    pub libc: Libc,
    /// `2.36`.
    pub libc_version: Option<String>,
    pub package_manager: Option<PackageManager>,
    pub ca_certificates: bool,
    pub tzdata: bool,
    pub gcc: bool,
    pub git: bool,
    pub user: String,
    pub working_dir: String,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    /// ENV of the image, PATH included: the names whose value is known.
    pub env: Vec<(String, String)>,
    /// Names that the image sets to a value which is not known.
    pub env_unknown: Vec<String>,
    /// `env` and `env_unknown` are all that the image sets.
    pub env_complete: bool,
    pub curl: bool,
    pub wget: bool,
    pub make: bool,
    /// Read in the source, not merely likely.
    pub seen: bool,
    /// Where the row comes from, and its date.
    pub source: &'static str,
    pub date: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libc {
    Glibc,
    Musl,
    /// scratch, distroless static.
    None,
    Windows,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageManager {
    Apt,
    Apk,
    Dnf,
    Yum,
    Microdnf,
    Zypper,
    Tdnf,
    Pacman,
}
