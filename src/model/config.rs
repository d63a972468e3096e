//! The OCI image config that a stage would have.

use crate::syntax::InstId;

/// Names as in the OCI image specification. Values are expanded; `None` where the stage and its known bases set nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// In order of first setting; the value is `None` when it is not known.
    pub env: Vec<(String, Option<String>)>,
    pub entrypoint: Option<ConfigCommand>,
    pub cmd: Option<ConfigCommand>,
    pub user: Option<String>,
    pub working_dir: Option<String>,
    pub exposed_ports: Vec<String>,
    pub volumes: Vec<String>,
    pub labels: Vec<(String, String)>,
    pub stop_signal: Option<String>,
    pub healthcheck: Option<ConfigCommand>,
    pub onbuild: Vec<String>,
}

/// ENTRYPOINT, CMD or HEALTHCHECK as the config holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigCommand {
    /// The instruction that set it; `None` when it comes from the base image.
    pub inst: Option<InstId>,
    /// The final argv: shell form is `["/bin/sh", "-c", "text"]`.
    pub argv: Vec<String>,
    pub shell_form: bool,
}
