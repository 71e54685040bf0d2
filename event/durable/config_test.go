package durable_test

import (
	"bytes"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

func TestConfigErrorsNameTheField(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{7}, 32)
	tests := map[string]struct {
		change func(*durable.Config)
		want   string
	}{
		"no payloads":           {func(c *durable.Config) { c.Payloads = nil }, "Config.Payloads"},
		"empty payloads":        {func(c *durable.Config) { c.Payloads = cloudevent.Payloads{} }, "Config.Payloads"},
		"capital in the name":   {func(c *durable.Config) { c.Name = "Shop" }, "Config.Name"},
		"dot in the name":       {func(c *durable.Config) { c.Name = "a.b" }, "Config.Name"},
		"star as name":          {func(c *durable.Config) { c.Name = "*" }, "Config.Name"},
		"line break in name":    {func(c *durable.Config) { c.Name = "a\n" }, "Config.Name"},
		"long name":             {func(c *durable.Config) { c.Name = strings.Repeat("a", 33) }, "Config.Name"},
		"negative shards":       {func(c *durable.Config) { c.Shards = -1 }, "Config.Shards"},
		"too many shards":       {func(c *durable.Config) { c.Shards = durable.MaxShards + 1 }, "Config.Shards"},
		"unknown order":         {func(c *durable.Config) { c.Order = "door" }, "Config.Order"},
		"negative replicas":     {func(c *durable.Config) { c.Replicas = -1 }, "Config.Replicas"},
		"two replicas":          {func(c *durable.Config) { c.Replicas = 2 }, "Config.Replicas"},
		"six replicas":          {func(c *durable.Config) { c.Replicas = 6 }, "Config.Replicas"},
		"negative body":         {func(c *durable.Config) { c.MaxBody = -1 }, "Config.MaxBody"},
		"body beyond a message": {func(c *durable.Config) { c.MaxBody = 256<<20 + 1; c.MaxBytes, c.MaxDeadBytes = 1<<40, 1<<40 }, "Config.MaxBody"},
		"body that overflows":   {func(c *durable.Config) { c.MaxBody = 1 << 61 }, "Config.MaxBody"},
		"largest body":          {func(c *durable.Config) { c.MaxBody = math.MaxInt64 }, "Config.MaxBody"},
		"negative bytes":        {func(c *durable.Config) { c.MaxBytes = -1 }, "Config.MaxBytes"},
		"bytes for no event":    {func(c *durable.Config) { c.MaxBytes = 1 << 20 }, "Config.MaxBytes"},
		"too many bytes":        {func(c *durable.Config) { c.MaxBytes = 1<<60 + 1 }, "Config.MaxBytes"},
		"too many dead bytes":   {func(c *durable.Config) { c.MaxDeadBytes = 1<<60 + 1 }, "Config.MaxDeadBytes"},
		"negative dead bytes":   {func(c *durable.Config) { c.MaxDeadBytes = -1 }, "Config.MaxDeadBytes"},
		"no room for one dead":  {func(c *durable.Config) { c.MaxDeadBytes = 1 << 20 }, "Config.MaxDeadBytes"},
		"negative window":       {func(c *durable.Config) { c.DedupeWindow = -1 }, "Config.DedupeWindow"},
		"window below 100 ms":   {func(c *durable.Config) { c.DedupeWindow = 99 * time.Millisecond }, "Config.DedupeWindow"},
		"negative retention":    {func(c *durable.Config) { c.Retention = -1 }, "Config.Retention"},
		"negative in flight":    {func(c *durable.Config) { c.MaxInFlight = -1 }, "Config.MaxInFlight"},
		"negative timeout":      {func(c *durable.Config) { c.PublishTimeout = -1 }, "Config.PublishTimeout"},
		"raw without key":       {func(c *durable.Config) { c.KeepRaw = true }, "Config.KeepRaw"},
		"short key":             {func(c *durable.Config) { c.RawKeys = rawKeys(key, key[:31]) }, "Config.RawKeys: key 2"},
		"long key":              {func(c *durable.Config) { c.RawKeys = rawKeys(append(key[:32:32], 1)) }, "Config.RawKeys: key 1"},
		"masked key":            {func(c *durable.Config) { c.RawKeys = []event.Secret{masked(t)} }, "Config.RawKeys: key 1 is masked"},
		"empty key":             {func(c *durable.Config) { c.RawKeys = rawKeys(nil) }, "Config.RawKeys: key 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := durable.Config{Payloads: payloads}
			tt.change(&c)
			_, err := c.MaxMessage()
			require.ErrorContains(t, err, "durable: "+tt.want)
			s, err := durable.Connect(t.Context(), nil, c)
			assert.ErrorContains(t, err, tt.want)
			assert.Nil(t, s)
			_, err = embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Config: c})
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestConnectNeedsAConnection(t *testing.T) {
	t.Parallel()
	_, err := durable.Connect(t.Context(), nil, durable.Config{Payloads: payloads})
	assert.ErrorContains(t, err, "no connection")
}

func TestConsumerErrorsNameTheField(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	tests := map[string]struct {
		c    durable.Consumer
		want string
	}{
		"name":        {durable.Consumer{Name: "a.b"}, "Consumer.Name"},
		"long name":   {durable.Consumer{Name: strings.Repeat("a", 33)}, "Consumer.Name"},
		"workers":     {durable.Consumer{Workers: -1}, "Consumer.Workers"},
		"attempts":    {durable.Consumer{MaxAttempts: -1}, "Consumer.MaxAttempts"},
		"timeout":     {durable.Consumer{Timeout: -1}, "Consumer.Timeout"},
		"lease":       {durable.Consumer{Lease: -1}, "Consumer.Lease"},
		"short lease": {durable.Consumer{Lease: time.Second - 1}, "Consumer.Lease"},
		"delay":       {durable.Consumer{Delay: -1}, "Consumer.Delay"},
		"longest":     {durable.Consumer{MaxDelay: -1}, "Consumer.MaxDelay"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, s.Consumer(tt.c).Run(t.Context(), newRecorder()), "durable: "+tt.want)
		})
	}
	t.Run("handler", func(t *testing.T) {
		assert.ErrorContains(t, s.Run(t.Context(), nil), "nil handler")
	})
	t.Run("deleted", func(t *testing.T) {
		assert.ErrorContains(t, s.DeleteConsumer(t.Context(), "a.b"), "name")
	})
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	assert.Equal(t, 24*time.Hour, s.DedupeWindow())
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(4<<30), stats.MaxBytes)

	srv := startServer(t, t.TempDir())
	nc := connect(t, srv)
	_, err = durable.Connect(t.Context(), nc, durable.Config{Payloads: payloads})
	require.NoError(t, err)
	var names []string
	for name := range newJetStream(t, nc).StreamNames(t.Context()).Name() {
		names = append(names, name)
	}
	assert.ElementsMatch(t, []string{
		"accesshook-0", "accesshook-1", "accesshook-2", "accesshook-3", "accesshook-4", "accesshook-5", "accesshook-6", "accesshook-7",
		"accesshook-dead", "accesshook-attempts", "accesshook-marks",
	}, names)
}

func TestMaxMessage(t *testing.T) {
	t.Parallel()
	key := make([]byte, 32)
	tests := map[string]struct {
		c    durable.Config
		want int64
	}{
		"default":  {durable.Config{}, 4<<20 + 64<<10},
		"small":    {durable.Config{MaxBody: 1000}, 4000 + 64<<10},
		"with raw": {durable.Config{MaxBody: 3000, KeepRaw: true, RawKeys: rawKeys(key)}, 12000 + 64<<10 + 4000 + 1<<10},
		"only key": {durable.Config{MaxBody: 3000, RawKeys: rawKeys(key)}, 12000 + 64<<10},
		"largest":  {durable.Config{MaxBody: 256 << 20, MaxBytes: 1 << 40, MaxDeadBytes: 1 << 40}, 1<<30 + 64<<10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.c.Payloads = payloads
			got, err := tt.c.MaxMessage()
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestConnectNeedsAServer(t *testing.T) {
	t.Parallel()
	nc, err := nats.Connect("", nats.InProcessServer(noServer{}), nats.RetryOnFailedConnect(true))
	require.NoError(t, err)
	defer nc.Close()
	_, err = durable.Connect(t.Context(), nc, durable.Config{Payloads: payloads})
	assert.ErrorContains(t, err, "not been made yet")
}

// A noServer is a server that is not there yet.
type noServer struct{}

// InProcessConn implements nats.InProcessConnProvider.
func (noServer) InProcessConn() (net.Conn, error) { return nil, errFailed }

// A server that takes less than a store may need would refuse events later on.
func TestConnectRefusesAServerThatTakesLess(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir()) // takes 8 MiB
	c := durable.Config{Payloads: payloads, MaxBody: 2 << 20}
	_, err := durable.Connect(t.Context(), connect(t, srv), c)
	assert.ErrorContains(t, err, "max_payload")
	assert.ErrorContains(t, err, "MaxBody")
}

func TestWhatIsMisconfiguredIsLogged(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := open(t, embedded.Config{Config: durable.Config{RawKeys: rawKeys(make([]byte, 32)), Logger: log.logger()}})
	assert.Contains(t, log.String(), "RawKeys without KeepRaw")
	assert.NotContains(t, log.String(), "Config.Payloads lacks a vendor")
	for i := range 3 {
		e := newEvent(i)
		e.Vendor = "stranger"
		require.NoError(t, s.HandleEvent(t.Context(), e))
	}
	assert.Equal(t, 1, strings.Count(log.String(), `level=ERROR msg="durable: Config.Payloads lacks a vendor`))
	assert.Contains(t, log.String(), "vendor=stranger")
}
