package settings

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/envsecret"
)

// Dead are the settings of the command gateway dead.
type Dead struct {
	Verb    string   // list, show, retry or drop
	Numbers []uint64 // none for list

	Admin   *url.URL // of the gateway to ask, if Store.Dir is empty
	Account envsecret.Values
	Timeout time.Duration // of one request

	Store Store // in a directory

	admin string
}

func (d *Dead) flags() *group {
	g := newGroup("Flags of gateway dead")
	g.StringVar(&d.admin, "admin", "http://127.0.0.1:8080", "`URL` of the admin side of the gateway to ask, with the user and password of ADMIN_CREDENTIALS if they are set")
	g.StringVar(&d.Store.Dir, "data", "", "open the store in this `directory` instead; no gateway may have it open. retry then writes the lines itself")
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
	if d.Verb != "list" && len(args) == 0 {
		return fmt.Errorf("%s needs the number of a dead letter, or several", d.Verb)
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
