package encodertest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/asim"
	"github.com/accesshook/accesshook/event/cef"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/event/ocsf"
)

// The table in the documentation of package event is what the encoders write. With the
// flag -update it is written again.
func TestTable(t *testing.T) {
	const file = "../../event/doc.go"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), "//\tType")
	require.True(t, ok, "no line begins with Type")
	_, after, ok := strings.Cut(rest, "\n//\n")
	require.True(t, ok)
	want := before + table(t) + "//\n" + after
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	assert.Equal(t, strings.Split(want, "\n"), strings.Split(string(text), "\n"), "write it again with -update")
}

// table returns the rows as lines of a comment.
func table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "Type\tECS\tOCSF\tCEF\tASIM\tOTLP")
	for _, typ := range event.Types() {
		e := &event.Event{ID: "id-1", Vendor: "acme", Type: typ}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", typ, ecsCell(t, e), ocsfCell(t, e), cefCell(t, e), asimCell(t, e), "accesshook."+typ)
	}
	require.NoError(t, w.Flush())
	return "//\t" + strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "\n//\t") + "\n"
}

func written(t *testing.T, a Append, e *event.Event) map[string]any {
	t.Helper()
	document, err := a(nil, e)
	require.NoError(t, err)
	return JSON(t, document)
}

func ecsCell(t *testing.T, e *event.Event) string {
	t.Helper()
	fields := written(t, ecs.Append, e)["event"].(map[string]any)
	cell := joined(fields["type"])
	if fields["category"] != nil {
		cell = joined(fields["category"]) + ": " + cell
	}
	if fields["kind"] != "event" {
		cell += ", " + fields["kind"].(string)
	}
	return cell
}

func joined(list any) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

func ocsfCell(t *testing.T, e *event.Event) string {
	t.Helper()
	fields := written(t, ocsf.Append, e)
	return fmt.Sprint(fields["class_uid"], " ", fields["activity_name"])
}

// cefCell returns the name, which is the sixth part of the header.
func cefCell(t *testing.T, e *event.Event) string {
	t.Helper()
	line, err := cef.Append(nil, e)
	require.NoError(t, err)
	return strings.Split(string(line), "|")[5]
}

func asimCell(t *testing.T, e *event.Event) string {
	t.Helper()
	if _, err := asim.Append(nil, e); errors.Is(err, asim.ErrNotAuthentication) {
		return ""
	}
	return written(t, asim.Append, e)["EventType"].(string)
}
