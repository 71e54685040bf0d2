package settings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

func TestParseMove(t *testing.T) {
	file, other := writeFile(t, "canary"), writeFile(t, "canary")
	clean(t, "NATS_CREDS_FILE="+file, "RAW_KEYS="+strings.Repeat("a", 64))
	m, err := ParseMove(strings.Fields("move -from data -to nats://a:4222,tls://b:4222 -to-order none -to-shards 16 -to-replicas 3 -unfinished-only -max-body 2000000"))
	require.NoError(t, err)
	assert.Equal(t, []string{"data", "", ""}, []string{m.From.Dir, m.From.NATS, m.From.NATSCredentials})
	assert.Equal(t, []string{"", "nats://a:4222,tls://b:4222", file}, []string{m.To.Dir, m.To.NATS, m.To.NATSCredentials})
	assert.Equal(t, durable.OrderNone, *m.Order)
	assert.Equal(t, []int{16, 3}, []int{m.Shards, m.Replicas})
	assert.True(t, m.UnfinishedOnly)
	for _, side := range []Store{m.From, m.To} {
		assert.EqualValues(t, 2000000, side.Config.MaxBody)
		assert.Len(t, side.Config.RawKeys, 1)
		assert.Len(t, side.Config.Payloads, len(vendors.All))
	}

	m, err = ParseMove([]string{"move", "-from", "nats://a:4222", "-from-creds", other, "-to", "nats://b:4222"})
	require.NoError(t, err)
	assert.Equal(t, []string{other, file}, []string{m.From.NATSCredentials, m.To.NATSCredentials})
	assert.Nil(t, m.Order)
	assert.EqualValues(t, durable.DefaultMaxBody, m.To.Config.MaxBody)
}

func TestParseMoveRefused(t *testing.T) {
	clean(t)
	for args, says := range map[string]string{
		"":                                          "say move first",
		"copy -from a -to b":                        "say move first",
		"-from a -to b":                             "say move first",
		"move -from a":                              "-to is missing: a directory, or URLs of NATS servers",
		"move -to a":                                "-from is missing",
		"move -from= -to a":                         "-from is empty",
		"move -from a -to a":                        "-from and -to are the same",
		"move -from a -to b c":                      "there are arguments after the flags",
		"move -from a -to http://ops:canary@b":      "-to is not a directory, and not nats://host:port or tls://host:port",
		"move -from nats://ops:canary@ -to b":       "-from is not a directory, and not nats://",
		"move -from a -to b -to-order time":         "-to-order is not user, lock or none",
		"move -from a -to b -to-shards 65":          "-to-shards is not between 0 and 64",
		"move -from a -to nats://b -to-replicas 2":  "-to-replicas is not 1, 3 or 5",
		"move -from a -to b -to-replicas 3":         "-to-replicas has no effect unless -to has NATS servers",
		"move -from a -to b -from-creds x":          "-from-creds has no effect unless -from has NATS servers",
		"move -from a -to nats://b -to-creds /none": "-to-creds: ",
	} {
		_, err := ParseMove(strings.Fields(args))
		require.ErrorContains(t, err, says, args)
		assert.NotContains(t, err.Error(), "canary")
	}
}
