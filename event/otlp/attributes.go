package otlp

import (
	"cmp"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/product"
)

// describe adds the attributes of e.
func (r *record) describe(e *event.Event) {
	r.attributes = make([]attribute.KeyValue, 0, 32)
	r.text("log.record.uid", e.Vendor+"/"+cmp.Or(e.Source, e.Vendor)+"/"+e.ID)

	r.text("accesshook.id", e.ID)
	r.text("accesshook.vendor", e.Vendor)
	r.text("accesshook.source", e.Source)
	r.text("accesshook.type", string(e.Type))
	r.text("accesshook.vendor_type", e.VendorType)
	r.text("accesshook.outcome", product.Known(e.Outcome, int(event.OutcomeFailure)+1).String())
	r.text("accesshook.reason", e.Reason)

	r.text("user.id", e.User.ID)
	r.text("user.name", e.User.Name)
	r.text("user.full_name", e.User.FullName)
	r.text("user.email", e.User.Email)
	r.text("accesshook.user.domain", e.User.Domain)
	r.text("accesshook.user.phone", e.User.Phone)

	r.text("session.id", e.Session.ID)
	r.text("accesshook.session.type", e.Session.Type)
	r.moment("accesshook.session.expires", e.Session.Expires)
	r.seconds("accesshook.session.duration", e.Session.Duration)

	deviceName := "accesshook.device.name"
	if product.HasComputer(e) {
		deviceName = "host.name"
	}
	r.text("device.id", e.Device.ID)
	r.text(deviceName, e.Device.Name)
	r.text("accesshook.device.type", e.Device.Type)
	r.text("os.description", e.Device.OS)
	r.text("user_agent.name", e.Device.Browser)

	r.text("accesshook.lock.id", e.Lock.ID)
	r.text("accesshook.lock.name", e.Lock.Name)
	r.text("accesshook.lock.key_id", e.Lock.KeyID)

	if e.Client.Address.IsValid() {
		r.text("client.address", e.Client.Address.String())
	}
	r.text("accesshook.client.mac", e.Client.MAC)
	r.text("accesshook.client.name", e.Client.Name)
	r.text("user_agent.original", e.Client.UserAgent)

	r.text("geo.country.iso_code", e.Location.CountryCode)
	r.text("geo.locality.name", e.Location.City)
	r.text("accesshook.location.country", e.Location.Country)
	r.text("accesshook.location.timezone", e.Location.Timezone)
}

func (r *record) text(key, value string) {
	if value != "" {
		r.attributes = append(r.attributes, attribute.String(key, valid(value)))
	}
}

func (r *record) moment(key string, t time.Time) {
	if !t.IsZero() {
		r.text(key, t.UTC().Format(time.RFC3339Nano))
	}
}

func (r *record) seconds(key string, d time.Duration) {
	if d > 0 {
		r.attributes = append(r.attributes, attribute.Float64(key, d.Seconds()))
	}
}
