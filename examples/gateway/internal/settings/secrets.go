package settings

import (
	"fmt"
	"os"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// A Vendor is a sender of webhooks. It is served if its variable is set, and in the demo.
type Vendor struct {
	Name     string
	Variable envsecret.Variable
	Means    string // what the variable holds
	MaxBody  int64  // largest body in bytes if -max-body does not say

	decode func(body []byte) (*event.Event, error)
}

// Vendors are all vendors, in the order of the help text.
var Vendors = []Vendor{
	{userlock.Vendor, envsecret.Variable{Name: "USERLOCK_IDS"}, "IDs of your UserLock servers", verify.DefaultMaxBody, userlock.Decode},
	{unloc.Vendor, envsecret.Variable{Name: "UNLOC_CREDENTIALS", Pairs: true}, "user:password, as in the URL that Unloc calls", verify.DefaultMaxBody, unloc.Decode},
	{relock.Vendor, envsecret.Variable{Name: "RELOCK_SECRETS"}, "webhook secrets", verify.DefaultMaxBody, relock.Decode},
	{loginradius.Vendor, envsecret.Variable{Name: "LOGINRADIUS_SECRETS"}, "API secrets", loginradius.DefaultMaxBody, loginradius.Decode},
}

// Other variables.
var (
	// AdminVariable holds the users and passwords for the admin paths.
	AdminVariable = envsecret.Variable{Name: "ADMIN_CREDENTIALS", Pairs: true}
	// rawKeysVariable holds the keys that seal the bodies of stored events.
	rawKeysVariable = envsecret.Variable{Name: "RAW_KEYS", KeySize: 32}
)

// natsVariable is the path of a file with the JWT and the seed of a NATS user.
const natsVariable = "NATS_CREDS_FILE"

// secretVariables returns the names of all variables with secrets.
func secretVariables() (names []string) {
	for _, v := range Vendors {
		names = append(names, v.Variable.Name, v.Variable.Name+"_FILE")
	}
	for _, v := range []envsecret.Variable{AdminVariable, rawKeysVariable} {
		names = append(names, v.Name, v.Name+"_FILE")
	}
	return append(names, natsVariable)
}

// read returns the values of a variable, and notes what looks wrong with them.
func (s *Settings) read(v envsecret.Variable) (envsecret.Values, error) {
	values, err := v.Read()
	s.warn(values.Warnings...)
	return values, err
}

func (s *Settings) warn(messages ...string) {
	for _, m := range messages {
		if m != "" {
			s.Warnings = append(s.Warnings, m)
		}
	}
}

// Secrets are what the variables of vendors and of the admin paths hold.
type Secrets struct {
	Vendors map[string]envsecret.Values // by name; those without a value are missing
	Admin   envsecret.Values
}

// readSecrets reads all secrets. It does not judge those of a vendor: its constructors do.
func (s *Settings) readSecrets(map[string]bool) error {
	s.Secrets.Vendors = make(map[string]envsecret.Values)
	for _, v := range Vendors {
		values, err := s.read(v.Variable)
		if err != nil {
			return err
		}
		if values.Source != "" {
			s.Secrets.Vendors[v.Name] = values
		}
	}
	if len(s.Secrets.Vendors) == 0 && !s.Demo {
		return fmt.Errorf("no vendor is configured\n\n%s\nOr try it with -demo", environmentHelp())
	}
	var err error
	if s.Secrets.Admin, err = s.read(AdminVariable); err != nil {
		return err
	}
	if a := s.AdminResolved; a != nil && !a.IP.IsLoopback() && s.Secrets.Admin.Source == "" {
		return fmt.Errorf("-admin-addr: %q is not a loopback address: others could read the admin paths without a password; "+
			"set %s to user:password, or use 127.0.0.1", s.AdminAddr, AdminVariable.Name)
	}
	s.warn(envsecret.FileWarning("-tls-key", s.TLSKey))
	s.warn(Hints(os.Environ())...)
	return nil
}

// minShardMessages is how many messages of the largest size must fit into a shard.
const minShardMessages = 4

// configureStore completes the settings of the store, with its secrets.
func (s *Settings) configureStore(given map[string]bool) error {
	if !s.Store.Used() {
		return nil
	}
	largest := s.largestBody(func(v Vendor) bool { return s.Demo || s.Secrets.Vendors[v.Name].Source != "" })
	if s.Store.Dir != "" { // it may also have events of vendors that are no longer served
		largest = max(largest, durable.DefaultMaxBody)
	}
	if path, ok := os.LookupEnv(natsVariable); ok && s.Store.NATS != "" {
		if _, err := readRegular(path); err != nil {
			return fmt.Errorf("%s: %w", natsVariable, err)
		}
		s.Store.NATSCredentials = path
		s.warn(envsecret.FileWarning(natsVariable, path))
	}
	keys, err := s.read(rawKeysVariable)
	if err != nil {
		return err
	}
	payloads := make(cloudevent.Payloads) // also of vendors that are not served now
	for _, v := range Vendors {
		payloads[v.Name] = v.decode
	}
	c := &s.Store.Config
	*c = durable.Config{
		Payloads: payloads,
		Order:    map[string]durable.Order{"user": durable.OrderByUser, "lock": durable.OrderByLock}[s.Store.order],
		MaxBody:  largest,
		KeepRaw:  keys.Source != "",
		RawKeys:  keys.Secrets,
	}
	message, err := c.MaxMessage()
	if err != nil {
		return err
	}
	if least := durable.DefaultShards * minShardMessages * message; s.Store.maxBytes < least {
		return fmt.Errorf("-data-max-bytes is less than %d: each of the %d shards needs room for the largest events", least, durable.DefaultShards)
	}
	s.Store.Consumer.Timeout = s.HandlerTimeout
	// Without its flag, a setting of an existing store does not change.
	if given["replicas"] {
		c.Replicas = s.Store.replicas
	}
	if given["dedupe"] {
		c.DedupeWindow = s.Dedupe
	}
	if given["data-max-bytes"] {
		c.MaxBytes = s.Store.maxBytes
	}
	if given["retries"] { // the default of the flag is for the queue
		s.Store.Consumer.MaxAttempts = s.Attempts
	}
	return nil
}

// largestBody returns the largest body in bytes that vendors which count may send.
func (s *Settings) largestBody(counts func(Vendor) bool) int64 {
	largest := s.Endpoint.MaxBody
	for _, v := range Vendors {
		if s.Endpoint.MaxBody == 0 && counts(v) {
			largest = max(largest, v.MaxBody)
		}
	}
	return largest
}
