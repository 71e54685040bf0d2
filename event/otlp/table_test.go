package otlp_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/otlp"
)

// The last column of the table in the documentation of package event is the name of the
// record. A test beside the other encoders writes the table.
func TestTable(t *testing.T) {
	text, err := os.ReadFile("../doc.go")
	require.NoError(t, err)
	rows := make(map[string]string)
	_, table, _ := strings.Cut(string(text), "//\tType ")
	for line := range strings.Lines(table) {
		if row, ok := strings.CutPrefix(line, "//\t"); ok {
			cells := strings.Fields(row)
			rows[cells[0]] = cells[len(cells)-1]
		} else if line == "//\n" {
			break
		}
	}
	require.Len(t, rows, len(event.Types()))
	for _, typ := range event.Types() {
		b, err := otlp.Append(nil, &event.Event{ID: "id-1", Vendor: "acme", Type: typ})
		require.NoError(t, err)
		record, err := read(b)
		require.NoError(t, err)
		assert.Equal(t, rows[string(typ)], record.EventName)
	}
}
