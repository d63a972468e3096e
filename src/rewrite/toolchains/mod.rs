//! What is known of each language.

pub mod go;

/// Go modules of which it is known that neither they nor what they import need cgo, start programs or read files of
/// the image on their own.
const HARMLESS: &[&str] = &[
    "github.com/alecthomas/kong", "github.com/BurntSushi/toml", "github.com/caarlos0/env", "github.com/cespare/xxhash",
    "github.com/davecgh/go-spew", "github.com/fatih/color", "github.com/felixge/httpsnoop", "github.com/gin-gonic/gin",
    "github.com/go-chi/chi", "github.com/go-chi/cors", "github.com/go-chi/render", "github.com/gofiber/fiber",
    "github.com/gofrs/uuid", "github.com/gogo/protobuf", "github.com/golang-jwt/jwt", "github.com/golang/protobuf",
    "github.com/google/go-cmp", "github.com/google/uuid", "github.com/gorilla/handlers", "github.com/gorilla/mux",
    "github.com/gorilla/schema", "github.com/gorilla/securecookie", "github.com/gorilla/sessions",
    "github.com/gorilla/websocket", "github.com/hashicorp/go-multierror", "github.com/jackc/pgx", "github.com/jessevdk/go-flags",
    "github.com/json-iterator/go", "github.com/julienschmidt/httprouter", "github.com/justinas/alice",
    "github.com/labstack/echo", "github.com/labstack/gommon", "github.com/lib/pq", "github.com/mitchellh/mapstructure",
    "github.com/oklog/ulid", "github.com/pkg/errors", "github.com/prometheus/client_golang", "github.com/redis/go-redis",
    "github.com/go-redis/redis", "github.com/go-sql-driver/mysql", "github.com/rs/cors", "github.com/rs/xid",
    "github.com/rs/zerolog", "github.com/satori/go.uuid", "github.com/segmentio/kafka-go", "github.com/shopspring/decimal",
    "github.com/sirupsen/logrus", "github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/stretchr/testify",
    "github.com/tidwall/gjson", "github.com/tidwall/sjson", "github.com/urfave/cli", "github.com/urfave/negroni",
    "github.com/valyala/bytebufferpool", "github.com/valyala/fasthttp", "go.uber.org/atomic", "go.uber.org/multierr",
    "go.uber.org/zap", "google.golang.org/grpc", "google.golang.org/protobuf", "golang.org/x/crypto", "golang.org/x/exp",
    "golang.org/x/net", "golang.org/x/sync", "golang.org/x/text", "golang.org/x/time", "golang.org/x/sys",
    "gopkg.in/yaml.v2", "gopkg.in/yaml.v3", "gopkg.in/yaml", "github.com/valyala/quicktemplate", "github.com/savsgio/atreugo",
];

/// True for a module or package of the list, in any major version.
pub(super) fn harmless(path: &str) -> bool {
    HARMLESS.iter().any(|known| path == *known || path.strip_prefix(known).is_some_and(|rest| rest.starts_with('/')))
}
