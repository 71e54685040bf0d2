package escapetest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

// Handlers are handlers of log records: some escape a part of what is invisible, and one
// nothing at all.
var Handlers = map[string]func(io.Writer) slog.Handler{
	"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
	"JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	"raw":  func(w io.Writer) slog.Handler { return rawHandler{w} },
}

// A rawHandler writes values as they are.
type rawHandler struct{ w io.Writer }

func (rawHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h rawHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h rawHandler) WithGroup(string) slog.Handler          { return h }

func (h rawHandler) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "stack" { // lines of this program
			line += fmt.Sprintf(" %s=%s", a.Key, a.Value.Resolve())
		}
		return true
	})
	_, err := fmt.Fprintln(h.w, line)
	return err
}
