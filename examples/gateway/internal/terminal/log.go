package terminal

import (
	"context"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// NewLogHandler returns a handler that writes records of at least level to w for people:
//
//	14:03:22 WARN        refused client=192.0.2.7 error="no such user"
//
// Messages are below what happened in [Lines]. Values of several lines, such as stacks,
// follow on lines of their own. Each record is one Write.
//
// The record of a request that was answered 200 (see package verify) counts as one of
// level Debug: its event is on the terminal already.
func NewLogHandler(w io.Writer, level slog.Leveler, color bool) slog.Handler {
	return &logHandler{w: w, mu: new(sync.Mutex), level: level, color: color}
}

type logHandler struct {
	w     io.Writer
	mu    *sync.Mutex // of w
	level slog.Leveler
	color bool
	group string  // the names of the open groups, each with a dot after it
	attrs logText // of WithAttrs
}

// A logText is attributes as they are written.
type logText struct {
	inline []byte
	below  []byte // values of several lines
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.group += name + "."
	return &with
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = h.attrs.clip()
	for _, a := range attrs {
		with.attrs.add(h, h.group, a)
	}
	return &with
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	if isSuccess(&r) {
		r.Level = slog.LevelDebug
	}
	if !h.Enabled(ctx, r.Level) {
		return nil
	}
	line := &row{color: h.color, left: math.MaxInt}
	at := ""
	if !r.Time.IsZero() {
		at = r.Time.Format(time.TimeOnly)
	}
	line.cell(faint, at, timeWidth, 1)
	line.cell(levelColor(r.Level), r.Level.String(), vendorWidth, 1)
	message, rest, _ := strings.Cut(r.Message, "\n")
	line.cell("", message, math.MaxInt/2, 0)

	text := h.attrs.clip()
	r.Attrs(func(a slog.Attr) bool {
		text.add(h, h.group, a)
		return true
	})
	b := append(line.b, text.inline...)
	if rest != "" {
		b = appendBlock(b, rest)
	}
	b = append(append(b, text.below...), '\n')

	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(b)
	return err
}

// isSuccess reports whether r is an endpoint's record of a request that was answered 200.
// One that counts suppressed records is none: no other record has that number.
func isSuccess(r *slog.Record) bool {
	if r.Message != "webhook" || r.Level != slog.LevelInfo {
		return false
	}
	ok, suppressed := false, false
	r.Attrs(func(a slog.Attr) bool {
		ok = ok || a.Equal(slog.Int("status", 200))
		suppressed = suppressed || a.Key == "suppressed"
		return true
	})
	return ok && !suppressed
}

func levelColor(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return red
	case l >= slog.LevelWarn:
		return yellow
	case l >= slog.LevelInfo:
		return ""
	default:
		return faint
	}
}

// clip returns t so that adding to it leaves t as it is.
func (t logText) clip() logText {
	return logText{slices.Clip(t.inline), slices.Clip(t.below)}
}

// add adds an attribute of the group with this prefix.
func (t *logText) add(h *logHandler, group string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range v.Group() {
			t.add(h, group, member)
		}
		return
	}
	if a.Key == "" && v.Equal(slog.Value{}) {
		return
	}
	key, s := group+a.Key, v.String()
	if v.Kind() == slog.KindTime {
		s = v.Time().Format(time.RFC3339)
	}
	if s = strings.Trim(s, "\n"); strings.Contains(s, "\n") {
		t.below = appendIndent(t.below)
		t.below = h.appendFaint(t.below, key+":")
		t.below = appendBlock(t.below, s)
		return
	}
	t.inline = h.appendFaint(append(t.inline, ' '), key+"=")
	if s == "" || strings.ContainsAny(s, ` "=`) {
		s = `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
	}
	t.inline = appendVisible(t.inline, s)
}

func (h *logHandler) appendFaint(b []byte, s string) []byte {
	if !h.color {
		return appendVisible(b, s)
	}
	return appendSGR(appendVisible(appendSGR(b, faint), s), "0")
}

func appendIndent(b []byte) []byte {
	return append(b, "\n"+strings.Repeat(" ", timeWidth+1+vendorWidth+1)...)
}

// appendBlock appends lines with a bar before each, so that none can be taken for a
// record.
func appendBlock(b []byte, s string) []byte {
	for line := range strings.SplitSeq(s, "\n") {
		b = append(appendIndent(b), "| "...)
		b = appendVisible(b, strings.ReplaceAll(line, "\t", "    "))
	}
	return b
}
