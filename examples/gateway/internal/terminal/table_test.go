package terminal

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

func TestTable(t *testing.T) {
	header := []string{"number", "type", "error"}
	rows := [][]string{
		{"7", "security.alert", "standard output is not read"},
		{"1024", "lock.unlocked", "倉庫\x1b\n\u202e"},
		{"8", "", ""},
	}
	for _, c := range []struct {
		width int
		want  string
	}{
		{80, `
number  type            error
     7  security.alert  standard output is not read
  1024  lock.unlocked   倉庫\x1b\n\u202e
     8
`},
		{40, `
number  type            error
     7  security.alert  standard outpu…
  1024  lock.unlocked   倉庫\x1b\n…
     8
`},
		{20, `
numb…  type   error
    7  secu…  stan…
 1024  lock…  倉庫…
    8
`},
		{3, `
…
7
…
8
`},
	} {
		var out bytes.Buffer
		require.NoError(t, Table(&out, c.width, header, rows))
		assert.Empty(t, cmp.Diff(c.want[1:], out.String()))
	}
}

func TestTableFits(t *testing.T) {
	for _, width := range []int{0, 1, 2, 5, 10, 20, 40, 79, 80, 120} {
		for _, text := range hostile {
			var out bytes.Buffer
			require.NoError(t, Table(&out, width, []string{"a", text, "c"}, [][]string{{"1", text, text}, {text, "2", "x"}}))
			lines := strings.Split(out.String(), "\n")
			require.Len(t, lines, 4)
			for _, line := range lines {
				require.LessOrEqual(t, columns.StringWidth(line), max(width-1, 0), "%q", line)
				require.Equal(t, -1, strings.IndexFunc(line, acts), "%q", line)
			}
		}
	}
}

func TestTableWithoutRowsIsNothing(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Table(&out, 80, []string{"number"}, nil))
	assert.Empty(t, out.String())
}

type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestTableReportsWhatIsNotWritten(t *testing.T) {
	assert.ErrorIs(t, Table(broken{}, 80, []string{"a"}, [][]string{{"b"}}), errBroken)
}

func TestSummary(t *testing.T) {
	s := NewSummary()
	var all sync.WaitGroup
	for _, e := range vendorEvents(t) {
		for range 10 {
			all.Go(func() { s.Add(e) })
		}
	}
	all.Wait()
	var out bytes.Buffer
	n, err := s.WriteTo(&out)
	require.NoError(t, err)
	assert.EqualValues(t, out.Len(), n)
	want := `
vendor       events  failures  alerts
loginradius      40         0       0
parking          10         0      10
relock           60        10      10
unloc            30         0       0
userlock         50        10       0
all             190        20      20
`
	assert.Empty(t, cmp.Diff(want[1:], out.String()))
	_, err = s.WriteTo(broken{})
	assert.ErrorIs(t, err, errBroken)
}

func TestSummaryOfFew(t *testing.T) {
	s := NewSummary()
	var out bytes.Buffer
	_, err := s.WriteTo(&out)
	require.NoError(t, err)
	assert.Empty(t, out.String())
	s.Add(&event.Event{Vendor: "unloc"})
	_, err = s.WriteTo(&out)
	require.NoError(t, err)
	assert.Equal(t, "vendor  events  failures  alerts\nunloc        1         0       0\n", out.String())
}
