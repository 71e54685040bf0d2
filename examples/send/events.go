package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// A kind is something to send: a payload of an event, or the file.
type kind struct {
	vendor  vendors.Vendor
	name    string // of the event: the vendor's own, or that of userLockNames; "": the file
	code    string // the vendor's own name, if name is another
	typ     event.Type
	payload int // index in Payloads
}

// userLockNames are readable names for UserLock's codes. The words are those of its pages.
var userLockNames = map[string]string{
	"0": "logoff", "1": "logon", "2": "lock", "3": "unlock", "5": "reconnection", "6": "disconnection",
	"4": "denied-by-userlock", "20": "denied-by-active-directory", "420": "terminal-denied-by-active-directory",
	"100": "iis-logoff", "101": "iis-logon", "104": "iis-denied-by-userlock", "120": "iis-denied-by-active-directory",
	"200": "wifi-logoff", "201": "wifi-logon", "204": "wifi-denied-by-userlock", "220": "wifi-denied-by-active-directory",
	"500": "saas-logoff", "501": "saas-logon", "504": "saas-denied-by-userlock",
}

// chooseVendors reads -vendor.
func (s *settings) chooseVendors(r *raw) error {
	if v, ok := vendors.Named(r.vendor); ok {
		s.vendors = []vendors.Vendor{v}
		return nil
	}
	many := r.file == "" && s.explain == ""
	if many && (r.vendor == "all" || r.vendor == "" && s.list) {
		s.vendors = vendors.All
		return nil
	}
	var names []string
	for _, v := range vendors.All {
		names = append(names, v.Name)
	}
	if many {
		names = append(names, "all")
	}
	return fmt.Errorf("-vendor is not one of %s", strings.Join(names, ", "))
}

// chooseEvents reads -event.
func (s *settings) chooseEvents(r *raw) error {
	if r.file != "" {
		s.chosen = []kind{{vendor: s.vendors[0]}}
		return nil
	}
	nearest, distance := "", 4 // beyond that it is another word
	from := s.vendors
	s.vendors = nil // those that have the event
	for _, v := range from {
		all, err := kinds(v)
		if err != nil {
			return err
		}
		for _, k := range all {
			if r.event == "" || r.event == "all" || fold(r.event) == fold(k.name) || r.event == k.code {
				s.chosen = append(s.chosen, k)
			} else if d := levenshtein.ComputeDistance(fold(r.event), fold(k.name)); d < distance {
				nearest, distance = k.name, d
			}
		}
		if n := len(s.chosen); n > 0 && s.chosen[n-1].vendor.Name == v.Name {
			s.vendors = append(s.vendors, v)
		}
	}
	switch {
	case len(s.chosen) > 0:
		return nil
	case nearest != "":
		return fmt.Errorf("there is no such -event: did you mean %s?", nearest)
	default:
		return errors.New("there is no such -event: -list has their names")
	}
}

// fold returns a name in the form in which names are compared.
func fold(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

// kinds returns what a vendor has to send.
func kinds(v vendors.Vendor) (all []kind, err error) {
	id := vendors.RandomGUID() // a credential of every vendor
	nobody := envsecret.Values{Secrets: event.Secrets(id), Credentials: []verify.Credential{verify.NewCredential("send", id)}}
	for i, payload := range v.Payloads(time.Now()) {
		r, err := v.Request(context.Background(), v.Path(), nobody, payload)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		e, err := v.Decode(body)
		if err != nil {
			return nil, err
		}
		k := kind{vendor: v, name: e.VendorType, typ: e.Type, payload: i}
		if name, ok := userLockNames[k.name]; ok && v.Name == userlock.Vendor {
			k.name, k.code = name, k.name
		}
		all = append(all, k)
	}
	return all, nil
}

// A row is an event in a list.
type row struct {
	Vendor   string     `json:"vendor"`
	Event    string     `json:"event"`
	Code     string     `json:"code,omitempty"`
	Type     event.Type `json:"type"`
	Variable string     `json:"variable"`
}

// writeList writes the events as a table, or as an array of JSON.
func writeList(w io.Writer, all []kind, asJSON bool) error {
	var rows []row
	seen := make(map[row]bool) // an event may have several payloads
	for _, k := range all {
		r := row{k.vendor.Name, k.name, k.code, k.typ, k.vendor.Variable.Name}
		if !seen[r] {
			seen[r] = true
			rows = append(rows, r)
		}
	}
	if asJSON {
		return json.NewEncoder(w).Encode(rows)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VENDOR\tEVENT\tCODE\tTYPE\tVARIABLE")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.Vendor, r.Event, r.Code, r.Type, r.Variable)
	}
	return t.Flush()
}
