package settings

import (
	"errors"
	"fmt"
	"io"
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
	g := newGroup("Flags")
	g.StringVar(&d.admin, "admin", "http://127.0.0.1:8080", "`URL` of the admin side of the gateway")
	g.StringVar(&d.Store.Dir, "data", "", "open the store in this `directory` instead; no gateway may have it open. retry then writes the lines itself")
	g.timeout(&d.Timeout, "timeout", time.Minute, "how long the gateway may take to answer, for each number. A retry continues there after the timeout")
	return g
}

// DeadHelp writes the help text of gateway dead.
func DeadHelp(w io.Writer) {
	var b, flags strings.Builder
	new(Dead).flags().describe(&flags)
	fmt.Fprintf(&b, `Usage: gateway dead list [flags]
       gateway dead show|retry|drop [flags] number…

Lists, shows, retries or deletes dead letters: events whose attempts all failed.
The command asks a running gateway, with the user and password of
%s if they are set.

%s`, AdminVariable.Name, &flags)
	_, _ = io.WriteString(w, b.String())
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
	switch given := given(flags); {
	case given["admin"] && given["data"]:
		return nil, errors.New("-admin and -data exclude each other")
	case given["timeout"] && given["data"]:
		return nil, errors.New("-timeout has no effect with -data")
	case given["data"]:
		return d, d.configureStore()
	}
	var err error
	if d.Admin, err = url.Parse(d.admin); err != nil || d.Admin.Scheme != "http" && d.Admin.Scheme != "https" || d.Admin.Host == "" {
		return nil, errors.New("-admin is not http://host:port or https://host:port")
	}
	if d.Admin.User != nil {
		return nil, fmt.Errorf("-admin has a user or password, which others on the machine can see: set %s", AdminVariable.Name)
	}
	d.Account, err = AdminVariable.Read()
	return d, err
}

func (d *Dead) parseNumbers(args []string) error {
	switch d.Verb {
	case "list":
		if len(args) > 0 {
			return errors.New("list takes no numbers")
		}
	case "show", "retry", "drop":
		if len(args) == 0 {
			return fmt.Errorf("%s needs the number of a dead letter, or several", d.Verb)
		}
	default:
		return errors.New("say list, show, retry or drop first")
	}
	for _, arg := range args {
		number, err := strconv.ParseUint(arg, 10, 64)
		if strings.HasPrefix(arg, "-") {
			return fmt.Errorf("flags go before the numbers: %q", arg)
		}
		if err != nil {
			return fmt.Errorf("%q is not a number", arg)
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
