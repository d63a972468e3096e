//! Which `sh` an image has, and what it knows beyond POSIX.
//!
//! ShellCheck says of `[[ … ]]` that POSIX has no such thing. Whether that matters depends on the program behind /bin/sh:
//! bash knows it all, busybox much of it, dash next to nothing.

use crate::model::{Stage, Step};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sh {
    Bash,
    Busybox,
    Dash,
    /// The base is not known.
    Unknown,
}

/// The program that reads the scripts of a step in sh.
pub(super) fn sh_of(stage: &Stage, step: &Step, shebang: Option<&[String]>) -> Sh {
    let word = match shebang {
        Some(words) => words.first(),
        None => step.shell.words.first(),
    };
    let name = word.map_or("sh", |word| word.rsplit('/').next().unwrap_or(word));
    match name {
        "dash" => Sh::Dash,
        "ash" | "busybox" => Sh::Busybox,
        "sh" if stage.facts().is_some_and(|facts| facts.sh_is_bash()) => Sh::Bash,
        "sh" => match stage.facts().map(|facts| facts.family.as_str()) {
            Some("debian" | "ubuntu") => Sh::Dash,
            Some("alpine" | "busybox" | "wolfi") => Sh::Busybox,
            _ => Sh::Unknown,
        },
        _ => Sh::Unknown,
    }
}

/// The code says that POSIX sh has no such thing.
pub(super) fn is_about_posix(code: u32) -> bool {
    code / 1000 == 3 || code == 2112
}

/// What dash 0.5.12 gets wrong: each was tried.
const DASH_LACKS: &[u32] = &[
    2112, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010, 3011, 3014, 3015, 3016, 3017, 3018, 3020, 3021,
    3022, 3024, 3026, 3028, 3030, 3032, 3033, 3034, 3037, 3040, 3042, 3044, 3046, 3047, 3048, 3050, 3051, 3052, 3053,
    3054, 3055, 3057, 3059, 3060, 3061, 3062, 3073,
];

/// What busybox has in no configuration.
const BUSYBOX_LACKS: &[u32] = &[3005, 3008, 3009, 3011, 3030, 3032, 3044, 3054, 3055, 3059];

impl Sh {
    /// `None`: it is not known.
    pub(super) fn lacks(self, code: u32, text: &str) -> Option<bool> {
        match self {
            Sh::Bash => Some(false),
            Sh::Busybox => Some(BUSYBOX_LACKS.contains(&code)),
            // Of the flags of echo dash knows -n.
            Sh::Dash if code == 3037 && text == "-n" => Some(false),
            Sh::Dash => Some(DASH_LACKS.contains(&code)),
            Sh::Unknown => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Sh::Bash => "bash",
            Sh::Busybox => "the ash of busybox",
            Sh::Dash => "dash",
            Sh::Unknown => "not known",
        }
    }
}
