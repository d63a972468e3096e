//! The OCI image config that a stage would have, kept up instruction by instruction as BuildKit does.

use std::collections::BTreeSet;

use crate::syntax::InstId;

/// Names as in the OCI image specification. Values are expanded, and as written where a variable without a value stands
/// in them; `None` where the stage and its known bases set nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// In order of first setting; the value is `None` when it is not known.
    pub env: Vec<(String, Option<String>)>,
    pub entrypoint: Option<ConfigCommand>,
    pub cmd: Option<ConfigCommand>,
    pub user: Option<String>,
    /// Absolute and cleaned; as written where it is not known.
    pub working_dir: Option<String>,
    /// `80/tcp`, sorted.
    pub exposed_ports: Vec<String>,
    /// Sorted.
    pub volumes: Vec<String>,
    /// Sorted by name.
    pub labels: Vec<(String, String)>,
    pub stop_signal: Option<String>,
    /// `HEALTHCHECK NONE` has the argv `["NONE"]`.
    pub healthcheck: Option<ConfigCommand>,
    /// The flags of HEALTHCHECK: name and value, sorted by name.
    pub healthcheck_flags: Vec<(String, String)>,
    /// The words of SHELL; `None` for the default.
    pub shell: Option<Vec<String>>,
    pub onbuild: Vec<String>,
    /// The image that the stage rests on is known to the table (or there is none): what stands here is all there is.
    pub base_known: bool,
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

impl ImageConfig {
    /// True when a container could not tell the two apart; which instruction set a command does not count.
    pub fn same_as(&self, other: &ImageConfig) -> bool {
        fn bare(config: &ImageConfig) -> ImageConfig {
            let mut config = config.clone();
            for command in [&mut config.entrypoint, &mut config.cmd, &mut config.healthcheck].into_iter().flatten() {
                command.inst = None;
            }
            config
        }
        bare(self) == bare(other)
    }

    /// What a container of the image runs: ENTRYPOINT followed by CMD, as the runtime puts them together.
    pub fn argv(&self) -> Vec<String> {
        let entrypoint = self.entrypoint.iter().flat_map(|command| &command.argv);
        let cmd = self.cmd.iter().flat_map(|command| &command.argv);
        entrypoint.chain(cmd).cloned().collect()
    }

    pub(super) fn set_env(&mut self, name: &str, value: Option<String>) {
        match self.env.iter_mut().find(|(known, _)| known == name) {
            Some(slot) => slot.1 = value,
            None => self.env.push((name.to_string(), value)),
        }
    }

    pub(super) fn set_label(&mut self, name: String, value: String) {
        match self.labels.binary_search_by(|(known, _)| known.as_str().cmp(&name)) {
            Ok(at) => {
                if let Some(slot) = self.labels.get_mut(at) {
                    slot.1 = value;
                }
            }
            Err(at) => self.labels.insert(at, (name, value)),
        }
    }

    pub(super) fn add_volume(&mut self, path: String) {
        insert_sorted(&mut self.volumes, path);
    }

    /// `[ip:][host:]port[-end][/protocol]`; a port that cannot be read is kept as written.
    pub(super) fn expose(&mut self, port: &str) {
        let container = port.rsplit(':').next().unwrap_or(port);
        let (range, protocol) = match container.split_once('/') {
            Some((range, protocol)) if !protocol.is_empty() => (range, protocol.to_ascii_lowercase()),
            Some((range, _)) => (range, "tcp".to_string()),
            None => (container, "tcp".to_string()),
        };
        let (start, end) = range.split_once('-').unwrap_or((range, range));
        match (start.parse::<u16>(), end.parse::<u16>()) {
            (Ok(start), Ok(end)) if start <= end && end - start < 1000 => {
                let ports: BTreeSet<String> = (start..=end).map(|port| format!("{port}/{protocol}")).collect();
                ports.into_iter().for_each(|port| insert_sorted(&mut self.exposed_ports, port));
            }
            // Thousands of ports are one entry here.
            (Ok(_), Ok(_)) => insert_sorted(&mut self.exposed_ports, format!("{range}/{protocol}")),
            _ => insert_sorted(&mut self.exposed_ports, port.to_string()),
        }
    }
}

fn insert_sorted(list: &mut Vec<String>, item: String) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_written_as_the_config_has_them() {
        let mut config = ImageConfig::default();
        for port in ["80", "53/UDP", "127.0.0.1:9000:8000-8002", "443/", "$PORT", "1-60000"] {
            config.expose(port);
        }
        let expected = ["$PORT", "1-60000/tcp", "443/tcp", "53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"];
        assert_eq!(config.exposed_ports, expected);
    }

    #[test]
    fn only_what_a_container_sees_is_compared() {
        let command = |inst| Some(ConfigCommand { inst, argv: vec!["a".into()], shell_form: false });
        let one = ImageConfig { cmd: command(None), ..ImageConfig::default() };
        let two = ImageConfig { cmd: command(Some(InstId(3))), ..ImageConfig::default() };
        assert!(one.same_as(&two));
        assert!(!one.same_as(&ImageConfig::default()));
    }
}
