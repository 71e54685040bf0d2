package settings

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/accesshook/accesshook/event/durable"
)

// Move are the settings of the command gateway store move.
type Move struct {
	From, To Store
	// Of a destination that is new, and have to be those of one that exists. Nil Order and
	// zero: not given.
	Order    *durable.Order
	Shards   int
	Replicas int

	UnfinishedOnly bool

	from, to, fromCredentials, toCredentials, order string
	ca, cert, key                                   string // of both sides
	maxBody                                         int64
}

func (m *Move) flags() *group {
	g := newGroup("Flags of gateway store move")
	g.StringVar(&m.from, "from", "", "move the store in this `place`, a directory or URLs of NATS servers; no gateway may use it")
	g.StringVar(&m.to, "to", "", "move it to this `place`; a gateway may use servers")
	g.StringVar(&m.fromCredentials, "from-creds", "", "`file` with the credentials of a NATS user for -from, in the place of NATS_CREDS_FILE")
	g.StringVar(&m.toCredentials, "to-creds", "", "`file` with the credentials of a NATS user for -to, in the place of NATS_CREDS_FILE")
	g.StringVar(&m.ca, "nats-ca", "", "-nats-ca of both sides, a `file`")
	g.StringVar(&m.cert, "nats-cert", "", "-nats-cert of both sides, a `file`")
	g.StringVar(&m.key, "nats-key", "", "-nats-key of both sides, a `file`")
	g.check(func() bool { return (m.cert == "") == (m.key == "") }, "-nats-cert and -nats-key need each other")
	g.choice(&m.order, "to-order", "", "-order of a new store: user, lock or none (default as -from has it)", "user", "lock", "none")
	number(g, &m.Shards, "to-shards", 0, 0, durable.MaxShards, "how many `shards` a new store has (0: as many as -from)")
	g.IntVar(&m.Replicas, "to-replicas", 0, "-replicas of a new store on NATS `servers`: 1, 3 or 5 (0: 1)")
	g.check(func() bool { n := m.Replicas; return n == 0 || n == 1 || n == 3 || n == 5 }, "-to-replicas is not 1, 3 or 5")
	number(g, &m.maxBody, "max-body", 0, 0, 1<<30, "-max-body of the gateway, if that is more than 1048576 `bytes`")
	g.BoolVar(&m.UnfinishedOnly, "unfinished-only", false, "leave out handled events: faster, but a new store then does not know their duplicates")
	return g
}

// ParseMove returns the settings of gateway store move from the arguments after "store".
// The error is as that of [Parse].
func ParseMove(args []string) (*Move, error) {
	m := new(Move)
	g := m.flags()
	flags := join([]*group{g})
	verb := len(args) > 0 && args[0] == "move"
	if verb {
		args = args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if !verb {
		return nil, errors.New("say move first")
	}
	if err := checkEach(flags, []*group{g}); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, errors.New("there are arguments after the flags")
	}
	if m.order != "" {
		order := durable.Order(m.order)
		if m.order == "none" {
			order = durable.OrderNone
		}
		m.Order = &order
	}
	if m.from == m.to && m.from != "" {
		return nil, errors.New("-from and -to are the same")
	}
	for _, side := range []struct {
		flag, place, credentials string
		store                    *Store
	}{
		{"from", m.from, m.fromCredentials, &m.From},
		{"to", m.to, m.toCredentials, &m.To},
	} {
		if err := m.configure(side.store, side.flag, side.place, side.credentials); err != nil {
			return nil, err
		}
	}
	if m.Replicas != 0 && m.To.NATS == "" {
		return nil, errors.New("-to-replicas has no effect unless -to has NATS servers")
	}
	return m, nil
}

// configure makes store what it is for a gateway with that place and no other flag.
func (m *Move) configure(store *Store, flag, place, credentials string) error {
	if place == "" {
		return fmt.Errorf("-%s is missing: a directory, or URLs of NATS servers", flag)
	}
	s := new(Settings)
	_ = s.groups() // sets defaults
	s.Endpoint.MaxBody = max(m.maxBody, durable.DefaultMaxBody)
	s.Store.Dir = place
	if strings.Contains(place, "://") {
		s.Store.Dir, s.Store.NATS = "", place
		if checkURLs(place) != nil { // whose message names another flag
			return fmt.Errorf("-%s is not a directory, and not nats://host:port or tls://host:port", flag)
		}
	}
	if credentials != "" && s.Store.NATS == "" {
		return fmt.Errorf("-%s-creds has no effect unless -%s has NATS servers", flag, flag)
	}
	if err := s.configureStore(nil); err != nil {
		return err
	}
	if credentials != "" {
		if _, err := os.ReadFile(credentials); err != nil {
			return fmt.Errorf("-%s-creds: %w", flag, err)
		}
		s.Store.NATSCredentials = credentials
	}
	if s.Store.NATS != "" {
		s.Store.NATSCA, s.Store.NATSCert, s.Store.NATSKey = m.ca, m.cert, m.key
	}
	*store = s.Store
	return nil
}
