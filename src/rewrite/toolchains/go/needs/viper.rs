//! Where viper looks for its configuration.

use super::super::source::{Arg, GoFile, Use};
use super::super::{Need, NeedKind, Place};

/// viper looks for `<path>/<name>.<any extension>`; the calls may stand in several files of a package.
pub(in super::super) fn viper(files: &[(&GoFile, &str)], constant: &dyn Fn(&str) -> Option<String>) -> Vec<Need> {
    let mut out = Vec::new();
    let text = |found: &Use| match found.args.as_ref()?.first()? {
        Arg::Text(text) => Some(text.to_string()),
        Arg::Name(name) => constant(name),
        _ => None,
    };
    let calls = |name: &'static str| {
        let uses = files.iter().flat_map(|(file, shown)| file.uses.iter().map(move |found| (found, *shown)));
        uses.filter(move |(found, _)| found.name == name && found.args.is_some())
    };
    // `type Config struct{ *viper.Viper }` has its methods, in packages that do not import it.
    let imported = files.iter().any(|(file, _)| file.imports.iter().any(|import| import.path.ends_with("spf13/viper")));
    if !imported && calls("AddConfigPath").next().is_none() {
        return out;
    }
    let mut need = |kind: NeedKind, at: (&Use, &str), literal: bool, why: String| {
        let is_path = matches!(kind, NeedKind::Unknown(_));
        let place = Some(Place { file: at.1.to_string(), line: at.0.line });
        out.push(Need { kind, place, why, literal, is_path, argument: None });
    };
    let names: Vec<Option<String>> = calls("SetConfigName").map(|(found, _)| text(found)).collect();
    let names = if names.is_empty() { vec![Some("config".into())] } else { names };
    let typed = calls("SetConfigType").next().is_some();
    let mut paths = 0;
    for at in calls("AddConfigPath") {
        paths += 1;
        for name in &names {
            let (Some(dir), Some(name)) = (text(at.0), name) else {
                need(NeedKind::Unknown("where viper looks".into()), at, false, "viper.AddConfigPath".into());
                continue;
            };
            let dir = dir.replacen("$HOME", "~", 1);
            let path = format!("{}/{name}.*", dir.trim_end_matches('/'));
            need(NeedKind::DataFile(path), at, true, format!("viper.AddConfigPath({dir:?})"));
            if typed {
                // With a type it takes a file without an extension, too.
                let path = format!("{}/{name}", dir.trim_end_matches('/'));
                need(NeedKind::DataFile(path), at, false, format!("viper.AddConfigPath({dir:?})"));
            }
        }
    }
    let count = calls("SetConfigFile").count();
    if let Some(at) = calls("ReadInConfig").next().filter(|_| paths + count == 0) {
        need(NeedKind::Unknown("where viper looks".into()), at, false, "viper.ReadInConfig".into());
    }
    for at in calls("SetConfigFile").filter(|(found, _)| found.package.is_some()) {
        match text(at.0) {
            Some(path) => need(NeedKind::DataFile(path.clone()), at, true, format!("viper.SetConfigFile({path:?})")),
            None => need(NeedKind::Unknown("what viper reads".into()), at, false, "viper.SetConfigFile".into()),
        }
    }
    out
}
