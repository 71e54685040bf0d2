package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/accesshook/accesshook/event"
)

// Places say who has which telephone, and where things are.
type places struct {
	accounts map[string]string // by telephone, both as event.User.Key
	desks    map[string]string // place by name of computer, in lower case
	locks    map[string]string // place by ID of lock
}

// person returns the account of the user of an event, or else the user's own key.
func (p *places) person(e *event.Event) string {
	return cmp.Or(p.accounts[e.User.Key()], e.User.Key())
}

const maxPlaces = 1 << 20 // bytes of the file

func readPlaces(path string) (*places, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPlaces+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxPlaces {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxPlaces)
	}
	p, err := parsePlaces(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func parsePlaces(text []byte) (*places, error) {
	var file struct {
		Accounts map[string]string `json:"accounts"`
		Desks    map[string]string `json:"desks"`
		Locks    map[string]string `json:"locks"`
	}
	if err := json.Unmarshal(text, &file, json.RejectUnknownMembers(true)); err != nil {
		return nil, err // also for a name that comes twice
	}
	p := new(places)
	var errs [3]error
	p.accounts, errs[0] = section("accounts", file.Accounts, phoneKey, accountKey)
	p.desks, errs[1] = section("desks", file.Desks, deskKey, strings.TrimSpace)
	p.locks, errs[2] = section("locks", file.Locks, strings.TrimSpace, strings.TrimSpace)
	return p, errors.Join(errs[:]...)
}

// section brings names and values into the form in which events have them.
func section(name string, from map[string]string, key, value func(string) string) (map[string]string, error) {
	to := map[string]string{}
	for k, v := range from {
		switch _, twice := to[key(k)]; {
		case key(k) == "" || value(v) == "":
			return nil, fmt.Errorf("%s: %q: %q is not what it should be", name, k, v)
		case twice:
			return nil, fmt.Errorf("%s: %q is there twice", name, k)
		}
		to[key(k)] = value(v)
	}
	if len(to) == 0 {
		return nil, fmt.Errorf("%s: none", name)
	}
	return to, nil
}

// phoneKey returns the key of Unloc's users, or nothing if it is no number with a country code.
func phoneKey(number string) string {
	key := event.User{ID: number, Phone: number}.Key()
	if digits, ok := strings.CutPrefix(key, "phone:+"); !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return key
}

// accountKey returns the key of UserLock's users.
func accountKey(account string) string {
	domain, name, ok := strings.Cut(account, `\`)
	if !ok {
		domain, name = "", account
	}
	return event.User{Domain: domain, Name: name}.Key()
}

// deskKey returns the name of a computer as it is compared: Windows has no letter case there.
func deskKey(computer string) string { return strings.ToLower(strings.TrimSpace(computer)) }
