package store_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/jwt/v2"
	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"

	"github.com/accesshook/accesshook/examples/gateway/internal/admin"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// A natsServer is a server outside the gateway, with a user, a password and a port.
type natsServer struct {
	*natsd.Server
	t       *testing.T
	options natsd.Options
}

const natsPassword = "canary-nats"

func startNATS(t *testing.T, configure func(*natsd.Options)) *natsServer {
	t.Helper()
	s := &natsServer{t: t, options: natsd.Options{
		Host: "127.0.0.1", Port: natsd.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: t.TempDir(), Username: "ops", Password: natsPassword,
	}}
	if configure != nil {
		configure(&s.options)
	}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *natsServer) start() {
	s.t.Helper()
	options := s.options
	var err error
	s.Server, err = natsd.NewServer(&options)
	require.NoError(s.t, err)
	s.Start()
	require.True(s.t, s.ReadyForConnections(gatewaytest.Patience))
	s.options.Port = options.Port // so that it comes back at the same place
}

func (s *natsServer) stop() {
	s.Shutdown()
	s.WaitForShutdown()
}

// url has the user and the password, which the gateway must not log.
func (s *natsServer) url() string {
	return strings.Replace(s.ClientURL(), "://", "://ops:"+natsPassword+"@", 1)
}

func TestNATS(t *testing.T) {
	s := startNATS(t, nil)
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-nats", s.url())
	p.End("a", "b", "a")
	assert.ElementsMatch(t, []string{"a", "b"}, printedSessions(p, 2))
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_store_events`: 2, `accesshook_store_pending{consumer="default"}`: 0,
	})
	p.Stop()

	// Another gateway continues where the first one stopped.
	other := gatewaytest.Start(t, gatewaytest.WithRelock, "-nats", s.url())
	other.End("a", "c")
	assert.Equal(t, []string{"c"}, printedSessions(other, 1))
}

// Without its servers the gateway answers 503, and continues when they are back.
func TestNATSServerGoesAway(t *testing.T) {
	s := startNATS(t, nil)
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-nats", s.url())
	p.End("a")
	printedSessions(p, 1)
	addr := s.Addr().String()
	s.stop()
	p.Eventually("it is not said", func() bool {
		return strings.Contains(p.Stderr.String(), "the NATS server is gone: events are answered 503 until there is one\" server="+addr)
	})
	assert.Equal(t, 503, p.From("canary-relock-secret", "alert", "", ""))
	requireNotReady(p)
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_store_up`: 0})
	series, _ := p.Metrics(p.URL)
	assert.Contains(t, series, `accesshook_store_up`)
	assert.NotContains(t, series, `accesshook_store_events`)
	status, details := p.Health(p.URL)
	assert.Equal(t, 200, status, "it is alive")
	assert.Equal(t, new(admin.Store), details.Store)
	assert.Equal(t, "the store cannot take an event: durable: no answer from the store: not connected", details.Reason)

	s.start()
	p.Eventually("it does not come back", func() bool { return strings.Contains(p.Stderr.String(), "connected to a NATS server again") })
	p.End("b")
	assert.Equal(t, []string{"a", "b"}, printedSessions(p, 2))
	p.Eventually("it is not ready again", func() bool { return readiness(p) == 200 && strings.Contains(p.Stderr.String(), `msg="ready again"`) })
}

func readiness(p *gatewaytest.Process) int {
	status, _ := p.Send(gatewaytest.Get(p.T, p.URL+"/readyz"))
	return status
}

func requireNotReady(p *gatewaytest.Process) {
	p.T.Helper()
	p.Eventually("it is ready", func() bool {
		return readiness(p) == 503 && strings.Contains(p.Stderr.String(), `level=WARN msg="not ready: /readyz answers 503" reason="the store cannot take an event`)
	})
}

// A server that hangs keeps its connections. The metrics say at once that the store is
// down.
func TestNATSServerHangs(t *testing.T) {
	t.Parallel() // it takes some seconds
	s := startNATS(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	var hangs sync.RWMutex // held for writing while it does
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				from.Close()
				continue
			}
			for _, c := range [][2]net.Conn{{from, to}, {to, from}} {
				go func() {
					defer c[0].Close()
					defer c[1].Close()
					b := make([]byte, 1<<16)
					for {
						n, err := c[0].Read(b)
						if err != nil {
							return
						}
						hangs.RLock()
						_, err = c[1].Write(b[:n])
						hangs.RUnlock()
						if err != nil {
							return
						}
					}
				}()
			}
		}
	}()
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-nats", strings.Replace(s.url(), s.Addr().String(), l.Addr().String(), 1))
	p.End("a")
	printedSessions(p, 1)
	assert.Equal(t, 200, readiness(p))
	hangs.Lock()
	requireNotReady(p)
	status, details := p.Health(p.URL)
	assert.Equal(t, 200, status, "it is alive")
	assert.Contains(t, details.Reason, "no answer from the store")
	assert.Equal(t, 503, p.From("canary-relock-secret", "alert", "", ""))
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_store_up`: 0})
	hangs.Unlock()
	p.Eventually("it is not ready again", func() bool { return readiness(p) == 200 })
	p.End("b")
	assert.Equal(t, []string{"a", "b"}, printedSessions(p, 2))
}

// A gateway that can no longer handle events must not accept them silently.
func TestNATSConsumerIsDeleted(t *testing.T) {
	s := startNATS(t, nil)
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-nats", s.url())
	p.Start()
	t.Cleanup(func() { p.Kill() })
	p.End("a")
	printedSessions(p, 1)
	nc, err := nats.Connect(s.url())
	require.NoError(t, err)
	defer nc.Close()
	store, err := durable.Connect(t.Context(), nc, durable.Config{Payloads: gatewaytest.Payloads, MaxBody: 1000})
	require.NoError(t, err)
	require.NoError(t, store.DeleteConsumer(t.Context(), durable.DefaultConsumerName))
	assert.Equal(t, 1, p.Wait())
	assert.Contains(t, p.Stderr.String(), `level=ERROR msg=failed error="store: stored events are not handled any more: durable: the consumer was deleted"`)
}

func TestNATSReplicas(t *testing.T) {
	s := startNATS(t, nil)
	status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-nats", s.url(), "-replicas", "3")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "replicas > 1 not supported in non-clustered mode")
	gatewaytest.RequireNoSecret(t, stderr)
}

func TestNATSIsNotFit(t *testing.T) {
	for name, test := range map[string]struct {
		configure func(*natsd.Options)
		url       func(string) string
		says      string
	}{
		"small messages": {func(o *natsd.Options) { o.MaxPayload = 10_000 }, nil, "raise its max_payload"},
		"no JetStream":   {func(o *natsd.Options) { o.JetStream = false }, nil, "JetStream is not enabled"},
		"wrong password": {nil, func(url string) string { return strings.Replace(url, natsPassword, "canary-wrong", 1) }, "Authorization Violation"},
	} {
		t.Run(name, func(t *testing.T) {
			url := startNATS(t, test.configure).url()
			if test.url != nil {
				url = test.url(url)
			}
			status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-nats", url)
			assert.Equal(t, 1, status)
			assert.Contains(t, stderr, `level=ERROR msg=failed error="cannot open the store: `)
			assert.Contains(t, stderr, test.says)
			gatewaytest.RequireNoSecret(t, stderr)
		})
	}
}

// The server requires a JWT, which the file of credentials has.
func TestNATSCredentialsFile(t *testing.T) {
	pair := func(key nkeys.KeyPair, err error) (nkeys.KeyPair, string) {
		require.NoError(t, err)
		public, err := key.PublicKey()
		require.NoError(t, err)
		return key, public
	}
	encoded := func(text string, err error) string {
		require.NoError(t, err)
		return text
	}
	operator, operatorKey := pair(nkeys.CreateOperator())
	_, systemKey := pair(nkeys.CreateAccount())
	account, accountKey := pair(nkeys.CreateAccount())
	user, userKey := pair(nkeys.CreateUser())

	claims := jwt.NewAccountClaims(accountKey)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	resolver := new(natsd.MemAccResolver)
	require.NoError(t, resolver.Store(accountKey, encoded(claims.Encode(operator))))
	require.NoError(t, resolver.Store(systemKey, encoded(jwt.NewAccountClaims(systemKey).Encode(operator))))
	s := startNATS(t, func(o *natsd.Options) {
		o.Username, o.Password = "", ""
		o.TrustedKeys, o.AccountResolver, o.SystemAccount = []string{operatorKey}, resolver, systemKey
	})

	seed, err := user.Seed()
	require.NoError(t, err)
	text, err := jwt.FormatUserConfig(encoded(jwt.NewUserClaims(userKey).Encode(account)), seed)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "user.creds")
	require.NoError(t, os.WriteFile(file, text, 0o600))

	p := gatewaytest.Start(t, append([]string{"NATS_CREDS_FILE=" + file}, gatewaytest.WithRelock...), "-nats", s.ClientURL())
	p.End("a")
	assert.Equal(t, []string{"a"}, printedSessions(p, 1))
	p.Stop()
	assert.NotContains(t, p.Stderr.String(), string(seed))

	status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-nats", s.ClientURL())
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "Authorization Violation")
}

// What a sink left behind can be deleted on servers with the default size of messages, by
// whoever does not know the gateway's vendors. Nothing is created.
func TestSinkIsForgottenOnServers(t *testing.T) {
	server := startNATS(t, nil)
	forget := func() (int, string) {
		status, _, stderr := gatewaytest.RunToEnd(t, nil, "-forget-sink", "hec", "-nats", server.url())
		return status, stderr
	}
	for range 2 { // had the first one created a store, the second one would find it
		status, stderr := forget()
		assert.Equal(t, 1, status)
		assert.Contains(t, stderr, "there is no store")
	}
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-nats", server.url(), "-hec", "http://127.0.0.1:1")
	p.Stop()
	status, stderr := forget()
	assert.Zero(t, status, stderr)
}
