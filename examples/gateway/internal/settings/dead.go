package settings

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// Dead are the settings of the command gateway dead.
type Dead struct {
	Verb    string   // list, show, retry or drop
	Numbers []uint64 // none for list
	Filter  durable.DeadFilter
	DryRun  bool

	Admin   *url.URL // of the gateway to ask, if Store.Dir is empty
	Account envsecret.Values
	Timeout time.Duration // of one request

	Store Store // in a directory

	admin, types string
	all          bool
}

// Many reports whether Filter says what to retry or drop, in the place of Numbers.
func (d *Dead) Many() bool { return d.Verb != "list" && len(d.Numbers) == 0 }

func (d *Dead) flags() *group {
	g := newGroup("Flags of gateway dead")
	g.StringVar(&d.admin, "admin", "http://127.0.0.1:8080", "`URL` of the admin side of the gateway to ask, with the user and password of ADMIN_CREDENTIALS if they are set")
	g.StringVar(&d.Store.Dir, "data", "", "open the store in this `directory` instead; no gateway may have it open. retry then writes the lines itself")
	g.StringVar(&d.Filter.Vendor, "vendor", "", "only dead letters of this `vendor`, such as relock")
	g.StringVar(&d.types, "type", "", "only dead letters whose event has this `type`, such as session.started, or a family of types, such as session.*")
	g.Var((*moment)(&d.Filter.Since), "since", "only those that became dead letters at this `time` or later: such as 2026-03-01, 2026-03-01T14:00:00Z, or 24h for a day ago")
	g.Var((*moment)(&d.Filter.Until), "until", "only those that became dead letters before this `time`")
	g.StringVar(&d.Filter.Error, "error", "", "only dead letters with this `text` in their error")
	g.StringVar(&d.Filter.Consumer, "consumer", "", "only dead letters of this `consumer`: that of the gateway is default, that of a sink such as sink-hec")
	g.BoolVar(&d.all, "all", false, "retry or drop all dead letters")
	g.BoolVar(&d.DryRun, "dry-run", false, "write how many dead letters there are to retry or drop, and do nothing")
	number(g, &d.Timeout, "timeout", time.Minute, shortest, maxTimeout, "how long the gateway may take to answer, for each number. A retry continues there after the timeout")
	return g
}

// ParseDead returns the settings of gateway dead from the arguments after "dead". The
// error is as that of [Parse].
func ParseDead(args []string) (*Dead, error) {
	d := new(Dead)
	g := d.flags()
	flags := join([]*group{g})
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		d.Verb, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if err := checkEach(flags, []*group{g}); err != nil {
		return nil, err
	}
	if err := d.parseNumbers(flags.Args()); err != nil {
		return nil, err
	}
	if err := d.checkFilter(); err != nil {
		return nil, err
	}
	if d.Store.Dir != "" {
		if given(flags)["admin"] {
			return nil, errors.New("-admin and -data exclude each other")
		}
		return d, d.configureStore()
	}
	var err error
	d.Admin, err = url.Parse(d.admin)
	switch {
	case err != nil || d.Admin.Scheme != "http" && d.Admin.Scheme != "https" || d.Admin.Host == "":
		return nil, errors.New("-admin is not http://host:port or https://host:port")
	case d.Admin.User != nil:
		return nil, fmt.Errorf("-admin has a user or password, which others on the machine can see: set %s", AdminVariable.Name)
	}
	d.Account, err = AdminVariable.Read()
	return d, err
}

func (d *Dead) parseNumbers(args []string) error {
	switch d.Verb {
	case "list", "show", "retry", "drop":
	default:
		return errors.New("say list, show, retry or drop first")
	}
	if d.Verb == "list" && len(args) > 0 {
		return errors.New("list takes no numbers")
	}
	if d.Verb == "show" && len(args) == 0 {
		return errors.New("show needs the number of a dead letter, or several")
	}
	for _, arg := range args {
		number, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number; flags go before the numbers", arg)
		}
		d.Numbers = append(d.Numbers, number)
	}
	return nil
}

// checkFilter validates the flags that select dead letters, with the numbers.
func (d *Dead) checkFilter() error {
	d.Filter.Type = event.Type(d.types)
	filtered := d.Filter != durable.DeadFilter{}
	switch {
	case len(d.Numbers) > 0 && (filtered || d.all || d.DryRun):
		return errors.New("a number, and a flag that selects dead letters, exclude each other")
	case filtered && d.all:
		return errors.New("-all, and a flag that selects dead letters, exclude each other")
	case d.Many() && !filtered && !d.all:
		return fmt.Errorf("%s needs the number of a dead letter, or several, or a flag that selects dead letters, or -all", d.Verb)
	case d.DryRun && !d.Many():
		return errors.New("-dry-run is for retry and drop")
	case d.Filter.Validate() != nil:
		return errors.New("no dead letter has the vendor, the type or the consumer of -vendor, -type or -consumer")
	case !d.Filter.Until.IsZero() && !d.Filter.Since.Before(d.Filter.Until):
		return errors.New("-since is not before -until")
	}
	return nil
}

// A moment is the value of a flag: a time, a date in the local zone, or how long ago.
type moment time.Time

// String implements [flag.Value].
func (m *moment) String() string {
	if t := time.Time(*m); !t.IsZero() {
		return t.Format(time.RFC3339)
	}
	return ""
}

// Set implements [flag.Value].
func (m *moment) Set(s string) error {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.ParseInLocation(time.DateOnly, s, time.Local)
	}
	if ago, e := time.ParseDuration(s); e == nil && ago > 0 {
		t, err = time.Now().Add(-ago), nil
	}
	if err != nil {
		return errors.New("not a time such as 2026-03-01T14:00:00Z, a date such as 2026-03-01, or how long ago, such as 24h")
	}
	*m = moment(t)
	return nil
}

// configureStore makes Store what it is for a gateway with -data and no other flag. Its
// order is not known.
func (d *Dead) configureStore() error {
	s := new(Settings)
	_ = s.groups() // sets defaults
	s.Store.Dir = d.Store.Dir
	err := s.configureStore(nil)
	d.Store = s.Store
	return err
}
