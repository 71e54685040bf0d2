package userlock_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

func TestConfig(t *testing.T) {
	for name, ids := range map[string][]string{
		"none": nil, "empty": {""}, "zeros": {"00000000-0000-0000-0000-000000000000"}, "not hex": {"7C9E6679-7425-40DE-944B-E07FC1F90AEX"},
		"31 digits": {primary[1:]}, "33 digits": {primary + "0"}, "one bad": {primary, "x"}, "newline": {primary + "\n"}, "words": {"my secret"},
	} {
		_, err := userlock.New(userlock.Config{IDs: event.Secrets(ids...)})
		assert.ErrorContains(t, err, "userlock: Config.IDs", name)
		v, err2 := userlock.NewVerifier(event.Secrets(ids...)...)
		assert.ErrorContains(t, err2, "userlock: ids", name)
		assert.Nil(t, v)
		if err != nil {
			assert.NotContains(t, err.Error(), primary[:12])
		}
	}
	_, err := userlock.New(userlock.Config{IDs: event.Secrets(primary, "my secret")})
	assert.ErrorContains(t, err, "userlock: Config.IDs[1] is not a GUID, such as ")
	assert.NotContains(t, err.Error(), "my secret")
	for _, layout := range []string{"", "02/01/2006", "15:04:05", "02/01/2006 03:04", "yesterday"} {
		_, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), TimeLayouts: []string{"02/01/2006 15:04", layout}})
		assert.ErrorContains(t, err, "userlock: Config.TimeLayouts[1]", layout)
	}
}

func TestLongIDs(t *testing.T) {
	_, err := userlock.New(userlock.Config{IDs: event.Secrets(strings.Repeat("-", 1000) + primary)})
	assert.ErrorContains(t, err, "IDs[0]")
}
