package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Bounds of what is remembered: keys of a tally, accounts, and addresses of an account.
const (
	maxKeys      = 1 << 15
	maxLearned   = 1 << 17
	maxAddresses = 64
)

// A tally has the times of refused logons by key. When it is full, new keys are not
// counted: strangers choose keys, and must not push out others.
type tally struct {
	window  time.Duration
	limit   int // how many times of a key are kept, the latest
	entries map[string]*entry
	swept   time.Time
}

type entry struct {
	times   []time.Time // when they happened, sorted
	touched time.Time   // when the last one was received
}

// add counts a refused logon that happened at when and was received at now. It adds a new
// key only if create is true.
func (t *tally) add(key string, when, now time.Time, create bool) {
	if since := now.Sub(t.swept); since < 0 || since >= t.window/10 {
		maps.DeleteFunc(t.entries, func(_ string, e *entry) bool { return now.Sub(e.touched) >= t.window })
		t.swept = now
	}
	if t.entries[key] == nil {
		if !create || len(t.entries) >= maxKeys {
			return
		}
		t.entries[key] = new(entry)
	}
	*t.entries[key] = entry{t.with(key, when), now}
}

// with returns the times of key and one more.
func (t *tally) with(key string, when time.Time) []time.Time {
	times := []time.Time{when}
	if e := t.entries[key]; e != nil {
		times = append(times, e.times...)
	}
	slices.SortFunc(times, time.Time.Compare)
	return times[max(0, len(times)-t.limit):]
}

// completes reports whether one more at when makes it limit times within a window.
func (t *tally) completes(key string, when time.Time) bool {
	full := func(times []time.Time) bool {
		return len(times) == t.limit && times[t.limit-1].Sub(times[0]) < t.window
	}
	e := t.entries[key]
	return full(t.with(key, when)) && !(e != nil && full(e.times))
}

// near returns how many there were less than a window before or after when: events come
// in any order, and the clocks of vendors differ.
func (t *tally) near(key string, when time.Time) int {
	n := 0
	if e := t.entries[key]; e != nil {
		for _, at := range e.times {
			if when.Sub(at).Abs() < t.window {
				n++
			}
		}
	}
	return n
}

// learned is from where the user of an account logs on.
type learned struct {
	First     time.Time `json:"first"` // logon
	Logons    int       `json:"logons"`
	Countries []string  `json:"countries"`
	Addresses []string  `json:"addresses"` // the latest is last
}

func (l *learned) add(when time.Time, country, address string) {
	l.Logons++
	if when.Before(l.First) {
		l.First = when
	}
	if country != "" && !slices.Contains(l.Countries, country) {
		l.Countries = append(l.Countries, country)
	}
	if address != "" {
		l.Addresses = append(slices.DeleteFunc(l.Addresses, func(a string) bool { return a == address }), address)
		l.Addresses = l.Addresses[max(0, len(l.Addresses)-maxAddresses):]
	}
}

// open prepares r. Without a path nothing is read or saved.
func (r *rules) open(path, accounts string) error {
	if r.ofUser < 1 || r.fromAddress < 1 || r.window <= 0 || r.learn < 0 {
		return errors.New("-refused-user, -refused-address and -window must be positive")
	}
	r.path, r.learned = path, make(map[string]*learned)
	r.users = tally{window: r.window, limit: r.ofUser, entries: make(map[string]*entry)}
	r.addresses = tally{window: r.window, limit: r.fromAddress, entries: make(map[string]*entry)}
	if accounts != "" {
		text, err := os.ReadFile(accounts)
		if err == nil {
			err = json.Unmarshal(text, &r.accounts)
		}
		if err != nil {
			return fmt.Errorf("-accounts: %w", err)
		}
	}
	return load(path, &r.learned)
}

// keepSaving saves once a minute what was learned, until ctx is done.
func (r *rules) keepSaving(ctx context.Context, log *slog.Logger) {
	for tick := time.NewTicker(time.Minute); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := r.save(); err != nil {
				log.Error("suspicious: what was learned is not saved", "error", err)
			}
		}
	}
}

func (r *rules) save() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.changed {
		return nil
	}
	err := save(r.path, r.learned)
	r.changed = err != nil
	return err
}

// load reads what save has written. A file that does not exist is empty.
func load(path string, v any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// save replaces the file at path as a whole: a crash leaves the old one or the new one.
func save(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
