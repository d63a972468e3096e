//! Which packages bring a program that is not called as they are. It says only that the program is there where the file
//! installs the package; what the final stage installs by itself is in packages.rs.

/// The program, and the packages of Debian and Alpine that have it; a name that ends in `*` begins so.
#[rustfmt::skip]
const BROUGHT: &[(&str, &[&str])] = &[
    ("7z", &["7zip", "p7zip", "p7zip-full"]),
    ("Rscript", &["R", "r-base", "r-base-core"]),
    ("Xvfb", &["xvfb"]),
    ("ansible", &["ansible-core"]),
    ("ansible-playbook", &["ansible", "ansible-core"]),
    ("chromium-browser", &["chromium", "chromium-browser"]),
    ("compare", &["imagemagick"]),
    ("composite", &["imagemagick"]),
    ("convert", &["imagemagick"]),
    ("createdb", &["postgresql-client*"]),
    ("docker", &["docker", "docker-ce-cli", "docker-cli", "docker.io"]),
    ("dot", &["graphviz"]),
    ("dropdb", &["postgresql-client*"]),
    ("exiftool", &["exiftool", "libimage-exiftool-perl"]),
    ("ffprobe", &["ffmpeg"]),
    ("google-chrome", &["google-chrome-stable"]),
    ("host", &["bind9-host", "bind-tools"]),
    ("htpasswd", &["apache2-utils"]),
    ("identify", &["imagemagick"]),
    ("ifconfig", &["net-tools"]),
    ("java", &["default-jdk*", "default-jre*", "openjdk*"]),
    ("libreoffice", &["libreoffice*"]),
    ("magick", &["imagemagick"]),
    ("mogrify", &["imagemagick"]),
    ("montage", &["imagemagick"]),
    ("mutool", &["mupdf-tools"]),
    ("mysql", &["default-mysql-client", "mariadb-client", "mysql-client"]),
    ("mysqladmin", &["default-mysql-client", "mariadb-client", "mysql-client"]),
    ("mysqldump", &["default-mysql-client", "mariadb-client", "mysql-client"]),
    ("nc", &["ncat", "netcat", "netcat-openbsd", "netcat-traditional", "nmap-ncat"]),
    ("netstat", &["net-tools"]),
    ("node", &["nodejs"]),
    ("pdfinfo", &["poppler-utils"]),
    ("pdflatex", &["texlive*"]),
    ("pdftoppm", &["poppler-utils"]),
    ("pdfunite", &["poppler-utils"]),
    ("pg_dumpall", &["postgresql-client*"]),
    ("pg_restore", &["postgresql-client*"]),
    ("php", &["php-cli"]),
    ("play", &["sox"]),
    ("redis-cli", &["redis", "redis-tools"]),
    ("scp", &["openssh", "openssh-client*"]),
    ("sftp", &["openssh", "openssh-client*"]),
    ("soffice", &["libreoffice*"]),
    ("sqlite3", &["sqlite"]),
    ("ssh-keygen", &["openssh", "openssh-client*", "openssh-keygen"]),
    ("ssh-keyscan", &["openssh", "openssh-client*"]),
    ("svn", &["subversion"]),
    ("tesseract", &["tesseract-ocr"]),
    ("traceroute", &["inetutils-traceroute"]),
    ("xelatex", &["texlive-xetex"]),
    ("xmllint", &["libxml2-utils"]),
    ("xsltproc", &["libxslt"]),
    ("xvfb-run", &["xvfb", "xvfb-run"]),
];

/// The package has the program.
pub(super) fn brings(package: &str, program: &str) -> bool {
    package == program
        || BROUGHT.iter().filter(|(name, _)| *name == program).flat_map(|(_, packages)| packages.iter()).any(|name| {
            match name.strip_suffix('*') {
                Some(start) => package.starts_with(start),
                None => package == *name,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_its_programs() {
        for (package, program, want) in [
            ("tesseract-ocr", "tesseract", true),
            ("tesseract-ocr-deu", "tesseract", false),
            ("sqlite", "sqlite3", true),
            ("postgresql-client-15", "pg_restore", true),
            ("openjdk-17-jre-headless", "java", true),
            ("hugo", "hugo", true),
            ("ffmpeg", "hugo", false),
        ] {
            assert_eq!(brings(package, program), want, "{package} {program}");
        }
        assert!(BROUGHT.is_sorted_by_key(|(name, _)| *name));
    }
}
