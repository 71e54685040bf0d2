package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

const (
	judged  = 24 * time.Hour // a door event that is older is not judged
	trusted = 24 * time.Hour // a session that is silent for longer says nothing

	// The most of one person. Beyond that the oldest are forgotten.
	mostMarks = 500
	mostDoors = 100
)

// A guard remembers, in memory alone, where people were. It judges a door by when it was
// opened, and once more when a late event tells where its user was then.
type guard struct {
	places *places
	alert  func(ctx context.Context, line []byte) error
	now    func() time.Time

	mu     sync.Mutex
	people map[string]*person // by account: those in places alone
}

type person struct {
	marks []mark
	doors []*door
}

// A mark is what a UserLock event says about a session.
type mark struct {
	time          time.Time
	typ           event.Type
	session, desk string
}

// A door was opened. alerted is set before the alert is sent, and reset if that fails.
type door struct {
	time     time.Time
	id, lock string
	alerted  bool
}

// An alert is a line of JSON. Its words are those of the file of places.
type alert struct {
	ID        string    `json:"id"` // of the door's event: the same if the alert comes twice
	Time      time.Time `json:"time"`
	Account   string    `json:"account"`
	Lock      string    `json:"lock"`
	LockPlace string    `json:"lockPlace"`
	Desk      string    `json:"desk"`
	DeskPlace string    `json:"deskPlace"`
	Since     time.Time `json:"since"`
}

func newGuard(p *places, send func(context.Context, []byte) error) *guard {
	g := &guard{places: p, alert: send, now: time.Now, people: map[string]*person{}}
	for _, account := range p.accounts {
		g.people[account] = new(person)
	}
	return g
}

// types are those that matter, in the order in which they count at the same time.
var types = []event.Type{event.SessionStarted, event.SessionReconnected, event.SessionUnlocked, event.SessionLocked, event.SessionDisconnected, event.SessionEnded}

// begins are those after which somebody sits at the desk.
var begins = types[:3]

// away are sessions that are at no desk, such as that of a phone that joins the Wi-Fi.
var away = []string{userlock.SessionIIS, userlock.SessionWiFiVPN, userlock.SessionSaaS}

func compare(a, b mark) int {
	return cmp.Or(a.time.Compare(b.time), cmp.Compare(slices.Index(types, a.typ), slices.Index(types, b.typ)),
		cmp.Compare(a.session, b.session), cmp.Compare(a.desk, b.desk))
}

// session handles UserLock's events.
func (g *guard) session(ctx context.Context, e *event.Event) error {
	account := e.User.Key()
	p := g.people[account]
	if p == nil || !slices.Contains(types, e.Type) || slices.Contains(away, e.Session.Type) {
		return nil
	}
	desk := deskKey(cmp.Or(e.Client.Name, e.Device.Name)) // of a terminal session, where the user sits
	m := mark{e.Time, e.Type, cmp.Or(e.Session.ID, desk), desk}
	g.mu.Lock()
	if i, known := slices.BinarySearchFunc(p.marks, m, compare); !known {
		p.marks = slices.Insert(p.marks, i, m)
	}
	p.marks = p.marks[max(0, len(p.marks)-mostMarks):]
	g.mu.Unlock()
	return g.judge(ctx, account)
}

// door handles Unloc's events.
func (g *guard) door(ctx context.Context, e *event.Event) error {
	account, known := g.places.accounts[e.User.Key()]
	switch age := g.now().Sub(e.Time); {
	case !known:
		slog.Info("door opened by somebody who is not in the file of places", "event", e)
		return nil
	case g.places.locks[e.Lock.ID] == "":
		slog.Info("door opened that is not in the file of places", "event", e)
		return nil
	case age > judged, age < -time.Hour:
		slog.Warn("door event is too old to be judged, or in the future", "event", e)
		return nil
	}
	p := g.people[account]
	g.mu.Lock()
	if !slices.ContainsFunc(p.doors, func(d *door) bool { return d.id == e.ID }) {
		p.doors = append(p.doors, &door{time: e.Time, id: e.ID, lock: e.Lock.ID})
	}
	p.doors = p.doors[max(0, len(p.doors)-mostDoors):]
	g.mu.Unlock()
	return g.judge(ctx, account)
}

// judge alerts of doors that were not alerted of, and forgets what is old.
func (g *guard) judge(ctx context.Context, account string) (err error) {
	p := g.people[account]
	g.mu.Lock()
	p.doors = slices.DeleteFunc(p.doors, func(d *door) bool { return g.now().Sub(d.time) > judged })
	p.marks = slices.DeleteFunc(p.marks, func(m mark) bool { return g.now().Sub(m.time) > judged+trusted })
	found := g.elsewhere(p)
	for d := range found {
		d.alerted = true
	}
	g.mu.Unlock() // a slow receiver of alerts holds up nobody else
	for d, m := range found {
		line, _ := json.Marshal(alert{d.id, d.time.UTC(), strings.TrimPrefix(account, "name:"), d.lock, g.places.locks[d.lock], m.desk, g.places.desks[m.desk], m.time.UTC()})
		if failed := g.alert(ctx, line); failed != nil {
			err = errors.Join(err, failed)
			g.mu.Lock()
			d.alerted = false
			g.mu.Unlock()
		}
	}
	return err
}

// elsewhere returns the doors that were opened while a session was in use at a desk in another
// place, and none in the door's own, with the last such session.
func (g *guard) elsewhere(p *person) map[*door]mark {
	found := map[*door]mark{}
	marks, last := p.marks, map[string]mark{} // by session
	for _, d := range slices.SortedFunc(slices.Values(p.doors), func(a, b *door) int { return a.time.Compare(b.time) }) {
		for len(marks) > 0 && !marks[0].time.After(d.time) {
			last[marks[0].session] = marks[0]
			marks = marks[1:]
		}
		if d.alerted {
			continue
		}
		here := false
		for _, m := range last {
			place := g.places.desks[m.desk]
			if place == "" || !slices.Contains(begins, m.typ) || d.time.Sub(m.time) > trusted {
				continue
			}
			here = here || strings.EqualFold(place, g.places.locks[d.lock])
			if other, ok := found[d]; !ok || compare(m, other) > 0 {
				found[d] = m
			}
		}
		if here {
			delete(found, d)
		}
	}
	return found
}
