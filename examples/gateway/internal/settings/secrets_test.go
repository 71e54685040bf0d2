package settings

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/verify"
)

func TestSecrets(t *testing.T) {
	clean(t, "RELOCK_SECRETS=canary-a,canary-b", "UNLOC_CREDENTIALS_FILE="+writeFile(t, "gate:canary:c\n"), "ADMIN_CREDENTIALS=ops:'canary-0123456789abc'")
	s := parse(t, "-admin-addr", "0.0.0.0:0")
	assert.Len(t, s.Secrets.Vendors, 2)
	if diff := cmp.Diff(event.Secrets("canary-a", "canary-b"), s.Secrets.Vendors["relock"].Secrets); diff != "" {
		t.Errorf("Relock (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]verify.Credential{verify.NewCredential("gate", "canary:c")}, s.Secrets.Vendors["unloc"].Credentials); diff != "" {
		t.Errorf("Unloc (-want +got):\n%s", diff)
	}
	assert.Equal(t, "UNLOC_CREDENTIALS_FILE", s.Secrets.Vendors["unloc"].Source)
	assert.Len(t, s.Secrets.Admin.Credentials, 1)
	assert.Equal(t, []string{
		"UNLOC_CREDENTIALS_FILE: the password of entry 1 has fewer than 16 bytes and can be guessed",
		"ADMIN_CREDENTIALS: entry 1 begins or ends with a quotation mark, which counts as part of it",
	}, s.Warnings)
}

func TestSecretsRefused(t *testing.T) {
	key := strings.Repeat("a", 64)
	missing := filepath.Join(t.TempDir(), "canary")
	for name, test := range map[string]struct {
		env  string
		args string
		says []string
	}{
		"nothing configured": {"", "", []string{
			"no vendor is configured", "USERLOCK_IDS", "UNLOC_CREDENTIALS", "RELOCK_SECRETS", "LOGINRADIUS_SECRETS", "ADMIN_CREDENTIALS", "_FILE", "-demo",
		}},
		"each vendor, USERLOCK":    {"USERLOCK_IDS=", "-demo", []string{"USERLOCK_IDS: entry 1 is empty"}},
		"each vendor, UNLOC":       {"UNLOC_CREDENTIALS=canary", "", []string{"UNLOC_CREDENTIALS: entry 1 has no colon between user and password"}},
		"each vendor, RELOCK":      {"RELOCK_SECRETS=canary,", "", []string{"RELOCK_SECRETS: entry 2 is empty"}},
		"each vendor, LOGINRADIUS": {"LOGINRADIUS_SECRETS=canary,,canary", "", []string{"LOGINRADIUS_SECRETS: entry 2 is empty"}},
		"comment":                  {"RELOCK_SECRETS_FILE=" + writeFile(t, "# canary\n"), "", []string{"RELOCK_SECRETS_FILE: entry 1 begins with #"}},
		"both":                     {"ADMIN_CREDENTIALS=ops:canary ADMIN_CREDENTIALS_FILE=" + missing, "-demo", []string{"ADMIN_CREDENTIALS and ADMIN_CREDENTIALS_FILE are both set"}},
		"no such file":             {"RELOCK_SECRETS_FILE=" + missing, "", []string{"RELOCK_SECRETS_FILE: cannot read the file"}},
		"admin, no colon":          {"ADMIN_CREDENTIALS=canary", "-demo", []string{"ADMIN_CREDENTIALS: entry 1 has no colon"}},
		"no admin password":        {"ADMIN_CREDENTIALS=", "-demo -admin-addr :0", []string{"ADMIN_CREDENTIALS: entry 1 is empty"}},
		"keys, no store":           {"RAW_KEYS=canary", "-demo", []string{"RAW_KEYS has no effect without -data or -nats"}},
		"file, no store":           {"RAW_KEYS_FILE=" + missing, "-demo", []string{"RAW_KEYS_FILE has no effect without -data or -nats"}},
		"user, no servers":         {"NATS_CREDS_FILE=" + missing, "-demo -data x", []string{"NATS_CREDS_FILE has no effect without -nats"}},
		"no NATS credentials":      {"NATS_CREDS_FILE=" + missing, "-demo -nats nats://localhost", []string{"NATS_CREDS_FILE: cannot read the file"}},
		"short key":                {"RAW_KEYS=" + key + ",canary", "-demo -data x", []string{"RAW_KEYS: entry 2 is not 32 bytes in hex or base64"}},
		"empty key":                {"RAW_KEYS=", "-demo -data x", []string{"RAW_KEYS: entry 1 is empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t, strings.Fields(test.env)...)
			_, err := Parse(strings.Fields(test.args))
			require.Error(t, err)
			for _, text := range test.says {
				assert.Contains(t, err.Error(), text)
			}
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestSecretsOfTheStore(t *testing.T) {
	a, b := []byte(strings.Repeat("a", 32)), []byte(strings.Repeat("b", 32))
	file := writeFile(t, "-----BEGIN NATS USER JWT-----\n\ncanary\n")
	clean(t, "NATS_CREDS_FILE="+file, "RAW_KEYS="+hex.EncodeToString(a)+","+base64.StdEncoding.EncodeToString(b))
	s := parse(t, "-demo", "-nats", "nats://localhost")
	assert.Equal(t, file, s.Store.NATSCredentials)
	assert.True(t, s.Store.Config.KeepRaw)
	if diff := cmp.Diff([]event.Secret{event.NewSecretBytes(a), event.NewSecretBytes(b)}, s.Store.Config.RawKeys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	assert.Empty(t, s.Warnings)
}

// Private keys are secrets too.
func TestFilesThatOthersCanRead(t *testing.T) {
	file := writeFile(t, "canary")
	require.NoError(t, os.Chmod(file, 0o644))
	clean(t, "NATS_CREDS_FILE="+file, "RELOCK_SECRETS_FILE="+file)
	const text = ": others on this machine can read or change the file, its mode is 0644"
	assert.Equal(t, []string{"RELOCK_SECRETS_FILE" + text, "-tls-key" + text, "NATS_CREDS_FILE" + text},
		parse(t, "-nats", "nats://localhost", "-tls-cert", "x", "-tls-key", file).Warnings)
}

func TestHints(t *testing.T) {
	for environ, want := range map[string]string{
		"UNLOC_CREDENTIAL":       "UNLOC_CREDENTIALS",
		"UNLOC_CREDENTAILS":      "UNLOC_CREDENTIALS",
		"USERLOCK_ID":            "USERLOCK_IDS",
		"USER_LOCK_IDS":          "USERLOCK_IDS",
		"RELOCK_SECRET_FILE":     "RELOCK_SECRETS_FILE",
		"relock_secrets":         "RELOCK_SECRETS",
		"ADMIN_CREDENTIAL":       "ADMIN_CREDENTIALS",
		"RAW_KEY":                "RAW_KEYS",
		"GATEWAY_MAX_BODYY":      "GATEWAY_MAX_BODY",
		"GATEWAY_ALLOWFROM":      "GATEWAY_ALLOW_FROM",
		"GATEWAY_MAX_CONNECTION": "GATEWAY_MAX_CONNECTIONS",
		"gateway_addr":           "GATEWAY_ADDR",
		"GATEWAY_ADMINADRR":      "GATEWAY_ADMIN_ADDR",
	} {
		if want != "" {
			want = environ + " is not read: did you mean " + want + "?"
		}
		assert.Equal(t, want, strings.Join(Hints([]string{"PATH=canary", environ + "=canary"}), "\n"), environ)
	}
	for _, name := range []string{"GATEWAY_COLOUR", "GATEWAY_ADMINADRRR", "GATEWAY_RELOCK_SECRETS"} {
		assert.Equal(t, []string{name + " is not read: it is not the variable of a flag"}, Hints([]string{name + "=canary"}))
	}
	assert.Empty(t, Hints([]string{
		"RELOCK_SECRETS=canary", "UNLOC_CREDENTIALS_FILE=canary", "GATEWAY_MAX_BODY=1", "NATS_CREDS_FILE=x",
		"RELOCK_API_TOKEN=canary", "UNLOC_API_TOKEN=canary", "RELOCK_URL=canary", "NATS_URL=canary", "ADMIN_EMAIL=canary",
		"GATEWAY_PORT=tcp://10.0.0.1:80", "GATEWAY_SERVICE_HOST=10.0.0.1", "GATEWAY_SERVICE_PORT=80", "GATEWAY_SERVICE_PORT_HTTP=80",
		"GATEWAY_PORT_80_TCP_ADDR=10.0.0.1", "GATEWAY_PORT_80_TCP=x", "GATEWAY_ADMIN_SERVICE_HOST=x", "GATEWAY_ADMIN_PORT=x",
		"GATEWAY_INTERFACE=CGI/1.1", "PATH=canary", "HOME=canary", "=C:=canary", "",
	}))
}

// Hints are among the warnings.
func TestHintsOfTheProcess(t *testing.T) {
	clean(t, "UNLOC_CREDENTIAL=canary")
	assert.Contains(t, parse(t, "-demo").Warnings, "UNLOC_CREDENTIAL is not read: did you mean UNLOC_CREDENTIALS?")
}

func TestParseDead(t *testing.T) {
	clean(t, "ADMIN_CREDENTIALS=ops:canary", "GATEWAY_DATA=canary")
	d, err := ParseDead(strings.Fields("retry -admin https://gateway.example -timeout 2s 7 8"))
	require.NoError(t, err)
	assert.Equal(t, "retry", d.Verb)
	assert.Equal(t, []uint64{7, 8}, d.Numbers)
	assert.Equal(t, "https://gateway.example", d.Admin.String())
	assert.Equal(t, 2*time.Second, d.Timeout)
	assert.Equal(t, "ops", d.Account.Credentials[0].User)
	assert.False(t, d.Store.Used())

	d, err = ParseDead([]string{"list"})
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:8080", d.Admin.String())

	t.Setenv("RAW_KEYS", strings.Repeat("a", 64))
	t.Setenv("NATS_CREDS_FILE", "of the gateway")
	d, err = ParseDead([]string{"list", "-data", "x"})
	require.NoError(t, err)
	assert.Equal(t, "x", d.Store.Dir)
	assert.Len(t, d.Store.Config.RawKeys, 1)
	assert.Equal(t, 10*time.Second, d.Store.Consumer.Timeout)
}

func TestParseDeadFilter(t *testing.T) {
	clean(t)
	zone := time.Local
	time.Local = time.FixedZone("", 3600)
	t.Cleanup(func() { time.Local = zone })
	d, err := ParseDead(append(strings.Fields("drop -vendor relock -type session.* -consumer siem -since 2026-03-01 -until 2026-03-02T01:00:00Z -dry-run -error"), "no route"))
	require.NoError(t, err)
	assert.True(t, d.Many() && d.DryRun)
	want := durable.DeadFilter{
		Filter: durable.Filter{Vendor: "relock", Type: "session.*"}, Consumer: "siem", Error: "no route",
		Since: time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC), Until: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, d.Filter); diff != "" {
		t.Error(diff)
	}

	before := time.Now().Add(-90 * time.Minute)
	d, err = ParseDead(strings.Fields("retry -since 1h30m"))
	require.NoError(t, err)
	assert.False(t, d.Filter.Since.Before(before) || d.Filter.Since.After(time.Now().Add(-90*time.Minute)))

	d, err = ParseDead(strings.Fields("retry -all"))
	require.NoError(t, err)
	assert.True(t, d.Many())
	assert.Zero(t, d.Filter)
	d, err = ParseDead(strings.Fields("list -vendor relock"))
	require.NoError(t, err)
	assert.False(t, d.Many())
}

func TestParseDeadRefused(t *testing.T) {
	clean(t)
	for args, says := range map[string]string{
		"":                                "say list, show, retry or drop first",
		"-data x":                         "say list, show, retry or drop first",
		"delete 1":                        "say list, show, retry or drop first",
		"list 1":                          "list takes no numbers",
		"show":                            "show needs the number of a dead letter, or several",
		"drop one":                        `"one" is not a number`,
		"retry":                           "retry needs the number of a dead letter, or several, or a flag that selects dead letters, or -all",
		"drop -dry-run":                   "drop needs the number",
		"drop -all 7":                     "a number, and a flag that selects dead letters, exclude each other",
		"show -vendor relock 7":           "a number, and a flag that selects dead letters, exclude each other",
		"drop -dry-run 7":                 "a number, and a flag that selects dead letters, exclude each other",
		"drop -all -vendor relock":        "-all, and a flag that selects dead letters, exclude each other",
		"list -dry-run":                   "-dry-run is for retry and drop",
		"drop -vendor *":                  "no dead letter has the vendor, the type or the consumer",
		"drop -type a..b":                 "no dead letter has the vendor, the type or the consumer",
		"drop -vendor=":                   "-vendor is empty",
		"drop -error=":                    "-error is empty",
		"drop -since yesterday":           "not a time such as 2026-03-01T14:00:00Z",
		"drop -since -1h":                 "not a time such as",
		"drop -since 1h -until 2h":        "-since is not before -until",
		"drop 1 -admin http://x":          `"-admin" is not a number; flags go before the numbers`,
		"drop -1":                         "flag provided but not defined: -1",
		"list -admin http://x -data x":    "-admin and -data exclude each other",
		"list -timeout 0s":                "-timeout is not between 1ms and 1h0m0s",
		"list -data=":                     "-data is empty",
		"list -admin gateway:8080":        "-admin is not http://host:port or https://host:port",
		"list -admin http://ops:canary@x": "-admin has a user or password, which others on the machine can see: set ADMIN_CREDENTIALS",
	} {
		_, err := ParseDead(strings.Fields(args))
		require.ErrorContains(t, err, says, args)
		assert.NotContains(t, err.Error(), "canary")
	}
}
