package durable

import (
	"reflect"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// Each setting of a stream is decided: whether another value than that of a new stream is
// refused, or stays. A setting that a newer client has fails this test.
func TestEverySettingOfAStreamIsDecided(t *testing.T) {
	const left kind = 0
	one := []*jetstream.StreamSource{{Name: "other"}}
	decided := map[string]struct {
		value   any
		refused kind
	}{
		"Name":                   {nil, left},
		"Metadata":               {map[string]string{"owner": "ops"}, left},
		"Description":            {"ours", left},
		"Compression":            {jetstream.S2Compression, left},
		"Placement":              {&jetstream.Placement{Cluster: "east"}, left},
		"RePublish":              {&jetstream.RePublish{Destination: "copy.>"}, left},
		"MaxConsumers":           {100, left},
		"FirstSeq":               {uint64(100), left},
		"AllowRollup":            {true, left},
		"AllowMsgTTL":            {true, left},
		"AllowAtomicPublish":     {true, left},
		"AllowBatchPublish":      {true, left},
		"MirrorDirect":           {true, left},
		"Template":               {"t", left},
		"Replicas":               {2, left},
		"Duplicates":             {time.Hour, left},
		"MaxBytes":               {int64(1 << 20), ofRecords},
		"DenyDelete":             {true, ofDead},
		"DenyPurge":              {true, ofEvents},
		"ConsumerLimits":         {jetstream.StreamConsumerLimits{InactiveThreshold: time.Hour}, ofEvents | ofDead},
		"Subjects":               {[]string{"orders.>"}, ofAll},
		"SubjectTransform":       {&jetstream.SubjectTransformConfig{Source: "a.>", Destination: "b.>"}, ofAll},
		"Mirror":                 {one[0], ofAll},
		"Sources":                {one, ofAll},
		"Retention":              {jetstream.InterestPolicy, ofAll},
		"DiscardNewPerSubject":   {true, ofAll},
		"MaxAge":                 {time.Hour, ofAll},
		"MaxMsgs":                {int64(100), ofAll},
		"MaxMsgSize":             {int32(100), ofAll},
		"MaxMsgsPerSubject":      {int64(1), ofEvents | ofDead},
		"Storage":                {jetstream.MemoryStorage, ofAll},
		"PersistMode":            {jetstream.AsyncPersistMode, ofAll},
		"NoAck":                  {true, ofAll},
		"Sealed":                 {true, ofAll},
		"AllowDirect":            {true, ofAll},
		"AllowMsgCounter":        {true, ofAll},
		"AllowMsgSchedules":      {true, ofAll},
		"SubjectDeleteMarkerTTL": {time.Second, ofAll},
		"Discard":                {nil, ofAll}, // which is another for records
	}
	s := storeWithoutServer(t)
	for field := range reflect.TypeFor[jetstream.StreamConfig]().Fields() {
		d, ok := decided[field.Name]
		require.True(t, ok, "nobody has decided about %s", field.Name)
		for _, want := range []jetstream.StreamConfig{s.shardStream(1), s.deadStream(), s.attemptsStream()} {
			had := want
			switch value := reflect.ValueOf(&had).Elem().FieldByIndex(field.Index); {
			case field.Name == "Discard":
				had.Discard = jetstream.DiscardNew + jetstream.DiscardOld - want.Discard
			case d.value != nil:
				value.Set(reflect.ValueOf(d.value))
			}
			texts := s.refuse(had, want)
			if d.refused&s.kind(want.Name) == 0 {
				assert.Empty(t, texts, "%s of %s", field.Name, want.Name)
				continue
			}
			require.Len(t, texts, 1, "%s of %s", field.Name, want.Name)
			assert.Contains(t, texts[0], "stream "+want.Name+" has ")
		}
	}
}

// A limit that is higher than that of a new stream breaks nothing, and none does not
// either.
func TestHigherLimitsAreKept(t *testing.T) {
	s := storeWithoutServer(t)
	attempts := s.attemptsStream()
	for name, change := range map[string]func(*jetstream.StreamConfig){
		"older records":  func(c *jetstream.StreamConfig) { c.MaxAge *= 2 },
		"no age":         func(c *jetstream.StreamConfig) { c.MaxAge = 0 },
		"more bytes":     func(c *jetstream.StreamConfig) { c.MaxBytes *= 2 },
		"all bytes":      func(c *jetstream.StreamConfig) { c.MaxBytes = -1 },
		"more of each":   func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 5 },
		"all of each":    func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = -1 },
		"size is enough": func(c *jetstream.StreamConfig) { c.MaxMsgSize = int32(s.c.maxMessage()) },
	} {
		had := attempts
		change(&had)
		assert.Empty(t, s.refuse(had, attempts), name)
	}
}

func TestKindOfAStream(t *testing.T) {
	s := storeWithoutServer(t)
	for name, want := range map[string]kind{
		"accesshook-0": ofEvents, "accesshook-63": ofEvents, "accesshook-dead": ofDead, "accesshook-attempts": ofRecords, "accesshook-": ofRecords,
	} {
		assert.Equal(t, want, s.kind(name), name)
	}
}

// Each setting of a consumer is decided, as above.
func TestEverySettingOfAConsumerIsDecided(t *testing.T) {
	left := map[string]bool{
		"Name": true, "Durable": true, "Description": true, "Metadata": true,
		"RateLimit":       true, // of push consumers alone
		"SampleFrequency": true, "Replicas": true, "MaxWaiting": true,
		"MaxRequestBatch": true, "MaxRequestMaxBytes": true, // Run asks for one event
		"PauseUntil": true, // the server does not change it in an update
	}
	for field := range reflect.TypeFor[jetstream.ConsumerConfig]().Fields() {
		setting := settingOf(field)
		_, refused := consumerRefusals[setting]
		decisions := 0
		for _, is := range []bool{left[field.Name], refused, repairs[setting]} {
			if is {
				decisions++
			}
		}
		assert.Equal(t, 1, decisions, "nobody has decided about %s, or twice", field.Name)
	}
}

func storeWithoutServer(t *testing.T) *Store {
	t.Helper()
	c, err := Config{Payloads: cloudevent.Payloads{"relock": func([]byte) (*event.Event, error) { return nil, nil }}}.withDefaults()
	require.NoError(t, err)
	return &Store{c: c, names: names{c.Name}}
}
