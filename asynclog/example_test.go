package asynclog_test

import (
	"io"
	"log/slog"
	"os"

	"github.com/accesshook/accesshook/asynclog"
)

func Example() {
	plain := func(w io.Writer) slog.Handler {
		return slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{} // it differs in each run
			}
			return a
		}})
	}
	log, flush := asynclog.New(os.Stdout, plain)
	log.Info("listening", "addr", "127.0.0.1:8080")
	log.Warn("a password is short")
	flush()
	// Output:
	// level=INFO msg=listening addr=127.0.0.1:8080
	// level=WARN msg="a password is short"
}
