package settings

import (
	"bytes"
	"flag"
	"io/fs"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// Every secret of the tests contains the word canary.

// clean removes the variables of the gateway from the environment of a test, and sets
// those in variables, "NAME=value".
func clean(t *testing.T, variables ...string) {
	t.Helper()
	names := secretVariables()
	join(new(Settings).groups()).VisitAll(func(f *flag.Flag) { names = append(names, variable(f.Name)) })
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			t.Setenv(name, value) // so that it is restored
			require.NoError(t, os.Unsetenv(name))
		}
	}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func parse(t *testing.T, args ...string) *Settings {
	t.Helper()
	s, err := Parse(args)
	require.NoError(t, err)
	return s
}

func TestRefused(t *testing.T) {
	for name, test := range map[string]struct {
		args string
		says string
	}{
		"unknown flag":        {"-port 80", "flag provided but not defined: -port"},
		"bad flag value":      {"-demo=perhaps", `invalid boolean value "perhaps" for -demo: parse error`},
		"argument":            {"-demo now", "there are arguments after the flags"},
		"empty address":       {"-demo -addr=", "-addr is empty"},
		"empty admin address": {"-demo -admin-addr=", "-admin-addr is empty"},
		"empty certificate":   {"-demo -tls-cert= -tls-key=", "-tls-cert is empty"},
		"empty database":      {"-demo -geoip=", "-geoip is empty"},
		"empty format":        {"-demo -format=", "-format is empty"},
		"open admin address":  {"-demo -admin-addr 0.0.0.0:0", `-admin-addr: "0.0.0.0:0" is not a loopback address: others could read the admin paths without a password; set ADMIN_CREDENTIALS to user:password, or use 127.0.0.1`},
		"every admin address": {"-demo -admin-addr :0", `-admin-addr: ":0" is not a loopback address`},
		"no admin port":       {"-demo -admin-addr 127.0.0.1", "-admin-addr: address 127.0.0.1: missing port in address"},
		"certificate, no key": {"-tls-cert x", "-tls-cert and -tls-key need each other"},
		"key, no certificate": {"-tls-key x", "-tls-cert and -tls-key need each other"},
		"demo over HTTPS":     {"-demo -tls-cert x -tls-key x", "-demo sends over plain HTTP: omit -tls-cert and -tls-key"},
		"fast, no demo":       {"-demo-fast", "-demo-fast has no effect without -demo"},
		"no such format":      {"-demo -format xml", "-format is not text, cloudevents, ecs, ocsf, cef or asim"},
		"no such level":       {"-demo -log-level loud", "-log-level"},
		"no grace":            {"-demo -output-grace 0", "-output-grace is not between 1ms and 1h0m0s"},
		"negative delay":      {"-demo -stop-delay -1s", "-stop-delay is not between 0s and 1h0m0s"},
		"long delay":          {"-demo -stop-delay 61m", "-stop-delay is not between 0s and 1h0m0s"},

		"negative body":    {"-demo -max-body -1", "-max-body is not between 0 and 1073741824"},
		"large body":       {"-demo -max-body 1073741825", "-max-body is not between 0 and 1073741824"},
		"no body timeout":  {"-demo -body-timeout 0s", "-body-timeout is not between 1ms and 1h0m0s"},
		"no time":          {"-demo -handler-timeout 0s", "-handler-timeout is not between 1ms and 1h0m0s"},
		"too much time":    {"-demo -handler-timeout 61m", "-handler-timeout is not between 1ms and 1h0m0s"},
		"small header":     {"-demo -max-header 1023", "-max-header is not between 1024 and 1048576"},
		"large header":     {"-demo -max-header 1048577", "-max-header is not between 1024 and 1048576"},
		"no header time":   {"-demo -header-timeout 0s", "-header-timeout is not between 1ms and 1h0m0s"},
		"no answer time":   {"-demo -answer-timeout -1s", "-answer-timeout is not between 1ms and 1h0m0s"},
		"long answer time": {"-demo -answer-timeout 61m", "-answer-timeout is not between 1ms and 1h0m0s"},
		"no idle time":     {"-demo -idle-timeout 0", "-idle-timeout is not between 1ms and 1h0m0s"},
		"negative age":     {"-demo -max-age -1s", "-max-age is less than 0s"},
		"negative future":  {"-demo -max-future -1s", "-max-future is less than 0s"},
		"little memory":    {"-demo -max-unverified 1048575", "-max-unverified is less than 1048576, the largest body"},
		"negative memory":  {"-demo -max-unverified -1", "-max-unverified is less than 0"},

		"negative connections": {"-demo -max-connections -1", "-max-connections is less than 0"},
		"negative share":       {"-demo -max-connections-per-client -1", "-max-connections-per-client is less than 0"},
		"negative rate":        {"-demo -rate -1", "-rate is less than 0"},
		"no rate time":         {"-demo -rate-per 0s", "-rate-per is less than 1ms"},
		"no clients":           {"-demo -rate-clients 0", "-rate-clients is not between 1 and 1048576"},
		"many clients":         {"-demo -rate-clients 1048577", "-rate-clients is not between 1 and 1048576"},
		"time, no rate":        {"-demo -rate 0 -rate-per 1m", "-rate-per has no effect with -rate 0"},
		"every, no rate":       {"-demo -rate 0 -rate-every-request", "-rate-every-request has no effect with -rate 0"},
		"clients, no rate":     {"-demo -rate 0 -rate-clients 9", "-rate-clients has no effect with -rate 0"},

		"no proxies":        {"-demo -client-ip x-forwarded-for", "-client-ip needs -trust: anybody can send a header"},
		"no proxy header":   {"-demo -trust 10.0.0.0/8", "-trust has no effect without -client-ip"},
		"no header":         {"-demo -trust 10.0.0.0/8 -client-ip=", "-client-ip is empty"},
		"not a proxy":       {"-demo -trust 10.0.0.0/8,proxy -client-ip forwarded", `for flag -trust: "proxy" is neither an address nor a network`},
		"not a network":     {"-demo -allow-from 10.0.0.0/33", `for flag -allow-from: "10.0.0.0/33" is neither`},
		"mapped network":    {"-demo -allow-from ::ffff:10.0.0.0/104", "is neither"},
		"address with zone": {"-demo -allow-from fe80::1%eth0", "is neither"},
		"empty network":     {"-demo -allow-from-report 10.0.0.1,", `for flag -allow-from-report: "" is neither`},
		"no networks":       {"-demo -allow-from=", `for flag -allow-from: "" is neither`},

		"negative window": {"-demo -dedupe -1s", "-dedupe is less than 0s"},
		"window, no unit": {"-demo -dedupe 24", "for flag -dedupe: parse error"},
		"no entries":      {"-demo -dedupe-entries 0", "-dedupe-entries is not between 1 and 16777216"},
		"many entries":    {"-demo -dedupe-entries 16777217", "-dedupe-entries is not between 1 and 16777216"},
		"entries, off":    {"-demo -dedupe 0 -dedupe-entries 9", "-dedupe-entries has no effect with -dedupe 0"},
		"entries, store":  {"-demo -data x -dedupe-entries 9", "-dedupe-entries has no effect with -data or -nats: a store remembers all events"},

		"negative queue":    {"-demo -queue -1", "-queue is not between 0 and 1048576"},
		"endless queue":     {"-demo -queue 1048577", "-queue is not between 0 and 1048576"},
		"negative bytes":    {"-demo -queue 1 -queue-bytes -1", "-queue-bytes is less than 0"},
		"few bytes":         {"-demo -queue 1 -queue-bytes 1048575", "-queue-bytes is less than 1048576, the largest body"},
		"bytes of a body":   {"-demo -queue 1 -queue-bytes 999 -max-body 1000", "-queue-bytes is less than 1000, the largest body"},
		"no workers":        {"-demo -queue 1 -queue-workers 0", "-queue-workers is not between 1 and 1024"},
		"many workers":      {"-demo -queue 1 -queue-workers 1025", "-queue-workers is not between 1 and 1024"},
		"no such order":     {"-demo -queue 1 -queue-order time", "-queue-order is not user, lock or none"},
		"negative retries":  {"-demo -queue 1 -retries -1", "-retries is not between 0 and 100"},
		"many retries":      {"-demo -queue 1 -retries 101", "-retries is not between 0 and 100"},
		"bytes, no queue":   {"-demo -queue-bytes 9000000", "-queue-bytes has no effect without -queue"},
		"workers, no queue": {"-demo -queue-workers 8", "-queue-workers has no effect without -queue"},
		"order, no queue":   {"-demo -queue-order user", "-queue-order has no effect without -queue"},
		"retries, no queue": {"-demo -queue 0 -retries 4", "-retries has no effect without -queue, -data or -nats"},

		"two stores":        {"-demo -data x -nats nats://localhost", "-data and -nats exclude each other"},
		"store and queue":   {"-demo -data x -queue 1", "-queue holds events in memory, and -data and -nats store them: choose one"},
		"NATS and queue":    {"-demo -nats nats://localhost -queue 1", "-queue holds events in memory"},
		"empty directory":   {"-demo -data=", "-data is empty"},
		"empty NATS":        {"-demo -nats=", "-nats is empty"},
		"store forgets":     {"-demo -data x -dedupe 0", "-dedupe is less than 1s: a store always remembers events"},
		"small store":       {"-demo -data x -data-max-bytes 1000000", "-data-max-bytes is less than 134217728"},
		"bad order":         {"-demo -data x -order time", "-order is not user, lock or none"},
		"no store workers":  {"-demo -data x -workers 0", "-workers is not between 1 and 128"},
		"ordered workers":   {"-demo -data x -workers 2 -order lock", "-workers has no effect with -order: each shard handles one event after another"},
		"two replicas":      {"-demo -nats nats://localhost -replicas 2", "-replicas is not 1, 3 or 5"},
		"replicas, no NATS": {"-demo -data x -replicas 3", "-replicas has no effect without -nats"},
		"sync, no NATS":     {"-demo -data x -require-sync", "-require-sync has no effect without -nats"},
		"CA, no NATS":       {"-demo -data x -nats-ca x", "-nats-ca has no effect without -nats"},
		"cert, no NATS":     {"-demo -data x -nats-cert x -nats-key x", "-nats-cert has no effect without -nats"},
		"NATS cert, no key": {"-demo -nats nats://localhost -nats-cert x", "-nats-cert and -nats-key need each other"},
		"NATS key, no cert": {"-demo -nats nats://localhost -nats-key x", "-nats-cert and -nats-key need each other"},
		"size, no store":    {"-demo -data-max-bytes 1000000000", "-data-max-bytes has no effect without -data or -nats"},
		"order, no store":   {"-demo -queue 1 -order user", "-order has no effect without -data or -nats"},
		"workers, no store": {"-demo -workers 2", "-workers has no effect without -data or -nats"},
		"short max-delay":   {"-demo -data x -max-delay 1ms", "-max-delay is not between 1s and 84h0m0s"},
		"delay, no store":   {"-demo -max-delay 1h", "-max-delay has no effect without -data or -nats"},
		"not a NATS URL":    {"-demo -nats nats://localhost,http://ops:canary@localhost", "-nats: URL 2 is not nats://host:port or tls://host:port"},
		"broken NATS URL":   {"-demo -nats nats://ops:canary%zz@localhost", "-nats: URL 1 is not"},
		"no NATS host":      {"-demo -nats nats://:4222", "-nats: URL 1 is not"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t, "RELOCK_SECRETS=canary")
			_, err := Parse(strings.Fields(test.args))
			require.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestDefaults(t *testing.T) {
	clean(t, "RELOCK_SECRETS=canary")
	s := parse(t)
	assert.Equal(t, "127.0.0.1:8080", s.Addr)
	assert.Nil(t, s.AdminResolved)
	assert.Empty(t, s.Format, "by the terminal")
	assert.Equal(t, slog.LevelInfo, s.LogLevel)
	assert.Equal(t, 10*time.Second, s.OutputGrace)
	assert.Equal(t, 24*time.Hour, s.Dedupe)
	assert.Equal(t, 65536, s.DedupeEntries)
	assert.Zero(t, s.Queue.Depth)
	assert.False(t, s.Store.Used())
	assert.Empty(t, s.ClientHeader)
	assert.Empty(t, s.Warnings)
	s.Server.MaxConnections, s.Server.MaxConnectionsPerClient = 0, 0 // these depend on the machine
	assert.Equal(t, Server{
		MaxHeader: 8192, HeaderTimeout: 5 * time.Second, AnswerTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, StopDelay: 3 * time.Second,
	}, s.Server)
	assert.NotNil(t, s.Endpoint.ClientIP)
	s.Endpoint.ClientIP = nil
	assert.Equal(t, verify.Config{
		BodyTimeout: 10 * time.Second, HandlerTimeout: 10 * time.Second,
		RateLimit: verify.RateLimit{Requests: 100, Per: 15 * time.Minute, Clients: 8192},
	}, s.Endpoint)
}

// What depends on other flags.
func TestCompleted(t *testing.T) {
	clean(t)
	s := parse(t, "-demo", "-rate", "0", "-allow-from", "10.1.2.3/8,::1,192.0.2.1", "-allow-from-report", "192.0.2.0/24", "-admin-addr", "127.0.0.1:0", "-log-level", "debug")
	assert.Zero(t, s.Server.StopDelay)
	assert.Equal(t, verify.RateLimit{}, s.Endpoint.RateLimit)
	assert.Equal(t, []string{"10.0.0.0/8", "::1/128", "192.0.2.1/32"}, s.Endpoint.AllowFrom)
	assert.Equal(t, []string{"192.0.2.0/24"}, s.Endpoint.AllowFromReport)
	assert.True(t, s.AdminResolved.IP.IsLoopback())
	assert.Equal(t, slog.LevelDebug, s.LogLevel)
	assert.Equal(t, time.Second, parse(t, "-demo", "-stop-delay", "1s").Server.StopDelay)

	s = parse(t, "-demo", "-max-connections", "100")
	assert.Equal(t, 25, s.Server.MaxConnectionsPerClient)
	assert.Equal(t, 8, parse(t, "-demo", "-max-connections", "20").Server.MaxConnectionsPerClient)
	assert.Equal(t, 5, parse(t, "-demo", "-max-connections", "5").Server.MaxConnectionsPerClient)
	assert.Equal(t, 7, parse(t, "-demo", "-max-connections-per-client", "7").Server.MaxConnectionsPerClient)

	s = parse(t, "-demo", "-queue", "9", "-retries", "2", "-max-body", "100000000", "-queue-order", "lock")
	assert.Equal(t, 3, s.Attempts)
	assert.EqualValues(t, 400000000, s.Queue.MaxBytes)
	assert.Equal(t, 3*70*time.Second, s.Queue.HandlerTimeout)
	e := &event.Event{User: event.User{ID: "ada"}, Lock: event.Lock{ID: "door"}}
	assert.Equal(t, event.ByLock(e), s.Queue.Key(e))
	assert.Nil(t, parse(t, "-demo", "-queue", "9", "-queue-order", "none").Queue.Key)
	assert.EqualValues(t, 64<<20, parse(t, "-demo", "-queue", "9").Queue.MaxBytes)
}

func TestStore(t *testing.T) {
	clean(t, "RELOCK_SECRETS=canary")
	s := parse(t, "-data", "x")
	assert.True(t, s.Store.Used())
	assert.Equal(t, 10*time.Second, s.Store.Consumer.Timeout)
	assert.Equal(t, 10*time.Second, s.Endpoint.HandlerTimeout, "longer than the store waits")
	c := s.Store.Config
	assert.Len(t, c.Payloads, len(vendors.All))
	assert.EqualValues(t, durable.DefaultMaxBody, c.MaxBody, "of vendors that were served")
	c.Payloads = nil
	assert.Equal(t, durable.Config{MaxBody: durable.DefaultMaxBody}, c, "settings of an existing store stay")
	assert.Equal(t, durable.Consumer{Workers: 1, Timeout: 10 * time.Second, MaxDelay: durable.DefaultMaxDelay}, s.Store.Consumer)

	s = parse(t, "-nats", "nats://localhost,tls://localhost:4222", "-replicas", "3", "-dedupe", "24h", "-data-max-bytes", "1000000000",
		"-retries", "4", "-max-delay", "2h", "-order", "lock", "-handler-timeout", "1m")
	c = s.Store.Config
	c.Payloads = nil
	assert.Equal(t, durable.Config{
		Replicas: 3, DedupeWindow: 24 * time.Hour, MaxBytes: 1000000000, Order: durable.OrderByLock, MaxBody: verify.DefaultMaxBody,
	}, c)
	assert.Equal(t, durable.Consumer{Workers: 1, MaxAttempts: 5, Timeout: time.Minute, MaxDelay: 2 * time.Hour}, s.Store.Consumer)
	assert.Equal(t, 10*time.Second, s.Endpoint.HandlerTimeout)
	assert.EqualValues(t, 70000, parse(t, "-nats", "nats://localhost", "-max-body", "70000").Store.Config.MaxBody)
	assert.Equal(t, 7, parse(t, "-data", "x", "-workers", "7").Store.Consumer.Workers)
}

func TestTrustedProxies(t *testing.T) {
	clean(t)
	for _, name := range []string{"x-forwarded-for", "X-Forwarded-For", "forwarded", "X-Real-IP"} {
		s := parse(t, "-demo", "-client-ip", name, "-trust", "10.0.0.0/8,::1")
		assert.Equal(t, name, s.ClientHeader)
		assert.NotNil(t, s.Endpoint.ClientIP)
		for addr, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "::1": true, "11.0.0.1": false, "::2": false} {
			assert.Equal(t, want, s.Trusted(netip.MustParseAddr(addr)), addr)
		}
	}
	assert.False(t, parse(t, "-demo").Trusted(netip.MustParseAddr("127.0.0.1")))
}

func TestConnections(t *testing.T) {
	for descriptors, want := range map[uint64]int{2: 1, 100: 50, 200: 136, 1024: 960, 4160: 4096, 1 << 20: 4096, math.MaxUint64: 4096} {
		assert.Equal(t, want, connections(descriptors, false), descriptors)
	}
	assert.Equal(t, 912, connections(1024, true), "the admin address has some of its own")
	n := descriptors()
	assert.Positive(t, n)
	clean(t)
	assert.Equal(t, connections(n, false), parse(t, "-demo").Server.MaxConnections)
}

// A flag before its variable, and that before the file.
func TestOrderOfSources(t *testing.T) {
	config := writeFile(t, "# limits\n\nmax-body 1000\r\nmax-header 2000 # per request\n  rate 3000\ndemo\nallow-from 10.0.0.0/8\n")
	clean(t, "GATEWAY_MAX_BODY=100", "GATEWAY_MAX_HEADER=1500", "GATEWAY_QUEUE_ORDER=lock")
	s := parse(t, "-config", config, "-max-body", "10", "-queue", "1")
	assert.EqualValues(t, 10, s.Endpoint.MaxBody)
	assert.Equal(t, 1500, s.Server.MaxHeader)
	assert.Equal(t, 3000, s.Endpoint.RateLimit.Requests)
	assert.Equal(t, []string{"10.0.0.0/8"}, s.Endpoint.AllowFrom)
	assert.True(t, s.Demo)
	assert.Equal(t, "lock", s.Queue.order)

	t.Setenv("GATEWAY_CONFIG", config)
	t.Setenv("GATEWAY_QUEUE", "1")
	assert.Equal(t, 3000, parse(t).Endpoint.RateLimit.Requests)
	assert.False(t, func() bool { t.Setenv("RELOCK_SECRETS", "canary"); return parse(t, "-demo=false").Demo }())
}

// Flags are checked wherever they are set.
func TestRefusedFromOtherSources(t *testing.T) {
	for name, test := range map[string]struct {
		env    string
		config string
		says   string
	}{
		"variable":            {"GATEWAY_DEDUPE_ENTRIES=9 GATEWAY_DEDUPE=0", "demo", "-dedupe-entries has no effect with -dedupe 0"},
		"file":                {"", "demo\nrate 0\nrate-per 1m", "-rate-per has no effect with -rate 0"},
		"both":                {"GATEWAY_ORDER=user", "demo", "-order has no effect without -data or -nats"},
		"bad variable":        {"GATEWAY_MAX_BODY=canary", "demo", `error setting flag "max-body" from environment variable "GATEWAY_MAX_BODY": parse error`},
		"empty variable":      {"GATEWAY_ALLOW_FROM=", "demo", "GATEWAY_ALLOW_FROM is empty"},
		"version of others":   {"GATEWAY_VERSION=1", "demo", "GATEWAY_VERSION is set, but -version can only be an argument"},
		"check":               {"GATEWAY_CHECK=true", "demo", "GATEWAY_CHECK is set, but -check can only be an argument"},
		"bad value":           {"", "max-body canary", `-config: error setting flag "max-body" from config file: parse error`},
		"unknown":             {"", "demo\nmax-bodies 9", "-config: there is no flag -max-bodies"},
		"equals sign":         {"", "addr=canary", "-config: a line is not the name of a flag, a space and a value"},
		"tab":                 {"", "addr\tcanary", "-config: a line is not"},
		"secret":              {"", "RELOCK_SECRETS=canary", "-config: a line is not"},
		"file of secrets":     {"", "Xy7canary", "-config: a line is not"},
		"twice":               {"", "rate 1\nrate 1", "-config: -rate is set twice"},
		"no value":            {"", "data", "-config: -data has no value"},
		"another file":        {"", "config x", "-config: -config cannot be in the file"},
		"version in the file": {"", "version", "-config: -version cannot be in the file"},
		"long line":           {"", "demo\ndata " + strings.Repeat("x", maxConfig), "-config: the file has more than 32768 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t, strings.Fields(test.env)...)
			_, err := Parse([]string{"-config", writeFile(t, test.config)})
			require.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
	clean(t)
	_, err := Parse([]string{"-config", filepath.Join(t.TempDir(), "missing")})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Parse([]string{"-config", t.TempDir()})
	require.ErrorContains(t, err, "-config: ")
}

// The longest line that a file may have is read, and what is after it.
func TestLongestLine(t *testing.T) {
	clean(t)
	end := "\nrate 7\ndemo\n"
	line := "data " + strings.Repeat("x", maxConfig-len("data ")-len(end))
	s := parse(t, "-config", writeFile(t, line+end))
	assert.Equal(t, 7, s.Endpoint.RateLimit.Requests)
	assert.Len(t, s.Store.Dir, len(line)-len("data "))
}

func TestHelpAndVersion(t *testing.T) {
	clean(t, "GATEWAY_ADDR=")
	for _, arg := range []string{"-h", "-help", "--help"} {
		_, err := Parse([]string{arg})
		assert.Equal(t, flag.ErrHelp, err)
		_, err = ParseDead([]string{"list", arg})
		assert.Equal(t, flag.ErrHelp, err)
		_, err = ParseMove([]string{"move", arg})
		assert.Equal(t, flag.ErrHelp, err)
	}
	clean(t)
	require.NoError(t, os.Unsetenv("GATEWAY_ADDR"))
	assert.True(t, parse(t, "-version").Version, "without a vendor")
	assert.True(t, parse(t, "-demo", "-check").Check)
}

// The help text has each flag once, each variable, and fits a terminal.
func TestHelp(t *testing.T) {
	clean(t, "GATEWAY_NATS=nats://ops:canary@localhost")
	var b bytes.Buffer
	Help(&b)
	text := b.String()
	gateway, dead, ok := strings.Cut(text, "\n\nFlags of gateway dead:\n")
	assert.True(t, ok)
	assert.Contains(t, dead, "\n  -timeout duration\n")
	join(new(Settings).groups()).VisitAll(func(f *flag.Flag) {
		assert.Len(t, regexp.MustCompile(`(?m)^  -`+f.Name+`( |$)`).FindAllString(gateway, -1), 1, f.Name)
		assert.False(t, foreign.MatchString(variable(f.Name)), "Kubernetes sets %s", variable(f.Name))
	})
	for _, v := range secretVariables() {
		assert.Contains(t, text, strings.TrimSuffix(v, "_FILE"))
	}
	for _, g := range new(Settings).groups() {
		assert.Contains(t, text, "\n\n"+g.title+":\n  -")
	}
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
	}
	assert.NotContains(t, text, "canary")
	want := `
  -max-header bytes
      largest request header in bytes; up to 4096 more may be accepted (default
      8192)
`
	if !strings.Contains(text, want) {
		t.Errorf("flag (-want +got):\n%s", cmp.Diff(want, text))
	}
}

// What cannot be listened on is a mistake of the settings, also for -check.
func TestAddresses(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no port":      {[]string{"-addr", "127.0.0.1"}, "-addr: "},
		"no such port": {[]string{"-addr", "127.0.0.1:99999"}, "-addr: "},
		"admin":        {[]string{"-admin-addr", "127.0.0.1:99999"}, "-admin-addr: "},
		"the same":     {[]string{"-addr", "127.0.0.1:8080", "-admin-addr", "127.0.0.1:8080"}, "-addr and -admin-addr are the same"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			_, err := Parse(append(test.args, "-demo"))
			require.ErrorContains(t, err, test.want)
		})
	}
	clean(t)
	parse(t, "-demo", "-addr", "127.0.0.1:0", "-admin-addr", "127.0.0.1:0")
}
