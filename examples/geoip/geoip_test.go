package geoip

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/country"
)

type object = mmdbtype.Map

// place returns a record as GeoLite2 City has it.
func place(code, name, city, timezone string) object {
	return object{
		"country":  object{"iso_code": mmdbtype.String(code), "names": object{"de": mmdbtype.String("anders"), "en": mmdbtype.String(name)}},
		"city":     object{"names": object{"de": mmdbtype.String("anders"), "en": mmdbtype.String(city)}},
		"location": object{"time_zone": mmdbtype.String(timezone), "latitude": mmdbtype.Float64(1)},
	}
}

var places = map[string]mmdbtype.DataType{
	"81.2.69.0/24":   place("GB", "United Kingdom", "London", "Europe/London"),
	"2a02:d000::/32": place("NO", "Norway", "Oslo", "Europe/Oslo"),
	"89.0.0.0/24":    place("XK", "Kosovo", "Pristina", "Europe/Belgrade"),
	"89.0.1.0/24":    object{"country": object{"iso_code": mmdbtype.String("SE")}},
	"89.0.2.0/24":    object{"continent": object{"code": mmdbtype.String("EU")}},
	"89.0.3.0/24":    object{"country": object{"iso_code": mmdbtype.String("NO")}, "location": object{"time_zone": mmdbtype.Uint16(7)}},
	"192.168.0.0/16": place("NO", "Norway", "Oslo", "Europe/Oslo"), // somebody's own entry
}

// database returns a file with networks.
func database(t *testing.T, networks map[string]mmdbtype.DataType, version int) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Test", IPVersion: version, IncludeReservedNetworks: true})
	require.NoError(t, err)
	for prefix, value := range networks {
		_, network, err := net.ParseCIDR(prefix)
		require.NoError(t, err)
		require.NoError(t, tree.Insert(network, value))
	}
	var b bytes.Buffer
	_, err = tree.WriteTo(&b)
	require.NoError(t, err)
	return b.Bytes()
}

// A fixture has a database, what it logs, and the events that pass it.
type fixture struct {
	*Database
	t    *testing.T
	path string
	log  buffer
}

// A buffer is safe for concurrent use.
type buffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func open(t *testing.T, content []byte) *fixture {
	t.Helper()
	f := &fixture{t: t, path: filepath.Join(t.TempDir(), "geo.mmdb")}
	f.replace(content)
	var err error
	f.Database, err = Open(f.path, slog.New(slog.NewTextHandler(&f.log, nil)))
	require.NoError(t, err)
	return f
}

func (f *fixture) replace(content []byte) {
	f.t.Helper()
	require.NoError(f.t, os.WriteFile(f.path+".new", content, 0o600))
	require.NoError(f.t, os.Rename(f.path+".new", f.path))
}

// located returns e as the next handler gets it.
func (f *fixture) located(e *event.Event) *event.Event {
	f.t.Helper()
	var got *event.Event
	h := f.Locate(event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		got = e
		return nil
	}))
	require.NoError(f.t, h.HandleEvent(f.t.Context(), e))
	return got
}

func (f *fixture) country(address string) string {
	f.t.Helper()
	return f.located(&event.Event{Client: event.Client{Address: netip.MustParseAddr(address)}}).Location.CountryCode
}

func TestLocation(t *testing.T) {
	london := event.Location{Country: "United Kingdom", CountryCode: "GB", City: "London", Timezone: "Europe/London"}
	f := open(t, database(t, places, 6))
	for name, tt := range map[string]struct {
		address    string
		sent, want event.Location
	}{
		"IPv4":                    {address: "81.2.69.142", want: london},
		"IPv6":                    {address: "2a02:d000::1", want: event.Location{Country: "Norway", CountryCode: "NO", City: "Oslo", Timezone: "Europe/Oslo"}},
		"code that is not in ISO": {address: "89.0.0.1", want: event.Location{Country: "Kosovo", City: "Pristina", Timezone: "Europe/Belgrade"}},
		"only a code":             {address: "89.0.1.1", want: event.Location{Country: "SE", CountryCode: "SE"}},
		"no country":              {address: "89.0.2.1"},
		"unknown":                 {address: "203.0.113.9"},
		"private":                 {address: "192.168.0.1"},
		"unique local":            {address: "fd00::1"},
		"loopback":                {address: "127.0.0.1"},
		"link-local":              {address: "fe80::1"},
		"multicast":               {address: "224.0.0.1"},
		"unspecified":             {address: "0.0.0.0"},
		"none":                    {},
		"country sent":            {address: "81.2.69.142", sent: event.Location{Country: "Atlantis"}, want: event.Location{Country: "Atlantis"}},
		"code sent":               {address: "81.2.69.142", sent: event.Location{CountryCode: "FR"}, want: event.Location{CountryCode: "FR"}},
		"city and time zone sent": {
			address: "81.2.69.142",
			sent:    event.Location{City: "Leeds", Timezone: "GMT"},
			want:    event.Location{Country: "United Kingdom", CountryCode: "GB", City: "Leeds", Timezone: "GMT"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := &event.Event{ID: "1", Location: tt.sent}
			if tt.address != "" {
				e.Client.Address = netip.MustParseAddr(tt.address)
			}
			before := e.Clone()
			got := f.located(e)
			assert.Empty(t, cmp.Diff(tt.want, got.Location))
			assert.Empty(t, cmp.Diff(before, e, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })), "the event was changed")
			if tt.want == tt.sent {
				assert.Same(t, e, got, "nothing to copy")
			}
		})
	}
	assert.Empty(t, f.log.String())
}

func TestErrorsOfTheHandlerStay(t *testing.T) {
	f := open(t, database(t, places, 6))
	h := f.Locate(event.HandlerFunc(func(context.Context, *event.Event) error { return context.Canceled }))
	e := &event.Event{Client: event.Client{Address: netip.MustParseAddr("81.2.69.142")}}
	require.ErrorIs(t, h.HandleEvent(t.Context(), e), context.Canceled)
}

// A lookup that fails is logged, without the address, and the event goes on.
func TestLookupThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t, database(t, places, 6))
		for i := range 3 {
			for range 100 {
				e := &event.Event{ID: "4711", Client: event.Client{Address: netip.MustParseAddr("89.0.3.1")}}
				assert.Same(t, e, f.located(e))
				time.Sleep(time.Millisecond)
			}
			assert.Equal(t, i+1, strings.Count(f.log.String(), "\n"))
			time.Sleep(time.Minute)
		}
		assert.Contains(t, f.log.String(), "id=4711")
		assert.NotContains(t, f.log.String(), "89.0.3.1")
	})
}

func TestIPv6InADatabaseOfIPv4(t *testing.T) {
	f := open(t, database(t, map[string]mmdbtype.DataType{"81.2.69.0/24": places["81.2.69.0/24"]}, 4))
	assert.Equal(t, "GB", f.country("81.2.69.142"))
	assert.Empty(t, f.country("2a02:d000::1"))
	assert.Empty(t, f.log.String())
}

func TestOpenRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "geo.mmdb")
	good := database(t, places, 6)
	for name, content := range map[string][]byte{
		"empty":      {},
		"text":       []byte("country,city\n"),
		"truncated":  good[:len(good)-10],
		"other data": database(t, map[string]mmdbtype.DataType{"81.2.69.0/24": object{"autonomous_system_number": mmdbtype.Uint32(1)}}, 6),
	} {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		d, err := Open(path, slog.Default())
		require.ErrorContains(t, err, path, name)
		assert.Nil(t, d)
	}
	for _, path := range []string{t.TempDir(), os.DevNull} {
		_, err := Open(path, slog.Default())
		require.ErrorContains(t, err, path+": not a file")
	}
	_, err := Open(filepath.Join(t.TempDir(), "missing"), slog.Default())
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestRenewedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const address, kept = "81.2.69.142", "the old one stays"
		first := database(t, map[string]mmdbtype.DataType{"81.2.69.0/24": place("GB", "", "", "")}, 6)
		second := database(t, map[string]mmdbtype.DataType{"81.2.69.0/24": place("FR", "", "", "")}, 6)
		f := open(t, first)
		ctx, cancel := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() { f.Watch(ctx) })
		defer watching.Wait()
		defer cancel()
		later := func() string {
			time.Sleep(interval)
			synctest.Wait()
			return f.country(address)
		}
		assert.Equal(t, "GB", later())
		assert.Empty(t, f.log.String(), "nothing has changed")
		f.replace(second)
		assert.Equal(t, "GB", f.country(address), "an event does not read the file")
		assert.Equal(t, "FR", later())
		assert.Equal(t, 1, strings.Count(f.log.String(), "\n"))

		// Rewritten in place, as cp does. A mapped file would be a SIGBUS.
		file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_TRUNC, 0)
		require.NoError(t, err)
		for range 3 {
			assert.Equal(t, "FR", later())
		}
		assert.Equal(t, 1, strings.Count(f.log.String(), kept))
		half := len(first) / 2
		for _, part := range [][]byte{first[:half], first[half:]} {
			assert.Equal(t, "FR", later())
			_, err = file.Write(part)
			require.NoError(t, err)
		}
		require.NoError(t, file.Close())
		assert.Equal(t, "GB", later())

		before := strings.Count(f.log.String(), kept)
		require.NoError(t, os.Remove(f.path))
		for range 3 {
			assert.Equal(t, "GB", later())
		}
		assert.Equal(t, before+1, strings.Count(f.log.String(), kept))
		f.replace(second)
		assert.Equal(t, "FR", later())
	})
}

// The codes are those of the library.
func TestAssignedCodes(t *testing.T) {
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := fmt.Sprintf("%c%c", a, b)
			assert.Equal(t, country.Code(code) == code, isAssigned(code), code)
		}
	}
	for _, code := range []string{"", "N", "no", "NOR", "O ", " N"} {
		assert.False(t, isAssigned(code), "%q", code)
	}
}
