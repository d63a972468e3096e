//! A port or a server for logins in a container.

use super::support::calls::all_runs;
use super::support::instructions::{steps, value};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "remote-login-exposed",
    aliases: &[],
    summary: "the image has a server for logins, or exposes its port",
    category: Category::Security,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/remote-login-exposed.md"),
    check,
};

const SERVERS: &[&str] =
    &["dropbear", "openssh-server", "openssh", "telnetd", "telnet-server", "rsh-server", "vsftpd", "inetutils-telnetd"];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, step, instruction) in steps(cx) {
        let Body::Expose(ports) = &instruction.body else { continue };
        for word in ports {
            let Some(text) = value(cx, &step.env, word) else { continue };
            let port = text.strip_suffix("/tcp").unwrap_or(&text);
            let service = match port {
                "21" => "FTP, which sends passwords in clear",
                "22" => "SSH",
                "23" => "telnet, which sends passwords in clear",
                _ => continue,
            };
            out.push(
                Diagnostic::at(word.span, format!("port {port} is that of {service}"))
                    .help("enter a container with docker exec; a server for logins is one more thing to keep safe"),
            );
        }
    }
    for run in all_runs(cx) {
        let server = run.step.installs.iter().find_map(|install| {
            let mut packages = install.packages.iter();
            packages.find(|package| SERVERS.contains(&package.name.as_str())).map(|package| (install, package))
        });
        if let Some((_, package)) = server {
            out.push(
                Diagnostic::at(package.span, format!("`{}` lets people log in to the container", package.name))
                    .help("enter a container with docker exec; leave the server out"),
            );
        }
    }
}
