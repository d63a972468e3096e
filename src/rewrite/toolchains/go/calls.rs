//! What calls of the standard library and of well-known modules mean for a running program.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

/// What a call means; numbers are positions of arguments.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    Reads(usize),
    /// Every argument is a path that is read.
    ReadsAll,
    Writes(usize),
    Runs(usize),
    /// A line of words whose first one is a program.
    RunsLine(usize),
    Certs,
    Zones(usize),
    /// A temporary file in the directory of the argument; "" is /tmp.
    Temp(usize),
    Users,
    /// Accounts by their names or numbers.
    Accounts,
    /// Go sources that are read when the program runs.
    Sources(usize),
    Mime,
    Services,
    /// The place of the toolchain, whose files are gone.
    Toolchain,
    /// Something that cannot be followed.
    Opaque,
}

use Effect::*;

/// Functions of packages.
pub(super) const FUNCTIONS: &[(&str, &str, Effect)] = &[
    ("archive/zip", "OpenReader", Reads(0)),
    ("crypto/tls", "Client", Certs),
    ("crypto/tls", "Dial", Certs),
    ("crypto/tls", "DialWithDialer", Certs),
    ("crypto/tls", "Dialer", Certs),
    ("crypto/tls", "LoadX509KeyPair", ReadsAll),
    ("crypto/x509", "SystemCertPool", Certs),
    // Without Roots it is the system's that count.
    ("crypto/x509", "VerifyOptions", Certs),
    ("debug/buildinfo", "ReadFile", Reads(0)),
    ("debug/elf", "Open", Reads(0)),
    ("debug/macho", "Open", Reads(0)),
    ("debug/macho", "OpenFat", Reads(0)),
    ("debug/pe", "Open", Reads(0)),
    ("debug/plan9obj", "Open", Reads(0)),
    ("github.com/BurntSushi/toml", "DecodeFile", Reads(0)),
    ("github.com/GeertJohan/go.rice", "FindBox", Reads(0)),
    ("github.com/GeertJohan/go.rice", "MustFindBox", Reads(0)),
    ("github.com/bitfield/script", "Exec", RunsLine(0)),
    ("github.com/blevesearch/bleve", "New", Writes(0)),
    ("github.com/blevesearch/bleve", "Open", Writes(0)),
    ("github.com/blevesearch/bleve/v2", "New", Writes(0)),
    ("github.com/blevesearch/bleve/v2", "Open", Writes(0)),
    ("github.com/boltdb/bolt", "Open", Writes(0)),
    ("github.com/casbin/casbin", "NewEnforcer", ReadsAll),
    ("github.com/casbin/casbin/v2", "NewEnforcer", ReadsAll),
    ("github.com/cockroachdb/pebble", "Open", Writes(0)),
    ("github.com/codeskyblue/go-sh", "Command", Runs(0)),
    ("github.com/dgraph-io/badger", "DefaultOptions", Writes(0)),
    ("github.com/dgraph-io/badger/v2", "DefaultOptions", Writes(0)),
    ("github.com/dgraph-io/badger/v3", "DefaultOptions", Writes(0)),
    ("github.com/dgraph-io/badger/v4", "DefaultOptions", Writes(0)),
    ("github.com/disintegration/imaging", "Open", Reads(0)),
    ("github.com/fogleman/gg", "LoadFontFace", Reads(0)),
    ("github.com/fogleman/gg", "LoadImage", Reads(0)),
    ("github.com/fogleman/gg", "LoadJPG", Reads(0)),
    ("github.com/fogleman/gg", "LoadPNG", Reads(0)),
    ("github.com/gin-contrib/static", "LocalFile", Reads(0)),
    ("github.com/gin-gonic/gin", "Dir", Reads(0)),
    ("github.com/go-cmd/cmd", "NewCmd", Runs(0)),
    ("github.com/go-cmd/cmd", "NewCmdOptions", Runs(1)),
    ("github.com/go-git/go-git/v5", "PlainClone", Writes(0)),
    ("github.com/go-git/go-git/v5", "PlainCloneContext", Writes(1)),
    ("github.com/go-git/go-git/v5", "PlainInit", Writes(0)),
    ("github.com/go-git/go-git/v5", "PlainOpen", Reads(0)),
    ("github.com/go-git/go-git/v5", "PlainOpenWithOptions", Reads(0)),
    ("github.com/gobuffalo/packr", "NewBox", Reads(0)),
    ("github.com/gobuffalo/packr/v2", "New", Reads(1)),
    ("github.com/gofiber/fiber/v3/middleware/static", "New", Reads(0)),
    ("github.com/jinzhu/configor", "Load", Reads(1)),
    ("github.com/jmoiron/sqlx", "LoadFile", Reads(1)),
    ("github.com/jmoiron/sqlx", "LoadFileContext", Reads(2)),
    ("github.com/jmoiron/sqlx", "MustLoadFile", Reads(1)),
    ("github.com/jung-kurt/gofpdf", "New", Reads(3)),
    ("github.com/knadh/koanf/providers/file", "Provider", Reads(0)),
    ("github.com/labstack/echo/middleware", "Static", Reads(0)),
    ("github.com/labstack/echo/v4/middleware", "Static", Reads(0)),
    ("github.com/labstack/echo/v5/middleware", "Static", Reads(0)),
    ("github.com/magefile/mage/sh", "Exec", Runs(3)),
    ("github.com/magefile/mage/sh", "OutCmd", Runs(0)),
    ("github.com/magefile/mage/sh", "Output", Runs(0)),
    ("github.com/magefile/mage/sh", "OutputWith", Runs(1)),
    ("github.com/magefile/mage/sh", "Run", Runs(0)),
    ("github.com/magefile/mage/sh", "RunCmd", Runs(0)),
    ("github.com/magefile/mage/sh", "RunV", Runs(0)),
    ("github.com/magefile/mage/sh", "RunWith", Runs(1)),
    ("github.com/magefile/mage/sh", "RunWithV", Runs(1)),
    ("github.com/oschwald/geoip2-golang", "Open", Reads(0)),
    ("github.com/oschwald/maxminddb-golang", "Open", Reads(0)),
    ("github.com/pelletier/go-toml", "LoadFile", Reads(0)),
    ("github.com/spf13/viper", "SafeWriteConfigAs", Writes(0)),
    ("github.com/spf13/viper", "WriteConfigAs", Writes(0)),
    ("github.com/syndtr/goleveldb/leveldb", "OpenFile", Writes(0)),
    ("github.com/tidwall/buntdb", "Open", Writes(0)),
    ("github.com/tkanos/gonfig", "GetConf", Reads(0)),
    ("github.com/valyala/fasthttp", "FSHandler", Reads(0)),
    ("github.com/valyala/fasthttp", "ServeFile", Reads(1)),
    ("go.etcd.io/bbolt", "Open", Writes(0)),
    ("go/parser", "ParseDir", Sources(1)),
    ("go/parser", "ParseFile", Sources(1)),
    ("golang.org/x/crypto/acme/autocert", "DirCache", Writes(0)),
    ("golang.org/x/exp/mmap", "Open", Reads(0)),
    ("golang.org/x/sys/execabs", "Command", Runs(0)),
    ("golang.org/x/sys/execabs", "CommandContext", Runs(1)),
    ("golang.org/x/sys/execabs", "LookPath", Runs(0)),
    ("golang.org/x/sys/unix", "Access", Reads(0)),
    ("golang.org/x/sys/unix", "Chdir", Opaque),
    ("golang.org/x/sys/unix", "Chroot", Opaque),
    ("golang.org/x/sys/unix", "Creat", Writes(0)),
    ("golang.org/x/sys/unix", "Exec", Runs(0)),
    ("golang.org/x/sys/unix", "Lstat", Reads(0)),
    ("golang.org/x/sys/unix", "Mkdir", Writes(0)),
    ("golang.org/x/sys/unix", "Open", Reads(0)),
    ("golang.org/x/sys/unix", "Openat", Reads(1)),
    ("golang.org/x/sys/unix", "Openat2", Reads(1)),
    ("golang.org/x/sys/unix", "Readlink", Reads(0)),
    ("golang.org/x/sys/unix", "SYS_EXECVE", Opaque),
    ("golang.org/x/sys/unix", "SYS_OPEN", Opaque),
    ("golang.org/x/sys/unix", "SYS_OPENAT", Opaque),
    ("golang.org/x/sys/unix", "Stat", Reads(0)),
    ("gopkg.in/ini.v1", "Load", ReadsAll),
    ("gopkg.in/src-d/go-git.v4", "PlainOpen", Reads(0)),
    ("html/template", "ParseFiles", ReadsAll),
    ("html/template", "ParseGlob", Reads(0)),
    ("io/ioutil", "ReadDir", Reads(0)),
    ("io/ioutil", "ReadFile", Reads(0)),
    ("io/ioutil", "TempDir", Temp(0)),
    ("io/ioutil", "TempFile", Temp(0)),
    ("io/ioutil", "WriteFile", Writes(0)),
    ("mime", "ExtensionsByType", Mime),
    ("mime", "TypeByExtension", Mime),
    ("net", "LookupPort", Services),
    ("net/http", "Client", Certs),
    ("net/http", "DefaultClient", Certs),
    ("net/http", "DefaultTransport", Certs),
    ("net/http", "Dir", Reads(0)),
    ("net/http", "FileServer", Mime),
    ("net/http", "FileServerFS", Mime),
    ("net/http", "Get", Certs),
    ("net/http", "Head", Certs),
    ("net/http", "NewRequest", Certs),
    ("net/http", "NewRequestWithContext", Certs),
    ("net/http", "Post", Certs),
    ("net/http", "PostForm", Certs),
    ("net/http", "ServeContent", Mime),
    ("net/http", "ServeFile", Reads(2)),
    ("net/http", "ServeTLS", Reads(2)),
    ("net/http", "ServeTLS", Reads(3)),
    ("net/http", "Transport", Certs),
    ("net/http/httputil", "NewSingleHostReverseProxy", Certs),
    ("net/http/httputil", "ReverseProxy", Certs),
    ("net/smtp", "Dial", Certs),
    ("net/smtp", "NewClient", Certs),
    ("net/smtp", "SendMail", Certs),
    ("os", "Chdir", Opaque),
    ("os", "Chmod", Writes(0)),
    ("os", "Chown", Writes(0)),
    ("os", "CopyFS", Writes(0)),
    ("os", "Create", Writes(0)),
    ("os", "CreateTemp", Temp(0)),
    ("os", "DirFS", Reads(0)),
    ("os", "Executable", Opaque),
    ("os", "Link", Writes(1)),
    ("os", "Lstat", Reads(0)),
    ("os", "Mkdir", Writes(0)),
    ("os", "MkdirAll", Writes(0)),
    ("os", "MkdirTemp", Temp(0)),
    ("os", "Open", Reads(0)),
    ("os", "OpenFile", Writes(0)),
    ("os", "OpenInRoot", Reads(0)),
    ("os", "OpenRoot", Reads(0)),
    ("os", "ReadDir", Reads(0)),
    ("os", "ReadFile", Reads(0)),
    ("os", "Readlink", Reads(0)),
    ("os", "Remove", Writes(0)),
    ("os", "RemoveAll", Writes(0)),
    ("os", "Rename", Writes(1)),
    ("os", "StartProcess", Runs(0)),
    ("os", "Stat", Reads(0)),
    ("os", "Symlink", Writes(1)),
    ("os", "TempDir", Temp(usize::MAX)),
    ("os", "Truncate", Writes(0)),
    ("os", "WriteFile", Writes(0)),
    ("os/exec", "Command", Runs(0)),
    ("os/exec", "CommandContext", Runs(1)),
    ("os/exec", "LookPath", Runs(0)),
    ("os/user", "Current", Users),
    ("os/user", "Lookup", Accounts),
    ("os/user", "LookupGroup", Accounts),
    ("os/user", "LookupGroupId", Accounts),
    ("os/user", "LookupId", Accounts),
    ("path/filepath", "Glob", Reads(0)),
    ("path/filepath", "Walk", Reads(0)),
    ("path/filepath", "WalkDir", Reads(0)),
    ("runtime", "GOROOT", Toolchain),
    ("syscall", "Access", Reads(0)),
    ("syscall", "Chdir", Opaque),
    ("syscall", "Chroot", Opaque),
    ("syscall", "Creat", Writes(0)),
    ("syscall", "Exec", Runs(0)),
    ("syscall", "ForkExec", Runs(0)),
    ("syscall", "Lstat", Reads(0)),
    ("syscall", "Mkdir", Writes(0)),
    ("syscall", "Open", Reads(0)),
    ("syscall", "Openat", Reads(1)),
    ("syscall", "Readlink", Reads(0)),
    ("syscall", "SYS_EXECVE", Opaque),
    ("syscall", "SYS_OPEN", Opaque),
    ("syscall", "SYS_OPENAT", Opaque),
    ("syscall", "StartProcess", Runs(0)),
    ("syscall", "Stat", Reads(0)),
    ("text/template", "ParseFiles", ReadsAll),
    ("text/template", "ParseGlob", Reads(0)),
    ("time", "LoadLocation", Zones(0)),
];

/// Packages of the standard library that nearly every file calls, and whose calls are not looked at, neither by the table nor
/// in needs.rs: sorted.
pub(super) const SILENT: &[&str] = &[
    "bufio",
    "bytes",
    "context",
    "encoding/base64",
    "encoding/binary",
    "encoding/hex",
    "encoding/json",
    "errors",
    "fmt",
    "io",
    "log",
    "log/slog",
    "maps",
    "math",
    "math/rand",
    "net/url",
    "reflect",
    "regexp",
    "slices",
    "sort",
    "strconv",
    "strings",
    "sync",
    "sync/atomic",
    "testing",
    "unicode",
    "unicode/utf8",
    "unsafe",
];

/// A package of another module, or a method that may be one's.
pub(super) fn of_others(package: Option<&str>) -> bool {
    package.is_none_or(|path| path.split('/').next().is_some_and(|first| first.contains('.')))
        && package != Some("golang.org/x/sys/execabs")
        && package != Some("golang.org/x/sys/unix")
}

/// The rows of a package and a name; the table is sorted by them.
pub(super) fn of_function(package: &str, name: &str) -> impl Iterator<Item = Effect> + use<> {
    // A program has many thousand uses of few packages, most of which have no row.
    static PACKAGES: LazyLock<HashMap<&str, &[(&str, &str, Effect)], RandomState>> = LazyLock::new(|| {
        FUNCTIONS.chunk_by(|a, b| a.0 == b.0).filter_map(|rows| Some((rows.first()?.0, rows))).collect()
    });
    let rows = PACKAGES.get(package).copied().unwrap_or_default();
    let start = rows.partition_point(|(_, function, _)| *function < name);
    let end = rows.partition_point(|(_, function, _)| *function <= name);
    rows.get(start..end).unwrap_or_default().iter().map(|(_, _, effect)| *effect)
}

/// Methods that take a path, by names that no field has: as a value they can be called anywhere.
pub(super) fn takes_path(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "AddConfigPath",
        "AttachFile",
        "DoFile",
        "FileAttachment",
        "ListenAndServeTLS",
        "ListenTLS",
        "LoadHTMLFiles",
        "LoadHTMLGlob",
        "ParseFiles",
        "ParseGlob",
        "RunTLS",
        "SaveUploadedFile",
        "SendFile",
        "SetConfigFile",
        "StartTLS",
        "StaticFile",
    ];
    NAMES.contains(&name)
}

/// Methods, whatever they are called on: names that hardly mean anything else.
pub(super) const METHODS: &[(&str, Effect)] = &[
    ("AddPicture", Reads(1)),
    ("AttachFile", Reads(0)),
    ("Attachment", Reads(0)),
    ("DoFile", Reads(0)),
    ("FGetObject", Writes(3)),
    ("FileAttachment", Reads(0)),
    // What does not fit into memory of a form with files goes to a temporary file.
    ("FormFile", Temp(usize::MAX)),
    ("FormValue", Temp(usize::MAX)),
    ("HandleDir", Reads(1)),
    ("Inline", Reads(0)),
    ("HTMLRender", Opaque),
    ("ListenAndServeTLS", ReadsAll),
    ("ListenMutualTLS", Reads(1)),
    ("ListenMutualTLS", Reads(2)),
    ("ListenMutualTLS", Reads(3)),
    ("ListenTLS", Reads(1)),
    ("ListenTLS", Reads(2)),
    ("LoadHTMLFiles", ReadsAll),
    ("LoadHTMLGlob", Reads(0)),
    ("ParseFiles", ReadsAll),
    ("ParseGlob", Reads(0)),
    ("ParseMultipartForm", Temp(usize::MAX)),
    ("PostFormValue", Temp(usize::MAX)),
    ("ReadForm", Temp(usize::MAX)),
    ("RunTLS", ReadsAll),
    ("SafeWriteConfigAs", Writes(0)),
    ("SaveAs", Writes(0)),
    ("SaveFile", Writes(1)),
    ("SaveUploadedFile", Writes(1)),
    ("ServeTLS", Reads(1)),
    ("ServeTLS", Reads(2)),
    ("SendFile", Reads(0)),
    ("SetConfigFile", Reads(0)),
    ("SetStaticPath", Reads(1)),
    ("StartTLS", Reads(1)),
    ("StartTLS", Reads(2)),
    ("Static", Reads(1)),
    ("StaticFile", Reads(1)),
    ("WriteConfigAs", Writes(0)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_which_nothing_is_asked_have_no_rows() {
        assert!(SILENT.is_sorted());
        for package in SILENT {
            assert!(!FUNCTIONS.iter().any(|(known, ..)| known == package), "{package}");
        }
    }
}
