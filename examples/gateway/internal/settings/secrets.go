package settings

import (
	"errors"
	"fmt"
	"os"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

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
	for _, v := range vendors.All {
		names = append(names, v.Variable.Name, v.Variable.Name+"_FILE")
	}
	ofSinks, _ := sinkVariables()
	for _, v := range append(ofSinks, AdminVariable, rawKeysVariable) {
		names = append(names, v.Name, v.Name+"_FILE")
	}
	return append(names, natsVariable)
}

// read returns the values of a variable, and notes what looks wrong with them.
func (s *Settings) read(v envsecret.Variable) (envsecret.Values, error) {
	values, err := v.Read()
	s.Warnings = append(s.Warnings, values.Warnings...)
	return values, err
}

// checkMode notes that others can read a file with secrets.
func (s *Settings) checkMode(name, path string) {
	if warning := envsecret.FileWarning(name, path); warning != "" {
		s.Warnings = append(s.Warnings, warning)
	}
}

// Secrets are what the variables of vendors and of the admin paths hold.
type Secrets struct {
	Vendors map[string]envsecret.Values // by name; those without a value are missing
	Admin   envsecret.Values
}

// readSecrets reads the secrets of vendors and of the admin paths. It does not judge them:
// their constructors do.
func (s *Settings) readSecrets(map[string]bool) (err error) {
	s.Secrets.Vendors = make(map[string]envsecret.Values)
	for _, v := range vendors.All {
		values, err := s.read(v.Variable)
		if err != nil {
			return err
		}
		if values.Source != "" {
			s.Secrets.Vendors[v.Name] = values
		}
	}
	if len(s.Secrets.Vendors) == 0 && !s.Demo && !s.CheckStore && !s.TestSinks && s.ForgetSink == "" {
		return fmt.Errorf("no vendor is configured\n\n%s\nOr try it with -demo", environmentHelp())
	}
	s.Secrets.Admin, err = s.read(AdminVariable)
	s.checkMode("-tls-key", s.TLSKey)
	s.Warnings = append(s.Warnings, Hints(os.Environ())...)
	return err
}

// configureStore completes the settings of the store, with its secrets.
func (s *Settings) configureStore(given map[string]bool) error {
	if !s.Store.Used() {
		return nil
	}
	largest := s.largestBody()
	if s.Store.Dir != "" { // it may also have events of vendors that are no longer served
		largest = max(largest, durable.DefaultMaxBody)
	}
	if path, ok := os.LookupEnv(natsVariable); ok && s.Store.NATS != "" {
		if _, err := os.ReadFile(path); err != nil { // without the path, which may be what should be in the file
			return fmt.Errorf("%s: cannot read the file: %w", natsVariable, errors.Unwrap(err))
		}
		s.Store.NATSCredentials = path
		s.checkMode(natsVariable, path)
	}
	s.checkMode("-nats-key", s.Store.NATSKey)
	keys, err := s.read(rawKeysVariable)
	if err != nil {
		return err
	}
	payloads := make(cloudevent.Payloads) // also of vendors that are not served now
	for _, v := range vendors.All {
		payloads[v.Name] = v.Decode
	}
	c := &s.Store.Config
	*c = durable.Config{
		Payloads: payloads,
		Order:    map[string]durable.Order{"user": durable.OrderByUser, "lock": durable.OrderByLock}[s.Store.order],
		MaxBody:  largest,
		KeepRaw:  keys.Source != "",
		RawKeys:  keys.Secrets,
		MarkFile: s.Store.markFile,
	}
	c.RequireSync = s.Store.requireSync
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
	_, err = c.MaxMessage() // validates c
	return err
}

// largestBody returns the largest body in bytes that vendors which are served may send.
func (s *Settings) largestBody() int64 {
	largest := s.Endpoint.MaxBody
	for _, v := range vendors.All {
		if s.Endpoint.MaxBody == 0 && (s.Demo || s.Secrets.Vendors[v.Name].Source != "") {
			largest = max(largest, v.MaxBody)
		}
	}
	return largest
}
