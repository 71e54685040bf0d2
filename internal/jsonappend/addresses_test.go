package jsonappend_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

func TestAddresses(t *testing.T) {
	o := jsonappend.Begin([]byte("x"))
	o.Addresses("a", netip.MustParseAddr("192.0.2.1"))
	o.Addresses("b", netip.Addr{})
	o.Addresses("c", netip.MustParseAddr("2001:db8::1"))
	b, err := o.End()
	require.NoError(t, err)
	assert.Equal(t, `x{"a":["192.0.2.1"],"c":["2001:db8::1"]}`, string(b))
}
