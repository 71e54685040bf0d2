package product_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/product"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

func TestOf(t *testing.T) {
	for vendor, want := range map[string][2]string{
		userlock.Vendor:    {"IS Decisions", "UserLock"},
		unloc.Vendor:       {"Unloc", "Unloc"},
		relock.Vendor:      {"Relock", "Relock"},
		loginradius.Vendor: {"LoginRadius", "LoginRadius"},
		"acme":             {"acme", "acme"},
		"":                 {"", ""},
	} {
		company, name := product.Of(vendor)
		assert.Equal(t, want, [2]string{company, name}, vendor)
	}
}

func TestHasComputer(t *testing.T) {
	for want, e := range map[bool]event.Event{
		true:  {Vendor: userlock.Vendor, Device: event.Device{Name: "DESK-21"}},
		false: {Vendor: relock.Vendor, Device: event.Device{Name: "Pocket phone"}},
	} {
		assert.Equal(t, want, product.HasComputer(&e))
	}
	assert.False(t, product.HasComputer(&event.Event{Vendor: userlock.Vendor}))
}
