// Package geoip fills the location of events from the client's address, with a MaxMind DB
// such as GeoLite2 City, GeoLite2 Country or DB-IP Lite.
//
// To use it in a service of your own, import the package, or copy geoip.go and
// countrycode.go:
//
//	places, err := geoip.Open("GeoLite2-City.mmdb", logger)
//	if err != nil {
//		log.Fatal(err)
//	}
//	go places.Watch(ctx)
//	handler := hook.Handler(places.Locate(events))
package geoip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
	"golang.org/x/time/rate"

	"github.com/accesshook/accesshook/event"
)

const (
	maxSize  = 1 << 30     // bytes of a file
	interval = time.Minute // between two looks at the file
	probes   = 1000        // networks in which a country is looked for
)

// A Database is a file that may be renewed while the program runs. It is safe for
// concurrent use.
type Database struct {
	path   string
	log    *slog.Logger
	reader atomic.Pointer[maxminddb.Reader]
	info   fs.FileInfo    // of the file that was read
	failed rate.Sometimes // lookups that are logged
}

// A record is what is read of a network.
type record struct {
	Country struct {
		Code  string `maxminddb:"iso_code"`
		Names names  `maxminddb:"names"`
	} `maxminddb:"country"`
	City struct {
		Names names `maxminddb:"names"`
	} `maxminddb:"city"`
	Location struct {
		Timezone string `maxminddb:"time_zone"`
	} `maxminddb:"location"`
}

type names struct {
	English string `maxminddb:"en"`
}

// Open reads the file into memory. It refuses one that has no countries. A mapped file
// would take less memory, but end the program when another one truncates it.
func Open(path string, log *slog.Logger) (*Database, error) {
	d := &Database{path: path, log: log, failed: rate.Sometimes{Interval: time.Minute}}
	if err := d.read(); err != nil {
		return nil, err
	}
	return d, nil
}

// Locate returns a handler that calls next with the location filled in, in a copy of the
// event, where the vendor sent no country. Private and unknown addresses leave the event as
// it is, and so do errors, which are logged at most once a minute.
//
// The country is its English name. The code is left out if it is not an assigned one.
func (d *Database) Locate(next event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		if e.Location.Country != "" || e.Location.CountryCode != "" {
			return next.HandleEvent(ctx, e)
		}
		found, err := d.lookup(e.Client.Address)
		if err != nil {
			d.failed.Do(func() {
				d.log.WarnContext(ctx, "cannot look up the location", "vendor", e.Vendor, "id", e.ID, "error", err)
			})
		}
		if country := cmp.Or(found.Country.Names.English, found.Country.Code); err == nil && country != "" {
			e = e.Clone()
			l := &e.Location
			l.Country = country
			if isAssigned(found.Country.Code) {
				l.CountryCode = found.Country.Code
			}
			l.City = cmp.Or(l.City, found.City.Names.English)
			l.Timezone = cmp.Or(l.Timezone, found.Location.Timezone)
		}
		return next.HandleEvent(ctx, e)
	})
}

// lookup returns the zero record for an address that is private or unknown.
func (d *Database) lookup(address netip.Addr) (found record, err error) {
	reader := d.reader.Load()
	switch {
	case !address.IsGlobalUnicast() || address.IsPrivate():
	case address.Is6() && reader.Metadata.IPVersion == 4:
	default:
		err = reader.Lookup(address).Decode(&found)
	}
	return found, err
}

// Watch looks at the file every minute and reads it when it has changed, until ctx ends.
// Call it once, in a goroutine of its own. While the new file is broken, the old one stays;
// Watch logs that once, and tries again.
//
// While a file is read there are two of them in memory.
func (d *Database) Watch(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for failure := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if info, err := os.Stat(d.path); err == nil && sameFile(info, d.info) {
			failure = ""
		} else if err := d.read(); err == nil {
			failure = ""
			d.log.Info("read the geoip file again", "built", d.reader.Load().Metadata.BuildTime())
		} else if err.Error() != failure {
			failure = err.Error()
			d.log.Error("cannot read the geoip file again, the old one stays", "error", err)
		}
	}
}

func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// read reads the file. On an error d is as it was.
func (d *Database) read() error {
	info, err := os.Stat(d.path) // before reading: a later change is noticed next time
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSize {
		return fmt.Errorf("%s: not a file of at most %d bytes", d.path, maxSize)
	}
	content, err := os.ReadFile(d.path)
	if err != nil {
		return err
	}
	reader, err := maxminddb.OpenBytes(content)
	if err == nil {
		err = probe(reader)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.path, err)
	}
	d.reader.Store(reader)
	d.info = info
	return nil
}

// probe looks for a country: there are databases of other things.
func probe(reader *maxminddb.Reader) error {
	n := 0
	for network := range reader.Networks() {
		var found record
		if err := network.Decode(&found); err != nil {
			return err
		}
		if found.Country.Code != "" {
			return nil
		}
		if n++; n == probes {
			break
		}
	}
	return errors.New("it has no countries")
}
