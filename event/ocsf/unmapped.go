package ocsf

import "github.com/accesshook/accesshook/internal/product"

// userAgent writes what the client says that it is.
func (d *document) userAgent() {
	if agent := d.e.Client.UserAgent; agent != "" {
		d.has.userAgent = true
		d.Object("http_request", func() { d.Always("user_agent", agent) })
	}
}

// unmapped writes what the class has no place for, under the names of the event's JSON.
func (d *document) unmapped() {
	e, has := d.e, &d.has
	d.Object("unmapped", func() {
		if outcome := product.Known(e.Outcome, len(outcomes)); d.class == detectionFinding && outcome != 0 {
			d.Always("outcome", outcomes[outcome].name)
		}
		d.Object("user", func() {
			if !isEmail(e.User.Email) {
				d.Text("email", e.User.Email)
			}
		})
		d.Object("session", func() {
			if !has.session {
				d.Text("id", e.Session.ID)
				d.Time("expires", e.Session.Expires)
			}
			d.Text("type", e.Session.Type)
		})
		d.Object("device", func() {
			if !has.device {
				d.Text("id", e.Device.ID)
				d.Text("name", e.Device.Name)
				d.Text("os", e.Device.OS)
				d.Text("type", e.Device.Type)
			}
			d.Text("browser", e.Device.Browser)
		})
		d.Object("lock", func() {
			if !has.lock {
				d.Text("id", e.Lock.ID)
				d.Text("name", e.Lock.Name)
			}
			d.Text("keyId", e.Lock.KeyID)
		})
		d.Object("client", func() {
			if d.sourcePath == "" || e.Client.Address.Zone() != "" {
				d.Address("address", e.Client.Address)
			}
			if d.sourcePath == "" || d.source.mac == "" {
				d.Text("mac", e.Client.MAC)
			}
			if d.sourcePath == "" {
				d.Text("name", e.Client.Name)
			}
			if !has.userAgent {
				d.Text("userAgent", e.Client.UserAgent)
			}
		})
		d.Object("location", func() {
			if l := &e.Location; !has.location {
				d.Text("country", l.Country)
				d.Text("countryCode", l.CountryCode)
				d.Text("city", l.City)
			} else if l.Country != l.CountryCode {
				d.Text("country", l.Country)
			}
			d.Text("timezone", e.Location.Timezone)
		})
	})
}
